"""No beats yes, across threads, processes and machines: a lease in the database, with a fence.

A sender claims the lease, decides again, and hands over while it holds it. An opt-out waits until nobody holds one,
then commits: after its acknowledgement no hand-over begins or completes. A sender that died loses its lease by time;
one that is merely slow sees by its fence that it is too late.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.utils.timezone import now

from troth.vault.storing import fresh, store_all

from .errors import StillSending
from .models import Lease

FIRST_WAIT, MOST_WAIT = 0.002, 0.05  # seconds between two tries
HOLD = 30  # seconds an answer may take to be written
STILL = "SELECT count(*) FROM choices_lease WHERE fence = %s AND until > %s"


@dataclass(frozen=True)
class Fence:
    """Whose leases somebody holds, under which token."""

    token: UUID
    people: frozenset[UUID]


def claim(people: Collection[UUID], *, at: datetime, seconds: int) -> Fence | None:
    """Claim the leases of all these people, or of none: None if somebody else holds one of them."""
    token = uuid4()
    with transaction.atomic():
        Lease.objects.filter(person__among=people, until__lte=at).delete()
        until = at + timedelta(seconds=seconds)
        wanted = [fresh(Lease, person=person, fence=token, until=until) for person in _in_order(people)]
        store_all(wanted, but_known=True)
        if Lease.objects.filter(fence=token).count() == len(wanted):
            return Fence(token, frozenset(people))
        Lease.objects.filter(fence=token).delete()
    return None


def claim_free(people: Collection[UUID], *, at: datetime, seconds: int) -> Fence:
    """Claim the leases of those of these people whose nobody holds: the fence says of whom."""
    token = uuid4()
    with transaction.atomic():
        Lease.objects.filter(person__among=people, until__lte=at).delete()
        until = at + timedelta(seconds=seconds)
        store_all([fresh(Lease, person=one, fence=token, until=until) for one in _in_order(people)], but_known=True)
        mine = frozenset(Lease.objects.filter(fence=token).values_list("person", flat=True))
    return Fence(token, mine)


def _in_order(people: Iterable[UUID]) -> list[UUID]:
    """Return people in the order everybody claims them in: two who want the same ones never wait for each other."""
    return sorted(people, key=attrgetter("int"))


def still_mine(fence: Fence, *, at: datetime, seconds: int = 0) -> bool:
    """Tell whether a fence still holds, and will for `seconds` more: ask right before handing over."""
    until = at + timedelta(seconds=seconds)
    token = fence.token if connection.features.has_native_uuid_field else fence.token.hex
    with connection.cursor() as cursor:  # asked before every single message: composing the query took longer than it
        cursor.execute(STILL, [token, connection.ops.adapt_datetimefield_value(until)])
        return bool(cursor.fetchone()[0] == len(fence.people))


def release(fence: Fence) -> bool:
    """Give the leases back. False if we did not hold all of them any more: somebody took one over as run out."""
    return Lease.objects.filter(fence=fence.token).delete()[0] == len(fence.people)


@contextmanager
def held_off(people: Collection[UUID], *, most: float = 35.0) -> Iterator[Fence]:
    """Hold people's leases for an answer or an erasure: wait until no sender has one, and let none begin meanwhile.

    Enter it outside any transaction, and commit what is done inside it. Whoever took longer over that than a lease
    lasts waits once more: a sender may have begun meanwhile, by what was so before. Raises StillSending after `most`
    seconds; what was committed by then stands.
    """
    fence = _waited(people, most)
    kept = False
    try:
        yield fence
    finally:
        kept = release(fence)
    if not kept:
        release(_waited(people, most))


def _waited(people: Collection[UUID], most: float) -> Fence:
    begun, pause = time.monotonic(), FIRST_WAIT
    while (fence := claim(people, at=now(), seconds=HOLD)) is None:
        if time.monotonic() - begun > most:
            raise StillSending
        time.sleep(pause)
        pause = min(pause * 1.5, MOST_WAIT)
    return fence
