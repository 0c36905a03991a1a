"""Reading what the triggers wrote: the numbers of everybody about whom something changed since a place in the feed.

On SQLite writers come one after the other, so a place is a row's number. On PostgreSQL transactions end in any order:
there a row carries its transaction, and a place is the oldest one that was still open. What it might have missed is
then read once more, which does no harm, and nobody waits for a slow transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db import connection, transaction
from pyroaring import BitMap

MADE_ANEW: Final = -(1 << 62)  # a mark: triggers were put in place, so changes may have been missed before it


@dataclass(frozen=True)
class Since:
    """What came after a place. `lost`: some of what came is gone, so that whoever stood there must begin anew."""

    numbers: BitMap
    place: int
    lost: bool = False


def place() -> int:
    """Return where the feed is now."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        else:
            cursor.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'marketing_changed'")
        return int(cursor.fetchone()[0])


def since(start: int) -> Since:
    """Return who changed since a place. A database that stands before it was restored from a backup: all is lost."""
    end = place()  # first: what is committed between the two statements is read now and once more
    if end < start:
        return Since(BitMap(), end, lost=True)
    column = "turn > 0 AND turn >=" if connection.vendor == "postgresql" else "id >"  # as its index is made
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT number FROM marketing_changed WHERE {column} %s", [start])  # noqa: S608 -- ours
        found = [number for (number,) in cursor.fetchall()]
    lost = any(number == MADE_ANEW or -number > start for number in found if number < 0)
    return Since(BitMap([number for number in found if number > 0]), end, lost)


def prune(before: int) -> int:
    """Take away what came before a place, and leave a mark for whoever has not read it yet. Returns how many rows."""
    column = "turn" if connection.vendor == "postgresql" else "id"
    with transaction.atomic(), connection.cursor() as cursor:
        mark(-before)
        cursor.execute(f"DELETE FROM marketing_changed WHERE {column} < %s", [before])  # noqa: S608 -- ours
        return int(cursor.rowcount)


def mark(number: int) -> None:
    """Write a mark, which is no one's number."""
    turn = "pg_current_xact_id()::text::bigint" if connection.vendor == "postgresql" else "0"
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO marketing_changed (number, turn) VALUES (%s, {turn})", [number])  # noqa: S608 -- ours
