"""Bringing people in from a file: through `collect`, in batches, each a transaction; what cannot come in is set aside.

Run it again after a crash and it goes on: a batch is whole or absent, and whoever is known by then is not taken in
twice. A file widens no right: it brings no permission, and nobody who was erased.
"""

from __future__ import annotations

import csv
import gzip
import io
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction

from troth.choices.actions import forgotten, stop_mark
from troth.doors.collect import collect
from troth.doors.declare import job
from troth.policy.errors import TrothError
from troth.shop.models import PastOrder
from troth.vault import identity
from troth.vault.chance import ids_together
from troth.vault.errors import BadIdentifier
from troth.vault.marks import mark
from troth.vault.models import SOLE, HeldRow, Identifier, Person, Profile
from troth.vault.normal import normalise
from troth.vault.storing import fresh

BATCH = 1000
TOO_LONG = "\N{REPLACEMENT CHARACTER}"  # the column that what is too much in a line falls into
ADDRESS = ("home_address", "delivery_address", "billing_address")
Row = Mapping[str, str]


class BadMap(TrothError):
    """The map, or the file it is for, cannot be used."""


class BadRow(TrothError):
    """One row cannot come in. Says why, by column, without the value."""


@dataclass(frozen=True)
class Map:
    """Which column is what: see src/troth/site/maps for examples."""

    brand: str
    source: str
    purpose: str
    person: Mapping[str, str]
    identifiers: Mapping[str, str] = field(default_factory=dict)
    profile: Mapping[str, str | list[str]] = field(default_factory=dict)
    order: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Map:
        """Raises BadMap, saying what is wrong."""
        try:
            return cls(**tomllib.loads(path.read_text("utf-8")))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError) as problem:
            raise BadMap(f"{path.name} cannot be used as a map: {problem}") from None


@dataclass
class Progress:
    """How far an import is."""

    read: int = 0
    taken: int = 0
    known: int = 0
    refused: int = 0
    aside: list[tuple[int, str]] = field(default_factory=list)  # rows set aside since the last step: number, reason
    noted: list[tuple[int, str]] = field(default_factory=list)  # rows taken in without some of their values


@dataclass
class _Candidate:
    number: int
    values: dict[str, tuple[str, bytes, bytes]]  # kind to the value as given, its mark, and its mark on the stop list
    row: Row
    residence: str
    age: int | None
    notes: list[str]

    def sole(self) -> list[bytes]:
        """The marks that point to one person."""
        return [marked for kind, (_, marked, _) in self.values.items() if kind in SOLE]


def rows_of(path: Path) -> Iterator[Row]:
    """Yield the rows of a CSV (also gzipped) or Parquet file as text by column, never the whole file at once."""
    if path.suffix == ".parquet":
        yield from _parquet(path)
        return
    with (
        gzip.open(path) if path.suffix == ".gz" else path.open("rb") as raw,
        io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="") as text,
    ):
        # A null byte or a field of a megabyte is a bad row, not the end of the file.
        lines = (line.replace("\0", "\N{REPLACEMENT CHARACTER}") for line in text)
        yield from csv.DictReader(lines, restkey=TOO_LONG)


def _parquet(path: Path) -> Iterator[Row]:
    import duckdb  # noqa: PLC0415 -- a third of a second, for those who have such a file

    with closing(duckdb.connect()) as connection:
        found = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
        names = [column[0] for column in found.description or ()]
        while rows := found.fetchmany(BATCH):
            yield from (
                dict(zip(names, ("" if value is None else str(value) for value in row), strict=True)) for row in rows
            )


def bring_in(rows: Iterable[Row], how: Map, *, at: datetime, dry_run: bool = False) -> Iterator[Progress]:
    """Take rows in, yielding after each batch. Raises BadMap if the file has not the columns the map names."""
    progress, numbered = Progress(), enumerate(rows, start=1)
    take = _take_orders if how.order else _take_people
    while batch := list(islice(numbered, BATCH)):
        if progress.read == 0:
            _fits(batch[0][1], how)
        progress.read += len(batch)
        progress.aside, progress.noted = [], []
        with transaction.atomic(), job(how.purpose):
            take(batch, how, at, progress)
            transaction.set_rollback(dry_run)
        yield progress


def _whole(row: Row) -> Row:
    """Return a row that has every field and no unreadable one. Raises BadRow."""
    if TOO_LONG in row or None in row.values():
        raise BadRow("the line has too few fields, or too many")
    if any("\N{REPLACEMENT CHARACTER}" in value for value in row.values()):
        raise BadRow("the line is not UTF-8 text")
    return row


def _fits(row: Row, how: Map) -> None:
    named = {*how.person.values(), *how.identifiers.values()}
    for value in (*how.profile.values(), *how.order.values()):
        named |= {value} if isinstance(value, str) else set(value)
    if missing := sorted(named - row.keys()):
        raise BadMap(f"The file has no column {', '.join(missing)}. It has: {', '.join(map(str, list(row)[:30]))}.")


# -- people ------------------------------------------------------------------------------------------------------------


def _take_people(batch: list[tuple[int, Row]], how: Map, at: datetime, progress: Progress) -> None:
    candidates = list(_candidates(batch, how, at, progress))
    known = _known({marked for c in candidates for marked in c.sole()})
    lost = forgotten({stop for c in candidates for _, _, stop in c.values.values()})
    newcomers: list[Person] = []
    rows: list[HeldRow] = []
    ids = ids_together()
    for c in candidates:
        owners = {known[marked] for marked in c.sole() if marked in known}
        if len(owners) > 1:
            progress.aside.append((c.number, "its identifiers point to different people"))
        elif owners:
            progress.known += 1
        elif any(stop in lost for kind, (_, _, stop) in c.values.items() if kind in SOLE):
            progress.aside.append((c.number, "this person was erased, and no file brings them back"))
        else:
            day = at.date() if c.age is not None else None
            person = fresh(
                Person, id=next(ids), residence=c.residence, last_seen=at.date(), known_age=c.age, known_on=day
            )
            newcomers.append(person)
            rows += _rows(person.pk, c, how, at)
            known |= dict.fromkeys(c.sole(), person.pk)
            progress.noted += [(c.number, note) for note in c.notes]
    _store(newcomers, rows, how, at, progress)


