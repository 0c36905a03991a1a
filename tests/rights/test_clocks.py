"""Deadlines against a slow oracle that walks day by day, and those one would look up by name."""

import calendar
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.laws import holidays, packs
from troth.policy.law import Clock
from troth.policy.period import Length
from troth.rights import clocks
from troth.rights.actions import times
from troth.rights.clocks import Pause, Times
from troth.rights.models import Request

DAY = timedelta(days=1)
UK, EU, CA, STATES = (packs()[name] for name in ("uk", "eu", "us-ca", "us-states"))
ENGLAND, FEDERAL = holidays("uk-england"), holidays("us-federal")
days = st.dates(date(2025, 1, 1), date(2028, 10, 1))
pauses = st.lists(
    st.builds(
        lambda why, since, length: Pause(why, since, since + DAY * length if length is not None else None),
        st.sampled_from(["clarification", "identity"]), days, st.none() | st.integers(0, 60),
    ),
    max_size=4,
)  # fmt: skip


# -- the oracle: one day after the other -------------------------------------------------------------------------------


def free(day, off):
    return calendar.day_name[day.weekday()] in ("Saturday", "Sunday") or day in off


def walked(length, start, off):
    if length.unit == "working day":
        day, left = start, length.number
        while left:
            day += DAY
            if not free(day, off):
                left -= 1
        return day
    if length.unit in ("day", "hour"):
        return start + DAY * (length.number if length.unit == "day" else -(-length.number // 24))
    day, months = start, 0
    while months < length.number:  # into the next month, as far as its days go
        first = (day.replace(day=1) + 31 * DAY).replace(day=1)
        day = first
        months += 1
    return day.replace(day=min(start.day, calendar.monthrange(day.year, day.month)[1]))


def walk(clock, times, today, off):
    start = times.received
    if clock.start == "request and identity":
        if times.identified is None:
            return None
        start = max(start, times.identified)
    length = clock.length
    if times.extended and clock.extend:
        assert length.unit == clock.extend.unit
        length = Length(length.number + clock.extend.number, length.unit)
    stopped = [p for p in times.pauses if p.why in clock.pause]
    if "identity" in clock.pause:
        stopped.append(Pause("identity", times.received, times.identified))
    still = {
        p.since + DAY * n for p in stopped for n in range(1, ((p.until or max(today, p.since)) - p.since).days + 1)
    }  # after the day of asking, up to the day of getting
    left, day = (walked(length, start, off) - start).days, start
    while left:
        day += DAY
        left -= day not in still
    while clock.calendar == "working day" and free(day, off):
        day += DAY
    return day


CLOCKS = [
    (pack, name, clock) for pack in packs().values() for name, clock in pack.clocks.items()
    if clock.start in ("receipt", "request and identity")
]  # fmt: skip


@given(st.sampled_from(CLOCKS), days, st.none() | st.integers(0, 40), pauses, st.booleans(), days)
def test_every_clock_of_every_law_ends_where_walking_day_by_day_ends(found, received, wait, stopped, extended, today):
    pack, _, clock = found
    off = holidays(clocks.CALENDARS[pack.name]) if pack.name in clocks.CALENDARS else frozenset()
    identified = None if wait is None else received + DAY * wait
    times = Times(received, identified, tuple(stopped), extended)
    today = max(today, received)
    assert clocks.last_day(clock, times, today, off) == walk(clock, times, today, off)


@given(st.integers(0, 60), days, st.sets(days, max_size=40))
def test_working_days_are_counted_as_one_would_on_a_calendar(number, start, off):
    assert clocks.after(Length(number, "working day"), start, off) == walked(Length(number, "working day"), start, off)


# -- by name -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("received", "identified", "due"),
    [
        ("2026-11-03", "2026-11-03", "2026-12-03"),  # the same date of the next month
        ("2027-01-29", "2027-01-29", "2027-03-01"),  # no 29 February; the 28th is a Sunday
        ("2028-01-29", "2028-01-29", "2028-02-29"),  # a leap year has one
        ("2026-11-25", "2026-11-25", "2026-12-29"),  # Christmas, Saturday, Sunday, the substitute day
        ("2026-11-03", "2026-11-20", "2026-12-21"),  # from the day it was clear who asks; the 20th is a Sunday
        ("2026-03-31", "2026-03-31", "2026-04-30"),
    ],
)
def test_in_britain_it_is_a_month_from_knowing_who_asks_and_never_ends_on_a_free_day(received, identified, due):
    times = Times(date.fromisoformat(received), date.fromisoformat(identified))
    assert clocks.last_day(UK.clocks["answer"], times, times.received, ENGLAND) == date.fromisoformat(due)


def test_clarification_stops_the_clock_in_britain_and_nowhere_else():
    asked = (Pause("clarification", date(2026, 11, 10), date(2026, 11, 17)),)
    times = Times(date(2026, 11, 3), date(2026, 11, 3), asked)
    last = {pack.name: clocks.last_day(pack.clocks["answer"], times, date(2026, 11, 20)) for pack in (UK, EU, CA)}
    assert last == {"uk": date(2026, 12, 10), "eu": date(2026, 12, 3), "us-ca": date(2026, 12, 18)}


def test_two_pauses_over_the_same_days_count_once_and_one_that_lasts_moves_with_today():
    twice = (Pause("clarification", date(2026, 11, 5), date(2026, 11, 10)), Pause("clarification", date(2026, 11, 8)))
    times = Times(date(2026, 11, 3), date(2026, 11, 3), twice)
    assert clocks.last_day(UK.clocks["answer"], times, date(2026, 11, 10)) == date(2026, 12, 8)
    assert clocks.last_day(UK.clocks["answer"], times, date(2026, 11, 11)) == date(2026, 12, 9)


def test_a_pause_that_begins_after_the_last_day_revives_nothing():
    late = (Pause("clarification", date(2026, 12, 3), date(2027, 1, 3)),)
    times = Times(date(2026, 11, 3), date(2026, 11, 3), late)
    assert clocks.last_day(UK.clocks["answer"], times, date(2027, 1, 3)) == date(2026, 12, 3)


def test_more_time_is_counted_from_the_first_day_so_that_a_months_end_is_cut_once():
    times = Times(date(2026, 11, 30), date(2026, 11, 30), extended=True)
    assert clocks.last_day(EU.clocks["answer"], times, times.received) == date(2027, 2, 28)
    assert clocks.last_day(CA.clocks["know"], times, times.received) == date(2026, 11, 30) + 90 * DAY
    assert clocks.told_by(EU.clocks["answer"], times, times.received) == date(2026, 12, 30)


def test_california_runs_from_receipt_and_confirms_within_ten_working_days():
    times = Times(date(2026, 11, 20))  # who asks is not clear yet; Thanksgiving lies between
    assert clocks.last_day(CA.clocks["know"], times, times.received) == date(2027, 1, 4)
    assert clocks.acknowledged_by(CA.clocks["know"], times, FEDERAL) == date(2026, 12, 7)


def test_other_states_wait_until_it_is_clear_who_asks():
    known = Times(date(2026, 11, 2), date(2026, 11, 12))
    assert clocks.last_day(STATES.clocks["answer"], known, date(2026, 11, 20)) == date(2026, 11, 2) + 55 * DAY


def test_a_complaint_is_confirmed_by_the_earlier_of_two_ways_to_count_thirty_days():
    assert clocks.acknowledged_by(UK.clocks["complaint"], Times(date(2026, 11, 1))) == date(2026, 11, 30)


def test_of_several_laws_the_earliest_day_counts_and_one_not_started_is_no_excuse():
    everywhere = clocks.applying("answer", packs().values(), packs(), date(2026, 11, 3))
    unproved = clocks.due(everywhere, Times(date(2026, 11, 3)), date(2026, 11, 3))
    assert unproved
    assert (unproved.day, unproved.pack) == (date(2026, 12, 3), "eu")
    british = clocks.applying("answer", [UK], packs(), date(2026, 11, 3))
    waiting = clocks.due(british, Times(date(2026, 11, 3)), date(2026, 11, 3))
    assert waiting
    assert waiting.day is None


@pytest.mark.parametrize(
    ("name", "lent"), [("appeal", {"us-states"}), ("complaint", {"uk"}), ("optout", {"us-ca", "us-states"})]
)
def test_a_right_only_some_laws_know_is_offered_to_all_in_their_time(name, lent):
    assert set(clocks.applying(name, [EU], packs(), date(2026, 11, 3))) == lent


def test_a_law_runs_from_its_day():
    assert set(clocks.applying("answer", [UK], packs(), date(2026, 2, 4))) == {"eu", "us-ca", "us-states"}
    assert set(clocks.applying("answer", [UK], packs(), date(2026, 2, 5))) == {"uk"}


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        ("2026-03-28T23:30+00:00", "Europe/London", date(2026, 3, 28)),  # the night the clocks go forward
        ("2026-03-29T23:30+00:00", "Europe/London", date(2026, 3, 30)),
        ("2026-10-25T23:30+00:00", "Europe/London", date(2026, 10, 25)),
        ("2026-11-01T05:30+00:00", "America/Los_Angeles", date(2026, 10, 31)),
    ],
)
def test_a_day_is_the_one_where_the_person_is_whatever_their_clocks_do(moment, zone, day):
    found = Request(received_at=datetime.fromisoformat(moment), known_at=datetime.fromisoformat(moment), pauses=[])
    told = times(found, ZoneInfo(zone))
    assert (told.received, told.identified) == (day, day)


def test_a_clock_of_two_units_is_added_up_one_after_the_other():
    mixed = Clock(
        start="receipt", length=Length(1, "month"), extend=Length(10, "working day"), told=Length(1, "month"), cite="-",
        trust="k",
    )  # fmt: skip
    times = Times(date(2026, 11, 24), extended=True)
    assert clocks.last_day(mixed, times, times.received, ENGLAND) == date(2027, 1, 12)
