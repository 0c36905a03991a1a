"""Our staff, and the cases they open."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from troth.vault.held import held
from troth.vault.models import HeldRow, PersonRow, Plain


class Agent(PersonRow):
    """A person who works for us, in one role, for a time. They sign in with their own account, as anybody does."""

    role = models.CharField(max_length=12)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    plain: ClassVar = {
        "role": Plain("the same few words for everybody"),
        "since": Plain("when they began"),
        "until": Plain("when they stopped"),
    }

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person_id", "role"], condition=models.Q(until=None), name="one_place_a_role"
            )
        ]


class Case(HeldRow):
    """Why one of us looks at one customer, for how long. It is the customer's row: they see who looked, and why."""

    number = models.CharField(max_length=12, unique=True)  # random
    once = models.CharField(max_length=64, unique=True)  # the form it came from: sent twice, opened once
    brand = models.SlugField(max_length=40)
    about = models.CharField(max_length=12)
    agent = models.UUIDField()  # whose case it is
    until = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    look = held("staff_views.staff_looks", "json")  # {"role", "why"}

    plain: ClassVar = {
        "number": Plain("a random number", "staff_views.staff_looks"),
        "once": Plain("random"),
        "brand": Plain("the same few words for everybody", "staff_views.staff_looks"),
        "about": Plain("the same few words for everybody", "staff_views.staff_looks"),
        "agent": Plain("a random id"),
        "until": Plain("when it ends by itself"),
        "closed_at": Plain("when it was closed", "staff_views.staff_looks"),
    }

    class Meta:
        indexes = [models.Index(fields=["agent", "until"], condition=models.Q(closed_at=None), name="care_open")]
