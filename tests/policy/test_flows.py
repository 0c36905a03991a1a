"""What data an act reaches, and who gets it, on which days."""

from datetime import date

import pytest
from tests.policy.making import TODAY, compiled

from troth.policy.flows import anywhere, bringing, flows, lately, through

POST = 'mailing house", role = "processor", in = ["GB"]'


@pytest.mark.parametrize(
    ("begin", "end", "live"),
    [
        ("2026-11-22", "2026-12-01", True),
        ("2026-11-23", "2026-12-01", False),
        ("2025-01-01", "2026-11-02", True),
        ("2025-01-01", "2026-11-01", False),
    ],
)
def test_a_recipient_of_the_time_since_counts_and_one_before_or_after_it_does_not(begin, end, live):
    policy = compiled((POST, f"{POST}, from = {begin}, until = {end}"))
    view = anywhere(policy, TODAY)
    assert lately(policy.policy.recipients["post"], date(2026, 11, 1), TODAY) is live
    assert [flow.to for flow in flows(view, {"news": policy.policy.purposes["news"]}, date(2026, 11, 1))] == [
        "post"
    ] * live


def test_a_view_of_no_one_place_takes_the_first_brand_in_force_or_else_the_first():
    gone = ('fern = { say = "Fern"', 'fern = { until = 2026-11-22, say = "Fern"')
    assert anywhere(compiled(), TODAY).brand == "fern"
    assert anywhere(compiled(gone), TODAY).brand == "moss"
    both = ('moss = { say = "Moss"', 'moss = { until = 2026-11-22, say = "Moss"')
    assert anywhere(compiled(gone, both), TODAY).brand == "fern"
    lines = [('fern = { say = "Fern", sites = ["fern.example"], care = ["care@fern.example", "+44 20 7946 0001"] }', ""),
             ('moss = { say = "Moss", sites = ["moss.example"], care = ["care@moss.example", "+44 20 7946 0002"] }', "")]  # fmt: skip
    with pytest.raises(ValueError, match="without a brand"):
        anywhere(compiled(*lines), TODAY)


def test_walls_hold_back_a_category_and_let_the_others_through():
    view = anywhere(compiled(), TODAY)
    assert through(view, "use", "order", ["*"]) == {
        "contact.email",
        "contact.mobile",
        "orders.purchases",
        "card.card_token",
    }
    assert through(view, "use", "suit", ["*"]) == {"contact.email", "contact.mobile", "orders.purchases"}
    assert through(view, "disclose", "order", ["*"], "post") == {"contact.email", "contact.mobile", "orders.purchases"}
    assert through(view, "disclose", "order", ["*"], "till") == {
        "contact.email",
        "contact.mobile",
        "orders.purchases",
        "card.card_token",
    }


def test_what_a_source_may_bring_names_it():
    view = anywhere(compiled(), TODAY)
    assert bringing(view, frozenset(["contact.email"])).keys() == {"shop"}
    assert bringing(view, frozenset(["x.y"])) == {}
