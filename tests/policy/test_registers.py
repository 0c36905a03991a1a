"""The registers say what the engine does, name the line they rest on, and list their own gaps."""

import csv
import io
import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.policy.making import TODAY, compiled
from tests.policy.strategies import policy_files, turning_days

from troth.laws import packs
from troth.policy.acts import Act
from troth.policy.asking import facts
from troth.policy.engine import Compiled
from troth.policy.load import load
from troth.policy.registers import (
    choices_grid,
    cookie_table,
    data_map,
    disclosure_categories,
    label_tables,
    ropa,
    to_csv,
    to_json,
    to_table,
)

POLICIES = Path(__file__).parents[2] / "policies"
PUBLISHED = sorted(POLICIES.glob("*.toml"))
TILL = ('in = ["GB"], contract = { ref = "T-1" }', 'in = ["GB"], contract = { ref = "T-1", until = 2026-11-22 }')
ABROAD = ('role = "processor", in = ["GB"], contract = { ref = "T-2" }', 'role = "processor", in = ["US"], contract = { ref = "T-2" }')  # fmt: skip
COOKIE = ('choice = "news", uses = ["contact"]', 'choice = "news", uses = ["contact"], cookies = { seen = { kind = "pixel", say = "sees", by = "post" } }')  # fmt: skip
APP = ('takes = ["contact", "orders", "card"]', 'at = ["app"], takes = ["contact", "orders", "card"]')


@pytest.fixture(scope="module", params=PUBLISHED, ids=lambda path: path.stem)
def published(request):
    return Compiled(load(request.param), packs())


def row(rows, **named):
    """Return the one row with these fields."""
    found = [one for one in rows if all(getattr(one, key) == value for key, value in named.items())]
    assert len(found) == 1, named
    return found[0]


# -- record of processing ---------------------------------------------------------------------------------------------


def test_a_whole_policy_has_a_row_a_purpose_and_no_gaps():
    rows = ropa(compiled(), TODAY)

    assert [(one.purpose, one.basis, one.gaps) for one in rows] == [
        ("order", "contract", ()),
        ("suit", "interest", ()),
        ("news", "choice", ()),
    ]


def test_a_row_names_who_what_and_until_when():
    order = row(ropa(compiled(), TODAY), purpose="order")

    assert order.controller == "Small House Ltd"
    assert order.brands == ("Fern", "Moss")
    assert order.data == ("how to reach you", "orders", "card")
    assert order.recipients == ("our payment partner, processor, in GB",)
    assert order.erasure[1] == "orders: 7 years after the order"
    assert order.clause == "purposes.order"


def test_a_brand_of_another_company_has_rows_of_its_own():
    sold = ("adult_from = 16", 'adult_from = 16\nentities = { other = { say = "Other Ltd" } }')  # fmt: skip
    rows = ropa(compiled(sold, ('moss = { say = "Moss"', 'moss = { controller = "other", say = "Moss"')), TODAY)

    assert [(one.controller, one.brands) for one in rows if one.purpose == "news"] == [
        ("Small House Ltd", ("Fern",)),
        ("Other Ltd", ("Moss",)),
    ]


@pytest.mark.parametrize(
    ("line", "purpose", "gap"),
    [
        ((', interest = "selling what people want"', ""), "suit", "does not say which"),
        (TILL, "order", "our payment partner: no contract in force"),
        (('keep = "order + 7 years"', 'keep = "unstated"'), "suit", "orders: no retention"),
        (('"contact", "orders", "card"], parent', '"contact", "card"], parent'), "suit", "no source: orders"),
        (ABROAD, "news", "no ground for US under uk"),
        (('basis = "interest"', 'basis = "interest", kind = "profiling"'), "suit", "no impact assessment"),
        (('basis = "interest"', 'basis = "interest", review = 2026-11-22'), "suit", "due for review on 22 Nov 2026"),
    ],
)
def test_each_gap_is_told_in_the_row_it_concerns(line, purpose, gap):
    gaps = [told for told in row(ropa(compiled(line), TODAY), purpose=purpose).gaps if gap in told]

    assert len(gaps) == 1


def test_a_contract_that_has_run_out_is_a_gap_only_from_its_last_day():
    assert row(ropa(compiled(TILL), date(2026, 11, 21)), purpose="order").gaps == ()


def test_a_transfer_names_its_document_and_its_end():
    shield = (
        ', shield = { US = { scheme = "dpf-uk", until = 2027-06-01, ref = "the list" } }, contract = { ref = "T-2" }'
    )
    rows = ropa(compiled((ABROAD[0], ABROAD[1].replace(', contract = { ref = "T-2" }', shield))), TODAY)
    (move,) = row(rows, purpose="news").transfers

    assert (move.country, move.law, move.document, move.until) == ("US", "uk", "the list", date(2027, 6, 1))
    assert move.ground


def test_what_a_wall_holds_back_stands_in_no_row():
    rows = ropa(compiled(('uses = ["orders"], interest', 'uses = ["*"], interest')), TODAY)

    assert row(rows, purpose="suit").data == ("how to reach you", "orders")


