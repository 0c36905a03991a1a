"""Many rows at once: written with one statement a model, read column by column.

Django's `bulk_create` composes its SQL anew for every batch, value by value: eight tenths of the time an import takes.
Its querysets convert what they read row by row, value by value: half the time an export takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from functools import cache, lru_cache
from itertools import chain, groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connections, models, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet, signals
from django.db.models.base import ModelState
from django.db.models.query import ModelIterable
from django.db.models.sql.compiler import SQLCompiler

from troth.ledger.cursors import Cursors, asking, reading

if TYPE_CHECKING:
    Rows = ModelIterable[models.Model]
else:
    Rows = ModelIterable
Row = TypeVar("Row", bound=models.Model)
Column = Callable[[Sequence[Any]], Iterable[Any]]  # rows to the values their column takes
SHARED = (UUID, datetime, date, type(None))  # two rows may have the same one of: nobody can change it
TOGETHER = 100  # rows of a statement: SQLite writes them in two thirds of the time it takes one by one
Converters = dict[int, tuple[list[Callable[..., Any]], Any]]  # by place: what makes a column's values, and of what


def store_all(rows: Iterable[Row], *, but_known: bool = False) -> list[Row]:
    """Insert new rows, which may be of several models, each with its key set. Returns them, a model's rows together.

    As with `bulk_create` each column is made ready by its field, in the order of declaration, and no signal is sent.
    Raises IntegrityError where a row is known already, or with `but_known` leaves those out.
    """
    them = sorted(rows, key=lambda row: row._meta.label)
    for model, group in groupby(them, type):
        _store(model, list(group), router.db_for_write(model), but_known=but_known)
    return them


def fresh(model: type[Row], **columns: Any) -> Row:  # noqa: ANN401 -- Django's signature
    """Return a new row, made past Django's constructor, which looks at each argument anew. Held fields are set after.

    >>> from troth.vault.models import Profile
    >>> fresh(Profile, source="register").version
    0
    """
    constant, made = _defaults(model)
    row = model.__new__(model)
    row._state = ModelState()
    row.__dict__.update(constant)
    for name, make in made:
        if name not in columns:
            row.__dict__[name] = make()
    row.__dict__.update(columns)
    return row


@cache
def _defaults(model: type[models.Model]) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
    """Return what a model's columns begin with: what is the same each time, and what is made each time."""
    fields = model._meta.concrete_fields
    made = [(field.attname, field.default) for field in fields if field.has_default() and callable(field.default)]
    constant = {field.attname: field.get_default() for field in fields}
    return {name: value for name, value in constant.items() if name not in dict(made)}, made


def read_all(rows: QuerySet[Row]) -> list[Row]:
    """Return what a queryset of whole rows finds."""
    compiler = rows.query.get_compiler(using=rows.db)
    try:
        sql, parameters = compiler.as_sql()
    except EmptyResultSet:  # one of none: there is nothing to ask
        return []
    return _read(rows.model, rows.db, sql, parameters, _converters(compiler), reading)


def rows_of(model: type[Row], person: UUID) -> list[Row]:
    """Return a person's rows of one model, in the order of their making. The question is composed once a process."""
    alias = router.db_for_read(model)
    sql, converters = _asking(model, alias)
    asked = person if connections[alias].features.has_native_uuid_field else person.hex
    return _read(model, alias, sql, (asked,), converters, asking)


@cache
def _asking(model: type[models.Model], alias: str) -> tuple[str, Converters]:
    rows = model._base_manager.using(alias).filter(person_id=UUID(int=0)).order_by("pk")
    compiler = rows.query.get_compiler(using=alias)
    sql, _ = compiler.as_sql()
    return sql, _converters(compiler)


def _converters(compiler: SQLCompiler) -> Converters:
    return compiler.get_converters([column for column, *_ in compiler.select])


class WholeRows(Rows):
    """What a queryset yields: whole rows made ready column by column, anything else as Django does it."""

    def __iter__(self) -> Iterator[Any]:
        asked = self.queryset
        if not _whole(asked):
            yield from super().__iter__()
            return
        if not self.chunked_fetch:
            yield from read_all(asked)
            return
        compiler = asked.query.get_compiler(using=asked.db)
        parts = compiler.execute_sql(chunked_fetch=True, chunk_size=self.chunk_size)
        converters = _converters(compiler)
        for part in parts:
            yield from _made(asked.model, asked.db, part, converters)


def _whole(asked: QuerySet[Any]) -> bool:
    """Tell whether a queryset asks for the columns of its own model, all of them, and nothing else."""
    query = asked.query
    other = query.select_related or query.annotations or query.combinator or query.extra
    near: Any = getattr(asked, "_known_related_objects", None)  # rows of a parent's set carry it along
    return not (other or near) and query.deferred_loading == (frozenset(), True)


def _read(
    model: type[Row], alias: str, sql: str, parameters: Sequence[Any], converters: Converters, cursor_of: Cursors
) -> list[Row]:
    with cursor_of(connections[alias]) as cursor:
        cursor.execute(sql, parameters)
        return _made(model, alias, cursor.fetchall(), converters)


def _made(model: type[Row], alias: str, found: Sequence[Sequence[Any]], converters: Converters) -> list[Row]:
    """Return rows of what the database answered with."""
    if not found:
        return []
    connection = connections[alias]
    columns: list[Iterable[Any]] = list(zip(*found, strict=True))
    for place, (made, expression) in converters.items():
        for convert in made:
            columns[place] = _converted(columns[place], convert, expression, connection)
    if told_of_rows():
        names = columns_of(model)
        return [model.from_db(alias, names, values) for values in zip(*columns, strict=True)]
    return past_constructor(model, alias, columns)


