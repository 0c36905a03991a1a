"""Django's PostgreSQL back end, with a cursor that is answered in binary.

Answers come as text otherwise, and each id and moment is read letter by letter: of a thousand rows that takes six times
as long as the whole of their reading in binary.
"""

from __future__ import annotations

from typing import Any, Self

import psycopg
from django.db.backends.postgresql import base
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
        return super().execute(merged.encode(), binary=True)


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:  # noqa: ANN401 -- Django's signature
        connection = super().get_new_connection(conn_params)
        connection.adapters.register_loader("jsonb", _JsonText)
        return connection

    def binary_cursor(self) -> Any:  # noqa: ANN401 -- whatever Django wraps a cursor in
        """Return a cursor for reading many rows: their values come as bytes are, not spelled out."""
        self.ensure_connection()
        with self.wrap_database_errors:
            return self._prepare_cursor(BinaryCursor(self.connection))  # type: ignore[attr-defined]  # not in the stubs