def _store(newcomers: list[Person], rows: list[HeldRow], how: Map, at: datetime, progress: Progress) -> None:
    if not newcomers:
        return
    people = [person.pk for person in newcomers]
    coming = identity.coming(newcomers)
    with collect(how.purpose, source=how.source, brand=how.brand, people=people, newcomers=coming, at=at) as c:
        c.save_all(rows)
        progress.refused += len(c.refused)
        progress.taken += len(people) - len(c.refused)


def _candidates(batch: list[tuple[int, Row]], how: Map, at: datetime, progress: Progress) -> Iterator[_Candidate]:
    for number, row in batch:
        try:
            yield _candidate(number, _whole(row), how, at)
        except (BadRow, BadIdentifier) as problem:
            progress.aside.append((number, str(problem)))


def _candidate(number: int, row: Row, how: Map, at: datetime) -> _Candidate:
    residence = row[how.person["residence"]].strip().upper() or "*"
    if residence != "*" and not (len(residence) in (2, 5) and residence.replace("-", "").isalpha()):
        raise BadRow(f"{how.person['residence']}: write a country as GB or US-CA")
    columns, values, notes = {"customer": how.person["key"], **how.identifiers}, {}, []
    for kind, column in columns.items():
        if given := row[column].strip():
            try:
                normal = normalise(kind, given, _region(residence))
                values[kind] = (given, mark(kind, normal), stop_mark(kind, normal))
            except BadIdentifier:
                notes.append(f"{column}: cannot be one, so it was left out")
    if "customer" not in values:
        raise BadRow(f"{how.person['key']}: every row needs one")
    return _Candidate(number, values, row, residence, _age(row, how, at), notes)


def _age(row: Row, how: Map, at: datetime) -> int | None:
    column = how.person.get("born", "")
    if not column or not row[column].strip():
        return None
    born = _day(row, column)
    age = at.year - born.year - ((at.month, at.day) < (born.month, born.day))
    if not 0 <= age < 130:
        raise BadRow(f"{column}: nobody was born then")
    return age


def _day(row: Row, column: str) -> date:
    try:
        return date.fromisoformat(row[column].strip()[:10])
    except ValueError:
        raise BadRow(f"{column}: write a day as 1980-12-31") from None


def _region(residence: str) -> str:
    return residence[:2] if residence != "*" else "GB"


def _rows(person: UUID, c: _Candidate, how: Map, at: datetime) -> Iterator[HeldRow]:
    for kind, (value, marked, _) in c.values.items():
        made = fresh(Identifier, person_id=person, seen_at=at, kind=kind, mark=marked, evidence="imported")
        made.value = value
        yield made
    profile = fresh(Profile, person_id=person, seen_at=at)
    for name, columns in how.profile.items():
        if name in ADDRESS:
            parts = {column: c.row[column].strip() for column in columns if c.row[column].strip()}
            setattr(profile, name, parts or None)
        elif name == "birth_date":
            setattr(profile, name, _day(c.row, str(columns)) if c.row[str(columns)].strip() else None)
        else:
            given = [columns] if isinstance(columns, str) else columns
            setattr(profile, name, " ".join(filter(None, (c.row[column].strip() for column in given))) or None)
    yield profile


def _known(marks: set[bytes]) -> dict[bytes, UUID]:
    found = Identifier.objects.filter(mark__among=marks).values_list("mark", "person_id")
    return {bytes(marked): person for marked, person in found}


# -- orders ------------------------------------------------------------------------------------------------------------


def _take_orders(batch: list[tuple[int, Row]], how: Map, at: datetime, progress: Progress) -> None:
    keys = {(row[how.person["key"]] or "").strip() for _, row in batch}
    owners = _known({mark("customer", normalise("customer", key)) for key in keys if key})
    ready: dict[str, PastOrder] = {}
    for number, row in batch:
        try:
            made = _order(_whole(row), how, owners)
            ready[made.reference] = made
        except (BadRow, BadIdentifier) as problem:
            progress.aside.append((number, str(problem)))
    there = set(PastOrder.objects.filter(reference__in=ready).values_list("reference", flat=True))
    progress.known += len(there)
    rows = [made for reference, made in ready.items() if reference not in there]
    if rows:
        with collect(how.purpose, source=how.source, brand=how.brand, people={r.person_id for r in rows}, at=at) as c:
            progress.taken += len(c.save_all(rows))
            progress.refused += len(c.refused)


def _order(row: Row, how: Map, owners: dict[bytes, UUID]) -> PastOrder:
    key = row[how.person["key"]].strip()
    owner = owners.get(mark("customer", normalise("customer", key))) if key else None
    if owner is None:
        raise BadRow(f"{how.person['key']}: nobody here has this number; bring the people in first")
    reference = "-".join(row[column].strip() for column in how.order["reference"])
    if not 1 < len(reference) <= 40:
        raise BadRow("reference: it is empty or too long")
    placed = datetime.combine(_day(row, how.order["placed"]), time(12), UTC)
    made = PastOrder(person_id=owner, reference=reference, event_at=placed)
    made.lines = {column: row[column].strip() for column in how.order["lines"]}
    return made
