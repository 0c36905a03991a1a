"""Each order is looked at before it is paid, and again when its address changes. A doubt goes to a person."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from django.db import transaction

from troth.doors.collect import collect
from troth.doors.disclose import disclose
from troth.doors.errors import Refused
from troth.doors.opening import Opening
from troth.doors.use import use
from troth.partners.screening import Case, ScreeningPartner, Verdict
from troth.vault.models import Identifier

from .errors import NotNow
from .models import Order, Parcel, Screening
from .moving import move
from .rules import WITH_A_PERSON

# The form's notice says that a machine looks, and how (purposes.screen.logic); it does so for the contract, and alone
# decides against nobody: GDPR art. 22(2)(a), UK GDPR art. 22A-22C.
TOLD = ("notice", "legal basis")


def check(order: Order, partner: ScreeningPartner, at: datetime) -> bool:
    """Have an order looked at, and let it go on or to a person. False if it moved meanwhile. Raises PartnerUnavailable.

    Someone who objects to the machine is not shown to it; nothing about them is kept then (GDPR art. 21, 22).
    """
    try:
        verdict = _ask(order, partner, at)
        with collect(
            "screen", source="agencies" if partner.recipient else "inference", brand=order.brand,
            person=order.person_id, at=at,
        ) as c:  # fmt: skip
            if not move(order, verdict.result, at):
                return False
            state = "passed" if verdict.result == "pass" else "doubt"
            row = Screening(person_id=order.person_id, order=order, round=order.round, state=state, by=partner.name)
            row.result, row.reasons = verdict.result, list(verdict.reasons)
            c.save(row)
    except Refused:
        with transaction.atomic():
            return move(Order.objects.get(pk=order.pk), "doubt", at)  # as it is: what was begun above is undone
    return True


def _ask(order: Order, partner: ScreeningPartner, at: datetime) -> Verdict:
    parcel = Parcel.objects.get(order=order)
    email = Identifier.objects.filter(person_id=order.person_id, kind="email").order_by("-verified_at", "id").first()
    with _shown(order, partner, at) as u:
        wanted = [
            parcel.recipient,
            parcel.billing,
            *([parcel.delivery] if order.way else []),
            *([email.value] if email else []),
        ]
        opened = list(u.open(*wanted))
    name, billing = opened[0], opened[1]
    delivery = opened[2] if order.way else {}
    day = Order.objects.filter(person_id=order.person_id, seen_at__gt=order.seen_at - timedelta(days=1))
    case = Case(
        once=f"{order.pk.hex}:{order.round}", order=order.number, name=name, email=opened[-1] if email else "",
        delivery=delivery, billing=billing, amount=order.total, currency=order.currency,
        pieces=sum(line.quantity for line in order.counted.all()), lately=day.exclude(pk=order.pk).count(),
    )  # fmt: skip
    return partner.screen(case)


def _shown(order: Order, partner: ScreeningPartner, at: datetime) -> AbstractContextManager[Opening]:
    if partner.recipient:
        return disclose(
            "screen", to=partner.recipient, brand=order.brand, person=order.person_id, items=["order_totals"],
            given=TOLD, at=at,
        )  # fmt: skip
    return use("screen", brand=order.brand, person=order.person_id, items=["order_totals"], given=TOLD, at=at)


def review(order: Order, *, well: bool, at: datetime, by: str = "care") -> None:
    """Write down what a person found, and let the order go on or end it. Raises NotNow."""
    if order.state not in WITH_A_PERSON:
        raise NotNow("This order waits for nobody's look.")
    try:
        with collect("screen", source="inference", brand=order.brand, person=order.person_id, at=at) as c:
            _reviewed(order, well=well, at=at)
            state = "cleared" if well else "refused"
            row = Screening(person_id=order.person_id, order=order, round=order.round, by=by, state=state)
            row.result, row.reasons = "pass" if well else "refused", []
            c.save(row)
    except Refused:  # they object to screening: the order still needs an answer, and no result is kept
        with transaction.atomic():
            _reviewed(Order.objects.get(pk=order.pk), well=well, at=at)


def _reviewed(order: Order, *, well: bool, at: datetime) -> None:
    if not move(order, "clear" if well else "refuse", at):
        raise NotNow("The order has gone on meanwhile.")