def past_constructor(model: type[Row], alias: str | None, columns: Sequence[Iterable[Any]]) -> list[Row]:
    """Return rows with these columns. Django's constructor takes a fifth of the time of reading them.

    It sorts out arguments and checks each. Set one by one the values lie in the row itself, without a dictionary.
    """
    new, rows = model.__new__, list[Row]()
    for _ in columns[0]:
        row = new(model)
        row._state = state = ModelState()
        state.adding, state.db = False, alias
        rows.append(row)
    for name, column in zip(columns_of(model), columns, strict=True):
        for row, value in zip(rows, column, strict=True):
            setattr(row, name, value)
    return rows


def told_of_rows() -> bool:
    """Tell whether somebody listens for every row that is made: then Django makes them."""
    return bool(signals.pre_init.receivers or signals.post_init.receivers)


def _converted(
    column: Iterable[Any], convert: Callable[..., Any], expression: object, connection: BaseDatabaseWrapper
) -> list[Any]:
    """Return a column's values: what stands there again and again (whose row, when it came) is converted once."""
    last, value, values = object(), object(), list[Any]()
    for given in column:
        if given != last or not isinstance(value, SHARED):
            last, value = given, convert(given, expression, connection)
        values.append(value)
    return values


@cache
def columns_of(model: type[models.Model]) -> tuple[str, ...]:
    """Return the columns of a model by the names its rows have them under, in the order they are read in."""
    return tuple(field.attname for field in model._meta.concrete_fields)


def _store(model: type[models.Model], rows: Sequence[models.Model], alias: str, *, but_known: bool) -> None:
    values = list(zip(*[column(rows) for column in _columns(model, alias)], strict=True))
    cursor_of = asking if len(rows) == 1 else BaseDatabaseWrapper.cursor
    with _undone_together(alias, len(rows)), cursor_of(connections[alias]) as cursor:
        if connections[alias].vendor == "postgresql" and len(values) > 1 and not but_known:
            with connections[alias].wrap_database_errors, cursor.copy(_copying(model, alias)) as copy:
                copy.set_types(_types(model, alias))
                for one in values:
                    copy.write_row(one)
        else:
            for at in range(0, len(values), TOGETHER):
                some = values[at : at + TOGETHER]
                insert = _inserting(model, alias, len(some), but_known=but_known)
                cursor.execute(insert, list(chain.from_iterable(some)))
    for row in rows:
        row._state.adding, row._state.db = False, alias


def _undone_together(alias: str, count: int) -> AbstractContextManager[None]:
    """Return what makes one write of many: a transaction, unless there is one already, or it is one statement."""
    if count == 1 or connections[alias].in_atomic_block:
        return transaction.mark_for_rollback_on_error(using=alias)
    return transaction.atomic(using=alias, savepoint=False)


@cache
def _inserting(model: type[models.Model], alias: str, count: int, *, but_known: bool) -> str:
    """Return the statement that inserts so many rows, composed once a process."""
    values = f"({', '.join(['%s'] * len(model._meta.concrete_fields))})"
    insert = f"INSERT INTO {_where(model, alias)} VALUES {', '.join([values] * count)}"  # noqa: S608 -- names of our own
    return insert + " ON CONFLICT DO NOTHING" * but_known


@cache
def _copying(model: type[models.Model], alias: str) -> str:
    """Return how PostgreSQL takes many rows in: as a stream, which takes it half the time of statements."""
    return f"COPY {_where(model, alias)} FROM STDIN (FORMAT BINARY)"


@cache
def _types(model: type[models.Model], alias: str) -> list[str]:
    """Return the types of a model's columns, by which their values are put into bytes."""
    return [str(field.db_type(connections[alias])).partition("(")[0] for field in model._meta.concrete_fields]


def _where(model: type[models.Model], alias: str) -> str:
    """Return where rows are written: the table and its columns, in the order of declaration."""
    quote = connections[alias].ops.quote_name
    return f"{quote(model._meta.db_table)} ({', '.join(quote(str(f.column)) for f in model._meta.concrete_fields)})"


@cache
def _columns(model: type[models.Model], alias: str) -> list[Column]:
    """Return what makes the values of rows, column by column, in order: sealing a row counts its version up."""
    return [_column(field, alias) for field in model._meta.concrete_fields]


def _column(field: Any, alias: str) -> Column:  # noqa: ANN401 -- Django's fields have no common protocol
    value = attrgetter(field.attname)
    as_it_is = isinstance(field, models.BinaryField)  # both databases take bytes as they are

    def ready(one: object) -> object:
        return field.get_db_prep_save(one, connections[alias])  # each thread has a connection of its own

    if _made_late(field) and as_it_is:
        return lambda rows: [field.pre_save(row, add=True) for row in rows]
    if _made_late(field) and not isinstance(field, models.DateField):
        return lambda rows: [ready(field.pre_save(row, add=True)) for row in rows]
    if isinstance(field, models.UUIDField) and not connections[alias].features.has_native_uuid_field:
        return lambda rows: [one.hex if one is not None else None for one in map(value, rows)]
    if as_it_is or isinstance(field, models.CharField | models.IntegerField | models.UUIDField):
        return lambda rows: map(value, rows)
    if isinstance(field, models.DateField):  # the rows of one act mostly came at the same moment
        known = lru_cache(maxsize=64)(ready)
        return lambda rows: map(known, map(value, rows))
    return lambda rows: map(ready, map(value, rows))


def _made_late(field: Any) -> bool:  # noqa: ANN401 -- Django's fields have no common protocol
    """Tell whether a column's value is made when the row is written."""
    return type(field).pre_save is not models.Field.pre_save
