"""Cards kept for next time: by the shopper's own yes, with the payment partner, and gone when the shopper says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from troth.doors import keep
from troth.doors.collect import collect
from troth.doors.disclose import disclose
from troth.doors.errors import Refused
from troth.doors.use import use
from troth.partners.payments import Card, Forgotten

from . import partners
from .models import Order, SavedCard


@dataclass(frozen=True)
class Shown:
    """A kept card, as its owner recognises it."""

    id: UUID
    label: str
    last4: str
    expiry: str


def save(order: Order, card: Card, at: datetime) -> None:
    """Keep what stands for a card. Without a yes in force nothing is kept, and the partner forgets it too."""
    if not card.token or SavedCard.objects.filter(payment=order.reference).exists():
        return
    try:
        with collect("keep_card", source="payment", brand=order.brand, person=order.person_id, at=at) as c:
            row = SavedCard(person_id=order.person_id, payment=order.reference or "")
            row.token, row.label, row.last4, row.expiry = card.token, card.brand, card.last4, card.expiry
            with transaction.atomic():
                c.save(row)
    except IntegrityError:  # another process was quicker: theirs is the same card
        return
    except Refused:
        partners.payments().forget(card.token, f"{order.pk.hex}:forget")


def good(person: UUID, card: UUID) -> SavedCard | None:
    """Return a kept card to pay with, if it is theirs and not on its way out."""
    return SavedCard.objects.filter(pk=card, person_id=person, forgetting=False, event_at=None).first()


def of(person: UUID, brand: str, at: datetime) -> list[Shown]:
    """Return a person's kept cards, the newest first."""
    rows = list(SavedCard.objects.filter(person_id=person, forgetting=False, event_at=None).order_by("-pk"))
    if not rows:
        return []
    with use("rights", brand=brand, person=person, actor="person", at=at) as u:
        return [Shown(row.pk, *u.open(row.label, row.last4, row.expiry)) for row in rows]


def forget(person: UUID, card: UUID, brand: str, at: datetime) -> Forgotten | None:
    """Delete a kept card here and at the partner. Returns the partner's receipt; None if it is no card of theirs.

    Raises PartnerUnavailable: then it is out of use at once, and is deleted as soon as the partner answers.
    """
    mine = SavedCard.objects.filter(pk=card, person_id=person, event_at=None)
    if not mine.update(forgetting=True):
        return None
    return finish(mine.get(), at, brand)


def finish(row: SavedCard, at: datetime, brand: str = "tarn") -> Forgotten:
    """Have the partner delete a card, note its receipt, and let our row go."""
    with disclose("order", to="payment_partner", brand=brand, person=row.person_id, place="GB", at=at) as d:
        receipt = partners.payments().forget(d.open(row.token), f"{row.pk.hex}:forget")
    with collect("rights", source="account", brand=brand, person=row.person_id, at=at) as c:
        row.token = row.label = row.last4 = row.expiry = None
        row.event_at = at
        c.facts["receipt"] = receipt.reference[:80]
        c.save(row)
    keep.end([row], at)
    return receipt
