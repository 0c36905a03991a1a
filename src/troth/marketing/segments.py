"""Whom a segment means: facts about people in columns, asked by DuckDB, each under the policy's items it is made from.

A room above registers what it knows, in its app's `ready`:

    register(Source("orders", rows, [Fact("orders", "INTEGER", "orders placed", LINES)], Order, ("state",)))

`rows(people, at)` yields `(person, brand, *values)` from plain columns: nothing is opened to filter. The columns follow
the same feed as the bitmaps do. They are kept in Parquet beside them, and can be made anew from the database.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

import duckdb
import numpy as np
from django.db import models
from pyroaring import BitMap

from troth.vault.models import Person

from . import triggers
from .errors import NoSuchFact

OPS: Final = {">=": ">=", "<=": "<=", "is": "=", "in": "IN", "not in": "NOT IN"}
WORDS: Final = ("is", "in", "not in")
PLANS: Final = "marketing_plans"  # the purpose under which what people did is looked at to choose them
MOST: Final = 50  # conditions in a segment, and values in one
Rows = Callable[[Collection[UUID], datetime], Iterable[tuple[Any, ...]]]


class Condition(NamedTuple):
    """One thing that must be so: `Condition("orders", ">=", 2, brand="tarn")`.

    Ops: ">=" and "<=" for numbers and days; "is", "in", "not in" for words. A day is a `date`, ISO when it was stored.
    Without a brand a fact told by brand may be so at any of them. Nobody known to a source meets none of its facts.
    """

    fact: str
    op: str
    value: Any
    brand: str = ""


class Fact(NamedTuple):
    """One column: its name, its type in DuckDB, what a form says of it, and the items of the policy it is made from."""

    name: str
    type: str  # INTEGER, VARCHAR or DATE
    say: str  # empty: only there for others to be made from
    items: frozenset[str] = frozenset()
    purpose: str = PLANS  # that it may be looked at for, unless the campaign's own purpose uses its items
    sql: str = ""  # made from other columns of its source, and `$on`, the day it is asked for


@dataclass(frozen=True)
class Source:
    """Some facts that come together, a row a person and brand. `watch`: whose changes change them, and the columns."""

    name: str
    rows: Rows
    facts: Sequence[Fact]
    watch: type[models.Model] | None = None
    columns: Sequence[str] = ()

    @property
    def stored(self) -> list[Fact]:
        return [fact for fact in self.facts if not fact.sql]


_sources: dict[str, Source] = {}


def register(source: Source) -> None:
    """Let segments ask for more facts. Call it when Django is ready; names are unique."""
    if any(fact.name in facts() for fact in source.facts if source.name not in _sources):
        raise NoSuchFact(f"A fact of {source.name} has the name of another one.")
    _sources[source.name] = source
    if source.watch is not None:
        triggers.watch(source.watch, *source.columns)


def facts() -> dict[str, Fact]:
    """Return every fact a segment may ask for, by name: what a form offers."""
    return {fact.name: fact for source in _sources.values() for fact in source.facts if fact.say}


def fact(name: str) -> Fact:
    """Return one fact. Raises NoSuchFact."""
    found = facts().get(name)
    if found is None:
        raise NoSuchFact(f'Segments know no "{name[:40]}"; they know {", ".join(sorted(facts()))}.')
    return found


def check(segment: Sequence[Condition]) -> None:
    """Raise NoSuchFact, in words a marketer can act on, unless every condition can be answered."""
    if len(segment) > MOST:
        raise NoSuchFact(f"A segment has at most {MOST} conditions.")
    for one in segment:
        made = fact(one.fact)
        if one.op not in OPS:
            raise NoSuchFact(f'"{one.op[:12]}" is no way to compare; there are {", ".join(OPS)}.')
        if (made.type == "VARCHAR") is not (one.op in WORDS):
            raise NoSuchFact(f"{made.say}: compare it with {' or '.join(_ways(made))}.")
        for value in _values(one):
            _typed(made, value)


def _ways(made: Fact) -> tuple[str, ...]:
    return WORDS if made.type == "VARCHAR" else (">=", "<=")


def _values(one: Condition) -> list[Any]:
    if one.op not in ("in", "not in"):
        return [one.value]
    if not isinstance(one.value, list | tuple) or not 0 < len(one.value) <= MOST:
        raise NoSuchFact(f'"{one.op}" takes a list of up to {MOST} words.')
    return list(one.value)


def _typed(made: Fact, value: Any) -> Any:  # noqa: ANN401 -- a number, a day or a word, as its column says
    """Return a value as its column's type. Raises NoSuchFact."""
    if made.type == "INTEGER" and isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 31:
        return value
    if made.type == "DATE" and isinstance(value, date) and not isinstance(value, datetime):
        return value
    if made.type == "DATE" and isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    if made.type == "VARCHAR" and isinstance(value, str) and len(value) <= 80:
        return value
    kind = {"INTEGER": "a whole number", "DATE": "a day such as 2026-11-22", "VARCHAR": "a word"}[made.type]
    raise NoSuchFact(f"{made.say}: give {kind}.")


# -- what every house knows: where people live, and how old they are --------------------------------------------------

# Full years on a day, as `Person.age` counts them.
AGE_ON: Final = (
    "(known_age + year($on) - year(known_on) - ((month($on), day($on)) < (month(known_on), day(known_on)))::INTEGER)"
)
AGE, HOME = frozenset({"identity.age_band"}), frozenset({"contact.home_address"})


