"""The door by which personal data comes in.

    with collect("order", source="order", person=them, brand="tarn", actor="person") as c:
        c.save(Parcel(order=order, recipient="Ada Lovelace", line1="1 Weir Lane"))

Each row is decided on by the items it brings, made ready as the policy says (card numbers masked, secrets hashed), and
sealed. All rows, their entry in the ledger and whatever else the block writes are one transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from troth.choices import lease
from troth.choices.actions import say
from troth.ledger import actions as ledger
from troth.policy import Act, Decision
from troth.vault import covers, identity
from troth.vault.identity import Newcomer
from troth.vault.models import HeldRow, Person
from troth.vault.storing import store_all

from . import policies
from .acting import Acting, whole
from .handling import made_ready
from .periods import today

Row = TypeVar("Row", bound=HeldRow)


class Collecting(Acting):
    """What is being taken in. `refused` names those of many people whose rows were left out, and why."""

    def begin(self, cover: covers.Cover, newcomers: Collection[Newcomer]) -> None:
        self.cover = cover
        cover.ring.update({one.person.pk: one.key for one in newcomers})
        identity.arrive(newcomers)
        self.refused: dict[UUID, Decision] = {}
        self._allowed: dict[UUID, Decision] = {}

    def save(self, row: Row) -> Row:
        """Seal and store one row, new or changed. Raises Refused, CardNumber or NotReady; nothing is stored then."""
        items = row.brings()
        self._take(row, items, self.must(row.person_id, items, self.cover))
        row.save()
        return row

    def save_all(self, rows: Iterable[Row]) -> list[Row]:
        """Seal and store many new rows, those of people who may not be collected about left out."""
        taken = []
        for row in rows:
            items = row.brings()
            decision = self.decide(row.person_id, items)
            if decision.allowed:
                taken.append(self._take(row, items, decision))
            else:
                self.refused[row.person_id] = decision
        self.cover.fetch({row.person_id for row in taken})
        store_all(taken)
        return taken

    def _take(self, row: Row, items: frozenset[str], decision: Decision) -> Row:
        self.facts.update(made_ready(row, self.compiled.policy))
        self._allowed[row.person_id] = decision
        self.cover.items |= items
        if not row.source:
            row.source, row.seen_at = self.act.source, self.at
        return row

    def end(self) -> None:
        """Note that people who acted themselves were here, and write the entry: of one person, along with COMMIT."""
        for pid in self._allowed if self.act.actor == "person" else ():
            day = today(self.persons[pid], self.at)
            if self.persons[pid].last_seen < day:
                Person.objects.filter(pk=pid, last_seen__lt=day).update(last_seen=day)
        if self._allowed:
            them, decision = list(self._allowed), next(iter(self._allowed.values()))
            if len(them) == 1:
                ledger.record_last(self.written(decision, self.cover.touched, them, self.cover), self._entered)
            else:
                self.entry = self.record(decision, self.cover.touched, them, self.cover)

    def _entered(self, number: int) -> None:
        self.entry = number


@contextmanager
def collect(
    purpose: str,
    *,
    source: str,
    brand: str,
    person: UUID | None = None,
    people: Collection[UUID] = (),
    newcomers: Collection[Newcomer] = (),
    actor: str = "system",
    where: str = "",
    given: Iterable[str] = (),
    at: datetime | None = None,
) -> Iterator[Collecting]:
    """Take in data of one `person`, or of many `people` with one recorded act; `newcomers` of them are stored with it.

    Raises Refused for one person; of many, those refused are left out and named in `.refused`.
    Source: policy [sources]; GDPR art. 5(1)(b), 13, 25.
    """
    at, them = at or policies.now(), [person] if person else list(people)
    act = Act("collect", purpose, brand, source=source, actor=actor, where=where, given=frozenset(given))
    with whole(many=person is None):
        cover = covers.Cover("collect", frozenset(), at, source, frozenset(them))
        collecting = Collecting(act, them, at, newcomers=[one.person for one in newcomers], locks=True)
        collecting.begin(cover, newcomers)
        with covers.opened(cover):
            yield collecting
            collecting.end()


def choose(
    kind: str,
    *patterns: str,
    person: UUID,
    brand: str,
    place: str,
    wording: str,
    source: str = "choice",
    actor: str = "person",
    proof: Mapping[str, Any] | None = None,
    sighted: bool = False,
    expires: datetime | None = None,
    days: int | None = None,
    at: datetime | None = None,
) -> int:
    """Take in what a person says to a question: `choose("refusal", "news:skerry", ...)`. Returns its ledger entry.

    It waits for a message that is being handed over at this moment; once it returns, none begins or ends that the
    answer forbids. Enter it outside any transaction. Raises StillSending, UnknownSlot, Refused.
    """
    with lease.held_off([person]):
        at = at or policies.now()
        with collect("proof", source=source, brand=brand, person=person, actor=actor, at=at) as c:
            c.facts |= {"said": kind, "to": " ".join(patterns)[:200]}
            say(
                c.save, person, kind, patterns, compiled=c.compiled, at=at, place=place, wording=wording,
                actor=actor, proof=proof, sighted=sighted, expires=expires, days=days,
            )  # fmt: skip
    return c.entry
