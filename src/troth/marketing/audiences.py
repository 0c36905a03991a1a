"""What audiences leave in the database: a number for everybody, whose facts changed, and lists that were frozen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import ClassVar
from uuid import UUID

from django.db import connection, models
from pyroaring import BitMap

from troth.vault.models import new_id

CHUNK = 5_000  # people at a time


class Numbered(models.Model):
    """The number a person has in the bitmaps: given once, by the database itself, and never to anybody else."""

    id = models.BigAutoField(primary_key=True)
    person = models.UUIDField(unique=True)

    nobodys: ClassVar = "a random id and a number; a trigger takes it away with the person"


class Changed(models.Model):
    """Somebody about whom something changed that audiences are chosen by. Triggers write it; see `following`."""

    id = models.BigAutoField(primary_key=True)
    number = models.BigIntegerField()
    turn = models.BigIntegerField(default=0)  # PostgreSQL: the transaction that changed it

    nobodys: ClassVar = "a number, which leads to a person only as long as they are there"

    class Meta:
        indexes: ClassVar = [models.Index(fields=["turn"], condition=models.Q(turn__gt=0), name="marketing_turn")]


class Audience(models.Model):
    """A list of people that was frozen for one campaign: whom it may reach, by which policy, and proof of it.

    The people are kept as numbers. An erased person's leads nowhere, so the list forgets them by itself; the digest
    in the ledger still tells what the list once was.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    plan = models.JSONField()  # as `audience.Plan.said`
    at = models.DateTimeField()
    policy = models.CharField(max_length=64)
    counts = models.JSONField()  # as `audience.Counts.said`
    size = models.PositiveIntegerField()
    digest = models.BinaryField(max_length=32)  # SHA-256 over the people's ids, 16 bytes each, in order of number
    entry = models.BigIntegerField()  # in the ledger
    who = models.BinaryField()  # a compressed bitmap of numbers

    nobodys: ClassVar = "a set of numbers, each of which leads to a person only as long as they are there"

    def __contains__(self, person: UUID) -> bool:
        number = Numbered.objects.filter(person=person).values_list("pk", flat=True).first()
        return number is not None and number in self.numbers()

    def numbers(self) -> BitMap:
        return BitMap.deserialize(bytes(self.who))

    def people(self, size: int = CHUNK, after: int = 0) -> Iterator[list[UUID]]:
        """Yield the people's ids in order of their numbers, `size` at a time; those erased since are left out.

        Memory stays flat. `after`: skip the first so many of the list, to go on where somebody stopped.
        """
        yield from people_of(self.numbers(), size, after)


def people_of(numbers: BitMap, size: int = CHUNK, after: int = 0) -> Iterator[list[UUID]]:
    """Yield the ids of numbered people, in order, `size` numbers at a time."""
    for start in range(after, len(numbers), size):
        yield [person for _, person in named(numbers[start : start + size])]


def named(some: BitMap) -> list[tuple[int, UUID]]:
    """Return the numbers that lead to people, with their ids, in order of number."""
    wanted = list(some)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"{NAMED} id = ANY(%s) ORDER BY id", [wanted])
            return [(number, person) for number, person in cursor.fetchall()]
        cursor.execute(f"{NAMED} {AMONG}", [json.dumps(wanted)])
        return [(number, UUID(person)) for number, person in cursor.fetchall()]


NAMED = "SELECT id, person FROM marketing_numbered WHERE"
AMONG = "id IN (SELECT value FROM json_each(%s)) ORDER BY id"


def digest_of(numbers: BitMap) -> bytes:
    """Return the SHA-256 over the ids of numbered people, 16 bytes each, in order of number. Memory stays flat."""
    made = hashlib.sha256()
    for some in people_of(numbers):
        made.update(b"".join(person.bytes for person in some))
    return made.digest()
