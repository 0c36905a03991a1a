"""People of whom something different stands in every held field there is, worked out from the declarations."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from uuid import uuid4

from django.db import models

from troth.doors import policies
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


def filled(row, before=()):
    """Put something into every plain column that must not be empty; a row that hangs on another, on one of `before`."""
    for column in row._meta.concrete_fields:
        if column.attname in LEFT_TO_ITSELF or column.null or column.has_default():
            continue
        if column.remote_field:
            hung = [other for other in before if isinstance(other, column.related_model)]
            assert hung, f"{row._meta.label}.{column.name}: teach the planting how to make one"
            setattr(row, column.name, hung[-1])
            continue
        text = column.choices[0][0] if column.choices else f"x{uuid4().hex}"[: column.max_length or 33]
        kinds = {
            models.DateTimeField: NOON,
            models.DateField: NOON.date(),
            models.BinaryField: uuid4().bytes,
            models.JSONField: [],
            models.IntegerField: 0,
            models.DecimalField: 1,
            models.UUIDField: uuid4(),
        }
        value = next((value for kind, value in kinds.items() if isinstance(column, kind)), text)
        setattr(row, column.attname, value)
    return row


def empty_rows(person):
    """Return one row of each held model, and one for each word that picks an item."""
    rows: list[HeldRow] = []
    for model in held_models():
        picks = {label.by: list(label.item) for label in model.labels().values() if label.by}
        by, words = next(iter(picks.items()), ("", [""]))
        for word in words:
            row = filled(model(person_id=person), rows)
            if by:
                setattr(row, by, word)
            rows.append(row)
    return rows


def leaves(item):
    """Tell whether an item is shown to the person: passwords and the like never are."""
    data = policies.archive().in_force(NOON.date()).policy.data
    return "export" not in data[item.partition(".")[0]].never


def planted(person, name, times=1):
    """Store them; return what stands where, as far as it may be shown: (row's id, field) to value."""
    rows: list[HeldRow] = []
    for turn in range(times):  # of what a person has one of, one
        rows += [row for row in empty_rows(person) if not (turn and row._meta.get_field("person_id").unique)]
    truth = {}
    for row in rows:
        for field, label in row.labels().items():
            value = canary(label.kind, name)
            setattr(row, field, value)
            if leaves(label.of(row)):
                truth[row.pk, field] = value
    everything = frozenset().union(*(row.brings() for row in rows))
    with covers.opened(covers.Cover("collect", everything, NOON, "order")):
        for row in rows:
            row.save()
    return truth


def someone():
    return identity.new(on=NOON.date(), residence="GB", age=40).pk
