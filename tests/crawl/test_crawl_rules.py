"""What a line of the policy lets happen when, and what an address gives away."""

from datetime import date, timedelta

import pytest

from troth.crawl.rules import Line, judge, lines
from troth.crawl.seeing import STAGES, Seen, Trace, bare, identity_in
from troth.doors import policies
from troth.policy.law import ANYWHERE

DAY = date(2026, 11, 26)


def line(mode, *, signal=False, life=timedelta(days=30)):
    return Line("basket", "cookie", "purposes.site.cookies.basket", 1, mode, life, ours=True, signal=signal)


@pytest.mark.parametrize(
    ("mode", "signal", "lets"),
    [
        ("always", True, ["before", "refused", "accepted", "signal"]),
        ("on until no", False, ["before", "accepted", "signal"]),
        ("on until no", True, ["before", "accepted"]),
        ("off until yes", False, ["accepted"]),
        ("forbidden by law", False, []),
    ],
)
def test_a_line_lets_a_thing_be_there_before_a_choice_only_where_its_mode_says(mode, signal, lets):
    assert [stage for stage in STAGES if line(mode, signal=signal).lets(stage)] == lets


@pytest.mark.parametrize(("over", "found"), [(timedelta(minutes=4), []), (timedelta(minutes=6), ["too long"])])
def test_a_cookie_may_live_as_long_as_its_line_says_and_no_longer(over, found):
    seen = Seen("https://tarn.example/", says_signal=True)
    lives = timedelta(days=30) + over
    seen.traces.append(Trace("cookie", "basket", "tarn.example", "before", "/", ours=True, life=lives))

    assert [one.code for one in judge(seen, [line("always")])] == found


def test_where_a_law_lets_us_count_until_a_no_the_same_cookie_is_found_early_only_elsewhere():
    compiled = policies.archive().in_force(DAY)
    modes = {
        where: {one.pattern: one.mode for one in lines(compiled, "tarn", where, DAY)}
        for where in ("GB", "FR", ANYWHERE)
    }

    assert [modes[where]["visit"] for where in ("GB", "FR", ANYWHERE)] == [
        "on until no",
        "off until yes",
        "off until yes",
    ]
    assert {modes[where]["basket"] for where in modes} == {"always"}


@pytest.mark.parametrize(
    ("address", "ours", "told"),
    [
        ("https://a.example/x?to=ada@post.example", True, "an email address"),
        ("https://a.example/ada%2540post.example/", True, "an email address"),
        ("https://a.example/?email=", True, ""),
        ("https://a.example/?email=x", True, "the parameter email"),
        ("https://a.example/?user=x", True, ""),
        ("https://b.example/?user=x", False, "the parameter user"),
        ("https://b.example/?v=0123456789abcdef", False, "the value of our cookie visit"),
        ("https://a.example/?v=0123456789abcdef", True, ""),
        ("https://b.example/?v=short", False, ""),
        ("https://user@b.example/", False, ""),
    ],
)
def test_an_address_that_says_who_somebody_is_is_known_by_what_it_says(address, ours, told):
    numbers = [("visit", "0123456789abcdef"), ("brief", "short")]

    assert identity_in(address, ours=ours, numbers=numbers) == told


def test_an_address_is_shown_without_anything_of_anybody():
    shown = bare("https://ada:secret@a.example/ada@post.example/?q=coat&bob@post.example=1#id")

    assert shown == "https://a.example/…@…/?q=…&…@…=…"
