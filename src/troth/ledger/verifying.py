"""Checking the whole log: every edit, removal, insertion, reordering, truncation or fork is found, and where."""

from __future__ import annotations

import base64
from binascii import b2a_base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from django.db import connection

from . import merkle, note, signer
from .actions import head
from .cursors import reading
from .entry import read
from .errors import BadCheckpoint
from .models import Head, Mention, Tile

CHUNK = merkle.WIDTH  # entries read at a time: with more of them the processor reads each from memory again
DOORS = ("collect", "use", "contact", "disclose", "publish", "keep")
SUBJECT = b'"subject":"'
VERBS = {verb: f',"verb":"{verb}"}}'.encode() for verb in DOORS}  # keys are sorted: it ends every entry
ENDS = {verb: b'"' + end for verb, end in VERBS.items()}  # most entries: nothing between the subject and it
Sealed = tuple[int, bytes, bytes | None, str]  # place, body, subject, verb
SEALED = "SELECT place, body, subject, verb FROM ledger_entry WHERE place > %s ORDER BY place LIMIT %s"
TILE = ("level", "number", "hashes")
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
        rows = _chunk(last)
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


def _chunk(after: int) -> list[Sealed]:
    """Return the next sealed entries. From PostgreSQL as bytes are, not spelled out."""
    with reading(connection) as cursor:
        cursor.execute(SEALED, [after, CHUNK])
        return list(cursor.fetchall())


def _look_ups(report: Report, rows: list[Sealed]) -> None:
    """See that each entry says what its look-up columns say: most at a glance, as their subject and verb end them."""
    for place, body, subject, verb in rows:
        glance = subject and body.endswith(SUBJECT + b2a_base64(subject, newline=False) + ENDS.get(verb, b"?"))
        if not glance and not _says(body, subject, verb):
            report.say(f"Entry {place}: its look-up columns do not say what it says.")


def _says(body: bytes, subject: bytes | None, verb: str) -> bool:
    if not body.endswith(VERBS.get(verb, b"?")):
        return False
    if subject is None:
        return SUBJECT not in body
    return SUBJECT + b2a_base64(subject, newline=False) + b'"' in body


def _against_tiles(report: Report, growing: merkle.Growing) -> None:
    waiting = {place: bytes(hashes) for place, hashes in growing.changed.items()}
    above = []
    for level, number, found in Tile.objects.order_by("level", "number").values_list(*TILE).iterator(chunk_size=500):
        hashes = waiting.pop((level, number), None)
        if hashes is None:
            report.say(f"Tile {level}/{number} holds hashes of entries that are not there.")
        elif not level:
            _against_tile(report, number, hashes, bytes(found))
        elif bytes(found) != hashes:
            above.append((level, number))
    for (level, number), hashes in waiting.items():
        if level:
            above.append((level, number))
        else:
            _against_tile(report, number, hashes, b"")
    for level, number in above if report.holds else ():  # else they differ because of what lies below
        report.say(f"Tile {level}/{number} does not hold what follows from the entries.")


def _against_tile(report: Report, number: int, hashes: bytes, found: bytes) -> None:
    for at in range(0, max(len(hashes), len(found)) if hashes != found else 0, merkle.SIZE):
        if found[at : at + merkle.SIZE] != hashes[at : at + merkle.SIZE]:
            report.say(f"Entry {number * merkle.WIDTH + at // merkle.SIZE} is not the one that was sealed.")


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
