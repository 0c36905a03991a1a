"""By when a request must be answered. Pure calendar arithmetic: days where the person is, clocks from the law packs.

A day is counted from the one after it began (Regulation 1182/71 art. 3(1); ICO, "How long do we have?"). Days that are
paused do not count, whole days from asking to getting; a month's missing day is its last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

from troth.laws import holidays
from troth.policy.law import Clock, LawPack
from troth.policy.period import Length

DAY: Final = timedelta(days=1)
SATURDAY: Final = 5
CALENDARS: Final = {"uk": "uk-england", "us": "us-federal", "us-ca": "us-federal", "us-states": "us-federal"}


class Pause(NamedTuple):
    """Days that do not count: after `since`, up to and with `until`; None while it lasts."""

    why: str  # as in a law's clock: "clarification", "identity"
    since: date
    until: date | None = None


class Times(NamedTuple):
    """What happened to a request, as far as a clock looks at it."""

    received: date
    identified: date | None = None  # the day it was clear who asks; None while it is not, or where nobody asked
    pauses: tuple[Pause, ...] = ()
    extended: bool = False


@dataclass(frozen=True)
class Due:
    """A deadline: its last day, and the law it is from. `day` is None while that law's clock has not started."""

    day: date | None
    pack: str
    cite: str
    clock: Clock


def working(day: date, days_off: Collection[date]) -> bool:
    return day.weekday() < SATURDAY and day not in days_off


def next_working(day: date, days_off: Collection[date]) -> date:
    """Return this day, or the first working day after it."""
    while not working(day, days_off):
        day += DAY
    return day


def after(length: Length, start: date, days_off: Collection[date]) -> date:
    """Return the last day of a length that starts on a day.

    >>> after(Length(10, "working day"), date(2026, 12, 21), [date(2026, 12, 25), date(2026, 12, 28)]).isoformat()
    '2027-01-06'
    """
    if length.unit != "working day":
        return length.after(start)
    weeks, left = divmod(length.number, 5) if start.weekday() < SATURDAY else (0, length.number)
    day = start + timedelta(weeks=weeks)
    left += sum(1 for off in set(days_off) if start < off <= day and off.weekday() < SATURDAY)
    while left:
        day += DAY
        left -= working(day, days_off)
    return day


def both(first: Length, second: Length) -> Length | None:
    """Return two lengths as one, so that a month's end is cut once; None where their units differ."""
    return Length(first.number + second.number, first.unit) if first.unit == second.unit else None


def starts(clock: Clock, times: Times) -> date | None:
    """Return the day a clock starts: that of the request, or, where the law says so, the one it was clear who asks."""
    if clock.start != "request and identity":
        return times.received
    return max(times.received, times.identified) if times.identified else None


def last_day(clock: Clock, times: Times, today: date, days_off: Collection[date] = ()) -> date | None:
    """Return the last day to answer; None while the clock has not started.

    A pause that still lasts moves the day along with `today`. Source: UK GDPR art. 12A; GDPR art. 12(3);
    Cal. Civ. Code 1798.130(a)(2).
    """
    start = starts(clock, times)
    if start is None:
        return None
    end = after(clock.length, start, days_off)
    if times.extended and clock.extend:
        whole = both(clock.length, clock.extend)
        end = after(whole, start, days_off) if whole else after(clock.extend, end, days_off)
    end += DAY * _paused(_that_count(clock, times), start, end, today)
    return next_working(end, days_off) if clock.calendar == "working day" else end


def _that_count(clock: Clock, times: Times) -> Iterator[Pause]:
    """Yield the pauses this law allows; one for identity lasts from the request until it was clear who asks."""
    yield from (pause for pause in times.pauses if pause.why in clock.pause)
    if "identity" in clock.pause and times.identified != times.received:
        yield Pause("identity", times.received, times.identified)


def _paused(pauses: Iterable[Pause], start: date, end: date, today: date) -> int:
    """Return how many days do not count, days of two pauses once; none of a pause that began when time was over."""
    total, over = 0, start
    for _, since, until in sorted((pause for pause in pauses), key=lambda pause: pause.since):
        began, ended = max(since, over), until or max(today, since)
        if began >= end + DAY * total:
            break
        total += max(0, (ended - began).days)
        over = max(over, ended)
    return total


def told_by(clock: Clock, times: Times, today: date, days_off: Collection[date] = ()) -> date | None:
    """Return the last day on which an extension may still be told; None where there is none to be had."""
    if not (clock.extend and clock.told):
        return None
    return last_day(clock, times._replace(extended=False), today, days_off)


def acknowledged_by(clock: Clock, times: Times, days_off: Collection[date] = ()) -> date | None:
    """Return the last day to say that we have it; None where no law asks.

    In calendar days the day it came counts as the first: the earlier of two readings (DPA 2018 s.164A(3); the ICO
    counts from the next day).
    """
    if clock.acknowledge is None:
        return None
    end = after(clock.acknowledge, times.received, days_off)
    return end if clock.acknowledge.unit == "working day" else end - DAY


def applying(name: str, packs: Iterable[LawPack], everywhere: Mapping[str, LawPack], day: date) -> dict[str, Clock]:
    """Return the clocks of this name that run for somebody, by pack: those of the laws that protect them on a day.

    Where none of those has one, everybody's is borrowed: a right that only some laws know is offered to all, in time.
    """
    theirs = _named(name, packs, day)
    return theirs or _named(name, everywhere.values(), day) or _named("answer", everywhere.values(), day)


def _named(name: str, packs: Iterable[LawPack], day: date) -> dict[str, Clock]:
    found = ((pack.name, pack.clocks.get(name)) for pack in packs)
    return {code: clock for code, clock in found if clock and clock.begin <= day < clock.end}


def due(clocks: Mapping[str, Clock], times: Times, today: date) -> Due | None:
    """Return the earliest deadline of several laws: unknown or mixed, the strictest counts. None without a clock."""
    ends = [Due(last_day(clock, times, today, _off(pack)), pack, clock.cite, clock) for pack, clock in clocks.items()]
    return min(ends, key=lambda one: (one.day is None, one.day or date.max, one.pack), default=None)


def first_word(clocks: Mapping[str, Clock], times: Times) -> date | None:
    """Return the earliest day by which some law wants receipt confirmed."""
    days = [day for pack, clock in clocks.items() if (day := acknowledged_by(clock, times, _off(pack)))]
    return min(days, default=None)


def latest_to_extend(found: Due, times: Times, today: date) -> date | None:
    """Return the last day on which an extension may be told under the law of a deadline."""
    return told_by(found.clock, times, today, _off(found.pack))


def _off(pack: str) -> frozenset[date]:
    return holidays(CALENDARS[pack]) if pack in CALENDARS else frozenset()