def test_a_purpose_that_is_over_has_no_row():
    ended = compiled(('basis = "interest"', 'basis = "interest", until = 2026-11-22'))

    assert [one.purpose for one in ropa(ended, TODAY)] == ["order", "news"]


def test_every_row_of_a_published_policy_is_whole(published):
    on = max(TODAY, published.policy.about.version)
    for one in ropa(published, on):
        assert one.data, one.purpose
        assert one.people, one.purpose
        assert one.erasure, one.purpose
        assert not [gap for gap in one.gaps if "assessment" not in gap], one.purpose


# -- choices and cookies ----------------------------------------------------------------------------------------------


def test_a_choice_has_a_cell_for_each_channel_and_topic():
    grid = choices_grid(compiled(), "fern", "GB", TODAY)

    assert [(one.slot, one.mode, one.exit) for one in grid] == [
        ("news:fern:email:offers", "off until yes", "a link in every email"),
        ("news:fern:email:events", "off until yes", "a link in every email"),
        ("news:fern:sms:offers", "off until yes", "answer STOP"),
        ("news:fern:sms:events", "off until yes", "answer STOP"),
    ]


@pytest.mark.parametrize(
    ("ask", "residence", "mode", "law"),
    [
        ("out", "GB", "on after a sale, until no", "uk.pecr-22"),  # the law asks for more than the policy
        ("out", "*", "on after a sale, until no", "uk.pecr-22"),
        ("each", "GB", "asked each time", ""),
    ],
)
def test_a_cell_rests_where_the_stricter_of_policy_and_law_says(ask, residence, mode, law):
    cell = choices_grid(compiled(('ask = "in"\n', f'ask = "{ask}"\n')), "fern", residence, TODAY)[0]

    assert (cell.mode, cell.law.partition(" ")[0]) == (mode, law)


def test_a_cell_agrees_with_what_the_engine_decides(published):
    on, given = max(TODAY, published.policy.about.version), frozenset(facts(published))
    brand = next(iter(published.policy.brands))
    silent, agreed, refused = {}, {}, {}
    for residence in ("GB", "FR", "US-CA", "*"):
        for cell in choices_grid(published, brand, residence, on):
            if cell.topic and cell.mode != "forbidden by law":
                purpose = next(n for n, p in published.policy.purposes.items() if p.choice == (cell.choice,))
                act = Act("contact", purpose, brand, channel=cell.channel, topic=cell.topic, given=given, hour=12)
                key = residence, cell.slot
                silent[key] = cell.mode, published.decide(act, published.standing(residence), on).allowed
                agreed[key] = published.decide(act, published.standing(residence, yes=[cell.slot]), on).allowed
                refused[key] = published.decide(act, published.standing(residence, no=[cell.slot]), on).allowed
    assert {key for key, (mode, allowed) in silent.items() if allowed != (mode == "on until no")} == set()
    assert all(agreed.values())
    assert not any(refused.values())


@given(policy_files, turning_days, st.sampled_from(["GB", "FR", "US-CA", "*"]))
def test_a_cell_never_rests_lower_than_a_decision_needs(file, on, residence):
    policy = Compiled(file, packs())
    given_all, silent = frozenset(facts(policy)), policy.standing(residence)
    for cell in choices_grid(policy, "ash", residence, on):
        if cell.mode == "on until no" and cell.channel:
            for name, purpose in policy.policy.purposes.items():
                if purpose.choice == (cell.choice,):
                    act = Act("contact", name, "ash", channel=cell.channel, topic=cell.topic, given=given_all, hour=12)
                    assert "not_asked" not in [reason.code for reason in policy.decide(act, silent, on).reasons]


@given(policy_files, turning_days)
def test_any_policy_has_registers(file, on):
    for rows in registers(Compiled(file, packs()), on):
        assert len(list(csv.reader(io.StringIO(to_csv(rows))))) == len(rows) + bool(rows)


@pytest.mark.parametrize(("residence", "signal"), [("US-CA", "gpc"), ("GB", "")])
def test_a_signal_counts_where_the_law_says_so(residence, signal):
    lines = [('laws = ["uk"]', 'laws = ["uk", "us", "us-ca"]')]
    lines += [('choice = "news", uses', 'choice = "news", kind = "sale", uses')]
    lines += [('ask = "in"\nchannels = ["email", "sms"]\ntopics = ["offers", "events"]\nexits = { email = "a link in every email", sms = "answer STOP" }', 'ask = "in"')]  # fmt: skip
    (cell,) = choices_grid(compiled(*lines), "fern", residence, TODAY)

    assert (cell.slot, cell.signal) == ("news:fern", signal)


def test_a_brand_nobody_knows_has_no_grid():
    with pytest.raises(KeyError):
        choices_grid(compiled(), "bramble", "GB", TODAY)