def _person_rows(people: Collection[UUID], at: datetime) -> Iterator[tuple[Any, ...]]:
    del at  # what is known of a person has no dates; see docs/decisions
    columns = ("pk", "residence", "known_age", "known_on")
    for person, residence, age, on in Person.objects.filter(pk__among=people).values_list(*columns):
        yield person, "", residence.partition("-")[0].partition("+")[0], residence, age, on


PEOPLE: Final = Source(
    "people",
    _person_rows,
    [
        Fact("country", "VARCHAR", "the country they live in", HOME),
        Fact("residence", "VARCHAR", "the country or state they live in", HOME),
        Fact("known_age", "INTEGER", ""),
        Fact("known_on", "DATE", ""),
        Fact("age", "INTEGER", "their age in years", AGE, sql=AGE_ON),
    ],
)


# -- the columns ------------------------------------------------------------------------------------------------------


@dataclass
class Facts:
    """The columns of every source, in this process. `number` is the person's; there is a row a brand."""

    _asked: dict[tuple[Any, ...], BitMap] = field(default_factory=dict)  # until something changes

    def __post_init__(self) -> None:
        self.base = duckdb.connect(":memory:", config={"threads": 2, "memory_limit": "1GB"})
        self.sources = dict(_sources)
        for source in self.sources.values():
            columns = ", ".join(f"{fact.name} {fact.type}" for fact in source.stored)
            self.base.execute(f"CREATE TABLE {source.name} (number UINTEGER, brand VARCHAR, {columns})")

    def replace(self, gone: BitMap, people: dict[UUID, int], at: datetime) -> None:
        """Forget what is known of some people, and read it anew of those who are still there."""
        self._asked.clear()
        self.base.register("gone", {"number": np.array(gone.to_array(), np.uint32)})
        for source in self.sources.values():
            self.base.execute(f"DELETE FROM {source.name} WHERE number IN (SELECT number FROM gone)")  # noqa: S608 -- ours
            rows = [(people[person], *values) for person, *values in source.rows(list(people), at)]
            if rows:
                self._insert(source, rows)
        self.base.unregister("gone")

    def _insert(self, source: Source, rows: list[tuple[Any, ...]]) -> None:
        names = ["number", "brand", *(fact.name for fact in source.stored)]
        arrays = {name: np.array(values, object) for name, values in zip(names, zip(*rows, strict=True), strict=True)}
        types = ["UINTEGER", "VARCHAR", *(fact.type for fact in source.stored)]
        texts = {
            name: np.ma.masked_array(
                [str(value) if value is not None else "" for value in values], [value is None for value in values]
            )
            for name, values in arrays.items()
        }
        self.base.register("come", texts)
        cast = ", ".join(f"{name}::{kind}" for name, kind in zip(names, types, strict=True))
        self.base.execute(f"INSERT INTO {source.name} SELECT {cast} FROM come")  # noqa: S608 -- names of our own
        self.base.unregister("come")

    def meeting(self, segment: Sequence[Condition], on: date) -> BitMap | None:
        """Return everybody who meets all conditions on a day; None where there are none. Raises NoSuchFact."""
        check(segment)
        found: BitMap | None = None
        for one in segment:
            key = (one.fact, one.op, tuple(_values(one)), one.brand, on if fact(one.fact).sql else None)
            if key not in self._asked:
                self._asked[key] = self._ask(one, on)
            found = self._asked[key] if found is None else found & self._asked[key]
        return found

    def _ask(self, one: Condition, on: date) -> BitMap:
        made = fact(one.fact)
        source = next(source for source in self.sources.values() if made in source.facts)
        values = {f"v{place}": _typed(made, value) for place, value in enumerate(_values(one))}
        test = f"{made.sql or made.name} {OPS[one.op]} ({', '.join(f'${name}' for name in values)})"
        if "$on" in test:
            values["on"] = on
        where = "true"
        if one.brand:
            where, values["brand"] = "brand = $brand", one.brand
        # Of somebody with several rows "not in" means none of them; of anything else, one of them.
        every = "bool_and" if one.op == "not in" else "bool_or"
        sql = f"SELECT number FROM {source.name} WHERE {where} GROUP BY number HAVING {every}({test})"  # noqa: S608 -- ours
        if one.op != "not in":
            sql = f"SELECT DISTINCT number FROM {source.name} WHERE {where} AND {test}"  # noqa: S608 -- ours
        return as_bitmap(self.base.execute(sql, values).fetchnumpy()["number"])

    def save(self, folder: Path) -> None:
        """Write every source's columns to a Parquet file."""
        for name in self.sources:
            self.base.execute(f"COPY {name} TO '{folder / name}.parquet' (FORMAT parquet)")

    def load(self, folder: Path) -> None:
        """Read the columns of Parquet files. Raises duckdb.Error where one is missing or of other columns."""
        for name in self.sources:
            self.base.execute(f"INSERT INTO {name} SELECT * FROM read_parquet('{folder / name}.parquet')")  # noqa: S608

    def close(self) -> None:
        self.base.close()


def as_bitmap(numbers: Any) -> BitMap:  # noqa: ANN401 -- a NumPy array of whole numbers
    """Return numbers as a compressed set: sorted, ten times as fast as one by one."""
    from array import array  # noqa: PLC0415

    made = array("I")
    made.frombytes(np.sort(np.asarray(numbers, np.uint32)).tobytes())
    return BitMap(made)


register(PEOPLE)
