"""What advert audiences leave in the database: which file went where, and who must come out of it by when."""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.db import models

from troth.vault.models import new_id

from .audiences import Audience


class Advert(models.Model):
    """One audience at one partner: handed over for one campaign, and taken back person by person, or whole."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=80)
    brand = models.CharField(max_length=40)
    to = models.CharField(max_length=40)
    audience = models.ForeignKey(Audience, on_delete=models.PROTECT)
    made_by = models.UUIDField()
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    size = models.PositiveIntegerField()

    nobodys: ClassVar = "words for many, and the random id of who of us made it"


class AdvertMember(models.Model):
    """Somebody in an audience at a partner, under an id that is theirs in this audience alone.

    The partner is told this id with the scrambled address, and by this id to take them out: so we need not keep the
    address for it, and can still say whom to take out when we have forgotten everything else of them.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    advert = models.ForeignKey(Advert, on_delete=models.CASCADE, related_name="members")
    number = models.BigIntegerField()  # as `Numbered`; 0 once they are out
    due = models.DateField(null=True, db_index=True)  # by when the partner must have taken them out
    told_at = models.DateTimeField(null=True)  # when they were last in a removal file
    out_at = models.DateTimeField(null=True)  # when the partner confirmed it

    nobodys: ClassVar = "a random id and a number, which leads to a person only as long as they are there"

    class Meta:
        indexes = [models.Index(fields=["number"], condition=models.Q(out_at=None), name="marketing_inside")]