@pytest.mark.parametrize(
    ("more", "mode"),
    [("", "off until yes"), (', exempt = "statistics"', "off until yes"), (', exempt = "necessary"', "always")],
)
def test_a_cookie_is_set_when_its_purpose_may_run_or_nobody_need_be_asked(more, mode):
    policy = compiled((COOKIE[0], COOKIE[1].replace('by = "post"', f'by = "post"{more}')))
    (made,) = cookie_table(policy, "fern", "GB", TODAY)

    assert (made.name, made.by, made.life, made.mode) == ("seen", "our mailing house", "until the browser closes", mode)


# -- labels, disclosures, map -----------------------------------------------------------------------------------------


def test_only_what_an_app_collects_is_on_its_label():
    assert label_tables(compiled(), TODAY) == ((), ())


def test_a_sale_to_a_third_party_tracks():
    lines = [APP, ('choice = "news", uses', 'choice = "news", kind = "sale", uses')]
    sold = compiled(*lines, ('mailing house", role = "processor"', 'mailing house", role = "controller"'))
    kept = compiled(*lines)

    assert [one.data for one in label_tables(sold, TODAY).apple if one.group == "used to track you"] == [
        "how to reach you"
    ]
    assert [one for one in label_tables(kept, TODAY).apple if one.group == "used to track you"] == []
    assert row(label_tables(sold, TODAY).google, data="how to reach you").shared is True
    assert row(label_tables(kept, TODAY).google, data="how to reach you").shared is False


@pytest.mark.parametrize(("form", "group"), [("statistics", "not linked to you"), ("pseudonymous", "linked to you")])
def test_statistics_are_not_linked_and_a_pseudonym_is(form, group):
    alone = compiled(APP, ('uses = ["contact", "orders", "card"]', 'uses = ["contact", "card"]'),
        ('uses = ["orders"], interest', f'uses = ["orders"], form = "{form}", interest'))  # fmt: skip

    assert row(label_tables(alone, TODAY).apple, data="orders").group == group


def test_what_rests_on_a_choice_is_optional():
    assert row(label_tables(compiled(APP), TODAY).google, data="how to reach you").optional is False
    free = compiled(APP, ('uses = ["contact", "orders", "card"]', 'uses = ["orders", "card"]'))
    assert row(label_tables(free, TODAY).google, data="how to reach you").optional is True


def test_a_sale_counts_for_twelve_months_after_it_ends():
    lines = [('choice = "news", uses', 'choice = "news", kind = "sale", until = 2026-03-01, uses')]
    sold = compiled(*lines, ('mailing house", role = "processor"', 'mailing house", role = "controller"'))

    assert row(disclosure_categories(sold, TODAY), data="how to reach you").sold_or_shared == ("our mailing house",)
    assert row(disclosure_categories(sold, date(2027, 3, 3)), data="how to reach you").sold_or_shared == ()


def test_data_goes_from_source_to_place():
    steps = {(edge.begin, edge.end) for edge in data_map(compiled(), TODAY)}

    assert steps == {
        ("sources.shop", "data.contact"), ("sources.shop", "data.orders"), ("sources.shop", "data.card"),
        ("data.contact", "purposes.order"), ("data.orders", "purposes.order"), ("data.card", "purposes.order"),
        ("data.orders", "purposes.suit"), ("data.contact", "purposes.news"),
        ("purposes.order", "recipients.till"), ("purposes.news", "recipients.post"),
        ("recipients.till", "places.GB"), ("recipients.post", "places.GB"),
    }  # fmt: skip


# -- ways out -----------------------------------------------------------------------------------------------------------


def registers(policy, on):
    brand = next(iter(policy.policy.brands))
    yield from (ropa(policy, on), disclosure_categories(policy, on), data_map(policy, on), *label_tables(policy, on))
    yield from (choices_grid(policy, brand, "*", on), cookie_table(policy, brand, "*", on))


def test_every_row_rests_on_a_line_of_the_file(published):
    on = max(TODAY, published.policy.about.version)
    clauses = {one.clause for rows in registers(published, on) for one in rows}

    assert [clause for clause in clauses if not published.book.file.line(clause)] == []


def test_every_register_leaves_as_csv_json_and_table(published):
    on = max(TODAY, published.policy.about.version)
    for rows in registers(published, on):
        lines = list(csv.reader(io.StringIO(to_csv(rows))))
        table = to_table(rows, "A register", "register")
        assert len(lines) == len(rows) + bool(rows)
        assert len({len(line) for line in lines}) <= 1
        assert [one["clause"] for one in json.loads(to_json(rows))] == [one.clause for one in rows]
        assert all(len(line) == len(table.head) for line in table.rows)
        assert to_csv(rows) == to_csv(rows)


def test_a_cell_that_a_spreadsheet_would_run_is_text():
    rows = ropa(compiled(('say = "suggest what may suit you"', 'say = "=HYPERLINK(1)"')), TODAY)

    assert "'=HYPERLINK(1)" in [cell for line in csv.reader(io.StringIO(to_csv(rows))) for cell in line]


def test_an_empty_register_is_an_empty_file():
    assert (to_csv([]), to_json([]), to_table([], "None").rows) == ("", "[]", ())
