"""Everything held about one person, and nothing of anyone else, from the declarations alone: one snapshot, one act.

A model that declares its fields is in every answer; there is no list to forget it on. Source: GDPR art. 15, R73.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import models, transaction

from troth.doors import periods, policies
from troth.doors.acting import entries_about
from troth.doors.declare import job
from troth.doors.opening import Opening
from troth.doors.use import use
from troth.policy import Compiled
from troth.vault.models import HeldRow, Person, PersonRow, Plain, person_rows

STAFF = ("care", "marketer", "officer", "analyst", "developer")


@dataclass(frozen=True, slots=True)
class Thing:
    """One value we hold: what it is in the policy's words, where it came from and when, and when it goes."""

    item: str
    say: str
    value: Any
    model: str
    row: str
    source: str = ""
    seen_at: datetime | None = None
    gone_by: date | None = None


@dataclass(frozen=True)
class Packet:
    """The answer to "what do you hold about me?"."""

    person: UUID
    at: datetime
    policy: str
    things: list[Thing] = field(default_factory=list)
    acts: list[tuple[int, dict[str, Any]]] = field(default_factory=list)  # ledger numbers and entries

    @property
    def disclosures(self) -> list[dict[str, Any]]:
        """What was handed to whom."""
        return [entry for _, entry in self.acts if entry["verb"] == "disclose" and entry["allowed"]]

    @property
    def looks(self) -> list[dict[str, Any]]:
        """Who on our staff looked."""
        return [entry for _, entry in self.acts if entry.get("actor") in STAFF]


def see(person: UUID, at: datetime, *, actor: str = "person", brand: str = "") -> Packet:
    """Return all we hold about a person. Raises LookupError if we know no such person; Refused.

    The number of queries follows the number of models, not of rows.
    """
    with transaction.atomic():
        them = Person.objects.filter(pk=person).first()
        if them is None:
            raise LookupError
        compiled = policies.archive().in_force(at.astimezone(policies.house_zone()).date())
        rows = [row for model in person_rows() for row in model._base_manager.filter(person_id=person).order_by("pk")]
        items = {item for row in rows if isinstance(row, HeldRow) for item in _open_to_them(row, compiled).values()}
        given = ["request"] if actor in STAFF else []
        brand = brand or next(iter(compiled.policy.brands))
        things = _plain(them, compiled)
        asked = use("rights", person=person, brand=brand, items=items, actor=actor, given=given, at=at)
        with job("rights"), asked as u:
            for row in rows:
                things += _things(row, them, u)
        return Packet(person, at, compiled.digest, things, entries_about(person))


def _open_to_them(row: HeldRow, compiled: Compiled) -> dict[str, str]:
    """Return a row's held fields and their items, but for passwords and the like: they never leave (R14)."""
    labels = {name: label.of(row) for name, label in row.labels().items()}
    return {n: item for n, item in labels.items() if "export" not in compiled.policy.data[item.partition(".")[0]].never}


def _things(row: PersonRow, them: Person, u: Opening) -> list[Thing]:
    found = _plain(row, u.compiled)
    if isinstance(row, HeldRow):
        fields = _open_to_them(row, u.compiled)
        ends, opened = periods.until(row, them, u.compiled.policy), u.open_fields(row, fields)
        found += [
            Thing(
                item, _say(item, u.compiled), opened[name], type(row).__name__, str(row.pk), row.source, row.seen_at,
                ends.get(item.partition(".")[0]),
            )
            for name, item in fields.items() if opened[name] is not None
        ]  # fmt: skip
    return found


def _plain(row: models.Model, compiled: Compiled) -> list[Thing]:
    """Return what the columns outside the seal say about the person."""
    declared: dict[str, Plain] = getattr(row, "plain", {})
    return [
        Thing(
            plain.item, f"{_say(plain.item, compiled)} ({name.replace('_', ' ')})", value,
            type(row).__name__, str(row.pk), getattr(row, "source", ""), getattr(row, "seen_at", None),
        )
        for name, plain in declared.items()
        if plain.item and (value := getattr(row, name)) not in (None, "", [], {})
    ]  # fmt: skip


def _say(item: str, compiled: Compiled) -> str:
    return compiled.book.labels[item].say
