"""An order leaves the house: its label is handed to the carrier, and to nobody else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from troth.doors.disclose import disclose
from troth.vault.models import Identifier

from . import addresses
from .deliveries import deliveries
from .errors import NotNow
from .models import Order, Parcel
from .moving import move
from .rules import SAID


@dataclass(frozen=True)
class Label:
    """What stands on a parcel, and how the driver reaches whom it is for."""

    order: str
    carrier: str
    lines: tuple[str, ...]
    mobile: str = ""


def dispatch(order: Order, at: datetime, *, actor: str = "system", given: Iterable[str] = ()) -> Label:
    """Hand a paid and checked order to its carrier, and write to the shopper. Raises NotNow, Refused.

    The label is disclosed before the order moves: a crash between the two prints it twice, and sends one parcel.
    """
    if order.state != "paid":
        raise NotNow(f"This order cannot leave the house: {SAID[order.state].lower()}.")
    parcel, way = Parcel.objects.get(order=order), deliveries().ways[order.way]
    number = Identifier.objects.filter(person_id=order.person_id, kind="mobile").order_by("-seen_at").first()
    with disclose(
        "order", to=way.carrier, brand=order.brand, person=order.person_id, actor=actor, given=given, at=at
    ) as d:
        name, address = d.open(parcel.recipient, parcel.delivery)
        mobile = d.open(number.value) if number else ""
    with transaction.atomic():
        if not move(order, "dispatch", at):
            raise NotNow("The order has gone on meanwhile. Do not send the parcel; look at the order again.")
    return Label(order.number, way.carrier, tuple(addresses.lines(address, name)), mobile)


def deliver(order: Order, at: datetime) -> None:
    """Note that the carrier has delivered it. Raises NotNow."""
    with transaction.atomic():
        if not move(order, "deliver", at, arrived_at=at):
            raise NotNow("Only what is on its way can arrive.")
