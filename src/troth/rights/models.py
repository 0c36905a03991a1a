"""What people ask of us and complain about, and what was done about it, step by step."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from troth.vault.held import held
from troth.vault.models import HeldRow, PersonRow, Plain

SAME = "the same few words for everybody"
ASKED = "requests.request_details"
SORTS = {"request": ASKED, "complaint": "requests.complaint_details"}


class Request(HeldRow):
    """A right that somebody uses, or a complaint. It stays, as proof, when the person is forgotten."""

    number = models.CharField(max_length=12, unique=True)  # random: what letters call it
    once = models.CharField(max_length=64, unique=True)  # the form or mail it came by: sent twice, opened once
    sort = models.CharField(max_length=9, choices=[(sort, sort) for sort in SORTS])
    right = models.SlugField(max_length=40)  # as in the policy
    sure = models.BooleanField(default=True)  # false: we guessed the right from a letter
    way = models.CharField(max_length=8)  # account, form, email, agent, care
    brand = models.SlugField(max_length=40)
    home = models.CharField(max_length=200)  # the address of the shop it was asked at, for links
    state = models.CharField(max_length=12, default="received", db_index=True)
    address_id = models.UUIDField(null=True)  # the identifier letters go to
    about = models.UUIDField(null=True)  # the request an appeal or complaint is about
    received_at = models.DateTimeField()
    known_at = models.DateTimeField(null=True)  # when it was clear who asks
    pauses = models.JSONField(default=list)  # [[why, since, until or null]], days
    extended_at = models.DateTimeField(null=True)
    due_on = models.DateField(null=True, db_index=True)  # cache of the clock, for the desk's order
    acknowledged_at = models.DateTimeField(null=True)
    planned_on = models.DateField(null=True)  # erasure: the day it runs
    outcome = models.CharField(max_length=7, default="")  # of a draft: answer or refuse
    code = models.SlugField(max_length=20, default="")  # a refusal's exemption
    fee = models.PositiveIntegerField(default=0)  # minor units; 0 but with a recorded reason (R74)
    drafted_by = models.UUIDField(null=True)
    approved_by = models.UUIDField(null=True)
    copy_until = models.DateTimeField(null=True)
    agent_id = models.UUIDField(null=True)  # who may have the copy for them: another person
    agent_address = models.UUIDField(null=True)  # the identifier their link goes to
    certificate = models.JSONField(default=dict)  # what an erasure did: names no one

    words = held(SORTS, by="sort")
    checks = held("requests.request_checks", "json")  # how we knew it was them
    answer = held(ASKED)

    plain: ClassVar = {
        "number": Plain("a random number", ASKED),
        "once": Plain("random, or a hash of a mail's own number"),
        "sort": Plain(SAME),
        "right": Plain(SAME, ASKED),
        "way": Plain(SAME, ASKED),
        "brand": Plain(SAME, ASKED),
        "home": Plain("an address of ours"),
        "state": Plain(SAME, ASKED),
        "address_id": Plain("a random id"),
        "about": Plain("a random id"),
        "received_at": Plain("when it came", ASKED),
        "known_at": Plain("when it was clear who asks", "requests.request_checks"),
        "pauses": Plain("days, and a word"),
        "extended_at": Plain("a date of the case"),
        "due_on": Plain("a date of the case", ASKED),
        "acknowledged_at": Plain("a date of the case"),
        "planned_on": Plain("a date of the case"),
        "outcome": Plain(SAME),
        "code": Plain(SAME),
        "fee": Plain("a sum, nearly always nought"),
        "drafted_by": Plain("a random id of one of us"),
        "approved_by": Plain("a random id of one of us"),
        "copy_until": Plain("a date of the case"),
        "agent_id": Plain("a random id", ASKED),
        "agent_address": Plain("a random id"),
        "certificate": Plain("names of items and counts"),
    }

    class Meta:
        indexes = [models.Index(fields=["state", "due_on"], name="rights_by_due")]


class Note(HeldRow):
    """One step of a request, or one thing noted about it: a search, an exemption, why an officer looked."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="notes")
    what = models.CharField(max_length=12)
    code = models.SlugField(max_length=60, default="")  # the room searched, or the exemption
    place = models.CharField(max_length=120, default="")  # withheld: model, row and field
    by = models.UUIDField(null=True)  # one of us; null: the person, or the house by itself
    at = models.DateTimeField()

    words = held(ASKED, "json")

    same: ClassVar = ("request",)
    plain: ClassVar = {
        "what": Plain(SAME, ASKED),
        "code": Plain("a room of ours, or a ground of the law"),
        "place": Plain("names of a model and a field, and a random id"),
        "by": Plain("a random id of one of us"),
        "at": Plain("when", ASKED),
    }

    class Meta:
        indexes = [models.Index(fields=["request", "at"], name="rights_notes")]


class PassedOn(PersonRow):
    """A recipient who is told of a request: that what they got was erased, corrected, locked or unlocked.

    It holds nothing of the person: a recipient's own numbers, until they have done it. It stays with its request.
    """

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="passed_on")
    once = models.CharField(max_length=48, unique=True)
    to = models.SlugField(max_length=40)  # as in the policy
    kind = models.CharField(max_length=8)  # erase, correct, restrict, lift
    items = models.JSONField()  # their names
    days = models.JSONField()  # on which they got it
    known_by = models.JSONField()  # numbers of the recipient's; empty once they have done it
    state = models.CharField(max_length=9, db_index=True)  # planned, queued, letter, told, confirmed, overtaken
    wired = models.BooleanField(default=True)  # false: by the officer's letter
    tries = models.PositiveSmallIntegerField(default=0)
    noted_at = models.DateTimeField()
    not_before = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    receipt = models.CharField(max_length=80, default="")  # theirs

    same: ClassVar = ("request",)
    plain: ClassVar = {
        "once": Plain("a key made by the program"),
        "to": Plain("a recipient of the policy", ASKED),
        "kind": Plain(SAME, ASKED),
        "items": Plain("names of items", ASKED),
        "days": Plain("days", ASKED),
        "known_by": Plain("random numbers of orders, payments and lists, as the recipient has them"),
        "state": Plain(SAME, ASKED),
        "noted_at": Plain("a date of the case"),
        "not_before": Plain("a date of the case"),
        "told_at": Plain("when they were told", ASKED),
        "confirmed_at": Plain("when they had done it", ASKED),
        "receipt": Plain("a number of the recipient's", ASKED),
    }
