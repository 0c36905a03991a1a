"""The tables of the keys' own database: wrapped keys, which root keys wrapped them, and who was erased."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.timezone import now


class Root(models.Model):
    """A root key that keys are or were wrapped with. Only a check value: the key itself is never stored."""

    version = models.PositiveSmallIntegerField(primary_key=True)
    check_value = models.BinaryField()
    since = models.DateTimeField(default=now)
    retired_at = models.DateTimeField(null=True)

    nobodys: ClassVar = "root keys are the house's own"


class Key(models.Model):
    """A wrapped key. `name` is a person's id, or begins with a zero byte for a key of the house."""

    name = models.BinaryField(primary_key=True)
    wrapped = models.BinaryField()
    root = models.PositiveSmallIntegerField(db_index=True)

    nobodys: ClassVar = "random bytes; destroying one is how a person is erased"


class Tombstone(models.Model):
    """An erasure, kept with the keys: a restored backup of everything else finds here who must not come back."""

    person = models.UUIDField(primary_key=True)
    remnant = models.UUIDField(null=True)  # who holds what a law makes us keep; null: nothing had to stay
    state = models.CharField(max_length=8, default="begun")  # begun, done
    at = models.DateTimeField(default=now)

    nobodys: ClassVar = "after erasure the random id names no one"
