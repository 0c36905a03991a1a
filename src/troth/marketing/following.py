"""Bitmaps that follow the database: what changed since is read anew, all of it can be made anew, and both are equal.

One index a process and slot layout. Each question first reads the feed, so that a withdrawal that was acknowledged is
out of the next list. What is kept in TROTH_DATA is only a cache, for a quick start.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import duckdb
from django.conf import settings
from pyroaring import BitMap

from troth.choices import rules
from troth.choices.actions import core, events_of, standings
from troth.choices.models import Folded
from troth.policy import Compiled, Standing
from troth.policy.acts import ADULT
from troth.vault.models import Identifier, Person
from troth.vault.storing import read_all

from . import feed
from .audiences import CHUNK, Numbered, named
from .bitmaps import ALL, KIND, Memo, names_of, place_name
from .segments import Facts
from .shelf import Shelf

DUE: Final = "due:"  # and the hour from which on somebody's bits may change by themselves
SLACK: Final = timedelta(minutes=1)  # a question that waited for another one is still about now
SAVE_AFTER: Final = 50_000  # people changed
Stood = Callable[[list[Person], Compiled, datetime], dict[UUID, Standing]]


@dataclass
class Index:
    """Everybody by what decides about them, as of a moment. Ask it inside `held`."""

    compiled: Compiled
    at: datetime
    stood: Stood = standings
    past: bool = False  # as it was at `at`: what came later does not count
    sets: Shelf = field(default_factory=Shelf)
    facts: Facts = field(default_factory=Facts)
    memo: Memo = field(default_factory=Memo)
    place: int = 0  # in the feed
    unsaved: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def rebuild(self, at: datetime) -> None:
        """Make everything anew."""
        self.close()
        self.sets, self.facts, self.memo, self.at = Shelf(), Facts(), Memo(), at
        self.place, last = feed.place(), 0
        while some := list(Numbered.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
            self._read(BitMap(some), at)
            last = some[-1]

    def refresh(self, at: datetime) -> None:
        """Read anew whoever changed since the last time, or changes by the passing of time: a lapse, a birthday."""
        found = feed.since(self.place)
        if found.lost:
            self.rebuild(at)
            return
        due = [name for name in self.sets if name.startswith(DUE) and _moment(name) <= at]
        self.at = max(at, self.at)
        self._read(BitMap.union(found.numbers, *(self.sets[name] for name in due)), self.at)
        for name in [name for name in due if not self.sets[name]]:
            self.sets.drop(name)
        self.place = found.place

    def _read(self, numbers: BitMap, at: datetime) -> None:
        """Read some people anew. Whoever has no number any more, or was joined into another, is nowhere."""
        self.unsaved += len(numbers)
        if numbers:
            self.memo.changed()
        for start in range(0, len(numbers), CHUNK):
            some = numbers[start : start + CHUNK]
            number = {person: one for one, person in named(some)}
            people = read_all(Person.objects.filter(pk__among=number, merged_into=None))
            come: dict[str, list[int]] = {}
            for names, them in self._alike(people, number, at):
                for name in names:
                    come.setdefault(name, []).extend(them)
            self.sets.replace(some, {name: BitMap(them) for name, them in come.items()})
            self.facts.replace(some, {person.pk: number[person.pk] for person in people}, at)

    def _alike(
        self, people: list[Person], number: dict[UUID, int], at: datetime
    ) -> Iterator[tuple[Iterable[str], list[int]]]:
        """Yield the names of sets, with the numbers of people in all of them: those who stand alike together."""
        stood = self.stood(people, self.compiled, at)
        alike: dict[tuple[str, tuple[int, ...]], tuple[Standing, list[int]]] = {}
        for person in people:
            it = stood[person.pk]
            key = (place_name(person.residence, person.zone), (it.core, it.yes, it.no, it.stop, it.signal, it.soft))
            alike.setdefault(key, (it, []))[1].append(number[person.pk])
            if day := grows_up(person, at.date()):
                yield [_due(datetime.combine(day, time(), UTC))], [number[person.pk]]
        yield from (((ALL, place, *names_of(it)), them) for (place, _), (it, them) in alike.items())
        ids = [person.pk for person in people]
        kinds = Identifier.objects.filter(person_id__among=ids)
        kinds = kinds.filter(seen_at__lte=at) if self.past else kinds
        yield from (([KIND + kind], [number[owner]]) for owner, kind in kinds.values_list("person_id", "kind"))
        yield from (([_due(lapse)], [number[owner]]) for owner, lapse in _lapses(ids, at))

    # -- a quick start -------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Write all of it to a folder of its own, then name that one as the one to read."""
        root = folder()
        made = root / uuid4().hex
        made.mkdir(parents=True, mode=0o700)
        self.sets.save(made / "bitmaps", layout=self.compiled.layout, place=self.place, at=self.at.isoformat())
        self.facts.save(made)
        self.unsaved = 0
        named_ = root / f"{made.name}.new"
        named_.write_text(made.name, encoding="ascii")
        named_.replace(root / "current")
        for old in root.iterdir():
            if old.is_dir() and old != made:
                shutil.rmtree(old, ignore_errors=True)

    def load(self) -> bool:
        """Read what was saved last; False if there is nothing, or it is not of this layout and these sources."""
        with suppress(OSError, ValueError, KeyError, duckdb.Error):
            made = folder() / (folder() / "current").read_text(encoding="ascii")
            sets, head = Shelf.load(made / "bitmaps")
            if head["layout"] == self.compiled.layout:
                self.facts.load(made)
                self.sets, self.place, self.at = sets, head["place"], datetime.fromisoformat(head["at"])
                return True
            sets.close()
        self.facts.close()
        self.facts = Facts()
        return False

    def close(self) -> None:
        self.sets.close()
        self.facts.close()


