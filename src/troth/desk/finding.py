"""Finding a customer by what they say: an order number, an email address, a telephone number or a name.

All by marks and numbers: nothing is opened, and what is found shows nothing but order numbers until there is a case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from troth.shop.models import Order
from troth.vault import identity, signed
from troth.vault.errors import BadIdentifier

from .errors import Unusable

NUMBER: Final = re.compile(r"[0-9A-Z]{6,12}")
SALT: Final = "troth.desk.customer"
MOST: Final = 20


@dataclass(frozen=True)
class Hit:
    """A customer who was found: as a sign that only this desk can read back, and the orders there are."""

    sign: str
    orders: tuple[tuple[str, str], ...]  # number and brand


def find(text: str) -> tuple[list[Hit], str]:
    """Return who was found, and by what, as the desk shows them. Raises Unusable as `people` does."""
    found, by = people(text)
    return [_hit(person) for person in found[:MOST]], by


def people(text: str) -> tuple[list[UUID], str]:
    """Return who was found, and by what. Raises Unusable for a text that can be none of these."""
    plain = " ".join(text.split())
    if not 2 < len(plain) <= 320:
        raise Unusable("Type an order number, an email address, a telephone number or a whole name.")
    if NUMBER.fullmatch(number := plain.upper().lstrip("#")):
        order = Order.objects.filter(number=number).first()
        if order:
            return [order.person_id], "order number"
    kind, by = _kind(plain)
    try:
        return sorted(identity.owners(kind, plain)), by
    except BadIdentifier as problem:
        raise Unusable(str(problem)) from None


def _kind(text: str) -> tuple[str, str]:
    if "@" in text:
        return "email", "email address"
    if re.fullmatch(r"[+0-9()\-./ ]{6,}", text):
        return "phone", "telephone number"
    return "name", "name"


def _hit(person: UUID) -> Hit:
    orders = Order.objects.filter(person_id=person).order_by("-seen_at").values_list("number", "brand")[:MOST]
    return Hit(signed.key(SALT, person), tuple(orders))


def read_back(sign: str) -> UUID:
    """Return whom a sign stands for. Raises Unusable for one that this desk did not give."""
    found = signed.read(SALT, sign)
    if found is None:
        raise Unusable("Find the customer again: this page had grown old.")
    return found
