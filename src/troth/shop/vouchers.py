"""Gift vouchers: money one person gave another. Their code is made when it is shown, and kept as a keyed hash alone."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from troth.doors import policies
from troth.doors.collect import collect
from troth.vault import identity
from troth.vault.marks import mark

from . import letters
from .models import Order, Present, Voucher, VoucherMove

LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none is taken for another
VALID = 2 * 365  # days
WORTHS = (2500, 5000, 10_000, 15_000, 25_000)  # minor units, in any of our currencies


def fresh_code() -> str:
    """Return a new code: 80 random bits, in groups that are easy to read aloud."""
    text = "".join(secrets.choice(LETTERS) for _ in range(16))
    return "-".join(text[at : at + 4] for at in range(0, 16, 4))


def code_mark(code: str) -> bytes:
    return mark("voucher", "".join(c for c in code.upper() if c in LETTERS))


def find(code: str, currency: str, on: date) -> Voucher | None:
    """Return the voucher a code stands for, if it can pay in this currency on this day."""
    found = Voucher.objects.filter(mark=code_mark(code), currency=currency).first()
    return found if found and usable(found, currency, on) else None


def usable(voucher: Voucher, currency: str, on: date) -> bool:
    return voucher.currency == currency and voucher.left > 0 and on <= voucher.expires_on


def spend(voucher: UUID, amount: int, once: str, at: datetime) -> bool:
    """Take an amount off a voucher, inside the caller's transaction. False if there is not that much on it."""
    if not Voucher.objects.filter(pk=voucher, left__gte=amount).update(left=F("left") - amount):
        return False
    VoucherMove.objects.create(voucher_id=voucher, amount=-amount, once=once, at=at)
    return True


def give_back(order: Order, amount: int, once: str, at: datetime) -> None:
    """Put what a voucher paid for an order back on it, inside the caller's transaction."""
    if not amount or order.voucher is None:
        return
    if Voucher.objects.filter(pk=order.voucher).update(left=F("left") + amount):
        VoucherMove.objects.create(voucher_id=order.voucher, amount=amount, once=once, at=at)


def issue(order: Order, at: datetime) -> Voucher:
    """Make the voucher an order was for, and tell the receiver. Inside the transaction that takes the money."""
    day = policies.house_day(at)
    made = Voucher.objects.create(
        order=order, person_id=order.person_id, currency=order.currency, worth=order.goods, left=order.goods,
        expires_on=day + timedelta(days=VALID),
    )  # fmt: skip
    VoucherMove.objects.create(voucher=made, amount=order.goods, once=f"{made.pk.hex}:issue", at=at)
    waiting = Present.objects.filter(voucher=order.pk).first()
    if waiting:  # not erased meanwhile
        Present.objects.filter(pk=waiting.pk).update(voucher=made.pk)
        letters.present(order, made, waiting.person_id, at)
    return made


def receiver(order: Order, name: str, email: str, at: datetime) -> Present:
    """Take in whom a voucher is for: a person like any other, known from somebody else (policy sources.gift)."""
    known = identity.find("email", email)
    day = policies.house_day(at)
    person = known or identity.new(on=day).pk
    with collect("order", source="gift", brand=order.brand, person=person, at=at) as c:
        if not known:
            c.save(identity.identifier(person, "email", email))
        made = Present(person_id=person, voucher=order.pk)
        made.name = name
        return c.save(made)


def show_code(voucher: Voucher, at: datetime) -> str:
    """Return a new code for a voucher. The one before, if there was one, is worth nothing from here on."""
    code = fresh_code()
    with transaction.atomic():
        Voucher.objects.filter(pk=voucher.pk).update(mark=code_mark(code), shown_at=at)
    return code


def balance(voucher: Voucher) -> int:
    """Return what the moves add up to: what is left, told from the book and not from the cache."""
    return sum(voucher.moves.values_list("amount", flat=True))
