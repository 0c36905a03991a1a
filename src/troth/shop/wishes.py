"""A wish list: kept for whoever has an account, by their own asking, and opened for nobody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from troth.doors.collect import collect
from troth.doors.use import use

from .errors import NotNow
from .models import Product, Wishes

MOST = 100


def of(person: UUID, brand: str, at: datetime) -> list[str]:
    """Return what somebody wishes for in a shop, the newest first, by the products' slugs."""
    row = Wishes.objects.filter(person_id=person, brand=brand).first()
    return _opened(row, at) if row else []


def add(person: UUID, brand: str, slug: str, at: datetime) -> None:
    """Put a product on the list; one that is on it already moves to the top. Raises NotNow, Refused."""
    if not Product.objects.for_sale(brand).filter(slug=slug).exists():
        raise NotNow("We do not have this any more.")
    _change(person, brand, lambda slugs: [slug, *(one for one in slugs if one != slug)], at)


def remove(person: UUID, brand: str, slug: str, at: datetime) -> None:
    """Take a product off the list. One that is not on it is no mistake."""
    _change(person, brand, lambda slugs: [one for one in slugs if one != slug], at)


def _change(person: UUID, brand: str, how: Callable[[list[str]], list[str]], at: datetime) -> None:
    for last in (False, True):
        try:
            with transaction.atomic():
                row = Wishes.objects.select_for_update().filter(person_id=person, brand=brand).first()
                slugs = how(_opened(row, at) if row else [])
                if len(slugs) > MOST:
                    raise NotNow(f"A wish list holds {MOST} pieces. Take one off first.")
                row = row or Wishes(person_id=person, brand=brand)
                row.slugs = slugs
                with collect("account", source="account", brand=brand, person=person, actor="person", at=at) as c:
                    c.save(row)
                return
        except IntegrityError:  # somebody's other window made the list meanwhile
            if last:
                raise


def _opened(row: Wishes, at: datetime) -> list[str]:
    with use("account", brand=row.brand, person=row.person_id, actor="person", at=at) as u:
        slugs: list[str] = u.open(row.slugs)
    return slugs
