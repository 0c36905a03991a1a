"""What people said, held; the pictures they sent along; and where they said we may quote them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from troth.vault.held import held
from troth.vault.models import HeldRow, PersonRow, Plain

from .rules import KINDS, STATES

SAME = "the same few words for everybody"


class Remark(HeldRow):
    """One review, comment or piece of feedback. What it is about is named by words: a brand and a style or a story.

    `event_at` is when it is let go: at once where its writer takes it back, later where it was refused.
    """

    kind = models.CharField(max_length=12, choices=[(kind, kind) for kind in KINDS])
    brand = models.SlugField(max_length=40)
    about = models.SlugField(max_length=80, blank=True)  # a style's or a story's slug; nothing for the shop as a whole
    state = models.CharField(max_length=10, choices=[(state, state) for state in STATES])
    because = models.CharField(max_length=10, blank=True)  # why it was refused: see rules.REASONS
    stars = models.PositiveSmallIntegerField(null=True)
    bought = models.BooleanField(default=False)  # from us; whoever calls `write` knows
    said_at = models.DateTimeField()
    pictures = models.JSONField(default=list)  # of each: its id, width and height
    once = models.UUIDField(unique=True)  # the page it was written on: sent twice, written once
    entry = models.BigIntegerField(default=0)  # in the ledger, of its publication

    name = held("shared.username")
    words = held({name: kind.item for name, kind in KINDS.items()}, by="kind")

    plain: ClassVar = {
        "kind": Plain(SAME),
        "brand": Plain(SAME),
        "about": Plain("what goods are called; a page asks for all that was said of them", "shared.reviews"),
        "state": Plain(SAME, "shared.reviews"),
        "because": Plain(SAME, "shared.reviews"),
        "stars": Plain("averaged without opening anything", "shared.reviews"),
        "bought": Plain("yes or no", "shared.reviews"),
        "said_at": Plain("the newest stands first", "shared.reviews"),
        "pictures": Plain("random ids and sizes, so that a page keeps the place for a picture", "pictures.photos"),
        "entry": Plain("a place in the ledger"),
    }

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(state="shown") | Q(entry__gt=0), name="shown_is_published"),
            models.CheckConstraint(condition=Q(stars=None) | Q(stars__range=(1, 5)), name="one_to_five_stars"),
        ]
        indexes = [
            models.Index(fields=["brand", "about", "-said_at"], condition=Q(state="shown"), name="community_shown"),
            models.Index(fields=["said_at"], condition=Q(state="waiting"), name="community_waiting"),
        ]


class Photo(HeldRow):
    """A picture sent along with a remark, without its metadata. `event_at` is when it was taken away from it."""

    remark = models.ForeignKey(Remark, on_delete=models.CASCADE, related_name="photos")
    kind = models.CharField(max_length=4)  # jpeg, png or webp
    entry = models.BigIntegerField(default=0)  # in the ledger, of its publication

    image = held("pictures.photos", "bytes")

    plain: ClassVar = {"kind": Plain(SAME), "entry": Plain("a place in the ledger")}
    same: ClassVar = ("remark",)  # a remark and its pictures are one person's


class Permission(PersonRow):
    """One yes to quoting one remark in one medium. The words it was given to are an answer: see choices."""

    remark = models.ForeignKey(Remark, on_delete=models.CASCADE, related_name="permissions")
    medium = models.CharField(max_length=8)
    given_at = models.DateTimeField(null=True)  # when its mailbox was proved; until then it counts for nothing
    withdrawn_at = models.DateTimeField(null=True)

    plain: ClassVar = {
        "medium": Plain(SAME, "consents.choice_answers"),
        "given_at": Plain("from when it holds", "consents.choice_answers"),
        "withdrawn_at": Plain("until when it held", "consents.choice_answers"),
    }
    same: ClassVar = ("remark",)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["remark", "medium"], name="one_permission_per_medium")]


IN_FORCE = Q(given_at__isnull=False, withdrawn_at=None)
