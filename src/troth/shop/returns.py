"""What comes back: asked for by the shopper a line at a time, received by staff, then paid back."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Sum

from troth.doors.disclose import disclose

from . import letters, partners, vouchers
from .errors import NotNow
from .models import Order, OrderLine, Return
from .moving import put_back
from .rules import RETURN_DAYS, RETURNS, after, money, shares, tag

RETURNABLE = ("dispatched", "delivered")


def may(order: Order, at: datetime) -> bool:
    """Tell whether something of an order may still come back: while it is on its way, and some days after it came.

    The house gives more days than the law and counts them from the same moment (2011/83/EU art. 9(2)(b)).
    """
    if order.kind != "goods" or order.state not in RETURNABLE:
        return False
    return order.arrived_at is None or at - order.arrived_at <= timedelta(days=RETURN_DAYS)


@transaction.atomic
def ask(order: Order, place: int, count: int, at: datetime) -> Return:
    """Note that so many of a line come back. Asked again, the number is the newest. Raises NotNow."""
    Order.objects.select_for_update().get(pk=order.pk)
    line = OrderLine.objects.filter(order=order, place=place).first()
    if line is None or not may(order, at) or not 1 <= count <= line.quantity:
        raise NotNow("This cannot be sent back any more. If something is wrong with it, write to us: it still counts.")
    found = Return.objects.filter(order=order, place=place).first()
    if found and found.state not in ("", "asked"):
        raise NotNow("This is on its way back already.")
    made, _ = Return.objects.update_or_create(
        order=order, place=place,
        defaults={"person_id": order.person_id, "quantity": count, "state": "asked", "asked_at": at},
    )  # fmt: skip
    return made


def receive(back: Return, at: datetime) -> None:
    """Note that a return is here: onto the shelf, and what was paid by voucher back onto it. Raises NotNow."""
    with transaction.atomic():
        order = Order.objects.select_for_update().get(pk=back.order_id)
        if not Return.objects.filter(pk=back.pk, state="asked").exists():
            raise NotNow("This return was received already, or was not asked for.")
        line = OrderLine.objects.get(order=order, place=back.place)
        gone = Return.objects.filter(order=order, state__in=("received", "refunded"))
        given = gone.aggregate(card=Sum("to_card", default=0), voucher=Sum("to_voucher", default=0))
        worth = line.price * back.quantity
        card, voucher = shares(worth, order.by_card, order.by_voucher, (given["card"], given["voucher"]))
        then = after("asked", "receive", RETURNS)
        Return.objects.filter(pk=back.pk).update(state=then, to_card=card, to_voucher=voucher)
        vouchers.give_back(order, voucher, f"{back.pk.hex}:back", at)
        letters.write(order, "back", at, amount=worth, part=back.place)
        if line.variant_id:
            put_back(line.variant_id, back.quantity)


def refund(back: Return, at: datetime) -> None:
    """Give back to the card what a received return is worth. Safe to do again. Raises PartnerError."""
    back = Return.objects.select_related("order").get(pk=back.pk)
    if back.state != "received":
        return
    order = back.order
    if back.to_card:
        with disclose(
            "order", to="payment_partner", brand=order.brand, person=order.person_id,
            items=["order_totals", "payment_reference"], place="GB", at=at,
        ):  # fmt: skip
            partners.payments().refund(order.reference or "", back.to_card, f"{back.pk.hex}:refund")
    Return.objects.filter(pk=back.pk, state="received").update(state=after("received", "refund", RETURNS))


def told(back: Return, currency: str) -> str:
    """Return how a return stands, in words."""
    sum_ = tag(money(back.to_card + back.to_voucher, currency))
    return {
        "asked": "Waiting for it to arrive",
        "received": f"Here; {sum_} goes back to you",
        "refunded": f"{sum_} given back",
    }.get(back.state, "")  # fmt: skip
