"""Month ends, leap days and holds, against a calendar walked day by day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.policy.period import EVENTS, UNITS, Keep, Length, gone_by, read_keep, read_length

DAYS = st.dates(date(1999, 1, 1), date(2100, 12, 31))


def months_later(start, number):
    """Count months on the fingers; a day that does not exist is the last one before it."""
    year, month = start.year, start.month
    for _ in range(number):
        month += 1
        if month == 13:
            year, month = year + 1, 1
    day = start.day
    while True:
        try:
            return date(year, month, day)
        except ValueError:
            day -= 1


@given(DAYS, st.integers(0, 120))
def test_months_end_where_the_calendar_says(start, number):
    assert Length(number, "month").after(start) == months_later(start, number)


@given(DAYS, st.integers(0, 20))
def test_a_year_is_twelve_months_and_a_week_seven_days(start, number):
    assert Length(number, "year").after(start) == months_later(start, 12 * number)
    assert Length(number, "week").after(start) == start + timedelta(days=7 * number)


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        (date(2026, 1, 31), "1 month", date(2026, 2, 28)),
        (date(2028, 1, 31), "1 month", date(2028, 2, 29)),
        (date(2024, 2, 29), "1 year", date(2025, 2, 28)),
        (date(2024, 2, 29), "4 years", date(2028, 2, 29)),
        (date(2026, 12, 31), "2 months", date(2027, 2, 28)),
        (date(2026, 3, 1), "25 hours", date(2026, 3, 3)),
        (date(2026, 3, 1), "24 hours", date(2026, 3, 2)),
        (date(2026, 3, 1), "49 hours", date(2026, 3, 4)),
        (date(9998, 12, 31), "1 year", date(9999, 12, 31)),
        (date(2026, 10, 31), "2 months", date(2026, 12, 31)),
        (date(2026, 11, 30), "1 month", date(2026, 12, 30)),
        (date(2026, 11, 30), "2 months", date(2027, 1, 30)),
        (date(2026, 5, 31), "7 months", date(2026, 12, 31)),
        (date(2026, 3, 1), "0 days", date(2026, 3, 1)),
    ],
)
def test_the_days_people_get_wrong(start, length, end):
    assert read_length(length).after(start) == end


def test_a_chat_is_still_there_after_twelve_months_and_thirty_days_and_gone_after_thirteen_and_one():
    chat, ended = read_keep("chat + 13 months"), date(2026, 1, 15)
    gone = gone_by(chat, ended)
    assert months_later(ended, 12) + timedelta(days=30) < gone
    assert months_later(ended, 13) + timedelta(days=1) == gone


@given(DAYS, st.lists(DAYS, max_size=4), st.integers(0, 100))
def test_a_hold_can_lengthen_a_period_and_never_shortens_it(start, holds, number):
    keep = Keep("order", Length(number, "month"))
    assert gone_by(keep, start, holds) >= gone_by(keep, start)
    assert all(gone_by(keep, start, holds) > hold for hold in holds)


@given(
    st.sampled_from(sorted(EVENTS)),
    st.one_of(st.none(), st.builds(Length, st.integers(0, 9999), st.sampled_from(["day", "month", "year"]))),
)
def test_what_is_written_is_read_back(event, length):
    keep = Keep(event, length)
    assert read_keep(str(keep)) == keep


@pytest.mark.parametrize(
    "text",
    [
        "",
        "order +",
        "order + 7",
        "order + years",
        "order + 7 yers",
        "orders",
        "+ 7 years",
        "order + -7 years",
        "order + 7 years + 1 day",
        "order + \N{ARABIC-INDIC DIGIT SEVEN} years",
    ],
)
def test_what_is_not_a_period_is_refused_with_a_sentence(text):
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        read_keep(text)


def test_a_period_past_the_end_of_the_calendar_is_refused():
    with pytest.raises(OverflowError):
        Length(9000, "year").after(date(2026, 1, 1))


def test_working_days_need_a_calendar():
    with pytest.raises(ValueError, match="holidays"):
        Length(15, "working day").after(date(2026, 1, 1))


def test_lengths_of_every_unit_can_be_compared():
    lengths = [Length(1, unit).days for unit in UNITS]
    assert lengths == [1 / 24, 1, 1.4, 7, 30.44, 365.25]
    assert Length(3, "week").days == 21
    assert [str(read_length(f"2 {unit}s")) for unit in UNITS] == [f"2 {unit}s" for unit in UNITS]


@pytest.mark.parametrize(
    ("text", "said", "written"),
    [
        ("until removed", "until you remove it", "until removed"),
        ("order", "until the order", "order"),
        ("removed + 1 day", "1 day after you remove it", "removed + 1 day"),
        ("call+2 weeks", "2 weeks after the call", "call + 2 weeks"),
    ],
)
def test_a_period_is_said_as_people_say_it(text, said, written):
    assert (read_keep(text).say(), str(read_keep(text))) == (said, written)
