"""Forms at events and contests: what each asks, in every version of its words, and what people entered."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from troth.vault.held import held
from troth.vault.models import HeldRow, Plain, new_id


class CaptureForm(models.Model):
    """One form with a link of its own, at one place of one brand, as the policy declares it there."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.CharField(max_length=12, unique=True)  # random letters: the link, and the place answers name
    name = models.CharField(max_length=80)
    brand = models.CharField(max_length=40)
    where = models.CharField(max_length=40, blank=True)  # a property of the brand; none: its own site
    source = models.CharField(max_length=40)
    form = models.CharField(max_length=40)
    until = models.DateField()  # the last day it can be filled in
    closed_at = models.DateTimeField(null=True)
    made_by = models.UUIDField()
    made_at = models.DateTimeField()
    sent = models.PositiveIntegerField(default=0)  # how often it was filled in

    nobodys: ClassVar = "words for many, a count, and the random id of who of us made it"


class CaptureWording(models.Model):
    """One version of a form's words, and what it asks. Appended, never changed: an answer names the one it was to."""

    id = models.BigAutoField(primary_key=True)
    form = models.ForeignKey(CaptureForm, on_delete=models.CASCADE, related_name="wordings")
    version = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=80)
    intro = models.CharField(max_length=600, blank=True)
    question = models.CharField(max_length=200)  # with {brand}, {what}, {channel}
    may = models.JSONField(default=list)  # items one may leave out
    asks = models.JSONField(default=list)  # [choice, channel] of each box
    topics = models.JSONField(default=list)  # none: every topic
    made_by = models.UUIDField()
    made_at = models.DateTimeField()

    nobodys: ClassVar = "words for many, and the random id of who of us wrote them"

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["form", "version"], name="one_wording_a_version")]


class _Came(HeldRow):
    """What somebody entered on a form. Its period begins with the form's last day."""

    form = models.UUIDField(db_index=True)
    wording = models.PositiveSmallIntegerField()  # its version

    class Meta:
        abstract = True


class Attendance(_Came):
    """Somebody's place on the guest list of an event."""

    event = held("attendance.event_attendance")
    guests = held("attendance.event_guests", "json")

    plain: ClassVar[dict[str, Any]] = {
        "form": Plain("a random id"),
        "wording": Plain("a count"),
    }


class Entry(_Came):
    """Somebody's entry in a competition."""

    entry = held("entries.contest_entries")

    plain: ClassVar[dict[str, Any]] = {
        "form": Plain("a random id"),
        "wording": Plain("a count"),
    }
