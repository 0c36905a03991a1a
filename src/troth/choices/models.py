"""What people said, as it was said; where that leaves them, as a cache; and who must never be written to again."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.timezone import now

from troth.vault.held import held
from troth.vault.models import HeldRow, PersonRow, Plain

from .errors import AppendOnly
from .rules import KINDS, Said

ANSWER = "consents.choice_answers"


class Event(HeldRow):
    """One answer, in the words that were shown. Appended, never changed; it goes only when its period is over."""

    kind = models.CharField(max_length=10, choices=[(kind, kind) for kind in KINDS])
    pattern = models.CharField(max_length=120)
    at = models.DateTimeField()
    expires = models.DateTimeField(null=True)
    sighted = models.BooleanField(default=False)
    days = models.PositiveSmallIntegerField(null=True)  # of "often": at most one in so many; none: as often as we may
    policy = models.CharField(max_length=64)  # digest of the version whose words were shown
    place = models.CharField(max_length=60)
    actor = models.CharField(max_length=12)

    wording = held("consents.wording_shown")
    proof = held("consents.permission_proof", "json")

    plain: ClassVar = {
        "kind": Plain("decides; nothing may be filtered by opening it", ANSWER),
        "pattern": Plain("decides; nothing may be filtered by opening it", ANSWER),
        "at": Plain("the order of answers decides", ANSWER),
        "expires": Plain("a yes lapses by itself", ANSWER),
        "sighted": Plain("a yes in sight of a signal lifts it", ANSWER),
        "days": Plain("how often we may write decides before anything is opened", ANSWER),
        "policy": Plain("which version's words were shown", "consents.wording_shown"),
        "place": Plain("where the words were shown", "consents.wording_shown"),
        "actor": Plain("who wrote the answer down", ANSWER),
    }

    class Meta:
        indexes = [
            models.Index(fields=["person_id", "at"], name="choices_said"),
            models.Index(fields=["place"], name="choices_place"),  # of which a form is one
        ]

    def save(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 -- Django's signature
        if not self._state.adding:
            raise AppendOnly
        super().save(*arguments, **options)

    def said(self) -> Said:
        return Said(self.kind, self.pattern, self.at, self.sighted, self.expires, self.policy)


class Folded(PersonRow):
    """The fold of someone's events: only a cache, written in the transaction of the event, and provable by replay."""

    person_id = models.UUIDField(unique=True)
    layout = models.CharField(max_length=16)
    bits = models.JSONField()  # yes, no, stop, signal, soft, as hexadecimal numbers
    lapses_at = models.DateTimeField(null=True)

    plain: ClassVar = {
        "layout": Plain("the numbering of the bits"),
        "bits": Plain("decides; nothing may be filtered by opening it", ANSWER),
        "lapses_at": Plain("when the next yes lapses", ANSWER),
    }


class Suppression(models.Model):
    """An address or number that is not marketed to, as a keyed hash: it recognises only what is shown to it (R71)."""

    mark = models.BinaryField(primary_key=True, max_length=32)
    because = models.CharField(max_length=20)
    at = models.DateTimeField(default=now)

    nobodys: ClassVar = "a keyed hash; it outlives the person on purpose, so that a forgotten no stays a no"
    plain: ClassVar = {"because": "the same few words for everybody", "at": "when it was put there"}


class Lease(models.Model):
    """Whoever hands something over to or about a person holds this meanwhile; an opt-out waits for it."""

    person = models.UUIDField(primary_key=True)
    fence = models.UUIDField()
    until = models.DateTimeField()

    nobodys: ClassVar = "two random ids, for seconds"
    plain: ClassVar = {"until": "a moment"}
