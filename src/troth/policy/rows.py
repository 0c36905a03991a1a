"""The rows of the registers, and the three shapes they leave in: CSV, JSON and a table of the page."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, ClassVar, NamedTuple, Protocol

from .document import Table, cells_of
from .wording import say_day

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run


@dataclass(frozen=True, slots=True)
class Transfer:
    """Data that leaves the home of one law, and what lets it (GDPR art. 30(1)(e), 44-49)."""

    to: str
    country: str
    law: str  # the pack whose home it leaves
    ground: str  # empty: nothing lets it go
    document: str
    until: date | None

    def __str__(self) -> str:
        until = f"until {say_day(self.until)}" if self.until else ""
        under = f"{self.law}: {self.ground or 'no ground'}"
        return ", ".join(filter(None, (f"{self.to} in {self.country}", under, self.document, until)))


@dataclass(frozen=True, slots=True)
class Processing:
    """One purpose of one controller: a row of the record of processing (GDPR art. 30(1))."""

    purpose: str
    say: str
    was: str  # its numeral in the 2018 policy
    controller: str
    brands: tuple[str, ...]
    joint: tuple[str, ...]
    representatives: tuple[str, ...]
    officer: str
    basis: str
    choices: tuple[str, ...]
    interest: str
    assessed: str
    review: date | None
    people: tuple[str, ...]
    data: tuple[str, ...]
    sources: tuple[str, ...]
    recipients: tuple[str, ...]
    transfers: tuple[Transfer, ...]
    erasure: tuple[str, ...]
    security: tuple[str, ...]
    gaps: tuple[str, ...]
    clause: str


@dataclass(frozen=True, slots=True)
class Slot:
    """One cell of a choice for one brand: what it rests at, and the way out."""

    slot: str
    choice: str
    say: str
    channel: str
    topic: str
    mode: str  # one of MODES
    law: str  # the law that asks for more than the policy does
    exit: str
    signal: str  # the device signal that is a no here
    clause: str


@dataclass(frozen=True, slots=True)
class Stored:
    """One cookie, storage key, pixel or script (PECR reg. 6; ePrivacy art. 5(3))."""

    name: str
    kind: str
    does: str
    purpose: str
    by: str
    life: str
    exempt: str
    mode: str  # one of MODES
    clause: str


@dataclass(frozen=True, slots=True)
class AppleLabel:
    """A row of a privacy label as Apple's store shows it."""

    group: str  # used to track you, linked to you, not linked to you
    data: str
    items: tuple[str, ...]
    purposes: tuple[str, ...]
    clause: str


@dataclass(frozen=True, slots=True)
class GoogleLabel:
    """A row of a data safety section as Google's store shows it."""

    data: str
    items: tuple[str, ...]
    collected: bool
    shared: bool
    optional: bool
    purposes: tuple[str, ...]
    clause: str


class Labels(NamedTuple):
    """Both stores' labels."""

    apple: tuple[AppleLabel, ...]
    google: tuple[GoogleLabel, ...]


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One category over the last twelve months (Cal. Civ. Code 1798.110, 1798.115, 1798.130(a)(5))."""

    data: str
    items: tuple[str, ...]
    sensitive: bool
    sources: tuple[str, ...]
    purposes: tuple[str, ...]
    disclosed: tuple[str, ...]  # for a business purpose
    sold_or_shared: tuple[str, ...]
    keep: str
    clause: str


@dataclass(frozen=True, slots=True)
class Edge:
    """One step data takes: source to data, data to purpose, purpose to recipient, recipient to place."""

    begin: str  # e.g. "sources.order"
    end: str  # e.g. "data.orders"; a place is "places.GB"
    items: tuple[str, ...]
    clause: str


# -- ways out -----------------------------------------------------------------------------------------------------


class Line(Protocol):
    """A row of any register: a dataclass that names the line it rests on."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def clause(self) -> str: ...


def to_csv(rows: Sequence[Line]) -> str:
    """Return rows as CSV (RFC 4180) with a header; a list is one cell, its parts set apart by "; ".

    A cell a spreadsheet would run as a formula is marked as text.
    """
    file = io.StringIO()
    writer = csv.writer(file)
    if rows:
        writer.writerow([part.name for part in fields(rows[0])])
    for row in rows:
        cells = ["; ".join(_words(getattr(row, part.name))) for part in fields(row)]
        writer.writerow([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in cells])
    return file.getvalue()


def to_json(rows: Iterable[Line]) -> str:
    """Return rows as a JSON list of objects, days as 2026-11-01."""
    return json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2, default=str, allow_nan=False)


def to_table(rows: Sequence[Line], caption: str, anchor: str = "") -> Table:
    """Return rows as a table of the page; columns in which no row says anything are left out."""
    names = [part.name for part in fields(rows[0])] if rows else []
    kept = [name for name in names if name != "clause" and any(_words(getattr(row, name)) for row in rows)]
    head = tuple(name.replace("_", " ").capitalize() for name in kept)
    made = tuple(
        tuple(cells_of((say, row.clause) for say in _words(getattr(row, name))) for name in kept) for row in rows
    )
    return Table(caption, head, made, anchor)


def _words(value: object) -> list[str]:
    """Return a value as the words of a cell, one a line."""
    if isinstance(value, tuple):
        return [word for part in value for word in _words(part)]
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if isinstance(value, date):
        return [say_day(value)]
    return [str(value)] if value not in (None, "") else []
