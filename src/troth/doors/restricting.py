"""Restriction: what is held of somebody is stored and not used, until they lift it (GDPR art. 18)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from troth.choices import lease
from troth.policy import Act, Decision, Reason
from troth.policy.acts import RESTRICTED
from troth.vault import covers
from troth.vault.models import Person

from .acting import Acting


def restrict(person: UUID, brand: str, at: datetime) -> int:
    """Have what is held of a person stored and not used. Durable when it returns; returns its entry in the ledger.

    It waits for a message that is being handed over; once it returns, none begins or ends. Raises StillSending,
    Person.DoesNotExist.
    """
    with lease.held_off([person]):
        return _set(person, brand, at, on=True)


def lift(person: UUID, brand: str, at: datetime) -> int:
    """Let what is held of a person be used again: theirs alone to say. Raises Person.DoesNotExist."""
    return _set(person, brand, at, on=False)


def restricted(person: UUID) -> bool:
    flags = Person.objects.filter(pk=person).values_list("flags", flat=True).first()
    return bool((flags or 0) & RESTRICTED)


def _set(person: UUID, brand: str, at: datetime, *, on: bool) -> int:
    with transaction.atomic():
        them = Person.objects.select_for_update().get(pk=person)
        them.flags = them.flags | RESTRICTED if on else them.flags & ~RESTRICTED
        them.save(update_fields=["flags"])
        acting = Acting(Act("keep", "rights", brand, actor="person"), [person], at)
        acting.facts["restricted"] = "yes" if on else "no"
        say = "They asked us to store and not use it." if on else "They lifted the restriction."
        why = Reason("kept", "rights.restrict", "", say)
        decision = Decision(allowed=True, reasons=(why,), policy=acting.compiled.digest)
        return acting.record(decision, (), [person], covers.Cover("keep", frozenset(), at))
