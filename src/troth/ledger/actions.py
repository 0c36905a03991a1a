"""Writing the ledger: entries with their change, or durably before a value is out; and sealing them into the log."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection, transaction

from . import merkle, note, signer
from .cursors import asking, reading
from .entry import Entry, read
from .errors import LedgerUnavailable
from .models import Head, Row, Sealer

BATCH = 8192

INSERT = "INSERT INTO ledger_entry (subject, verb, body) VALUES (%s, %s, %s)"
TOGETHER = 100  # rows of a statement: SQLite writes them in two thirds of the time it takes one by one
# PostgreSQL: one statement for all, which answers with their numbers in order. Lists go as texts: a list of bytes is
# spelled out part by part before it is sent, which takes longer than all the rest. No entry has a line break in it.
INSERT_ALL = (
    "INSERT INTO ledger_entry (subject, verb, body) "
    "SELECT nullif(decode(subject, 'hex'), ''), verb, convert_to(body, 'UTF8') "
    "FROM unnest(string_to_array(%s, ','), string_to_array(%s, ','), string_to_array(%s, chr(10))) "
    "AS entry (subject, verb, body) RETURNING id"
)

MENTION = "INSERT INTO ledger_mention (entry_id, number, subject) VALUES (%s, %s, %s)"
MENTION_ALL = (
    "INSERT INTO ledger_mention (entry_id, number, subject) "
    "SELECT %s, place - 1, decode(subject, 'hex') FROM unnest(string_to_array(%s, ',')) WITH ORDINALITY "
    "AS listed (subject, place)"
)
UNSEALED = "SELECT id, body FROM ledger_entry WHERE place IS NULL ORDER BY id LIMIT %s"
RECEIPT = (
    "SELECT body, place, size, note FROM ledger_entry, (SELECT size, note FROM ledger_head ORDER BY size DESC LIMIT 1) "
    "newest WHERE ledger_entry.id = %s"
)
# Looked up one by one: of a join, or of (level, number) IN, a database may make a reading of all tiles there are.
TILE = "SELECT hashes FROM ledger_tile tile WHERE tile.level = wanted.level AND tile.number = wanted.number"
ABOUT = (
    "SELECT id, body FROM ledger_entry WHERE subject = %s UNION ALL SELECT entry.id, entry.body FROM ledger_mention "
    "mention JOIN ledger_entry entry ON entry.id = mention.entry_id WHERE mention.subject = %s"
)


def _values(entry: Entry) -> tuple[bytes | None, str, bytes]:
    return entry.subject or None, entry.verb, entry.encode()


def _spelled(subjects: Iterable[bytes | None]) -> str:
    return ",".join([one.hex() if one else "" for one in subjects])


def record(entry: Entry) -> int:
    """Write an entry in the caller's transaction and return its number. Raises LedgerUnavailable."""
    values = _values(entry)
    try:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute(INSERT, values)
                return int(cursor.lastrowid)
            cursor.execute(f"{INSERT} RETURNING id", values)
            return int(cursor.fetchone()[0])
    except DatabaseError as problem:
        raise LedgerUnavailable from problem


def record_last(entry: Entry, then: Callable[[int], None]) -> None:
    """Write an entry as the last thing of the caller's transaction; `then` is told its number, at the latest at COMMIT.

    Raises LedgerUnavailable, here or where the transaction ends; nothing is stored then.
    """
    later: Callable[..., bool] = getattr(connection, "at_commit", lambda *_: False)
    if not later(f"{INSERT} RETURNING id", _values(entry), lambda row: then(int(row[0])), LedgerUnavailable):
        then(record(entry))


def record_all(entries: Iterable[Entry]) -> list[int]:
    """Write many entries in the caller's transaction and return their numbers. Raises LedgerUnavailable."""
    values = [_values(entry) for entry in entries]
    if not values:
        return []
    try:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                subjects, verbs, bodies = zip(*values, strict=True)
                cursor.execute(INSERT_ALL, [_spelled(subjects), ",".join(verbs), b"\n".join(bodies).decode()])
                return [number for (number,) in cursor.fetchall()]
            numbers: list[int] = []
            for at in range(0, len(values), TOGETHER):
                some = values[at : at + TOGETHER]
                cursor.execute(INSERT + ", (%s, %s, %s)" * (len(some) - 1), [part for row in some for part in row])
                last = int(cursor.lastrowid)  # nobody else writes within a statement: the numbers before are ours
                numbers += range(last - len(some) + 1, last + 1)
            return numbers
    except DatabaseError as problem:
        raise LedgerUnavailable from problem


