"""The log's tables: entries, the lists of people some of them reached, tiles of hashes, signed heads."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Row(models.Model):
    """One entry. `body` is the truth; `subject` and `verb` repeat it for look-ups. The sealer gives it its place."""

    subject = models.BinaryField(max_length=16, null=True)
    verb = models.CharField(max_length=10)
    body = models.BinaryField()
    place = models.BigIntegerField(null=True)  # in the log, from 0; none until it is sealed

    nobodys: ClassVar = "a pseudonym keyed by the person's own key: when that is destroyed it names no one"
    plain: ClassVar = {"verb": "one of the six doors"}

    class Meta:
        db_table = "ledger_entry"
        indexes = [
            models.Index(fields=["subject"], name="ledger_subject", condition=models.Q(subject__isnull=False)),
            models.Index(fields=["id"], name="ledger_unsealed", condition=models.Q(place__isnull=True)),
        ]
        constraints = [  # partial, so that an entry is in one index less until it is sealed
            models.UniqueConstraint(
                fields=["place"], name="one_place_one_entry", condition=models.Q(place__isnull=False)
            )
        ]


class Mention(models.Model):
    """One person on the list of an entry that reached many: the `number`-th leaf under the root the entry carries."""

    entry = models.ForeignKey(Row, on_delete=models.PROTECT, db_index=False)  # one_leaf_one_place begins with it
    number = models.PositiveIntegerField()
    subject = models.BinaryField(max_length=16)

    nobodys: ClassVar = "a pseudonym keyed by the person's own key: when that is destroyed it names no one"

    class Meta:
        indexes = [models.Index(fields=["subject"], name="ledger_mentioned")]
        constraints = [models.UniqueConstraint(fields=["entry", "number"], name="one_leaf_one_place")]


class Tile(models.Model):
    """Up to 256 hashes of complete subtrees of 256**level leaves."""

    level = models.PositiveSmallIntegerField()
    number = models.BigIntegerField()
    hashes = models.BinaryField()

    nobodys: ClassVar = "hashes of entries"

    class Meta:
        constraints = [models.UniqueConstraint(fields=["level", "number"], name="one_tile_one_place")]


class Head(models.Model):
    """A signed head: how long the log was and what its root was. The newest says how far it is sealed."""

    size = models.BigIntegerField(unique=True)
    root = models.BinaryField()
    note = models.TextField()
    at = models.DateTimeField()

    nobodys: ClassVar = "a hash and a signature"
    plain: ClassVar = {"note": "a signed root", "at": "when it was signed"}


class Sealer(models.Model):
    """One row that whoever seals holds locked, so that only one does. No request ever waits for it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)

    nobodys: ClassVar = "a lock"
