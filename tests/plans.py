"""How the database finds what it is asked for: by an index, or by reading a table from one end to the other."""

import re
from collections.abc import Callable
from typing import Any

from django.db import connection

Statement = tuple[str, Any]
VERBS = ("SELECT", "WITH", "UPDATE", "DELETE")


def asked(work: Callable[[], object]) -> list[Statement]:
    """Return the statements that something sends to the first database, with their parameters."""
    found: list[Statement] = []

    def noted(execute: Any, sql: str, parameters: Any, *more: Any) -> Any:
        found.append((sql, parameters))
        return execute(sql, parameters, *more)

    with connection.execute_wrapper(noted):
        work()
    return found


def plan(sql: str, parameters: Any = ()) -> str:
    """Return the steps in which the database would answer, as it words them, one a line."""
    with connection.cursor() as cursor:
        cursor.execute({"postgresql": "EXPLAIN ", "sqlite": "EXPLAIN QUERY PLAN "}[connection.vendor] + sql, parameters)
        return "\n".join(row[-1] for row in cursor.fetchall())


def read_whole(work: Callable[[], object]) -> set[str]:
    """Return the tables that something reads from end to end, for want of an index that would find what it looks for.

    An index of a part of a table may be read whole: that is what it is for. On PostgreSQL, which reads a small table
    whole rather than its index, that is forbidden while it is asked.
    """
    statements = [one for one in asked(work) if one[0].lstrip().startswith(VERBS)]
    assert statements
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
        return {table for one in statements for table in re.findall(r"Seq Scan on (\w+)", plan(*one))}
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '%% WHERE %%'")
        partial = {name for (name,) in cursor.fetchall()}
    scan = re.compile(r"^SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", re.MULTILINE)
    found = {table for one in statements for table, index in scan.findall(plan(*one)) if index not in partial}
    return found - {"subquery"}  # what a question found itself