def record_list(entry: Entry, subjects: Collection[bytes]) -> int:
    """Write one entry for an act that reached many, with the list of them committed to by its root."""
    leaves = [merkle.leaf(subject) for subject in subjects]
    facts = {**entry.facts, "people": len(leaves), "list": base64.b64encode(merkle.root_of(leaves)).decode()}
    number = record(entry._replace(subject=b"", facts=facts))
    try:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(MENTION_ALL, [number, _spelled(subjects)])
            else:
                cursor.executemany(MENTION, [(number, place, subject) for place, subject in enumerate(subjects)])
    except DatabaseError as problem:
        raise LedgerUnavailable from problem
    return number


# -- reads: durable before the value is out, in groups ---------------------------------------------------------------


@dataclass
class _Waiting:
    entry: Entry
    done: threading.Event = field(default_factory=threading.Event)
    number: int = 0
    problem: BaseException | None = None


class _Group:
    """Threads that want an entry durable: while one writes others gather, and the first of them writes for all.

    So nobody waits who is alone, and the busier the house, the larger the groups. A group is one statement, whole and
    durable by itself (of more than TOGETHER, each so many are).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._waiting: list[_Waiting] = []

    def write(self, entry: Entry) -> int:
        mine = _Waiting(entry)
        with self._lock:
            self._waiting.append(mine)
            first = len(self._waiting) == 1
        if first:
            with self._turn:
                self._lead()
        mine.done.wait()
        if mine.problem:
            raise mine.problem
        return mine.number

    def _lead(self) -> None:
        group: list[_Waiting] = []
        try:
            with _in_line():
                group = self._gathered()
                for one, number in zip(group, record_all([one.entry for one in group]), strict=True):
                    one.number = number
        except BaseException as problem:  # noqa: BLE001 -- whatever it was, everybody in the group must hear of it
            failed = problem
            if not isinstance(problem, LedgerUnavailable):
                failed = LedgerUnavailable()
                failed.__cause__ = problem
            group = group or self._gathered()  # our turn did not come: then for none of them
            for one in group:
                one.problem = failed
        finally:
            for one in group:
                one.done.set()

    def _gathered(self) -> list[_Waiting]:
        with self._lock:
            group, self._waiting = self._waiting, []
        return group


def _in_line() -> AbstractContextManager[Any]:
    """Return what a group waits for: SQLite's writers stand in line, and whoever comes meanwhile is of the group."""
    line: Callable[[], AbstractContextManager[Any]] = getattr(connection, "in_line", nullcontext)
    return line()


_group = _Group()


def record_durably(entry: Entry) -> int:
    """Write an entry that is durable when this returns; inside a transaction, with it. Raises LedgerUnavailable."""
    return record(entry) if connection.in_atomic_block else _group.write(entry)


# -- sealing -----------------------------------------------------------------------------------------------------------


