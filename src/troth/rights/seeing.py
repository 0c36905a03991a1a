"""Everything held about one person, and nothing of anyone else, from the declarations alone: one snapshot, one act.

A model that declares its fields is in every answer; there is no list to forget it on. Source: GDPR art. 15, R73.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from itertools import repeat
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection, models, transaction
from django.db.models import Q

from troth.doors import periods, policies
from troth.doors.acting import entries_about
from troth.doors.declare import job
from troth.doors.opening import Opening
from troth.doors.use import use
from troth.policy import Compiled
from troth.policy.period import Keep, gone_by
from troth.vault.lookups import Ids
from troth.vault.models import HeldRow, Person, PersonRow, Plain, holding
from troth.vault.storing import rows_of

from .errors import NobodyKnown

STAFF = ("care", "marketer", "officer", "analyst", "developer")
Entries = list[tuple[int, dict[str, Any]]]  # of the ledger, with their numbers
NOTHING: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True, slots=True)
class Thing:
    """One value we hold: what it is in the policy's words, where it came from and when, and when it goes."""

    item: str
    say: str
    value: Any
    model: str
    row: UUID
    source: str = ""
    seen_at: datetime | None = None
    gone_by: date | None = None


class Holding(msgspec.Struct, frozen=True, rename={"model": "kind"}):
    """One row we hold, opened: by item of the policy, each field and its value. In a packet it stands as it is."""

    model: str
    row: UUID
    source: str
    seen_at: datetime | None
    gone_by: dict[str, date]  # by category
    values: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Packet:
    """The answer to "what do you hold about me?"."""

    person: UUID
    at: datetime
    compiled: Compiled
    held: list[Holding]
    acts: Entries  # oldest first

    @cached_property
    def things(self) -> list[Thing]:
        """Every value by itself."""
        labels = self.compiled.book.labels
        return [
            Thing(
                item, labels[item].say + (f" ({short})" if (short := named(item, name)) else ""), value,
                row.model, row.row, row.source, row.seen_at, row.gone_by.get(item.partition(".")[0]),
            )
            for row in self.held for item, fields in row.values.items() for name, value in fields.items()
        ]  # fmt: skip

    @property
    def disclosures(self) -> Entries:
        """What was handed to whom: the register, as far as it is about them (GDPR art. 15(1)(c))."""
        return [(n, entry) for n, entry in self.acts if entry["verb"] == "disclose" and entry["allowed"]]

    @property
    def looks(self) -> Entries:
        """Who on our staff looked, or was refused a look."""
        return [(n, entry) for n, entry in self.acts if entry.get("actor") in STAFF]


def named(item: str, field_name: str) -> str:
    """Return what to add to an item's own words for one of its fields; empty where they say it all."""
    return "" if field_name in ("value", item.partition(".")[2]) else field_name.replace("_", " ")


def see(person: UUID, at: datetime, *, actor: str = "person", brand: str = "") -> Packet:
    """Return all we hold about a person. Raises NobodyKnown; Refused.

    The number of queries follows the number of models, not of rows. Whoever was joined into another is answered with
    the record they are now part of.
    """
    with _snapshot():
        them, folded = _whole(person)
        compiled = policies.in_force(at)
        shapes = _Shapes(compiled)
        parts: list[tuple[_Shape, Sequence[models.Model]]] = [(shapes.of(them), [them])]
        for model in holding(Ids([them.pk])):
            parts += shapes.parted(rows_of(model, them.pk))
        items = frozenset().union(*(shape.items for shape, _ in parts))
        given = ["request"] if actor in STAFF else []
        brand = brand or next(iter(compiled.policy.brands))
        opened = use("rights", person=them.pk, brand=brand, items=items, actor=actor, given=given, at=at)
        with job("rights"), opened as u:
            held = [one for shape, rows in parts for one in _holdings(rows, shape, them, u) if one.values]
            return Packet(them.pk, at, compiled, held, _acts([them.pk, *folded], u.entries_about))


def acts(person: UUID) -> Entries:
    """Return every ledger entry about a person, with its number, oldest first. Raises NobodyKnown."""
    them, folded = _whole(person)
    return _acts([them.pk, *folded])


def _acts(halves: list[UUID], about: Callable[[UUID], Entries] = entries_about) -> Entries:
    """Return the entries about each of these; one that reached several of them, once."""
    return sorted({number: entry for one in halves for number, entry in about(one)}.items())


