"""The closed world, as Django system checks: what stores anything is known to the policy, or named with a reason.

`manage.py check` and the tests fail on every column that neither is held nor says why it stands in the open, on every
model that does not say whose its rows are, and on every item no policy line knows. Each message holds the line to add.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.core import checks
from django.db import models

from .models import HeldRow, Person, PersonRow

# What can say something about a person.
TELLING = (
    models.CharField, models.TextField, models.DateField, models.TimeField, models.DecimalField, models.FloatField,
    models.JSONField, models.GenericIPAddressField, models.BinaryField, models.DurationField, models.FileField,
)  # fmt: skip
OWN = {"id", "person_id", "source", "seen_at", "event_at", "sealed", "version"}  # every held row's, explained in models


@checks.register("troth")
def closed_world(app_configs: Iterable[Any] | None = None, **_: object) -> list[checks.CheckMessage]:
    """Return a message for everything that is stored and unexplained."""
    del app_configs
    return [message for model in apps.get_models() for message in problems(model)]


def problems(model: type[models.Model]) -> Iterator[checks.CheckMessage]:
    """Yield what is unexplained about one model."""
    owned = issubclass(model, PersonRow | Person)
    if not owned and not getattr(model, "nobodys", ""):
        yield _error(
            model, "troth.E001", "does not say whose its rows are",
            'Make it a HeldRow, or add `nobodys: ClassVar = "why its rows are about nobody"`.',
        )  # fmt: skip
    explained = getattr(model, "plain", {})
    for column in model._meta.concrete_fields if owned else ():
        if isinstance(column, TELLING) and column.name not in explained and column.name not in OWN:
            yield _error(
                model, "troth.E002", f"has the column {column.name} in the open",
                f'Hold it: `{column.name} = held("category.item")`; or say why it may stand outside the seal: '
                f'`plain = {{"{column.name}": Plain("why", "category.item")}}`.',
            )  # fmt: skip
    yield from _ownership(model)


def _ownership(model: type[models.Model]) -> Iterator[checks.CheckMessage]:
    """A row of one person must not hang on a row of another: it could be neither erased nor sharded alone."""
    if not issubclass(model, PersonRow):
        return
    for column in model._meta.concrete_fields:
        target = column.related_model if isinstance(column, models.ForeignKey) else None
        if isinstance(target, type) and issubclass(target, Person):
            yield _error(
                model, "troth.E003", f"ties {column.name} to a person by a foreign key",
                "Name them by `person_id`: erasing a person must not cascade, and rows must shard by person.",
            )  # fmt: skip
        elif isinstance(target, type) and issubclass(target, HeldRow) and column.name not in getattr(model, "same", ()):
            yield checks.Warning(
                f"{model._meta.label}.{column.name} ties a held row to another held row.",
                hint=f'Whose is it if their people differ? If they never do, say so: `same = ("{column.name}",)`.',
                obj=model, id="troth.W004",
            )  # fmt: skip


def _error(model: type[models.Model], code: str, what: str, hint: str) -> checks.Error:
    return checks.Error(f"{model._meta.label} {what}.", hint=hint, obj=model, id=code)
