"""What makes a page fit whoever is signed in: the size they bought last of a kind. No cookie, one switch (R27).

It rests on our interest (purposes.personalise): an objection ends it at once, at one shop or at all of them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from troth.doors.collect import choose
from troth.doors.use import use

from .models import LINES, Order, Product
from .segments import UNPAID

NEEDS: Final = frozenset({LINES})
LATEST: Final = 10  # orders that are looked at
WORDS: Final = {
    False: "Do not use what I bought here to make this shop fit me",
    True: "Use what I bought here to make this shop fit me",
}


def sizes(person: UUID, brand: str, at: datetime) -> dict[str, str] | None:
    """Return by kind of garment the size somebody bought last in a shop; None where they may not be looked at."""
    with use("personalise", brand=brand, person=person, at=at) as u:
        if not u.decide(person, NEEDS).allowed:
            return None
        orders = Order.objects.filter(person_id=person, brand=brand, kind="goods").exclude(state__in=UNPAID)
        bought: list[dict[str, Any]] = [
            line for row in orders.order_by("-seen_at")[:LATEST] for line in u.open(row.lines)
        ]
    named = Product.objects.filter(brand=brand, slug__in={line["slug"] for line in bought})
    kinds = dict(named.values_list("slug", "kind"))
    found: dict[str, str] = {}
    for line in bought:
        if line["slug"] in kinds:
            found.setdefault(kinds[line["slug"]], line["size"])
    return found


def switch(person: UUID, brand: str, at: datetime, *, on: bool) -> int:
    """Take an objection in, or take it back: at one shop. Returns its entry in the ledger."""
    kind = "consent" if on else "objection"
    return choose(kind, f"personalise:{brand}", person=person, brand=brand, place="account", wording=WORDS[on], at=at)