def tile(level: int, number: int) -> bytes:
    """Return a stored tile's hashes; empty if there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT hashes FROM ledger_tile WHERE level = %s AND number = %s", [level, number])
        found = cursor.fetchone()
    return bytes(found[0]) if found else b""


def tiles(wanted: Collection[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    """Return the hashes of some stored tiles by level and number, in one statement; empty where there is none."""
    marks = ", ".join(["(%s, %s)"] * len(wanted))
    with reading(connection) as cursor:
        cursor.execute(
            f"WITH wanted (level, number) AS (VALUES {marks}) SELECT level, number, ({TILE}) FROM wanted",  # noqa: S608 -- only placeholders
            [part for one in sorted(wanted) for part in one],
        )
        return {(level, number): bytes(hashes or b"") for level, number, hashes in cursor.fetchall()}


def head() -> Head | None:
    """Return the newest signed head."""
    return Head.objects.order_by("-size").first()


def seal(at: datetime) -> Head | None:
    """Give every committed entry its place, extend the tiles and sign the head. One at a time, by a lock of its own.

    Order is what the sealer sees: an entry that commits late gets a later place. Returns the newest head.
    """
    Sealer.objects.get_or_create(id=1)
    while True:
        with transaction.atomic():
            Sealer.objects.select_for_update().get(id=1)
            newest = head()
            with connection.cursor() as cursor:
                cursor.execute(UNSEALED, [BATCH])
                rows = cursor.fetchall()
            if not rows:
                return newest
            newest = _extend(newest.size if newest else 0, rows, at)


def _extend(size: int, rows: Sequence[tuple[int, bytes]], at: datetime) -> Head:
    growing = merkle.Growing(size, tile)
    growing.add([merkle.leaf(body) for _, body in rows])
    first, last = rows[0][0], rows[-1][0]
    with connection.cursor() as cursor:
        if last - first == len(rows) - 1:  # no gaps between them: one statement does it
            cursor.execute(
                "UPDATE ledger_entry SET place = id + %s WHERE id BETWEEN %s AND %s AND place IS NULL",
                [size - first, first, last],
            )
        else:
            cursor.executemany(
                "UPDATE ledger_entry SET place = %s WHERE id = %s AND place IS NULL",
                [(size + offset, number) for offset, (number, _) in enumerate(rows)],
            )
        cursor.executemany(
            "INSERT INTO ledger_tile (level, number, hashes) VALUES (%s, %s, %s) "
            "ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes",
            [(level, number, bytes(hashes)) for (level, number), hashes in growing.changed.items()],
        )
    checkpoint = note.Checkpoint(signer.ORIGIN, growing.size, growing.root())
    return Head.objects.create(
        size=checkpoint.size, root=checkpoint.root, note=note.sign(checkpoint, signer.key()), at=at
    )


# -- reading back ------------------------------------------------------------------------------------------------------


def about(subject: bytes) -> list[tuple[int, dict[str, Any]]]:
    """Return every entry about a pseudonym, with its number: its own, and those that reached it among many."""
    if not subject:
        return []
    with asking(connection) as cursor:
        cursor.execute(ABOUT, [subject, subject])
        return sorted((number, read(bytes(body))) for number, body in cursor.fetchall())


def receipt(number: int) -> dict[str, Any]:
    """Return the proof of one entry: its bytes, its place, the path to the root, the signed head. See docs/ledger.md.

    Raises LookupError if there is no such entry, or it is not sealed yet.
    """
    with asking(connection) as cursor:  # as it is: composing the statement would take as long as the proof
        cursor.execute(RECEIPT, [number])
        row = cursor.fetchone()
    if row is None or row[1] is None or row[1] >= row[2]:
        raise LookupError(number)
    body, place, size, signed = row
    return _proof(bytes(body), place, _tree(size, merkle.tiles_for(place, size)), signed)


def receipts(wanted: Collection[int]) -> dict[int, dict[str, Any]]:
    """Return the proofs of many entries under one head, by number; those not sealed yet are left out.

    Two statements for every 500: neighbours share their tiles, and what was worked out of them.
    """
    newest, made = head(), dict[int, dict[str, Any]]()
    if newest is None:
        return made
    for some in _parts(wanted):
        rows = Row.objects.filter(pk__in=some, place__lt=newest.size).values_list("id", "body", "place")
        found = [(number, bytes(body), place) for number, body, place in rows if place is not None]
        near = set[tuple[int, int]]().union(*(merkle.tiles_for(place, newest.size) for *_, place in found))
        tree = _tree(newest.size, near)
        made |= {number: _proof(body, place, tree, newest.note) for number, body, place in found}
    return made


def _parts(wanted: Iterable[Any], size: int = 500) -> Iterable[list[Any]]:
    """Return some things in order, so many at a time: SQLite takes only so many parameters."""
    every = sorted(wanted)
    return (every[at : at + size] for at in range(0, len(every), size))


def _tree(size: int, wanted: Collection[tuple[int, int]]) -> merkle.Tree:
    near = {key: found for some in _parts(wanted) for key, found in tiles(some).items()}
    return merkle.Tree(size, lambda level, number: near[level, number])


def _proof(body: bytes, place: int, tree: merkle.Tree, signed: str) -> dict[str, Any]:
    return {
        "format": "troth-receipt-1",
        "entry": body.decode(),
        "place": place,
        "path": [base64.b64encode(step).decode() for step in tree.inclusion(place)],
        "head": signed,
        "key": base64.b64encode(signer.public()).decode(),
    }
