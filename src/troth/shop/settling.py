"""Every order is brought to an end: paid, or all that was taken is given back, whatever crashed in between.

What was done is written down before the next thing begins, and each call to a partner carries a key of the order's, so
doing a step again does nothing more. `onward` takes one order as far as it goes; `heal` does so for all that stopped.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from troth.doors.collect import collect
from troth.doors.disclose import disclose
from troth.doors.errors import Refused
from troth.doors.opening import Opening
from troth.partners.errors import NotPossible, PartnerError
from troth.partners.payments import Ask, Payment

from . import baskets, cards, links, partners, returns, screening
from .models import Order, Return, SavedCard
from .moving import move
from .rules import OVER, PAY_WITHIN

log = logging.getLogger("troth.shop")
MOST_STEPS: Final = 12  # more than any order has
GIVEN_UP: Final = timedelta(days=1)  # after which a page of the partner's takes no payment any more


def onward(order: Order, at: datetime) -> Order:
    """Take an order as far as it goes without anybody. Returns it as it is then. Raises PartnerError, Refused."""
    for _ in range(MOST_STEPS):
        order = Order.objects.get(pk=order.pk)
        seen = (order.state, order.round)
        step = _unwind if order.state in OVER else STEPS.get(order.state)
        if order.settled or step is None:
            break
        going_on, order = step(order, at), Order.objects.get(pk=order.pk)
        if not going_on and (order.state, order.round) == seen:  # else somebody moved it meanwhile
            break
    return order


def _begin(order: Order, at: datetime) -> None:
    """Begin the payment at the partner: it gives a page to pay on."""
    card = cards.good(order.person_id, order.card) if order.card else None
    with _shown(order, at) as d:
        ask = Ask(
            once=f"{order.pk.hex}:pay", order=order.number, amount=order.by_card, currency=order.currency,
            back=links.absolute(order, "paid"), keep=order.keep, token=d.open(card.token) if card else "",
        )  # fmt: skip
        begun = partners.payments().fields(ask)
    with transaction.atomic():
        Order.objects.filter(pk=order.pk, state="open").update(reference=begun.reference, page=begun.address)


@contextmanager
def _shown(order: Order, at: datetime) -> Iterator[Opening]:
    """Note in the register what the partner gets to see of an order. It names no person and no goods."""
    items = ["order_totals", "payment_reference"]
    with disclose(
        "order", to="payment_partner", brand=order.brand, person=order.person_id, items=items, place="GB", at=at
    ) as d:
        yield d


def _pay(order: Order, at: datetime) -> bool:
    """See whether the bank has answered."""
    if not order.by_card:
        return _moved(order, "authorise", at)
    if order.reference is None:
        if at - order.seen_at > PAY_WITHIN:
            return _moved(order, "lapse", at)
        _begin(order, at)
        return False
    payment = partners.payments().payment(order.reference)
    if payment.state in ("authorised", "charged") and _ours(order, payment):
        return _moved(order, "authorise", at)
    if payment.state == "declined" or not _ours(order, payment):
        return _declined(order, payment.because, at)
    return at - order.seen_at > PAY_WITHIN and _moved(order, "lapse", at)


def _ours(order: Order, payment: Payment) -> bool:
    return (payment.order, payment.amount, payment.currency) == (order.number, order.by_card, order.currency)


def _screen(order: Order, at: datetime) -> bool:
    return screening.check(order, partners.screening(), at)


def _charge(order: Order, at: datetime) -> bool:
    """Take the money that was authorised, and keep the card if that was said yes to."""
    if order.by_card:
        partner, reference = partners.payments(), order.reference or ""
        try:
            with _shown(order, at):
                partner.charge(reference, f"{order.pk.hex}:charge")
            if order.keep:
                cards.save(order, partner.keep(reference), at)
        except NotPossible:
            return _not_charged(order, partner.payment(reference), at)
    return _moved(order, "charge", at)


def _not_charged(order: Order, payment: Payment, at: datetime) -> bool:
    """The partner would not charge, or would not keep: it says which by the payment's state."""
    return _moved(order, "charge", at) if payment.state == "charged" else _declined(order, payment.because, at)


def _declined(order: Order, because: str, at: datetime) -> bool:
    with collect("order", source="payment", brand=order.brand, person=order.person_id, at=at) as c:
        if not move(order, "decline", at):
            return False
        if because:
            row = Order.objects.get(pk=order.pk)
            row.answer = because[:200]
            c.save(row)
    return True


def _unwind(order: Order, at: datetime) -> bool:
    """Give back what a dead order had authorised or charged at the partner."""
    partner, reference = partners.payments(), order.reference or ""
    payment = partner.payment(reference)
    left = payment.amount - payment.refunded
    with _shown(order, at):
        try:
            if payment.state in ("open", "declined", "authorised"):  # the first two, lest the page is paid on after all
                partner.release(reference, f"{order.pk.hex}:release")
            elif payment.state == "charged" and left:
                partner.refund(reference, left, f"{order.pk.hex}:unwind")
        except NotPossible:
            if partner.payment(reference).state != payment.state:
                return True  # it changed under our hands: look again
            if payment.state != "declined" and at - order.seen_at < GIVEN_UP:
                return False  # perhaps the shopper is still on the partner's page
    Order.objects.filter(pk=order.pk, state=order.state).update(settled=True)
    return False


def _moved(order: Order, act: str, at: datetime) -> bool:
    with transaction.atomic():
        return move(order, act, at)


STEPS: Final = {"open": _pay, "authorised": _screen, "rechecking": _screen, "cleared": _charge}


def heal(at: datetime) -> dict[str, int]:
    """Bring every half-done order, return and forgotten card to an end, and let go of old baskets. Run it often.

    One that cannot be brought on is left for the next time, and counted.
    """
    told = {"orders": 0, "returns": 0, "cards": 0, "stuck": 0}
    for order in Order.objects.filter(settled=False).order_by("seen_at").iterator():
        told["orders"] += _tried(onward, order, at, told)
    for back in Return.objects.filter(state="received").iterator():
        told["returns"] += _tried(returns.refund, back, at, told)
    for card in SavedCard.objects.filter(forgetting=True, event_at=None).iterator():
        told["cards"] += _tried(cards.finish, card, at, told)
    return told | {"baskets": baskets.clear(at)}


def _tried(step: Callable[[Any, datetime], object], row: object, at: datetime, told: dict[str, int]) -> int:
    """Do one step; 1 if it was done. What a partner or a door refuses today is counted as stuck, and tried again."""
    try:
        step(row, at)
    except (PartnerError, Refused) as no:
        told["stuck"] += 1
        log.warning("A step of an order could not be done: %s", type(no).__name__)
        return 0
    return 1