@contextmanager
def _snapshot() -> Iterator[None]:
    """Run queries that all see the same moment. SQLite's transactions do; PostgreSQL's must be told to."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def _whole(person: UUID) -> tuple[Person, list[UUID]]:
    """Return who a person is now, and everyone joined into them. Raises NobodyKnown."""
    them, near = _near(person)
    while them.merged_into:
        them, near = _near(them.merged_into)
    folded, newest = near, near
    while newest and (newest := list(Person.objects.filter(merged_into__in=newest).values_list("pk", flat=True))):
        folded = folded + newest
    return them, folded


def _near(person: UUID) -> tuple[Person, list[UUID]]:
    """Return somebody, and those joined into just them. Raises NobodyKnown."""
    found = {one.pk: one for one in Person.objects.filter(Q(pk=person) | Q(merged_into=person))}
    if person not in found:
        raise NobodyKnown
    return found.pop(person), list(found)


@dataclass(frozen=True)
class _Shape:
    """What rows of one kind show, worked out once for all of them."""

    sealed: dict[str, str]  # held fields and their items
    told: tuple[tuple[str, str], ...]  # columns outside the seal and their items
    keeps: tuple[tuple[str, Keep], ...]  # categories, and how long each is kept
    ends: dict[tuple[date | None, ...], dict[str, date]] = field(default_factory=dict)  # by when `own` clocks started

    @cached_property
    def own(self) -> tuple[Keep, ...]:
        """The clocks that each row starts by itself: the others are the person's."""
        return tuple(keep for _, keep in self.keeps if keep.event not in periods.OF_THE_PERSON)

    @cached_property
    def items(self) -> frozenset[str]:
        return frozenset(self.sealed.values()) | {item for _, item in self.told}


class _Shapes:
    """The shapes of rows under one version of the policy."""

    def __init__(self, compiled: Compiled) -> None:
        self._data = compiled.policy.data
        self._known: dict[tuple[object, ...], _Shape] = {}

    def parted(self, rows: Sequence[PersonRow]) -> Iterator[tuple[_Shape, Sequence[PersonRow]]]:
        """Yield rows of one model by their shapes: one for all, unless a column picks the item."""
        if rows and not periods.picks(type(rows[0])):
            yield self.of(rows[0]), rows
            return
        alike: dict[int, tuple[_Shape, list[PersonRow]]] = {}
        for row in rows:
            shape = self.of(row)
            alike.setdefault(id(shape), (shape, []))[1].append(row)
        yield from alike.values()

    def of(self, row: models.Model) -> _Shape:
        """Return a row's shape: its model's, by the columns that pick an item where one does."""
        model = type(row)
        picks = periods.picks(model) if issubclass(model, PersonRow) else ()
        key = (model, *(getattr(row, by) for by in picks))
        if key not in self._known:
            self._known[key] = self._made(row)
        return self._known[key]

    def _made(self, row: models.Model) -> _Shape:
        declared: dict[str, Plain] = getattr(row, "plain", {})
        sealed = {name: label.of(row) for name, label in row.labels().items()} if isinstance(row, HeldRow) else {}
        sealed = {name: item for name, item in sealed.items() if self._leaves(item)}
        told = tuple((name, it.item) for name, it in declared.items() if it.item and self._leaves(it.item))
        mine = periods.items_in(row) if isinstance(row, PersonRow) else ()
        categories = sorted({item.partition(".")[0] for item in mine} & self._data.keys())
        return _Shape(sealed, told, tuple((name, self._data[name].keep) for name in categories))

    def _leaves(self, item: str) -> bool:
        """Tell whether an item may be shown to the person: not passwords and the like, which never leave (R14)."""
        return "export" not in self._data[item.partition(".")[0]].never


def _holdings(rows: Sequence[Any], shape: _Shape, them: Person, u: Opening) -> Iterator[Holding]:
    """Yield what each of these rows of one shape holds."""
    opened = u.open_alike(rows, shape.sealed) if shape.sealed else repeat(dict[str, Any]())
    model, sealed = type(rows[0]).__name__, isinstance(rows[0], HeldRow)
    for row, found in zip(rows, opened, strict=False):
        values: dict[str, dict[str, Any]] = {}
        for name, item in shape.told:
            if (value := getattr(row, name)) not in NOTHING:
                values.setdefault(item, {})[name] = value
        for name, item in shape.sealed.items():
            if (value := found[name]) is not None:
                values.setdefault(item, {})[name] = value
        source, seen_at = (row.source, row.seen_at) if sealed else ("", None)
        yield Holding(model, row.id, source, seen_at, _ends(row, shape, them), values)


def _ends(row: models.Model, shape: _Shape, them: Person) -> dict[str, date]:
    """Return the first day a row must be gone, by category; without those whose clock has not started.

    Rows whose own clocks started on the same days share the answer.
    """
    days = tuple([_start(keep, row, them) for keep in shape.own])
    ends = shape.ends.get(days)
    if ends is None:
        pairs = [(name, keep, _start(keep, row, them)) for name, keep in shape.keeps]
        ends = shape.ends[days] = {name: gone_by(keep, day) for name, keep, day in pairs if day}
    return ends


def _start(keep: Keep, row: models.Model, them: Person) -> date | None:
    return periods.start(keep, row, them) if isinstance(row, PersonRow) else None
