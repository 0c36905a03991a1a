"""Erasure on request: the person's key is destroyed, and with it every copy that any backup holds; rows go too.

What a law or contract makes us keep (`retains`) moves first to a remnant: a new random person with a key of their own,
whom nothing ties to the old one. Each step can be repeated, and either half of it alone is safe:

    tombstone (begun) → remnant's key, if one is needed → rows moved or deleted → key destroyed, tombstone (done)

The tombstone lies with the keys, so that a restored backup of everything else still finds it: see `replay`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from troth.choices import actions as choices
from troth.choices import lease
from troth.ledger import actions as ledger
from troth.ledger.entry import Entry
from troth.policy import Act, Compiled, Decision, Reason
from troth.policy.acts import FLAGS
from troth.vault import covers, keys
from troth.vault.chance import random_id
from troth.vault.errors import BadIdentifier
from troth.vault.held import reseal, reveal
from troth.vault.lookups import Ids, among
from troth.vault.models import HeldRow, Identifier, Join, Person, PersonRow, holding, person_rows
from troth.vault.normal import normalise
from troth.vault.safe import Tombstone
from troth.vault.storing import fresh, read_all, store_all

from . import periods, policies
from .acting import subject
from .errors import Refused
from .keep import delete_rows
from .models import LegalHold


class Line(NamedTuple):
    """One line of a certificate: what became of some rows, why, and until when what stays will stay."""

    model: str
    items: tuple[str, ...]
    rows: int
    kept: bool
    why: str  # the clause
    say: str
    until: date | None = None


@dataclass(frozen=True)
class Certificate:
    """What an erasure did. Names no one: after it there is no one to name."""

    at: datetime
    policy: str
    entry: int
    lines: tuple[Line, ...] = field(default=())


def preview(person: UUID, at: datetime) -> tuple[Line, ...]:
    """Return what erasing someone would do, without doing it."""
    return tuple(_plan(Person.objects.filter(pk=person), at, policies.in_force(at)).lines(person))


def erase(person: UUID, *, at: datetime, because: str = "request") -> Certificate:
    """Erase one person. Durable when it returns. Raises Refused while a legal hold stands. Source: GDPR art. 17."""
    return erase_all([person], at=at, because=because)[0]


def erase_all(people: Collection[UUID], *, at: datetime, because: str = "request") -> list[Certificate]:
    """Erase many people together: a fixed number of statements for all of them.

    It waits for a message that is being handed over to one of them; once it returns, none begins or ends. Enter it
    outside any transaction. Raises Refused, StillSending.
    """
    compiled, ids = policies.in_force(at), Ids(people)
    with lease.held_off(ids):
        refuse_held(ids, compiled)
        stones = _begin(ids, at)
        made = _move(stones, ids, at, because, compiled)
        _finish(stones, ids)
    keys.empty_log("default")
    return made


def replay(at: datetime) -> Iterator[UUID]:
    """Finish every erasure that was begun, and repeat those a restored backup does not know of. Yields the remnants.

    Run it after any restore, before serving: nobody erased comes back.
    """
    compiled = policies.in_force(at)
    alive = set(Person.objects.values_list("pk", flat=True))
    for stone in Tombstone.objects.all().iterator():
        if stone.state != "done" or stone.person in alive or _rows_of(stone.person):
            alone = Ids([stone.person])
            _move([stone], alone, at, "restore", compiled)
            _finish([stone], alone)
            keys.empty_log("default")
            yield stone.person


def _rows_of(person: UUID) -> bool:
    return any(model._base_manager.filter(person_id=person).exists() for model in person_rows())


def refuse_held(people: Collection[UUID], compiled: Compiled) -> None:
    """Raise Refused where a legal hold stands on any of these people."""
    if LegalHold.objects.filter(person_id__among=people, lifted_at=None).exists():
        why = Reason("held", "purposes.claims", "", "A legal hold suspends deletion until the officer lifts it.")
        raise Refused(Decision(allowed=False, reasons=(why,), policy=compiled.digest))


def _begin(people: Ids, at: datetime) -> list[Tombstone]:
    """Write the tombstones, durably."""
    known = {stone.person: stone for stone in Tombstone.objects.filter(person__among=people)}
    new = [fresh(Tombstone, person=person, remnant=random_id(), at=at) for person in people if person not in known]
    return [*known.values(), *store_all(new)]


@dataclass
class _Group:
    """Rows of one person and one model with the same fate."""

    count: int = 0
    items: frozenset[str] = frozenset()
    rows: list[PersonRow] = field(default_factory=list)  # themselves only where they stay


@dataclass
class _Plan:
    """What becomes of each row of some people, and why."""

    people: dict[UUID, Person]
    compiled: Compiled
    groups: dict[UUID, dict[tuple[type[PersonRow], tuple[str, str]], _Group]] = field(default_factory=dict)
    read: dict[type[PersonRow], list[Any]] = field(default_factory=dict)  # rows looked at one by one

    def note(self, person: UUID, model: type[PersonRow], why: tuple[str, str], items: frozenset[str]) -> _Group:
        group = self.groups.setdefault(person, {}).setdefault((model, why), _Group())
        group.items = group.items | items if group.items else items
        return group

    def models(self) -> set[type[PersonRow]]:
        """Return the models these people have rows of."""
        return {model for groups in self.groups.values() for model, _ in groups}

    def kept(self) -> Iterator[tuple[type[PersonRow], PersonRow]]:
        for groups in self.groups.values():
            yield from ((model, row) for (model, _), group in groups.items() for row in group.rows)

    def lines(self, person: UUID) -> Iterator[Line]:
        for (model, (clause, say)), group in self.groups.get(person, {}).items():
            kept, items = clause != GONE[0], _listed(group.items)
            yield Line(model.__name__, items, group.count, kept, clause, say, self._until(group.rows) if kept else None)

    def _until(self, rows: list[PersonRow]) -> date | None:
        policy = self.compiled.policy
        days = [day for row in rows for day in periods.until(row, self.people[row.person_id], policy).values() if day]
        return max(days, default=None)


@lru_cache(maxsize=4096)  # most people's rows are of the same few items
def _listed(*many: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(frozenset().union(*many)))


GONE = ("rights.erase", "Gone.")
MARKED = ("email", "phone", "mobile", "customer")


def _plan(people: Iterable[Person], at: datetime, compiled: Compiled) -> _Plan:
    """Decide for every row of these people whether a duty keeps it. At most one query a model, however many people."""
    plan = _Plan({them.pk: them for them in people}, compiled)
    retained, ids = periods.retained(compiled), Ids(plan.people)
    for model in holding(ids):
        if model is Identifier or periods.items_of(model) & retained:  # of identifiers marks are left: see `_remember`
            plan.read[model] = read_all(model._base_manager.filter(person_id__among=ids))
            _plan_rows(plan, model, at)
        else:  # nothing of it can stay: how many there are is all that is asked
            for person, *picked, count in _counted(model, ids):
                plan.note(person, model, GONE, periods.items_by(model, tuple(picked))).count += count
    return plan


def _counted(model: type[PersonRow], ids: Ids) -> Iterator[tuple[Any, ...]]:
    """Yield people who have rows of a model, what picks the items of those, and how many there are."""
    columns = ", ".join(["person_id", *periods.picks(model)])
    where, asked = among("person_id", ids, connection.vendor)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns}, count(*) FROM {model._meta.db_table} WHERE {where} GROUP BY {columns}",  # noqa: S608 -- names of our own
            [asked],
        )
        for person, *others in cursor.fetchall():
            yield (person if isinstance(person, UUID) else UUID(person), *others)


def _plan_rows(plan: _Plan, model: type[PersonRow], at: datetime) -> None:
    known: dict[tuple[str, int | None, date, frozenset[str]], tuple[str, str]] = {}
    for row in plan.read[model]:
        them, items = plan.people[row.person_id], periods.items_in(row)
        asked = (them.residence, them.age(at.date()), periods.today(them, at), items)
        why = known.get(asked)
        if why is None:
            why = known[asked] = _keeper(items, them, at, plan.compiled) or GONE
        group = plan.note(row.person_id, model, why, items)
        group.count += 1
        if why != GONE:
            group.rows.append(row)


def _keeper(items: frozenset[str], them: Person, at: datetime, compiled: Compiled) -> tuple[str, str] | None:
    """Return the purpose that must keep any of these items even after an erasure, and its sentence."""
    book = compiled.book
    asked = compiled.standing(them.residence, age=them.age(at.date()), flags=["erasing"])
    for name, purpose in compiled.policy.purposes.items():
        wanted = book.items(purpose.retains) & items
        if wanted:
            act = Act("keep", name, next(iter(compiled.policy.brands)), wanted)
            if compiled.decide(act, asked, periods.today(them, at)).allowed:
                return f"purposes.{name}.retains", f"Kept, because we must {purpose.say}."
    return None


def _move(stones: Collection[Tombstone], ids: Ids, at: datetime, because: str, compiled: Compiled) -> list[Certificate]:
    """Delete rows, or give them to the remnant; write the entry. One transaction."""
    people = {stone.person: stone.remnant or stone.person for stone in stones}
    cover = covers.Cover("keep", frozenset(), at, people=frozenset(people))
    cover.fetch(set(people))
    with transaction.atomic(), covers.opened(cover):
        locked = Person.objects.select_for_update().filter(pk__among=ids).order_by("pk")  # nobody collects meanwhile
        plan = _plan(read_all(locked), at, compiled)
        made = _certify({person: tuple(plan.lines(person)) for person in people}, at, because, compiled, cover)
        _remember(plan, at, cover)
        _give(plan, people, cover)
        lost = len(plan.people) < len(people)  # after a restore rows may be there whose person is not
        for model in person_rows() if lost else plan.models():
            delete_rows(model._base_manager.filter(person_id__among=ids))
        _leave_remnants(plan, people, at)
        Person.objects.filter(pk__among=ids).delete()
        Join.objects.filter(Q(kept__among=ids) | Q(folded__among=ids)).delete()
    return made


def _remember(plan: _Plan, at: datetime, cover: covers.Cover) -> None:
    """Leave a mark of each address on the stop list, so that no list or file brings the person back unasked (R71)."""
    marked: list[tuple[str, str]] = []
    for row in plan.read.get(Identifier, ()):
        if row.kind in MARKED and row.person_id in cover.ring:
            value = reveal(row, cover.key(row.person_id))["value"]
            with suppress(BadIdentifier):
                marked.append((row.kind, normalise(row.kind, value)))
    choices.suppress_all(marked, because=choices.ERASED, at=at)


def _give(plan: _Plan, people: dict[UUID, UUID], cover: covers.Cover) -> None:
    """Give rows that stay to the remnants, sealed anew under their keys.

    After a restore a key may be gone already: what it sealed is lost to everybody, and the row goes.
    """
    kept = list(plan.kept())
    cover.ring.update(keys.make_missing({people[row.person_id] for _, row in kept}))
    for model, row in kept:
        old, new = row.person_id, people[row.person_id]
        if old in cover.ring:
            changes = reseal(row, cover.key(old), new, cover.key(new)) if isinstance(row, HeldRow) else {}
            model._base_manager.filter(pk=row.pk).update(person_id=new, **changes)


def _leave_remnants(plan: _Plan, people: dict[UUID, UUID], at: datetime) -> None:
    owners = [owner for owner, found in plan.groups.items() if any(why != GONE for _, why in found)]
    Person.objects.bulk_create(
        Person(
            id=people[owner], residence=them.residence, zone=them.zone, last_seen=them.last_seen,
            closed_on=periods.today(them, at), flags=FLAGS["erasing"],
        )
        for owner in owners for them in [plan.people[owner]]
    )  # fmt: skip


def _certify(
    people: dict[UUID, tuple[Line, ...]], at: datetime, because: str, compiled: Compiled, cover: covers.Cover
) -> list[Certificate]:
    """Write an entry for each person, and return their certificates."""
    entries = [
        Entry(
            at=at, verb="keep", purpose="rights", items=_listed(*[line.items for line in lines]),
            actor="system", allowed=False, code="erased", clause="rights.erase", policy=compiled.digest,
            subject=subject(cover, person),
            facts={
                "because": because, "rows": sum([x.rows for x in lines]),
                "kept": sum([x.rows for x in lines if x.kept]),
            },
        )
        for person, lines in people.items()
    ]  # fmt: skip
    numbers = ledger.record_all(entries)
    return [
        Certificate(at, compiled.digest, number, lines) for number, lines in zip(numbers, people.values(), strict=True)
    ]


def _finish(stones: Collection[Tombstone], ids: Ids) -> None:
    """Destroy the keys, durably, and say so on the tombstones: from here on no backup of rows can be read either."""
    remnants = {stone.remnant for stone in stones if stone.remnant}
    used = set(Person.objects.filter(pk__among=remnants).values_list("pk", flat=True))
    with transaction.atomic(using="keys"):
        keys.destroy([*ids, *(remnants - used)])
        Tombstone.objects.filter(pk__among=ids).update(state="done")
    keys.empty_log()
