"""Until when a row is kept: each category's clock, from its own event. Pure but for reading the row's columns."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from troth.policy import Compiled
from troth.policy.nouns import Policy
from troth.policy.period import Keep, gone_by
from troth.vault.models import HeldRow, Person, PersonRow
from troth.vault.models import items_by as held_by

OF_THE_PERSON = {"last_seen": "last_seen", "account": "closed_on"}  # event to the column of Person
# Events that happen to a row after it came; until then its clock has not started.
LATER = frozenset({"case", "choice", "contest", "device", "event", "paid", "removed", "unstated", "used"})
DAYS = 366 * 200  # how far back the oldest start may lie
FIRST_ZONE, LAST_ZONE = ZoneInfo("Etc/GMT+12"), ZoneInfo("Etc/GMT-14")  # where a day ends last, and begins first


def items_of(model: type[PersonRow]) -> frozenset[str]:
    """Return the items of the policy that rows of a model are: held ones, and those its plain columns tell."""
    told = frozenset(plain.item for plain in model.plain.values() if plain.item)
    return told | (model.items() if issubclass(model, HeldRow) else frozenset())


def items_in(row: PersonRow) -> frozenset[str]:
    """Return the items a row is: its held ones; those its columns tell where it holds none."""
    model = type(row)
    return items_by(model, tuple([getattr(row, by) for by in picks(model)]))


@lru_cache(maxsize=4096)
def items_by(model: type[PersonRow], picked: tuple[str, ...]) -> frozenset[str]:
    """Return the items that a model's rows with these values in the columns of `picks` are."""
    return (issubclass(model, HeldRow) and held_by(model, picked)) or items_of(model)


def retained(compiled: Compiled) -> frozenset[str]:
    """Return the items some purpose must keep, even after an erasure ([purposes].retains)."""
    purposes = compiled.policy.purposes.values()
    return frozenset(compiled.book.items([name for purpose in purposes for name in purpose.retains]))


def picks(model: type[PersonRow]) -> tuple[str, ...]:
    """Return the plain columns that pick the item of a held one."""
    return model.pickers() if issubclass(model, HeldRow) else ()


def keeps(model: type[PersonRow], policy: Policy) -> dict[str, Keep]:
    """Return the retention of each category that rows of a model are."""
    items = (issubclass(model, HeldRow) and model.items()) or items_of(model)
    categories = sorted({item.partition(".")[0] for item in items})
    return {name: policy.data[name].keep for name in categories if name in policy.data}


def start(keep: Keep, row: PersonRow, person: Person) -> date | None:
    """Return the day, where the person is, on which a row's period began; None while it has not."""
    if keep.event in OF_THE_PERSON:
        begun: date | None = getattr(person, OF_THE_PERSON[keep.event])
        return begun
    at: datetime | None = getattr(row, "event_at", None)
    if at is None and keep.event not in LATER:
        at = getattr(row, "seen_at", None)
    return at.astimezone(ZoneInfo(person.zone)).date() if at else None


def until(row: PersonRow, person: Person, policy: Policy) -> dict[str, date | None]:
    """Return, for each category a row is, the first day it must be gone; None while nothing has started the clock."""
    mine = {item.partition(".")[0] for item in items_in(row)} & policy.data.keys()
    begun = {name: (policy.data[name].keep, start(policy.data[name].keep, row, person)) for name in sorted(mine)}
    return {name: _gone_by(keep, day) if day else None for name, (keep, day) in begun.items()}


_gone_by = lru_cache(maxsize=4096)(gone_by)


def last_start(keep: Keep, today: date) -> date:
    """Return the latest day of an event for which the period is over today: nothing that began later is due.

    `gone_by` grows with the start, so the answer is found by halving. Leap days and month ends come out as they do
    there, because they are decided there.

    >>> from troth.policy.period import read_keep
    >>> last_start(read_keep("chat + 13 months"), date(2027, 3, 1))
    datetime.date(2026, 1, 31)
    """
    oldest = today - timedelta(days=DAYS)
    return oldest + timedelta(
        days=bisect_right(range(DAYS), today, key=lambda n: gone_by(keep, oldest + timedelta(n))) - 1
    )


def today(person: Person, at: datetime) -> date:
    """Return the day it is where a person is."""
    return _day_there(at.astimezone(UTC), person.zone)  # in UTC no two moments are equal


@lru_cache
def _day_there(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def end_of(day: date, zone: str) -> datetime:
    """Return the moment a day is over in a zone."""
    return datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(zone))