def _due(moment: datetime) -> str:
    """Return the set of an hour: a little early is only read in vain."""
    return DUE + moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0).isoformat()


def _moment(name: str) -> datetime:
    return datetime.fromisoformat(name.removeprefix(DUE))


def grows_up(person: Person, today: date) -> date | None:
    """Return the next day on which someone's age changes, as far as any rule looks."""
    age = person.age(today)
    if age is None or age >= ADULT or person.known_on is None:
        return None
    month, day = person.known_on.month, person.known_on.day
    for year in (today.year, today.year + 1):
        leap = (month, day) == (2, 29) and not (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))
        birthday = date(year, 3, 1) if leap else date(year, month, day)
        if birthday > max(today, person.known_on):
            return birthday
    return None


def _lapses(people: Collection[UUID], at: datetime) -> Iterable[tuple[UUID, datetime]]:
    """Yield when the next thing somebody said lapses by itself."""
    rows = Folded.objects.filter(person_id__among=people).exclude(lapses_at=None)
    known = dict(rows.values_list("person_id", "lapses_at"))
    over = [person for person, lapse in known.items() if lapse and lapse <= at]
    found = {person: lapse for person, lapse in known.items() if lapse and lapse > at}
    for person, events in events_of(over).items() if over else ():
        if lapse := rules.lapses(events, at):
            found[person] = lapse
    return found.items()


# -- one index a process -------------------------------------------------------------------------------------------

_indexes: dict[str, Index] = {}
_guard = threading.Lock()


def folder() -> Path:
    return Path(settings.TROTH_DATA) / "audiences"


@contextmanager
def held(compiled: Compiled, at: datetime) -> Iterator[Index]:
    """Give the index as it is now, for this thread alone; or, for a moment that is past, one made for the question.

    Ask outside any transaction: what is not committed yet would be read, and might never be.
    """
    at = at.astimezone(UTC)
    with _guard:
        index = _indexes.get(compiled.layout)
        if index is None:
            _indexes.clear()  # of an older layout; whoever holds one still may end with it
            index = _indexes[compiled.layout] = Index(compiled, at)
            if not index.load() or at < index.at - SLACK:
                index.rebuild(at)
    with index.lock:
        index.compiled = compiled  # another version may number its slots alike
        if at >= index.at - SLACK:
            index.refresh(at)
            yield index
            return
    with replayed(compiled, at) as then:
        yield then


@contextmanager
def replayed(compiled: Compiled, at: datetime) -> Iterator[Index]:
    """Give an index as it was at a past moment, by replay of what everybody had said until then. Slow and exact.

    Residence, age and flags have no dates: they are as they are now, age as it was on that day.
    """
    then = Index(compiled, at, stood=stood_then, past=True)
    try:
        then.rebuild(at)
        yield then
    finally:
        then.close()


def stood_then(people: list[Person], compiled: Compiled, at: datetime) -> dict[UUID, Standing]:
    """Return where people stood at a moment, by what they had said until then."""
    said = events_of([person.pk for person in people])
    return {
        person.pk: rules.fold(said[person.pk], compiled, at, person.residence, core(person, at)) for person in people
    }


def tend(compiled: Compiled, *, least: int = SAVE_AFTER) -> int:
    """Save this process's index where much has changed since, and take away what the feed need not keep.

    Returns how many rows went. Whoever makes a list does it; no question does.
    """
    index = _indexes.get(compiled.layout)
    if index is None:
        return 0
    with index.lock:
        if index.unsaved < least and (folder() / "current").exists():
            return 0
        index.save()
        return feed.prune(index.place)


def forget() -> None:
    """Forget everything this process knows, and what was saved: the next question begins from nothing."""
    with _guard:
        for index in _indexes.values():
            index.close()
        _indexes.clear()
        shutil.rmtree(folder(), ignore_errors=True)


def install(**_: object) -> None:
    """Put the triggers in place after a migration."""
    from . import triggers  # noqa: PLC0415 -- segments register what else to watch before Django is ready

    triggers.install()
