"""What the doors themselves must remember: messages on their way, answers already given, legal holds."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.timezone import now

from troth.vault.held import held
from troth.vault.models import HeldRow, PersonRow, Plain

SAME = "the same few words for everybody"


class Message(HeldRow):
    """A message to one person, from the moment it was allowed until it was handed to a transport, or refused."""

    once = models.CharField(max_length=64, unique=True)  # one key, one message, one answer
    purpose = models.CharField(max_length=40)
    brand = models.CharField(max_length=40)
    channel = models.CharField(max_length=12)
    topic = models.CharField(max_length=40, blank=True)
    address_id = models.UUIDField(null=True)  # the identifier to write to, where it is not their usual one
    group = models.UUIDField(null=True, db_index=True)  # the campaign it is part of: `doors.mailing` releases it
    actor = models.CharField(max_length=12)
    facts = models.JSONField(default=list)  # what was stated: "order", "case" …
    verdict = models.JSONField()  # the decision it was queued or refused with
    state = models.CharField(max_length=10, default="queued", db_index=True)
    message_id = models.CharField(max_length=120)  # stays the same however often it is tried
    tries = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(default=now)
    entry = models.BigIntegerField(default=0)  # in the ledger
    sent_at = models.DateTimeField(null=True)

    content = held("messages.message_log", "json")

    plain: ClassVar = {
        "once": Plain("a key made by the program"),
        "purpose": Plain(SAME, "messages.message_log"),
        "brand": Plain(SAME, "messages.message_log"),
        "channel": Plain(SAME, "messages.message_log"),
        "topic": Plain(SAME, "messages.message_log"),
        "actor": Plain(SAME, "messages.message_log"),
        "facts": Plain(SAME, "messages.message_log"),
        "verdict": Plain("reasons are lines of the policy and the law", "messages.message_log"),
        "state": Plain(SAME, "messages.message_log"),
        "message_id": Plain("random"),
        "tries": Plain("a count"),
        "not_before": Plain("when it may go"),
        "entry": Plain("a place in the ledger"),
        "sent_at": Plain("when it went", "messages.message_log"),
    }


class Returned(HeldRow):
    """What came back of one message: its mailbox is not there, could not be reached, or it was complained of."""

    once = models.CharField(max_length=48, unique=True)  # of one message, each kind is taken once
    message = models.UUIDField(db_index=True)
    identifier = models.UUIDField(null=True)  # the address it was about
    kind = models.CharField(max_length=10)  # "hard", "soft", "complaint"

    status = held("messages.message_log")  # as the other server put it: "5.1.1"

    plain: ClassVar = {
        "once": Plain("a key made by the program"),
        "message": Plain("a random id"),
        "identifier": Plain("a random id"),
        "kind": Plain(SAME, "messages.message_log"),
    }


class LegalHold(PersonRow):
    """A dispute or duty for which someone's data is not deleted. It suspends deletion, and allows no use (R40)."""

    owner = models.CharField(max_length=40)  # the role that answers for it
    because = models.CharField(max_length=200)
    since = models.DateTimeField(default=now)
    review_on = models.DateField()
    lifted_at = models.DateTimeField(null=True)

    plain: ClassVar = {
        "owner": Plain("a role, not a name"),
        "because": Plain("the case it is for, written by the officer", "requests.request_details"),
        "since": Plain("a date of the hold"),
        "review_on": Plain("a date of the hold"),
        "lifted_at": Plain("a date of the hold"),
    }
