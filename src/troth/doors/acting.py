"""What every door does first and last: decide, and record. The doors themselves say what happens in between."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from troth.choices.actions import known, unsaid
from troth.ledger import actions as ledger
from troth.ledger.entry import Entry
from troth.policy import Act, Compiled, Decision, Reason, Standing
from troth.vault.covers import Cover
from troth.vault.marks import keyed_hash
from troth.vault.models import Person

from . import policies
from .declare import must_declare
from .errors import Refused
from .periods import today

Answers = dict[tuple[frozenset[str], int], Decision]  # by items and hour


@dataclass(frozen=True)
class Answer:
    """What a door says when it is done: the decision, and its entry in the ledger. True when it was a yes."""

    decision: Decision
    entry: int = 0

    def __bool__(self) -> bool:
        return self.decision.allowed


@dataclass
class Acting:
    """One act at one door, for one person or many: decided once for each set of items, recorded once."""

    act: Act
    people: Collection[UUID]
    at: datetime
    facts: dict[str, str | int] = field(default_factory=dict)
    entry: int = 0
    newcomers: Collection[Person] = ()  # those of the people who are stored by this act: nothing is known of them yet
    locks: bool = False  # of an act that writes: nobody is erased between the decision and what follows from it
    _answers: dict[UUID, Answers] = field(default_factory=dict)
    _alike: dict[tuple[object, ...], Answers] = field(default_factory=dict)  # the same ones, by where people stand

    def __post_init__(self) -> None:
        must_declare(self.act.purpose)

    @cached_property
    def compiled(self) -> Compiled:
        """The policy in force where the house stands."""
        return policies.in_force(self.at)

    @property
    def persons(self) -> dict[UUID, Person]:
        return self._known[0]

    @cached_property
    def _known(self) -> tuple[dict[UUID, Person], dict[UUID, Standing]]:
        new = {person.pk: person for person in self.newcomers}
        others = [person for person in self.people if person not in new] if new else self.people
        persons, stand = known(others, self.compiled, self.at, lock=self.locks) if others else ({}, {})
        return persons | new, stand | unsaid(new.values(), self.compiled, self.at)

    def covered(self) -> frozenset[str]:
        """Return the items the purpose uses, as far as walls let them through."""
        book, purpose = self.compiled.book, self.compiled.policy.purposes.get(self.act.purpose)
        return book.let_through(book.items(purpose.uses), self.act.purpose) if purpose else frozenset()

    def decide(self, person: UUID, items: frozenset[str]) -> Decision:
        """Decide for one person and these items, once for all who stand alike. Nobody unknown is ever allowed."""
        answers = self._answers.get(person)
        if answers is None:
            answers = self._answers[person] = self._alike.setdefault(self._standing(person), {})
        asked = (items, self.act.hour)  # the hour is where they are: the one thing that differs within an act
        found = answers.get(asked)
        if found is None:
            found = answers[asked] = self._decided(person, items)
        return found

    def _standing(self, person: UUID) -> tuple[object, ...]:
        """Return what all share who stand alike; nothing of someone we do not know."""
        one = self._known[1].get(person)
        if one is None:
            return ()
        day = today(self.persons[person], self.at)
        return (day, one.residence, one.core, one.yes, one.no, one.stop, one.signal, one.soft)

    def _decided(self, person: UUID, items: frozenset[str]) -> Decision:
        stands = self._known[1].get(person)
        if stands is None:
            why = Reason("unknown", "unknown.person", "", "We know no such person.")
            return Decision(allowed=False, reasons=(why,), policy=self.compiled.digest)
        return self.compiled.decide(self.act._replace(items=items), stands, today(self.persons[person], self.at))

    def must(self, person: UUID, items: frozenset[str], ring: Cover) -> Decision:
        """Decide; a no is recorded and raised. Raises Refused."""
        decision = self.decide(person, items)
        if not decision.allowed:
            entry = self.written(decision, items, [person], ring)
            if connection.in_atomic_block:
                raise Refused(decision, unwritten=entry)
            raise Refused(decision, ledger.record_durably(entry))
        return decision

    def written(self, decision: Decision, items: Iterable[str], people: Collection[UUID], ring: Cover) -> Entry:
        """Return the ledger's entry of a decision. Names of items only; of a person only the pseudonym."""
        act, because = self.act, decision.because
        one = subject(ring, next(iter(people))) if len(people) == 1 else b""
        return Entry(
            at=self.at, verb=act.verb, purpose=act.purpose, brand=act.brand, items=tuple(sorted(items)),
            source=act.source, to=act.to, channel=act.channel, topic=act.topic, actor=act.actor,
            allowed=decision.allowed, code=because.code, clause=because.clause, law=because.law,
            policy=decision.policy, subject=one, facts=self.facts,
        )  # fmt: skip

    def record(self, decision: Decision, items: Iterable[str], people: Collection[UUID], ring: Cover) -> int:
        """Write the entry into the transaction of the change; of many people, with the list they were on."""
        entry = self.written(decision, items, people, ring)
        if len(people) == 1:
            return ledger.record(entry)
        ring.fetch(set(people))
        return ledger.record_list(entry, [subject(ring, person) for person in people])


@contextmanager
def whole(*, many: bool = False) -> Iterator[None]:
    """Run an act as one transaction. A refusal undoes all of it, and is then recorded by itself.

    An act that reaches `many` inside another transaction stands or falls with that: SQLite keeps a copy of every page
    each row's triggers touch until the savepoint ends, and finds its way through them anew for each row.
    """
    try:
        with transaction.atomic(savepoint=not many):
            yield
    except Refused as no:
        if no.unwritten and not connection.in_atomic_block:
            no.entry, no.unwritten = ledger.record_durably(no.unwritten), None
        raise


def subject(ring: Cover, person: UUID) -> bytes:
    """Return a person's pseudonym in the ledger: keyed by their own key, so that it dies with it. Empty without one."""
    if person not in ring.ring:
        ring.fetch({person})
    key = ring.ring.get(person)
    return pseudonym(key) if key else b""


def pseudonym(key: bytes) -> bytes:
    return keyed_hash(key, b"troth ledger subject")[:16]


def entries_about(person: UUID) -> list[tuple[int, dict[str, Any]]]:
    """Return every ledger entry about a living person, with its number; none once their key is gone."""
    return ledger.about(subject(Cover("use", frozenset(), policies.now()), person))
