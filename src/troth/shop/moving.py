"""An order goes from one state to another: once, whoever else tries, and with all that follows from it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db.models import F

from . import letters, similar, vouchers
from .models import BasketLine, Order, Variant
from .rules import OVER, after

WAITING: Final = frozenset({"review", "paid", "held", "dispatched", "delivered"})  # for a person, or for nobody
LETTERS: Final = {
    "charge": "placed", "doubt": "looked_at", "clear": "went_well", "refuse": "refused", "cancel": "cancelled",
    "recheck": "rechecked", "dispatch": "sent",
}  # fmt: skip


def move(order: Order, act: str, at: datetime, **columns: Any) -> bool:  # noqa: ANN401 -- columns of the row
    """Do an act to an order, inside the caller's transaction. False if its state allows it not, or no longer."""
    then = after(order.state, act)
    if then is None:
        return False
    columns |= {"state": then, "settled": _settled(order, then)}
    if act == "recheck":
        columns["round"] = F("round") + 1
    mine = Order.objects.filter(pk=order.pk, state=order.state, round=order.round)
    if not mine.update(**columns):
        return False
    before, order.state = order.state, then
    _follow(order, act, at)
    if act in LETTERS and (before, act) != ("open", "cancel"):
        letters.write(order, LETTERS[act], at)
    if order.state in OVER:
        _back_on_the_shelf(order)
    return True


def _settled(order: Order, state: str) -> bool:
    """Tell whether nothing is left to do with partners: money that was authorised for a dead order still is."""
    return state in WAITING or (state in OVER and order.reference is None)


def _follow(order: Order, act: str, at: datetime) -> None:
    if order.state in OVER:
        vouchers.give_back(order, order.by_voucher, f"{order.pk.hex}:back", at)
    if act == "authorise" and order.basket_id:
        bought = order.counted.values("variant_id")
        BasketLine.objects.filter(basket=order.basket_id, variant_id__in=bought).delete()
    if act == "dispatch":
        similar.sold(order, at)
    if act == "charge" and order.kind == "voucher":
        vouchers.issue(order, at)
        move(order, "dispatch", at)


def _back_on_the_shelf(order: Order) -> None:
    counted = [(line.variant_id, line.quantity) for line in order.counted.all() if line.variant_id]
    for variant, count in sorted(counted):  # everybody locks sizes in one order
        put_back(variant, count)


def take(variant: int, count: int) -> bool:
    """Take so many from the shelf, inside the caller's transaction. False if there are not that many."""
    return bool(Variant.objects.filter(pk=variant, stock__gte=count).update(stock=F("stock") - count))


def put_back(variant: int, count: int) -> None:
    """Put so many back on the shelf, inside the caller's transaction.

    As `take` does it comes last there: who locks their own rows first, and what many want after them, meets nobody
    who does it the other way round, and keeps the others waiting for the shortest time.
    """
    Variant.objects.filter(pk=variant).update(stock=F("stock") + count)
