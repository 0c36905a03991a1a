"""Who changed: the database itself writes it down, in the transaction of the change, whatever made it.

Triggers see what a signal would miss: updates of many rows, imports past Django, a join, an erasure. They write
numbers, never ids. They are put in place after every migration, because SQLite drops them with a table it makes anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.db import connection, models

from troth.choices.models import Folded
from troth.vault.models import Identifier, Person

from . import feed

# What audiences are chosen by, and the columns of it that matter when they change.
PERSON: Final = ("residence", "zone", "known_age", "known_on", "flags", "merged_into")
WATCHED: Final[dict[type[models.Model], tuple[str, ...]]] = {
    Folded: ("person_id", "layout", "bits", "lapses_at"),
    Identifier: ("person_id", "kind"),
}
NUMBER: Final = (  # a restored backup brings numbers along
    "INSERT INTO marketing_numbered (person) VALUES (NEW.id) ON CONFLICT (person) DO NOTHING;"
)
FORGET: Final = "DELETE FROM marketing_numbered WHERE person = OLD.id;"


def watch(model: type[models.Model], *columns: str) -> None:
    """Follow changes of one more model with a `person_id`: segments are chosen by it."""
    WATCHED[model] = ("person_id", *columns)


def install() -> None:
    """Put the triggers in place, where they are not; whoever was there before gets a number. Safe to repeat."""
    tables = set(connection.introspection.table_names())
    watched: list[type[models.Model]] = [Person, *WATCHED]
    models_ = [model for model in watched if model._meta.db_table in tables]
    if "marketing_changed" not in tables or Person not in models_:
        return
    known = _known()
    with connection.cursor() as cursor:
        missing = [statement for name, statement in _statements(models_) if name not in known]
        for statement in missing:
            cursor.execute(statement)
        if missing:
            cursor.execute(
                "INSERT INTO marketing_numbered (person) SELECT id FROM vault_person "
                "WHERE id NOT IN (SELECT person FROM marketing_numbered)"
            )
            feed.mark(feed.MADE_ANEW)


def _known() -> set[str]:
    sql = "SELECT tgname FROM pg_trigger" if _postgresql() else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return {str(name) for (name,) in cursor.fetchall()}


def _postgresql() -> bool:
    return connection.vendor == "postgresql"


def _statements(models_: list[type[models.Model]]) -> Iterator[tuple[str, str]]:
    """Yield the triggers, each with its name."""
    for model in models_:
        table = model._meta.db_table
        new, old = ("NEW.id", "OLD.id") if model is Person else ("NEW.person_id", "OLD.person_id")
        numbered, forgotten = (NUMBER, FORGET) if model is Person else ("", "")
        columns = PERSON if model is Person else WATCHED[model]
        yield _trigger(f"troth_{table}_new", "INSERT", table, numbered + _note(new))
        yield _trigger(
            f"troth_{table}_other", "UPDATE", table, _note(new) + _note(old) * (model is not Person), columns
        )
        yield _trigger(f"troth_{table}_gone", "DELETE", table, _note(old) + forgotten)


def _note(person: str) -> str:
    turn = "pg_current_xact_id()::text::bigint" if _postgresql() else "0"
    return (
        "INSERT INTO marketing_changed (number, turn) "  # noqa: S608 -- two words of our own
        f"SELECT id, {turn} FROM marketing_numbered WHERE person = {person};"
    )


def _trigger(name: str, event: str, table: str, body: str, columns: tuple[str, ...] = ()) -> tuple[str, str]:
    """Return a trigger's name and statement; of an update, it acts where one of some columns is named or changed."""
    if not _postgresql():
        of = f" OF {', '.join(columns)}" if columns else ""
        return name, f"CREATE TRIGGER {name} AFTER {event}{of} ON {table} BEGIN {body} END"
    if columns:  # compared in the body: PostgreSQL alters no column that a trigger's head names
        was, now = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
        body = f"IF ({was}) IS DISTINCT FROM ({now}) THEN {body} END IF;"
    return name, (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {body} RETURN NULL; END $$; "
        f"CREATE OR REPLACE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
    )
