"""The link that opens one order for whoever has it: from the mail, without an account."""

from __future__ import annotations

from django.core.signing import BadSignature, Signer
from django.urls import reverse

from .models import Order


def key(kind: str, name: str) -> str:
    """Return a name with a signature that nobody can guess."""
    return Signer(salt=f"troth.shop.{kind}", sep="~").sign(name)


def name(kind: str, key_: str) -> str | None:
    """Return the name a key was made for; None for any other text."""
    try:
        return Signer(salt=f"troth.shop.{kind}", sep="~").unsign(key_)
    except BadSignature:
        return None


def absolute(order: Order, view: str, **parts: str) -> str:
    """Return the whole address of a page of the shop an order was placed in."""
    home, page = (
        reverse(f"shop:{name_}", kwargs={"brand": order.brand} | parts_)
        for name_, parts_ in (("home", {}), (view, parts))
    )
    return order.home + page.removeprefix(home)
