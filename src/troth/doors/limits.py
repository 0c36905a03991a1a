"""How often, and at which hours, the policy lets us write: read from the sentence that customers read.

    [choices.news]
    most = "two a week on each channel, and no call or text from 8 in the evening to 9 in the morning"

A sentence this page cannot read fails `troth check`: a promise nobody can execute is not printed either.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from django.core import checks
from django.db.models import Count, QuerySet

from troth.choices.actions import at_most
from troth.policy import Act, Compiled, Reason
from troth.policy.errors import TrothError

from . import policies
from .models import Message

WENT: Final = ("releasing", "sent", "doubt")  # what a person got, or may have got

WORDS: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
NUMBERS: Final = {word: number for number, word in enumerate(WORDS, start=1)}
DAYS: Final = {"day": 1, "week": 7, "month": 30, "year": 365}
NAMED: Final = {"call": "phone", "text": "sms", "email": "email", "letter": "post"}
OFTEN: Final = re.compile(
    r"(?P<n>\w+)(?: \w+)?? (?:a (?P<unit>day|week|month|year)|in (?P<m>\w+) (?P<units>days|weeks|months|years))"
    r"(?P<each> on each channel)?"
)
QUIET: Final = re.compile(
    r"no (?P<what>\w+(?: or \w+)*) from (?P<a>\d{1,2}) in the (?P<pa>morning|afternoon|evening)"
    r" to (?P<b>\d{1,2}) in the (?P<pb>morning|afternoon|evening)"
)


class CannotRead(TrothError, ValueError):
    """A sentence about how often, in words this page does not know."""


@dataclass(frozen=True)
class Limit:
    """At most `count` in `days` days, on each channel or on all together; `quiet` channels rest from hour to hour."""

    count: int
    days: int
    each: bool
    quiet: frozenset[str] = frozenset()
    hours: tuple[int, int] = (0, 0)  # local: from the first until before the second

    @property
    def said(self) -> str:
        """Return how often in words."""
        times = "once" if self.count == 1 else f"{self.count} times"
        return f"{times} in {self.days} days{' on each channel' if self.each else ''}"

    def rests(self, channel: str, hour: int) -> bool:
        """Tell whether a channel rests at an hour, by the clock where the person is."""
        begin, end = self.hours
        asleep = begin <= hour < end if begin <= end else hour >= begin or hour < end
        return channel in self.quiet and asleep


@lru_cache(maxsize=64)
def read(sentence: str) -> Limit:
    """Return what a sentence comes to. A month counts 30 days, a year 365. Raises CannotRead.

    >>> read("two a week on each channel, and no call or text from 8 in the evening to 9 in the morning").hours
    (20, 9)
    >>> read("one invitation in three months")
    Limit(count=1, days=90, each=False, quiet=frozenset(), hours=(0, 0))
    """
    often, _, rest = sentence.partition(", and ")
    found, quiet = OFTEN.fullmatch(often), QUIET.fullmatch(rest)
    if not found or (rest and not quiet):
        raise CannotRead('Write it as "two a week on each channel, and no call from 8 in the evening to 9 in …".')
    unit = found["unit"] or found["units"].removesuffix("s")
    days = DAYS[unit] * (_number(found["m"]) if found["m"] else 1)
    if not quiet:
        return Limit(_number(found["n"]), days, bool(found["each"]))
    channels = frozenset(_channel(word) for word in quiet["what"].split(" or "))
    hours = _hour(quiet["a"], quiet["pa"]), _hour(quiet["b"], quiet["pb"])
    return Limit(_number(found["n"]), days, bool(found["each"]), channels, hours)


def _number(word: str) -> int:
    if word.isdigit() or word in NUMBERS:
        return NUMBERS.get(word) or int(word)
    raise CannotRead(f'"{word}" is no number this page knows: write it in figures.')


def _channel(word: str) -> str:
    if word not in NAMED:
        raise CannotRead(f'"{word}" is no channel this page knows. Known: {", ".join(NAMED)}.')
    return NAMED[word]


def _hour(hour: str, part: str) -> int:
    """Return an hour of the day: 12 in the morning is midnight, 12 in the afternoon is noon."""
    return int(hour) % 12 + (0 if part == "morning" else 12)


def of(compiled: Compiled, purpose: str) -> dict[str, Limit]:
    """Return the limits of a purpose, by the choice that sets them."""
    made = compiled.policy.purposes.get(purpose)
    choices = compiled.policy.choices
    return {name: read(choices[name].most) for name in (made.choice if made else ()) if choices[name].most}


def resting(compiled: Compiled, act: Act) -> Reason | None:
    """Return why nobody is written to at the hour of an act, by the clock where the person is."""
    for name, limit in of(compiled, act.purpose).items():
        if limit.rests(act.channel, act.hour):
            begin, end = limit.hours
            say = f"It is between {begin}:00 and {end}:00 where they are, when we do not write this way."
            return Reason("hours", f"choices.{name}.most", "", say)
    return None


def too_often(compiled: Compiled, act: Act, people: Collection[UUID], at: datetime) -> dict[UUID, Reason]:
    """Return who of these people had as much as the policy allows, and why they get no more for now."""
    found: dict[UUID, Reason] = {}
    for name, limit in of(compiled, act.purpose).items():
        had = _had(compiled, name, act.brand, people, at - timedelta(days=limit.days))
        counted = _went(had.filter(channel=act.channel) if limit.each else had)
        why = Reason("too_often", f"choices.{name}.most", "", f"We write no more often than {limit.said}.")
        found |= {person: why for person, count in counted.items() if count >= limit.count}
    return _asked_less(compiled, act, people, at) | found


def _asked_less(compiled: Compiled, act: Act, people: Collection[UUID], at: datetime) -> dict[UUID, Reason]:
    """Return who of these people had as much as they themselves asked for at most, on all channels together."""
    found: dict[UUID, Reason] = {}
    made = compiled.policy.purposes.get(act.purpose)
    for name in made.choice if made else ():
        wished = at_most(people, name, act.brand) if compiled.policy.choices[name].channels else {}
        for days in set(wished.values()):
            them = [person for person, most in wished.items() if most == days]
            had = _had(compiled, name, act.brand, them, at - timedelta(days=days))
            why = Reason("too_often", f"choices.{name}", "", f"They asked for no more than one in {days} days.")
            found |= dict.fromkeys(_went(had), why)
    return found


def _had(compiled: Compiled, choice: str, brand: str, people: Collection[UUID], since: datetime) -> QuerySet[Message]:
    """Return every message to these people by a choice of a brand since then, whatever became of it."""
    alike = [other for other, made in compiled.policy.purposes.items() if choice in made.choice]
    found: QuerySet[Message] = Message.objects.of(people).filter(purpose__in=alike, brand=brand, not_before__gt=since)
    return found.order_by()


def _went(had: QuerySet[Message]) -> Counter[UUID]:
    """Return how many of these messages each person got, or may have got.

    Told apart here: asked for the state as well, SQLite would look through everything that was ever sent.
    """
    counted = Counter[UUID]()
    for person, state, count in had.values_list("person_id", "state").annotate(n=Count("pk")):
        if state in WENT:
            counted[person] += count
    return counted


@checks.register("troth")
def readable(app_configs: Iterable[Any] | None = None, **_: object) -> list[checks.CheckMessage]:
    """Return a message for every limit of the policy in force that nobody can execute."""
    del app_configs
    return list(_unread(policies.archive().in_force(policies.today())))


def _unread(compiled: Compiled) -> Iterator[checks.CheckMessage]:
    for name, choice in compiled.policy.choices.items():
        try:
            if choice.most:
                read(choice.most)
        except CannotRead as no:
            say = f"choices.{name}.most of {compiled.book.file.file} cannot be executed."
            yield checks.Error(say, hint=str(no), id="troth.E008")
