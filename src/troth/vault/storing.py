"""Many rows at once: written with one prepared statement a model, read column by column.

Django's `bulk_create` composes its SQL anew for every batch, value by value: eight tenths of the time an import takes.
Its querysets convert what they read row by row, value by value: half the time an export takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from itertools import groupby
from typing import Any, TypeVar
from uuid import UUID

from django.db import connections, models, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet
from django.db.models.base import ModelState
from django.db.models.sql.compiler import SQLCompiler

Row = TypeVar("Row", bound=models.Model)
Column = Callable[[Any], Any]  # a row to the value its column takes
Converters = dict[int, tuple[list[Callable[..., Any]], Any]]  # by place: what makes a column's values, and of what


def store_all(rows: Iterable[Row], *, but_known: bool = False) -> list[Row]:
    """Insert new rows, which may be of several models, each with its key set. Returns them, a model's rows together.

    As with `bulk_create` each column is made ready by its field, in the order of declaration, and no signal is sent.
    Raises IntegrityError where a row is known already, or with `but_known` leaves those out.
    """
    them = sorted(rows, key=lambda row: row._meta.label)
    for model, group in groupby(them, type):
        _store(model, list(group), connections[router.db_for_write(model)], " ON CONFLICT DO NOTHING" * but_known)
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
    sql, parameters = compiler.as_sql()
    return _read(rows.model, rows.db, sql, parameters, _converters(compiler))


def rows_of(model: type[Row], person: UUID) -> list[Row]:
    """Return a person's rows of one model, in the order of their making. The question is composed once a process."""
    alias = router.db_for_read(model)
    sql, converters = _asking(model, alias)
    asked = person if connections[alias].features.has_native_uuid_field else person.hex
    return _read(model, alias, sql, (asked,), converters)


@cache
def _asking(model: type[models.Model], alias: str) -> tuple[str, Converters]:
    rows = model._base_manager.using(alias).filter(person_id=UUID(int=0)).order_by("pk")
    compiler = rows.query.get_compiler(using=alias)
    sql, _ = compiler.as_sql()
    return sql, _converters(compiler)


def _converters(compiler: SQLCompiler) -> Converters:
    return compiler.get_converters([column for column, *_ in compiler.select])


def _read(model: type[Row], alias: str, sql: str, parameters: Sequence[Any], converters: Converters) -> list[Row]:
    connection = connections[alias]
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        found = cursor.fetchall()
    if not found:
        return []
    columns: list[Iterable[Any]] = list(zip(*found, strict=True))
    for place, (made, expression) in converters.items():
        for convert in made:
            columns[place] = [convert(value, expression, connection) for value in columns[place]]
    names = [field.attname for field in model._meta.concrete_fields]
    return [model.from_db(alias, names, values) for values in zip(*columns, strict=True)]


def _store(model: type[models.Model], rows: Sequence[models.Model], connection: BaseDatabaseWrapper, end: str) -> None:
    fields, quote = model._meta.concrete_fields, connection.ops.quote_name
    columns = [_column(field, connection) for field in fields]
    names, marks = ", ".join(quote(str(field.column)) for field in fields), ", ".join(["%s"] * len(fields))
    insert = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({marks}){end}"  # noqa: S608 -- names of our own
    values = [[column(row) for column in columns] for row in rows]
    with transaction.atomic(using=connection.alias, savepoint=False), connection.cursor() as cursor:
        cursor.executemany(insert, values)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def _column(field: Any, connection: BaseDatabaseWrapper) -> Column:  # noqa: ANN401 -- Django's fields have no common protocol
    name = field.attname
    if type(field).pre_save is not models.Field.pre_save and not isinstance(field, models.DateField):
        return lambda row: field.get_db_prep_save(field.pre_save(row, add=True), connection)
    if isinstance(field, models.UUIDField) and not connection.features.has_native_uuid_field:
        return lambda row: value.hex if (value := getattr(row, name)) is not None else None
    if isinstance(field, models.CharField | models.IntegerField | models.UUIDField):
        return lambda row: getattr(row, name)
    if isinstance(field, models.DateField):  # the rows of one act mostly came at the same moment
        ready = lru_cache(maxsize=64)(lambda value: field.get_db_prep_save(value, connection))
        return lambda row: ready(getattr(row, name))
    return lambda row: field.get_db_prep_save(getattr(row, name), connection)
