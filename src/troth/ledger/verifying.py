"""Checking the whole log: every edit, removal, insertion, reordering, truncation or fork is found, and where."""

from __future__ import annotations

import base64
from binascii import b2a_base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from operator import contains

from django.db import connection

from . import merkle, note, signer
from .actions import head, tile
from .entry import read
from .errors import BadCheckpoint
from .models import Head, Mention, Tile

CHUNK = 1 << 14
DOORS = ("collect", "use", "contact", "disclose", "publish", "keep")
VERBS = {verb: f',"verb":"{verb}"}}'.encode() for verb in DOORS}  # keys are sorted: it ends every entry
MOST = 50  # problems told before the rest are only counted


@dataclass
class Report:
    """What was checked and what is wrong; `problems` names places in the log."""

    size: int = 0
    root: bytes = b""
    unsealed: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.problems

    def say(self, problem: str) -> None:
        if len(self.problems) < MOST:
            self.problems.append(problem)


def verify(against: note.Checkpoint | None = None) -> Report:
    """Read the whole log and return what does not hold; `against` is a checkpoint that was kept outside."""
    report, newest = Report(), head()
    growing = merkle.Growing(0, lambda _level, _number: b"")
    roots: dict[int, bytes] = {}
    sizes = {against.size} if against else set()
    for hashes in _leaves(report):
        for size in sorted(s for s in sizes if growing.size < s <= growing.size + len(hashes)):
            part = size - growing.size
            growing.add(hashes[:part])
            hashes = hashes[part:]  # noqa: PLW2901 -- the rest of the chunk
            roots[size] = growing.root()
        growing.add(hashes)
    report.size, report.root = growing.size, growing.root()
    _against_tiles(report, growing)
    _against_head(report, newest)
    if against:
        _against_outside(report, against, roots)
    _lists(report)
    return report


def _leaves(report: Report) -> Iterator[list[bytes]]:
    """Yield the leaf hashes of all sealed entries in order, telling of gaps and of look-up columns that lie."""
    expected = 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_entry WHERE place IS NULL")
        report.unsealed = int(cursor.fetchone()[0])
    last = -1
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT place, body, subject, verb FROM ledger_entry WHERE place > %s ORDER BY place LIMIT %s",
                [last, CHUNK],
            )
            rows = cursor.fetchall()
        if not rows:
            return
        if rows[0][0] != expected or rows[-1][0] != expected + len(rows) - 1:
            for place, *_ in rows:
                if place != expected:
                    report.say(
                        f"Entries {expected} to {place - 1} are missing."
                        if place > expected
                        else f"Entry {place} stands twice."
                    )
                expected = place + 1
        expected = last = rows[-1][0]
        expected += 1
        _look_ups(report, rows)
        yield [sha256(b"\x00" + body).digest() for _, body, _, _ in rows]


def _look_ups(report: Report, rows: list[tuple[int, bytes, bytes | None, str]]) -> None:
    """See that each entry says what its look-up columns say: all of a chunk at once, one by one only if some lie."""
    said = [body for _, body, _, _ in rows]
    ends = [VERBS.get(verb, b"?") for _, _, _, verb in rows]
    subjects = [b2a_base64(subject, newline=False) if subject is not None else b"" for _, _, subject, _ in rows]
    if all(map(bytes.endswith, said, ends)) and all(map(contains, said, subjects)):
        return
    for (place, *_), body, end, subject in zip(rows, said, ends, subjects, strict=True):
        if not body.endswith(end) or subject not in body:
            report.say(f"Entry {place}: its look-up columns do not say what it says.")


def _against_tiles(report: Report, growing: merkle.Growing) -> None:
    stored = set(Tile.objects.values_list("level", "number"))
    for (level, number), hashes in growing.changed.items():
        found = tile(level, number)
        if found == bytes(hashes):
            stored.discard((level, number))
            continue
        stored.discard((level, number))
        if level:
            continue  # follows from the leaves below
        for at in range(0, max(len(hashes), len(found)), merkle.SIZE):
            if found[at : at + merkle.SIZE] != bytes(hashes[at : at + merkle.SIZE]):
                report.say(f"Entry {number * merkle.WIDTH + at // merkle.SIZE} is not the one that was sealed.")
    for level, number in sorted(stored):
        report.say(f"Tile {level}/{number} holds hashes of entries that are not there.")


def _against_head(report: Report, newest: Head | None) -> None:
    if newest is None:
        if report.size:
            report.say("There are sealed entries and no signed head.")
        return
    try:
        signed = note.read(newest.note, signer.public())
    except BadCheckpoint:
        report.say("The signature of the newest head does not hold.")
        return
    if (signed.size, signed.root) != (newest.size, bytes(newest.root)):
        report.say("The newest head does not say what was signed.")
    if report.size != signed.size:
        report.say(f"The log was signed with {signed.size} entries and holds {report.size}.")
    elif report.root != signed.root:
        report.say(f"The {report.size} entries do not have the root that was signed.")


def _against_outside(report: Report, against: note.Checkpoint, roots: dict[int, bytes]) -> None:
    if against.size > report.size:
        report.say(f"The checkpoint knows {against.size} entries; {against.size - report.size} of them are gone.")
    elif against.size and roots.get(against.size) != against.root:
        report.say(f"The first {against.size} entries are not those of the checkpoint: this log is a fork of it.")


def _lists(report: Report) -> None:
    """See that each list of people still has the root its entry carries."""
    numbers = Mention.objects.values_list("entry", flat=True).distinct()
    with connection.cursor() as cursor:
        for number in numbers.iterator():
            cursor.execute("SELECT body FROM ledger_entry WHERE id = %s", [number])
            body = read(bytes(cursor.fetchone()[0]))
            subjects = Mention.objects.filter(entry=number).order_by("number").values_list("subject", flat=True)
            root = merkle.root_of([merkle.leaf(bytes(subject)) for subject in subjects])
            if base64.b64encode(root).decode() != body.get("facts", {}).get("list"):
                report.say(f"The list of people of entry number {number} is not the one that was recorded.")
