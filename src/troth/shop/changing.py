"""What a shopper may still change of an order: cancel it, send it elsewhere, say their side of a check."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from troth.doors.acting import whole
from troth.doors.collect import collect

from .errors import NotNow
from .models import Contest, Order, Parcel
from .moving import move
from .rules import IN_PROCESS, SAID


def cancel(order: Order, at: datetime) -> None:
    """End an order that has not left the house. Raises NotNow. What was taken is given back by `settling.onward`."""
    with transaction.atomic():
        if not move(order, "cancel", at):
            raise NotNow(f"This order cannot be cancelled any more: {SAID[order.state].lower()}. You can send it back.")


def address(  # noqa: PLR0913 -- a change on request is only proof with everything around it
    order: Order,
    *,
    name: str,
    delivery: dict[str, str],
    billing: dict[str, str] | None,
    at: datetime,
    actor: str = "person",
    given: Iterable[str] = (),
    proved: Iterable[str] = (),
) -> None:
    """Send an order in process elsewhere: it is checked again, and nothing leaves the house meanwhile (R79).

    `billing` None leaves it as it is. Our staff do it on request, within a case, for who said things that we hold:
    `proved` names them for the ledger (R78). Raises NotNow, CardNumber, Refused; then nothing changes.
    """
    if order.state not in IN_PROCESS or order.kind != "goods":
        raise NotNow(f"The address cannot be changed any more: {SAID[order.state].lower()}. Ring us: we may catch it.")
    parcel = Parcel.objects.get(order=order)
    if delivery["country"] != parcel.country:
        raise NotNow("To another country it costs something else: please cancel this order and place it anew.")
    asked = collect(
        "order", source="account" if actor == "person" else "care", brand=order.brand, person=order.person_id,
        actor=actor, given=given, at=at,
    )  # fmt: skip
    with whole(), asked as c:
        if proved:
            c.facts["proved"] = " ".join(sorted(proved))
        if not move(order, "recheck", at):
            raise NotNow("The order has gone on meanwhile. Please look again.")
        parcel.recipient, parcel.delivery = name, delivery
        if billing is not None:
            parcel.billing = billing
        c.save(parcel)


def recheck(order: Order, at: datetime) -> bool:
    """Check an order in process again where it goes: an address of its owner's has changed (R79). False if too late."""
    with transaction.atomic():
        return move(order, "recheck", at)


def contest(order: Order, words: str, at: datetime) -> None:
    """Take in what a shopper says against a check; a person reads it. Said again, the newest words stand."""
    with collect("rights", source="request", brand=order.brand, person=order.person_id, actor="person", at=at) as c:
        row = Contest.objects.filter(order=order).first() or Contest(person_id=order.person_id, order=order)
        row.words, row.answered_at, row.event_at = words, None, None
        c.save(row)
