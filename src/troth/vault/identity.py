"""Who someone is: people added, identifiers attached, two records joined and parted again.

Everything here runs inside a door: `add` and `identify` in `collect`, `join` and `part` in `doors.joining`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from . import covers, keys
from .errors import BadIdentifier, OutsideDoor
from .held import reseal
from .marks import mark
from .models import SOLE, HeldRow, Identifier, Join, Person, PersonRow, person_rows
from .normal import normalise
from .seal import PersonKey
from .storing import store_all


class Taken(BadIdentifier):
    """The identifier already points to somebody else. Joining two people is an act of its own."""

    def __init__(self) -> None:
        super().__init__("This is already known as somebody's. If they are one person, join the two records first.")


@dataclass(frozen=True)
class Newcomer:
    """Somebody whose key is made and who is not stored yet. The door that takes them in looks inside, nobody else."""

    person: Person
    key: PersonKey = field(repr=False)


def coming(people: Iterable[Person]) -> list[Newcomer]:
    """Make the keys of new people, whom `arrive` stores: a key without a person is harmless, the reverse is not.

    Making a key waits for a disk: before a transaction nobody waits along.
    """
    them = list(people)
    made = keys.make_missing([person.pk for person in them])
    return [Newcomer(person, made[person.pk]) for person in them]


def arrive(newcomers: Iterable[Newcomer]) -> list[Person]:
    """Store people who were `coming`."""
    return store_all([one.person for one in newcomers])


def add(people: Iterable[Person]) -> list[Person]:
    """Store new people and their keys."""
    return arrive(coming(people))


def someone(*, on: date, residence: str = "*", zone: str = "Europe/London", age: int | None = None) -> Person:
    """Return one new person, not stored yet, though their key is. `age` in whole years, as known on the day `on`."""
    known = {"known_age": age, "known_on": on} if age is not None else {}
    return Person(id=keys.newcomer(), residence=residence, zone=zone, last_seen=on, **known)


def new(*, on: date, residence: str = "*", zone: str = "Europe/London", age: int | None = None) -> Person:
    """Store one new person, who is `someone`."""
    return add([someone(on=on, residence=residence, zone=zone, age=age)])[0]


def find(kind: str, value: str, region: str = "GB") -> UUID | None:
    """Return whose an identifier is, without opening anything; None if nobody's, or several people's."""
    found = owners(kind, value, region, most=2)
    return found.pop() if len(found) == 1 else None


def owners(kind: str, value: str, region: str = "GB", *, most: int = 100) -> set[UUID]:
    """Return everybody an identifier points to, without opening anything. Raises BadIdentifier."""
    kinds = ("phone", "mobile") if kind in ("phone", "mobile") else (kind,)
    found = Identifier.objects.filter(kind__in=kinds, mark=mark(kind, normalise(kind, value, region)))
    return set(found.values_list("person_id", flat=True).distinct()[:most])


def identifier(person: UUID, kind: str, value: str, *, evidence: str = "stated", region: str = "GB") -> Identifier:
    """Return an identifier ready for `collect`. Raises BadIdentifier; Taken if it is already somebody else's."""
    marked = mark(kind, normalise(kind, value, region))
    others = Identifier.objects.filter(kind=kind, mark=marked)
    if kind in SOLE and others.exclude(person_id=person).exists():
        raise Taken
    known = others.filter(person_id=person).first()
    made = known or Identifier(person_id=person, kind=kind, mark=marked, evidence=evidence)
    if known is None:
        made.value = value
    return made


def attach(made: Identifier) -> Identifier:
    """Store an identifier; if another process was quicker with the same one, theirs stands. Raises Taken."""
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError:
        theirs = Identifier.objects.get(kind=made.kind, mark=made.mark)  # a sole one, or it would not clash
        if theirs.person_id != made.person_id:
            raise Taken from None
        return theirs
    return made


def join(kept: UUID, folded: UUID, *, because: str, at: datetime) -> Join:
    """Make every row of `folded` a row of `kept`, sealed under their key; remember which. Raises OutsideDoor.

    Answers to choices move along and are folded together by the choices room: a no of either side stays a no,
    because events keep their own times and a stop yields only to a later yes.
    """
    moved = _move(folded, kept, None)
    Person.objects.filter(pk=folded).update(merged_into=kept)
    seen = Person.objects.get(pk=folded).last_seen
    Person.objects.filter(pk=kept, last_seen__lt=seen).update(last_seen=seen)  # or what moved would go too early
    return Join.objects.create(kept=kept, folded=folded, because=because, at=at, moved=moved)


def part(found: Join, *, at: datetime) -> bool:
    """Undo a join: the same rows go back, later ones stay. False if it was undone already."""
    if not Join.objects.filter(pk=found.pk, undone_at=None).update(undone_at=at):
        return False
    _move(found.kept, found.folded, found.moved)
    Person.objects.filter(pk=found.folded).update(merged_into=None)
    return True


def _move(old: UUID, new_: UUID, only: dict[str, list[str]] | None) -> dict[str, list[str]]:
    cover = covers.current()
    if cover is None or not (cover.allows("keep", old, frozenset()) and cover.allows("keep", new_, frozenset())):
        raise OutsideDoor("PersonRow", "joining", "joining")
    moved: dict[str, list[str]] = {}
    for model in person_rows():
        rows = model._base_manager.filter(person_id=old)
        if only is not None:
            rows = rows.filter(pk__in=only.get(model._meta.label, []))
        for row in rows:
            if _move_one(model, row, old, new_, cover):
                moved.setdefault(model._meta.label, []).append(str(row.pk))
    return moved


def _move_one(model: type[PersonRow], row: PersonRow, old: UUID, new_: UUID, cover: covers.Cover) -> bool:
    if model._meta.get_field("person_id").unique and (
        not issubclass(model, HeldRow) or model._base_manager.filter(person_id=new_).exists()
    ):
        return False  # one a person: theirs stands; or a cache, which is folded anew
    changes = reseal(row, cover.key(old), new_, cover.key(new_)) if isinstance(row, HeldRow) else {}
    return bool(model._base_manager.filter(pk=row.pk, person_id=old).update(person_id=new_, **changes))
