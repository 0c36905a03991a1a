"""`person_id__among=people`: one of many ids, sent as one parameter; and `mark__among`, of many marks.

Django's `__in` sends a parameter an id and looks at each several times: of a thousand ids that takes longer than the
database does.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import models

if TYPE_CHECKING:
    Lookup = models.Lookup[Any]
else:
    Lookup = models.Lookup
Sql = tuple[str, tuple[Any, ...]]


class Ids(Collection[UUID]):
    """Some ids, written out once however many sentences ask for them. No list: Django would look at each."""

    def __init__(self, ids: Iterable[UUID]) -> None:
        self._ids = list(ids)

    def __iter__(self) -> Iterator[UUID]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, one: object) -> bool:
        return one in self._ids

    @cached_property
    def json(self) -> str:
        return json.dumps([one.hex for one in self._ids])

    @cached_property
    def array(self) -> str:
        """As PostgreSQL writes an array: a list would be put into letters id by id for every sentence."""
        return f"{{{','.join([one.hex for one in self._ids])}}}"


@models.UUIDField.register_lookup
class Among(Lookup):
    """One of these ids. An empty list matches nothing."""

    lookup_name = "among"

    def get_prep_lookup(self) -> Ids:
        return _ids(self.rhs)

    def as_sql(self, compiler: Any, connection: Any) -> Sql:  # noqa: ANN401 -- Django's signature
        column, parameters = self.process_lhs(compiler, connection)
        sentence, ids = among(column, self.rhs, connection.vendor)
        return sentence, (*parameters, ids)


@models.BinaryField.register_lookup
class AmongMarks(Lookup):
    """One of these marks. To PostgreSQL they go as one text; SQLite reads no hexadecimal: there each is a parameter."""

    lookup_name = "among"

    def get_prep_lookup(self) -> list[bytes]:
        return list(self.rhs)

    def as_sql(self, compiler: Any, connection: Any) -> Sql:  # noqa: ANN401 -- Django's signature
        column, parameters = self.process_lhs(compiler, connection)
        sentence, marks = among_marks(column, self.rhs, connection.vendor)
        return sentence, (*parameters, *marks)


def among(column: str, ids: Collection[UUID], vendor: str) -> tuple[str, str]:
    """Return the condition for a sentence written by hand, and its one parameter."""
    if vendor == "postgresql":
        return f"{column} = ANY(%s::uuid[])", _ids(ids).array
    return f"{column} IN (SELECT value FROM json_each(%s))", _ids(ids).json  # noqa: S608 -- ours


def among_marks(column: str, marks: Collection[bytes], vendor: str) -> tuple[str, Sequence[Any]]:
    """Return the condition for a sentence written by hand, and its parameters."""
    if vendor == "postgresql":
        spelled = "SELECT decode(one, 'hex') FROM unnest(string_to_array(%s, ',')) one"
        return f"{column} = ANY(ARRAY({spelled}))", [",".join([one.hex() for one in marks])]
    return f"{column} IN ({', '.join(['%s'] * len(marks))})", list(marks)


def _ids(ids: Iterable[UUID]) -> Ids:
    return ids if isinstance(ids, Ids) else Ids(ids)
