"""The same row three times: plain columns, held, and plain under an audit log. And its kind with cascades."""

from __future__ import annotations

from django.db import models

from troth.vault.held import held
from troth.vault.models import HeldRow, new_id

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


class HeldParcel(HeldRow):
    recipient = held("identity.name")
    line1 = held("contact.delivery_address")
    line2 = held("contact.delivery_address")
    city = held("contact.delivery_address")
    postcode = held("contact.delivery_address")
    phone = held("contact.phone")


class PlainPerson(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id)


class PlainRow(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id)
    person = models.ForeignKey(PlainPerson, on_delete=models.CASCADE)
    text = models.TextField()


class PlainChild(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id)
    row = models.ForeignKey(PlainRow, on_delete=models.CASCADE)
    text = models.TextField()
