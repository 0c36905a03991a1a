"""What `use`, `disclose` and `publish` have in common: held values become plain, once decided on and recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from troth.ledger import actions as ledger
from troth.policy import Act, Decision, Reason
from troth.vault import covers
from troth.vault.held import Held, reveal, reveal_all
from troth.vault.marks import keyed_hash
from troth.vault.models import HeldRow

from . import policies
from .acting import Acting, subject
from .errors import Refused

DIRECT = ("identity.name", "contact.", "social.", "shared.username", "device.mobile_link_id", "card.")  # says who it is


class Opening(Acting):
    """An act that opens values. The entry is durable, or in the same transaction, before the first value is out."""

    def begin(self, cover: covers.Cover, items: Iterable[str]) -> None:
        self.cover = cover
        self.refused: dict[UUID, Decision] = {}
        self._recorded: set[str] = set()
        self._allowed: set[tuple[UUID, frozenset[str]]] = set()  # for one person: what was decided on and recorded
        self._shown: dict[bytes, dict[str, Any]] = {}
        named = self.compiled.book.items(items)
        if len(self.people) > 1:
            self._record_all(named)
        elif named:
            self._allow_one(next(iter(self.people)), named)

    def open(self, *values: Held) -> Any:  # noqa: ANN401 -- whatever type the field declares
        """Return the plain values, typed: one alone, several as a tuple. Raises Refused; nothing is opened then."""
        self._allow((value.row, value.item) for value in values)
        opened = [self._formed(value.item, self._row(value.row)[value.name]) for value in values]
        return opened[0] if len(opened) == 1 else tuple(opened)

    def open_row(self, row: HeldRow) -> dict[str, Any]:
        """Return every held value of a row by its field's name."""
        return self.open_alike([row], {name: label.of(row) for name, label in row.labels().items()})[0]

    def open_alike(self, rows: Sequence[HeldRow], fields: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return some held values of each of these rows: `fields` maps their names to their items.

        The rows are one person's, of one model, and alike in what picks their items.
        """
        if not rows:
            return []
        person = rows[0].person_id
        self._allow_one(person, frozenset(fields.values()))
        # All at once, so there is no second time to remember them for. Another's row would not open under this key.
        opened = reveal_all(rows, self.cover.key(person))
        if self.act.form != "plain":
            return [{name: self._formed(item, values[name]) for name, item in fields.items()} for values in opened]
        if fields.keys() >= rows[0].labels().keys():
            return opened
        return [{name: values[name] for name in fields} for values in opened]

    def open_rows(self, rows: Iterable[HeldRow], size: int = 500) -> Iterator[tuple[HeldRow, dict[str, Any]]]:
        """Yield each row with its values, keys fetched for many at a time, those of refused people left out."""
        batch: list[HeldRow] = []
        for row in rows:
            batch.append(row)
            if len(batch) == size:
                yield from self._open_batch(batch)
                batch = []
        yield from self._open_batch(batch)

    def _open_batch(self, batch: list[HeldRow]) -> Iterator[tuple[HeldRow, dict[str, Any]]]:
        self.cover.fetch({row.person_id for row in batch if row.person_id not in self.refused})
        for row in batch:
            if row.person_id not in self.refused:
                yield row, self.open_row(row)
            self._shown.clear()

    def _allow(self, wanted: Iterable[tuple[HeldRow, str]]) -> None:
        by_person: dict[UUID, set[str]] = {}
        for row, item in wanted:
            by_person.setdefault(row.person_id, set()).add(item)
        for person, items in by_person.items():
            self._allow_one(person, frozenset(items))

    def _allow_one(self, person: UUID, items: frozenset[str]) -> None:
        if (person, items) in self._allowed:  # a row like one before it
            return
        if person not in self.people:
            why = Reason("not_theirs", "unknown.person", "", "This act was opened for somebody else.")
            raise Refused(Decision(allowed=False, reasons=(why,), policy=self.compiled.digest))
        if len(self.people) > 1:
            if person in self.refused or not items <= self._recorded:
                why = Reason("not_covered", f"purposes.{self.act.purpose}", "", "Name these items when the act begins.")
                raise Refused(self.refused.get(person) or Decision(False, (why,), self.compiled.digest))  # noqa: FBT003
            return
        decision = self.must(person, items, self.cover)
        if new := items - self._recorded:
            self.entry = ledger.record_durably(self.written(decision, new, [person], self.cover))
            self._recorded |= new
        self._allowed.add((person, items))

    def _record_all(self, items: frozenset[str]) -> None:
        """Decide for everybody, and record one act with the list of those it reaches."""
        yes = []
        for person in self.people:
            decision = self.decide(person, items)
            if decision.allowed:
                yes.append(person)
            else:
                self.refused[person] = decision
        if yes:
            with transaction.atomic():
                self.entry = self.record(self.decide(yes[0], items), items, yes, self.cover)
        self._recorded |= items

    def _row(self, row: HeldRow) -> dict[str, Any]:
        key = row.identity()
        if key not in self._shown:
            self._shown[key] = reveal(row, self.cover.key(row.person_id))
        return self._shown[key]

    def _formed(self, item: str, value: Any) -> Any:  # noqa: ANN401 -- typed by its field
        """Return a value in the form the act declares: plain, hashed, or without what says who it is."""
        form = self.act.form
        if form == "plain" or value is None:
            return value
        if form == "hashed":
            return hashlib.sha256(str(value).strip().lower().encode()).hexdigest()
        if form == "pseudonymous" and not item.startswith(DIRECT):
            return value
        why = Reason("form", f"purposes.{self.act.purpose}.form", "", f"Data in {form} form does not show {item}.")
        raise Refused(Decision(allowed=False, reasons=(why,), policy=self.compiled.digest), self.entry)

    def entries_about(self, person: UUID) -> list[tuple[int, dict[str, Any]]]:
        """Return what the function of that name does, by the key this act has at hand."""
        return ledger.about(subject(self.cover, person))

    def pseudonym(self, person: UUID) -> str:
        """Return a name for a person that is good for this act's recipient and purpose alone."""
        said = f"{self.act.to or self.act.purpose}".encode()
        return keyed_hash(subject(self.cover, person), said)[:16].hex()


@contextmanager
def opening(
    act: Act,
    person: UUID | None,
    people: Collection[UUID],
    items: Iterable[str],
    at: datetime | None,
    **facts: str | int,
) -> Iterator[Opening]:
    """Begin an act that opens values; keys are forgotten when the block ends."""
    at, them = at or policies.now(), [person] if person else list(people)
    cover = covers.Cover(act.verb, frozenset(), at)
    doing = Opening(act, frozenset(them) if len(them) > 1 else them, at, dict(facts))
    doing.begin(cover, items)
    try:
        yield doing
    finally:
        cover.ring.clear()
