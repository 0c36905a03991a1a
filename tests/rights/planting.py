"""People of whom something different stands in every held field there is, worked out from the declarations."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from uuid import uuid4

from django.db import models

from troth.vault import covers, identity
from troth.vault.models import HeldRow, held_models

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
LEFT_TO_ITSELF = {"id", "person_id", "source", "seen_at", "event_at", "sealed", "version"}
_number = count(1)


def canary(kind, name):
    """A value that stands nowhere else."""
    n = next(_number)
    return {
        "text": f"{name}-{n}",
        "json": {"inner": [f"{name}-{n}"]},
        "date": date(1900, 1, 1) + timedelta(days=n),
        "decimal": Decimal(n) / 8,
        "bytes": f"{name}-{n}".encode(),
    }[kind]


def filled(row):
    """Put something into every plain column that must not be empty."""
    for column in row._meta.concrete_fields:
        if column.attname in LEFT_TO_ITSELF or column.null or column.has_default():
            continue
        assert not column.remote_field, f"{row._meta.label}.{column.name}: teach the planting how to make one"
        text = column.choices[0][0] if column.choices else f"x{uuid4().hex}"[: column.max_length or 33]
        kinds = {
            models.DateTimeField: NOON,
            models.DateField: NOON.date(),
            models.BinaryField: uuid4().bytes,
            models.JSONField: [],
            models.IntegerField: 1,
            models.DecimalField: 1,
            models.UUIDField: uuid4(),
        }
        value = next((value for kind, value in kinds.items() if isinstance(column, kind)), text)
        setattr(row, column.attname, value)
    return row


def empty_rows(person):
    """Yield one row of each held model, and one for each word that picks an item."""
    for model in held_models():
        picks = {label.by: list(label.item) for label in model.labels().values() if label.by}
        by, words = next(iter(picks.items()), ("", [""]))
        for word in words:
            row = filled(model(person_id=person))
            if by:
                setattr(row, by, word)
            yield row


def planted(person, name, times=1):
    """Store them; return what stands where: (row's id, field) to value."""
    rows: list[HeldRow] = [row for _ in range(times) for row in empty_rows(person)]
    truth = {}
    for row in rows:
        for field, label in row.labels().items():
            truth[str(row.pk), field] = value = canary(label.kind, name)
            setattr(row, field, value)
    everything = frozenset().union(*(row.brings() for row in rows))
    with covers.opened(covers.Cover("collect", everything, NOON, "order")):
        for row in rows:
            row.save()
    return truth


def someone():
    return identity.new(on=NOON.date(), residence="GB", age=40).pk
