"""What the shops know that people may be chosen by: how often, when last, and what they bought. Plain columns alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Max

from troth.marketing.segments import Fact, Source, register

from .models import Order, OrderLine
from .rules import OVER

LINES: Final = frozenset({"orders.order_lines"})
UNPAID: Final = ("open", "authorised", "review", "cleared", *sorted(OVER))


def orders(people: Collection[UUID], at: datetime) -> Iterator[tuple[Any, ...]]:
    """Yield how many orders each person has paid for at each brand, and the day of the last one."""
    rows = Order.objects.filter(person_id__among=people, seen_at__lte=at).exclude(state__in=UNPAID)
    told = rows.values_list("person_id", "brand").annotate(Count("pk"), Max("seen_at")).order_by()
    yield from ((person, brand, count, last.date()) for person, brand, count, last in told)


def bought(people: Collection[UUID], at: datetime) -> Iterator[tuple[Any, ...]]:
    """Yield the kinds and colours of garment each person has paid for at each brand."""
    rows = OrderLine.objects.filter(person_id__among=people, order__seen_at__lte=at).exclude(variant=None)
    rows = rows.exclude(order__state__in=UNPAID).order_by()
    columns = ("person_id", "order__brand", "variant__product__kind", "variant__product__family")
    yield from rows.values_list(*columns).distinct()


def tell() -> None:
    """Let segments ask for these."""
    days = "date_diff('day', last_order, $on)"
    counted = [
        Fact("orders", "INTEGER", "orders they paid for", LINES),
        Fact("last_order", "DATE", "the day of their last order", LINES),
        Fact("days_since_order", "INTEGER", "days since their last order", LINES, sql=days),
    ]
    kinds = [
        Fact("bought", "VARCHAR", "a kind of garment they bought", LINES),
        Fact("colour", "VARCHAR", "a colour they bought", LINES),
    ]
    register(Source("orders", orders, counted, Order, ("state", "brand", "seen_at")))
    register(Source("bought", bought, kinds, OrderLine, ("variant_id",)))
