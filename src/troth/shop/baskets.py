"""What somebody means to buy: found by the number in their browser's cookie, which is kept as a hash alone."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Prefetch
from moneyed import Money

from .errors import SoldOut, Unfit
from .models import Basket, BasketLine, Picture, Variant
from .rules import MOST_LINES, MOST_OF_ONE, money

COOKIE = "basket"
KEPT = timedelta(days=30)  # as the policy says of the cookie: purposes.site.cookies.basket


@dataclass(frozen=True)
class Line:
    """A line of a basket as a page shows it."""

    row: BasketLine
    price: Money  # of one, today
    was: Money | None  # what it cost when it was put in, where that differs
    left: int  # on the shelf

    @property
    def cost(self) -> Money:
        return self.price * self.row.quantity

    @property
    def enough(self) -> bool:
        return self.left >= self.row.quantity


def mark(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def find(token: str, brand: str) -> Basket | None:
    """Return the basket a cookie stands for."""
    return Basket.objects.filter(mark=mark(token), brand=brand).first() if token else None


def lines(basket: Basket, currency: str) -> list[Line]:
    """Return what is in a basket, with pictures and today's prices. Two queries."""
    covers = Prefetch("variant__product__pictures", queryset=Picture.objects.filter(place=0), to_attr="covers")
    rows = basket.lines.select_related("variant__product").prefetch_related(covers)
    return [_line(row, currency) for row in rows]


def _line(row: BasketLine, currency: str) -> Line:
    product = row.variant.product
    price, seen = product.prices.in_(currency), money(row.price, row.currency)
    was = seen if row.currency == currency and seen != price else None
    return Line(row, price, was, row.variant.stock if product.on_sale else 0)


def fresh(brand: str, at: datetime) -> tuple[Basket, str]:
    """Return a new basket, and the number it is found by."""
    token = secrets.token_urlsafe(32)
    return Basket.objects.create(brand=brand, mark=mark(token), changed_at=at), token


@transaction.atomic
def put(basket: Basket | None, variant: Variant, count: int, currency: str, at: datetime) -> tuple[Basket, str]:
    """Put so many of one size into a basket, beside those in it. Returns the basket, and its number if it is new.

    Raises SoldOut, Unfit; nothing changes then.
    """
    token = ""
    if basket is None:
        basket, token = fresh(variant.product.brand, at)
    basket = Basket.objects.select_for_update().get(pk=basket.pk)
    row = basket.lines.filter(variant=variant).first()
    wanted = count + (row.quantity if row else 0)
    _fits(basket, variant, wanted, new=row is None)
    price = variant.product.prices.in_(currency).get_amount_in_sub_unit()
    basket.lines.update_or_create(variant=variant, defaults={"quantity": wanted, "price": price, "currency": currency})
    _touch(basket, at)
    return basket, token


@transaction.atomic
def change(basket: Basket, line: int, count: int, at: datetime) -> BasketLine | None:
    """Set how many of one thing there are; 0 takes it out. Returns the line as it was; None if it is not theirs."""
    row = basket.lines.select_for_update().select_related("variant__product").filter(pk=line).first()
    if row is None:
        return None
    if count:
        if count > row.quantity:
            _fits(basket, row.variant, count, new=False)
        basket.lines.filter(pk=row.pk).update(quantity=count)
    else:
        basket.lines.filter(pk=row.pk).delete()
    _touch(basket, at)
    return row


def _fits(basket: Basket, variant: Variant, wanted: int, *, new: bool) -> None:
    product = variant.product
    left = variant.stock if product.on_sale else 0
    if wanted > MOST_OF_ONE:
        raise Unfit(
            f"A basket holds up to {MOST_OF_ONE} of one size. For more, write to us: we will see what we can do."
        )
    if left < wanted:
        raise SoldOut(f"{product.name}, {variant.size}", left)
    if new and basket.lines.count() >= MOST_LINES:
        raise Unfit(f"A basket holds {MOST_LINES} different things. Take one out first, or order these now.")


def _touch(basket: Basket, at: datetime) -> None:
    Basket.objects.filter(pk=basket.pk).update(changed_at=at)


def clear(at: datetime) -> int:
    """Let go of the baskets nobody has touched for thirty days."""
    return Basket.objects.filter(changed_at__lt=at - KEPT).delete()[0]
