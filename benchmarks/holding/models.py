"""The same row in plain columns, held, and plain under an audit log. And all our tables once more, plain."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import models

from troth.vault.held import held
from troth.vault.models import HeldRow, PersonRow, new_id

FIELDS = ("recipient", "line1", "line2", "city", "postcode", "phone")


class PlainParcel(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person_id = models.UUIDField(db_index=True)
    source = models.SlugField()
    seen_at = models.DateTimeField()
    recipient = models.TextField()
    line1 = models.TextField()
    line2 = models.TextField()
    city = models.TextField()
    postcode = models.TextField()
    phone = models.TextField()


class AuditedParcel(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person_id = models.UUIDField(db_index=True)
    source = models.SlugField()
    seen_at = models.DateTimeField()
    recipient = models.TextField()
    line1 = models.TextField()
    line2 = models.TextField()
    city = models.TextField()
    postcode = models.TextField()
    phone = models.TextField()


class Parcel(HeldRow):
    recipient = held("identity.name")
    line1 = held("contact.delivery_address")
    line2 = held("contact.delivery_address")
    city = held("contact.delivery_address")
    postcode = held("contact.delivery_address")
    phone = held("contact.phone")

    class Meta:
        abstract = True


class HeldParcel(Parcel):
    pass


class FewParcel(Parcel):
    """The same in a table of its own, with few rows of others."""


class PlainPerson(models.Model):
    """Whoever the twins below hang on."""

    id = models.UUIDField(primary_key=True, default=new_id)


def _twin(model: type[PersonRow]) -> type[models.Model]:
    """Return the table of one of our models as it would be without us: text columns, and a cascade from the person."""
    columns = {
        field.name: models.TextField(default="x")
        for field in model._meta.concrete_fields
        if not field.primary_key and field.name not in ("person_id", "sealed")
    }
    held = {name: models.TextField(default="x") for name in (model.labels() if issubclass(model, HeldRow) else ())}
    person = models.ForeignKey(PlainPerson, on_delete=models.CASCADE)
    key = models.UUIDField(primary_key=True, default=new_id)
    return type(
        f"{model.__name__}Twin", (models.Model,),
        {"__module__": __name__, "id": key, "person": person, **columns, **held},
    )  # fmt: skip


def _kinds(model: type[PersonRow]) -> Iterator[type[PersonRow]]:
    """Yield every table of ours; `person_rows` would have to wait until this module is loaded too."""
    for kind in model.__subclasses__():
        if not kind._meta.abstract and kind.__module__ != __name__:
            yield kind
        yield from _kinds(kind)


TWINS = {model: _twin(model) for model in _kinds(PersonRow)}
