"""Links in our mails: a random number of 256 bits that names nobody, used once, and only in time."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

from django.db import transaction

from troth.vault import signed

from . import rules
from .errors import DeadLink
from .models import Link

SALT = "troth.accounts.parent"


def mark(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def make(kind: str, person: UUID, brand: str, at: datetime, address: UUID | None = None) -> str:
    """Return the number of a new link."""
    token = secrets.token_urlsafe(32)
    Link.objects.create(
        person_id=person, mark=mark(token), kind=kind, brand=brand, address_id=address, until=at + rules.GOOD_FOR[kind]
    )
    return token


def look(token: str, kind: str, brand: str, at: datetime) -> Link:
    """Return a link that can still be used. Raises DeadLink."""
    found = Link.objects.filter(mark=mark(token), kind=kind, brand=brand, used_at=None, until__gt=at).first()
    if found is None:
        raise DeadLink
    return found


def spend(found: Link, at: datetime) -> None:
    """Use a link up, inside the transaction of what it is used for. Raises DeadLink if somebody was quicker."""
    if not Link.objects.filter(pk=found.pk, used_at=None).update(used_at=at):
        raise DeadLink


def end(person: UUID, at: datetime, *kinds: str) -> None:
    """End a person's links of these kinds: what they were sent for has happened."""
    Link.objects.filter(person_id=person, kind__in=kinds, used_at=None).update(used_at=at)


def sweep(at: datetime) -> int:
    """Let go of links nobody can use any more."""
    with transaction.atomic():
        return Link.objects.filter(until__lt=at - rules.FORGOTTEN).delete()[0]


# A parent comes back to their answer for as long as it stands: that link is signed, and kept nowhere.


def parents_key(agreement: UUID) -> str:
    return signed.key(SALT, agreement)


def parents_agreement(key: str) -> UUID:
    """Return which agreement a parent's link is of. Raises DeadLink."""
    found = signed.read(SALT, key)
    if found is None:
        raise DeadLink
    return found
