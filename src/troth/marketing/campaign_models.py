"""What campaigns leave in the database: themselves, each of their steps, and the lists they were screened by."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from troth.vault.held import held
from troth.vault.models import HeldRow, Plain, new_id

from .audience import Plan
from .audiences import Audience


class Campaign(models.Model):
    """One message to many: what it says, whom it is for, and how far it is. Nobody's data: people are on its list."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=80)
    plan = models.JSONField()  # as `audience.Plan.said`
    trigger = models.CharField(max_length=12, blank=True)  # of a service message: "order", "case", "safety", "legal"
    subject = models.CharField(max_length=120, blank=True)
    text = models.TextField()  # with its fields in braces, as `template_check.FIELDS` lists them
    state = models.CharField(max_length=10, default="draft")
    audience = models.ForeignKey(Audience, null=True, on_delete=models.PROTECT)
    place = models.PositiveIntegerField(default=0)  # how far down its list it is
    made_by = models.UUIDField()
    approved_by = models.UUIDField(null=True)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    report = models.JSONField(null=True)  # what it came to, once it is over: numbers alone

    nobodys: ClassVar = "words for many, and the random ids of who of us wrote them"

    @property
    def whom(self) -> Plan:
        return Plan.read(self.plan)


class Step(models.Model):
    """One step of a campaign: what was done, when, and who of us did it. Appended, never changed."""

    id = models.BigAutoField(primary_key=True)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="steps")
    what = models.CharField(max_length=10)
    at = models.DateTimeField()
    by = models.UUIDField(null=True)  # None: by itself
    entry = models.BigIntegerField(default=0)  # in the ledger

    nobodys: ClassVar = "the random ids of who of us did what"


class Screening(models.Model):
    """A preference list as it was read: which one, of what day, how long, and how many of ours were on it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=3)  # tps, dnc, mps
    dated = models.DateField()  # the day the file itself is of
    read_at = models.DateTimeField()
    rows = models.PositiveIntegerField()
    bad = models.PositiveIntegerField()
    ours = models.PositiveIntegerField()

    nobodys: ClassVar = "numbers of rows; the rows themselves are not kept"


class Call(HeldRow):
    """What came of one call of a campaign: written down by whoever rang."""

    campaign = models.UUIDField(db_index=True)
    message = models.UUIDField(unique=True)  # the message of the door it was
    caller = models.UUIDField()
    outcome = models.CharField(max_length=12)

    note = held("messages.message_log")

    plain: ClassVar = {
        "campaign": Plain("a random id"),
        "message": Plain("a random id"),
        "caller": Plain("a random id"),
        "outcome": Plain("the same few words for everybody", "messages.message_log"),
    }


class Reply(HeldRow):
    """What somebody answered to a text, and no machine may guess at: it waits for one of us to read it."""

    brand = models.CharField(max_length=40)
    read_at = models.DateTimeField(null=True)

    words = held("notes.enquiries")

    plain: ClassVar = {
        "brand": Plain("the same few words for everybody", "notes.enquiries"),
        "read_at": Plain("when one of us read it"),
    }

    class Meta:
        indexes = [models.Index(fields=["seen_at", "id"], condition=models.Q(read_at=None), name="marketing_unread")]


class Heard(models.Model):
    """What a partner told us, so that it is taken once: the mark of its number, and when."""

    mark = models.BinaryField(primary_key=True, max_length=32)
    at = models.DateTimeField()

    nobodys: ClassVar = "hashes of a partner's numbers"
