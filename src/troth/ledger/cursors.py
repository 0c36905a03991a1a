"""Cursors of more than one kind: our PostgreSQL back end has some that Django's has not, and SQLite needs none.

They lie in the lowest room that asks a database anything, for those above it too.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

Cursors = Callable[[BaseDatabaseWrapper], CursorWrapper]


def reading(connection: BaseDatabaseWrapper) -> CursorWrapper:
    """Return a cursor for many rows: PostgreSQL's answers are not spelled out then."""
    return _of("binary_cursor", connection)


def asking(connection: BaseDatabaseWrapper) -> CursorWrapper:
    """Return a cursor for a statement that comes again and again: PostgreSQL plans it once a connection."""
    return _of("prepared_cursor", connection)


def _of(kind: str, connection: BaseDatabaseWrapper) -> CursorWrapper:
    cursor: Callable[[], CursorWrapper] = getattr(connection, kind, connection.cursor)
    return cursor()
