"""Tries counted by account and by network address, each as a keyed hash with a key of the day. No address is stored.

A try is counted before it is made, so that a hundred at once are no way around. Whoever stands in a mailbox's or a
browser's own right is counted apart (see `views`): strangers lock nobody out.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from . import rules
from .errors import TooSoon
from .models import Tries


class Key(NamedTuple):
    """What is counted: a kind of `rules.LIMITS`, and what it is counted for."""

    kind: str
    what: str

    def mark(self, at: datetime) -> bytes:
        salt = f"troth.accounts.tries.{self.kind}"
        return salted_hmac(salt, f"{at.date()} {self.what}", algorithm="sha256").digest()


@transaction.atomic
def enter(keys: Collection[Key], at: datetime) -> None:
    """Count one try for each key, or for none. Raises TooSoon, with the longest wait."""
    rows = [_row(key, at) for key in sorted(keys)]
    waits = [_rest(key.kind, row, at) for key, row in zip(sorted(keys), rows, strict=True)]
    if longest := max(waits, default=0):
        raise TooSoon(longest)
    for row in rows:
        Tries.objects.filter(pk=row.pk).update(count=F("count") + 1, last_at=at)


def _row(key: Key, at: datetime) -> Tries:
    mark = key.mark(at)
    Tries.objects.get_or_create(mark=mark, defaults={"last_at": at})
    return Tries.objects.select_for_update().get(mark=mark)


def _rest(kind: str, row: Tries, at: datetime) -> int:
    """Return how many seconds are left until the next try."""
    left = row.last_at + timedelta(seconds=rules.wait(kind, row.count)) - at
    return max(0, -(-left // timedelta(seconds=1)))


def forgive(keys: Collection[Key], at: datetime) -> None:
    """Take back what was counted for a right try: an account's count begins anew, a network's loses this one."""
    for key in keys:
        found = Tries.objects.filter(mark=key.mark(at))
        if key.kind == "network":
            found.filter(count__gt=0).update(count=F("count") - 1)
        else:
            found.update(count=0)


def once(what: str, at: datetime) -> bool:
    """Tell whether this is the first time today that something is shown to us, and remember it."""
    return Tries.objects.get_or_create(mark=Key("once", what).mark(at), defaults={"last_at": at})[1]


def sweep(at: datetime) -> int:
    """Let go of what nobody tried for a day."""
    return Tries.objects.filter(last_at__lt=at - rules.FORGOTTEN).delete()[0]


def network(request: HttpRequest) -> Key:
    """Return the network a request came from: its address, or the half of an IPv6 address one household has."""
    told = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER:  # a proxy of ours stands before us, and wrote the last one itself
        told = request.headers.get("X-Forwarded-For", told).rpartition(",")[2].strip()
    try:
        address = ipaddress.ip_address(told)
    except ValueError:
        return Key("network", "unknown")
    if address.version == 6:
        address = ipaddress.ip_network((address, 64), strict=False).network_address
    return Key("network", str(address))
