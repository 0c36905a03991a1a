"""How those whom the shop hands data to are told that it was erased, corrected or locked: see `rights.passing_on`.

The payment partner forgets kept cards, by the payment each was kept with; a fraud agency is told over its wire, by
order; a delivery company gets a letter that names the parcels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

from troth.doors.declare import job
from troth.doors.disclose import disclose
from troth.doors.errors import Refused
from troth.partners.errors import NoSuchPayment, NotPossible
from troth.partners.screening import Agency, Correction
from troth.rights.errors import NoWire
from troth.rights.passing_on import WAYS, Heard, Known, Telling, Way
from troth.vault.held import Held
from troth.vault.models import Identifier, Profile

from . import partners
from .deliveries import deliveries
from .models import Order, SavedCard
from .screening import TOLD

CARD: Final = frozenset({"card.card_token", "card.card_brand", "card.card_last4", "card.card_expiry"})
SENT: Final = ("dispatched", "delivered")


def tell() -> None:
    """Say how each is told."""
    WAYS["payment_partner"] = Way(_cards, _forget)
    WAYS["fraud_agencies"] = Way(_screened, _agency)
    for carrier in {way.carrier for way in deliveries().ways.values()}:
        WAYS[carrier] = Way(_carried(carrier))


def _cards(person: UUID) -> Known:
    kept = SavedCard.objects.filter(person_id=person, event_at=None).order_by("pk")
    numbers = tuple(kept.values_list("payment", flat=True))
    return Known(numbers, CARD if numbers else frozenset())


def _forget(telling: Telling) -> Heard:
    """Have each kept card deleted: asked for by its payment, so that what stands for the card is kept nowhere."""
    if telling.kind != "erase" or not telling.items & CARD:
        raise NoWire
    partner, receipts = partners.payments(), []
    for place, number in enumerate(telling.known_by):
        try:
            card = partner.keep(number)
        except (NotPossible, NoSuchPayment):  # it is gone there already
            continue
        receipts.append(partner.forget(card.token, f"{telling.once}:{place}").reference)
    return Heard("confirmed", " ".join(receipts))


def _screened(person: UUID) -> Known:
    placed = Order.objects.filter(person_id=person).exclude(state="open").order_by("number")
    return Known(tuple(placed.values_list("number", flat=True)))


def _agency(telling: Telling) -> Heard:
    partner = partners.screening()
    if not isinstance(partner, Agency) or not telling.known_by:
        raise NoWire
    now = _stands(telling) if telling.kind == "correct" else {}
    told = Correction(telling.once, telling.kind, telling.known_by, tuple(sorted(telling.items)), now)
    return Heard("confirmed", partner.correct(told))


def _stands(telling: Telling) -> dict[str, str]:
    """Return what is right now, where the agency may have it; else it is told only that what it has is wrong."""
    rows: dict[str, Held] = {}
    if "identity.name" in telling.items and (profile := Profile.objects.filter(person_id=telling.person).first()):
        rows["name"] = profile.name
    proved = Identifier.objects.filter(person_id=telling.person, kind="email").order_by("-verified_at", "id").first()
    if "contact.email" in telling.items and proved:
        rows["email"] = proved.value
    if not rows:
        return {}
    try:
        with job("screen"), disclose(
            "screen", to=Agency.recipient, brand=telling.brand, person=telling.person, given=TOLD, at=telling.at
        ) as d:  # fmt: skip
            return {name: d.open(value) or "" for name, value in rows.items()}
    except Refused:
        return {}


def _carried(carrier: str) -> Callable[[UUID], Known]:
    ways = [slug for slug, way in deliveries().ways.items() if way.carrier == carrier]

    def known(person: UUID) -> Known:
        sent = Order.objects.filter(person_id=person, way__in=ways, state__in=SENT).order_by("number")
        return Known(tuple(sent.values_list("number", flat=True)))

    return known
