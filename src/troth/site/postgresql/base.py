"""Django's PostgreSQL back end, with cursors that are answered in binary and a statement that goes with COMMIT.

Answers come as text otherwise, and each id and moment is read letter by letter: of a thousand rows that takes six times
as long as the whole of their reading in binary. And of BEGIN, a row, its entry in the ledger and COMMIT each waits for
an answer before the next is sent, though nobody reads the entry's before the end.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Self

import psycopg
from django.db.backends.postgresql import base, operations
from django.db.utils import DatabaseError
from psycopg.adapt import Buffer, Loader
from psycopg.pq import Format


class _JsonText(Loader):
    """JSON as its text, which Django's field reads itself. Before it stands the version of the format, one byte."""

    format = Format.BINARY

    def load(self, data: Buffer) -> str:
        return bytes(data)[1:].decode()


class BinaryCursor(psycopg.Cursor[Any]):
    """Sends what Django's own cursor sends, parameters put in here, and asks for the answer in binary."""

    def execute(self, query: Any, params: Any = None, **_: Any) -> Self:  # noqa: ANN401 -- psycopg's signature
        merged = psycopg.ClientCursor(self.connection).mogrify(query, params)
        return super().execute(merged.encode(), prepare=False, binary=True)


class PreparedCursor(psycopg.Cursor[Any]):
    """Has a statement planned once a connection: to look into forty tables takes longer to plan than to do."""

    def execute(self, query: Any, params: Any = None, **_: Any) -> Self:  # noqa: ANN401 -- psycopg's signature
        return super().execute(query, params, prepare=True, binary=True)


class DatabaseOperations(operations.DatabaseOperations):
    """Tells of a prepared statement as it is: its parameters were sent apart."""

    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> Any:  # noqa: ANN401 -- Django's signature
        return sql if isinstance(cursor, PreparedCursor) else super().last_executed_query(cursor, sql, params)


class Last(NamedTuple):
    """A statement that goes with COMMIT."""

    statement: str
    values: Sequence[Any]
    then: Callable[[tuple[Any, ...]], None]
    failed: type[Exception]


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection."""

    ops_class = DatabaseOperations
    _last: Last | None = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:  # noqa: ANN401 -- Django's signature
        connection = super().get_new_connection(conn_params)
        connection.adapters.register_loader("jsonb", _JsonText)
        connection.prepare_threshold = sys.maxsize  # Django says none may be prepared; here those may that ask for it
        connection.prepared_max = 400  # to write and to read each of some hundred tables
        return connection

    def binary_cursor(self) -> Any:  # noqa: ANN401 -- whatever Django wraps a cursor in
        """Return a cursor for reading many rows: their values come as bytes are, not spelled out."""
        return self._cursor_of(BinaryCursor)

    def prepared_cursor(self) -> Any:  # noqa: ANN401 -- whatever Django wraps a cursor in
        """Return a binary cursor for a statement that comes again and again, with other parameters."""
        return self._cursor_of(PreparedCursor)

    def _cursor_of(self, kind: type[psycopg.Cursor[Any]]) -> Any:  # noqa: ANN401 -- whatever Django wraps a cursor in
        self.ensure_connection()
        with self.wrap_database_errors:
            return self._prepare_cursor(kind(self.connection))  # type: ignore[attr-defined]  # not in the stubs

    def at_commit(
        self, statement: str, values: Sequence[Any], then: Callable[[tuple[Any, ...]], None], failed: type[Exception]
    ) -> bool:
        """Keep a statement until this transaction ends, where COMMIT is sent along with it: one round trip less.

        `then` gets the row it answers with, and `failed` is raised if it cannot be done. False inside a savepoint,
        which may be rolled back alone, and where a statement is kept already: nothing is kept then.
        """
        if self._last or self.savepoint_ids or not self.in_atomic_block:
            return False
        self._last = Last(statement, values, then, failed)
        return True

    def _commit(self) -> None:
        last, self._last = self._last, None
        if last is None:
            super()._commit()  # type: ignore[misc]  # not in the stubs
            return
        try:
            with self.cursor() as cursor:
                cursor.execute(f"{last.statement}; COMMIT", last.values)
                row = cursor.fetchone()
        except DatabaseError as problem:
            self.rollback()
            raise last.failed from problem
        last.then(row)

    def _rollback(self) -> None:
        self._last = None
        super()._rollback()  # type: ignore[misc]  # not in the stubs

    def _close(self) -> None:
        self._last = None
        super()._close()  # type: ignore[misc]  # not in the stubs
