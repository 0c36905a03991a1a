"""Yeses that somebody else collected: a partner, a Group company, our people at an event. Proof for each, or nothing.

    for done in bring_in(rows, brand="tarn", at=now): ...   # rows: email, residence, said_on, asked_by, wording, medium

`partner_files` reads them from a file, however long, and goes on where it stopped. A row without its proof is set aside
with the reason; so is one of somebody who said no, was erased or is on the stop list: a file never makes a no into a
yes. Read again, it takes nobody in twice. Source: R1, R63-R65; DESIGN §10.12.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Final
from uuid import UUID, uuid4

from django.db import transaction

from troth.choices.actions import agree_all, forgotten, known, stop_mark, suppressed_among
from troth.doors import policies
from troth.doors.collect import collect
from troth.doors.handling import cards_in
from troth.policy import Compiled
from troth.vault import identity
from troth.vault.errors import BadIdentifier
from troth.vault.marks import mark
from troth.vault.models import Identifier, Person
from troth.vault.normal import normalise

BATCH: Final = 500
OLDEST: Final = timedelta(days=183)  # a yes that nobody used for half a year is asked for anew (ICO, direct marketing)
COLUMNS: Final = ("email", "residence", "said_on", "asked_by", "wording", "medium")
MEDIA: Final = ("form", "paper", "telephone", "event", "contest")


class BadRow(ValueError):
    """One row cannot come in. Says why, by column, without the value."""


@dataclass
class Progress:
    """How far a file is. It adds up: read == taken + already + the rows set aside."""

    read: int = 0
    taken: int = 0
    already: int = 0
    aside: list[tuple[int, str]] = field(default_factory=list)  # of this step: number, reason
    set_aside: int = 0
    reasons: Counter[str] = field(default_factory=Counter)  # of all steps of this run: how many for which reason


@dataclass(frozen=True, eq=False)
class _Row:
    number: int
    email: str
    normal: str
    residence: str
    wording: str
    proof: Mapping[str, str]


Row = Mapping[str, str] | BadRow  # a line that could not even be read is its reason


def bring_in(  # noqa: PLR0913 -- a run has as many sides
    rows: Iterable[Row], *, brand: str, at: datetime, choice: str = "news", source: str = "partners",
    progress: Progress | None = None, noted: Callable[[Progress], object] | None = None, dry_run: bool = False,
) -> Iterator[Progress]:  # fmt: skip
    """Take rows in, a batch a transaction, yielding after each; for a job that declares "proof".

    An address comes in with the yes it belongs to, and for the proof of it: nothing else is done with it before.
    `progress`: how far an earlier run came; the rows begin behind it. `noted` is called inside each transaction. Where
    nothing is to be stored, an address that stands in two batches is counted as taken twice.
    """
    progress = progress or Progress()
    numbered = enumerate(rows, start=progress.read + 1)
    compiled = policies.archive().in_force(policies.today())
    pattern = f"{choice}:{brand}:email"
    while batch := list(islice(numbered, BATCH)):
        progress.read, progress.aside = progress.read + len(batch), []
        good = list(_good(batch, compiled, brand, at, progress))
        with transaction.atomic():
            yes, new = _sorted(good, compiled, pattern, at, progress)
            if not dry_run:
                yes |= _newcomers(new, brand, source, at, progress)
                _said(yes, pattern, brand, at)
            progress.taken += len(yes) + len(new) * dry_run
            progress.set_aside += len(progress.aside)
            if noted:
                noted(progress)
        progress.reasons.update(why for _, why in progress.aside)
        yield progress


def _good(
    batch: list[tuple[int, Row]], compiled: Compiled, brand: str, at: datetime, progress: Progress
) -> Iterator[_Row]:
    seen: set[str] = set()
    said = (compiled.policy.brands[brand].say or brand).casefold()
    for number, row in batch:
        try:
            made = _read(number, row, said, at)
        except (BadRow, BadIdentifier) as problem:
            progress.aside.append((number, str(problem)))
            continue
        if made.normal in seen:
            progress.aside.append((number, "email: stands twice in this part of the file"))
            continue
        seen.add(made.normal)
        yield made


def _read(number: int, row: Row, brand: str, at: datetime) -> _Row:
    """Return a row with its proof: who asked, in which words, by which medium, on what day. Raises BadRow."""
    if isinstance(row, BadRow):
        raise row
    if any(not isinstance(row.get(name), str) for name in COLUMNS):
        raise BadRow("the line has too few fields, or too many")
    plain = {name: " ".join(row[name].split()) for name in COLUMNS}
    if missing := [name for name in ("said_on", "asked_by", "wording", "medium") if not plain[name]]:
        raise BadRow(f"{', '.join(missing)}: without it there is no proof")
    if brand not in plain["wording"].casefold():
        raise BadRow("wording: it does not name us, so nobody said yes to us")
    if plain["medium"] not in MEDIA:
        raise BadRow(f"medium: write one of {', '.join(MEDIA)}")
    if any(len(value) > 400 or not value.isprintable() or cards_in(value) for value in plain.values()):
        raise BadRow("a field is too long, or holds what does not belong there")
    try:
        day = date.fromisoformat(plain["said_on"])
    except ValueError:
        raise BadRow("said_on: write a day as 2026-11-30") from None
    if not at.date() - OLDEST <= day <= at.date():
        raise BadRow("said_on: it lies ahead, or more than half a year back")
    where = plain["residence"].upper() or "*"
    if where != "*" and not (len(where) in (2, 5) and where.replace("-", "").isalpha()):
        raise BadRow("residence: write a country as GB or US-CA")
    proof = {name: plain[name] for name in ("said_on", "asked_by", "medium")}
    return _Row(number, row["email"].strip(), normalise("email", row["email"]), where, plain["wording"], proof)


def _sorted(
    rows: list[_Row], compiled: Compiled, pattern: str, at: datetime, progress: Progress
) -> tuple[dict[UUID, _Row], list[_Row]]:
    """Return the rows of people we know that are a new yes, and those of nobody we know; set aside who said no."""
    marks = {row.normal: mark("email", row.normal) for row in rows}
    found = Identifier.objects.filter(kind="email", mark__among=marks.values()).values_list("mark", "person_id")
    owners = {bytes(marked): person for marked, person in found}
    lost = forgotten([stop_mark("email", row.normal) for row in rows])
    theirs = {owners[marks[row.normal]]: row for row in rows if marks[row.normal] in owners}
    stands = known(list(theirs), compiled, at)[1] if theirs else {}
    keys = {owners.get(marks[row.normal]) or uuid4(): row for row in rows}  # nobody's own, where we know nobody
    listed = {keys[key] for key in suppressed_among({key: ("email", row.normal) for key, row in keys.items()})}
    yes: dict[UUID, _Row] = {}
    new: list[_Row] = []
    bits = compiled.book.meant(pattern)
    for row in rows:
        person = owners.get(marks[row.normal])
        stood = stands.get(person) if person else None
        if stop_mark("email", row.normal) in lost:
            progress.aside.append((row.number, "this person was erased, and no file brings them back"))
        elif stood and bits & (stood.no | stood.stop | stood.signal):
            progress.aside.append((row.number, "they said no to us, and a file does not make it a yes"))
        elif row in listed:
            progress.aside.append((row.number, "this address is on the list of those who said stop"))
        elif stood and bits & stood.yes == bits:
            progress.already += 1
        elif person:
            yes[person] = row
        else:
            new.append(row)
    return yes, new


def _newcomers(rows: list[_Row], brand: str, source: str, at: datetime, progress: Progress) -> dict[UUID, _Row]:
    """Store people nobody knew yet, each with their address."""
    if not rows:
        return {}
    people = identity.add(Person(residence=row.residence, last_seen=at.date()) for row in rows)
    theirs = dict(zip((person.pk for person in people), rows, strict=True))
    with collect("proof", source=source, brand=brand, people=list(theirs), at=at) as c:
        c.save_all(_address(person, row) for person, row in theirs.items())
    for person, why in c.refused.items():
        progress.aside.append((theirs.pop(person).number, why.because.say))
    return theirs


def _address(person: UUID, row: _Row) -> Identifier:
    """Return the address of somebody nobody knew: `_sorted` has looked for it, and no two may have the same."""
    made = Identifier(person_id=person, kind="email", mark=mark("email", row.normal), evidence="imported")
    made.value = row.email
    return made


def _said(yes: Mapping[UUID, _Row], pattern: str, brand: str, at: datetime) -> None:
    """Write each yes down with its proof, as of today: the day it was said stands in the proof."""
    if not yes:
        return
    with collect("proof", source="choice", brand=brand, people=list(yes), at=at) as c:
        said = {person: (row.wording, row.proof) for person, row in yes.items()}
        agree_all(c.save_all, said, pattern, compiled=c.compiled, at=at, place="partner list", actor="system")
