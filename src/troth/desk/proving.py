"""Is it them? Whoever asks us for a change says two things that we already hold (R78; policy rights.correct.verify).

Care types what they hear. Whether it is what we hold is said, never what we hold, nor which of the answers was wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from troth.accounts import throttle
from troth.accounts.throttle import Key
from troth.care.actions import stated
from troth.care.models import Case
from troth.doors.use import use
from troth.shop.models import Order, Parcel
from troth.vault import identity
from troth.vault.errors import BadIdentifier

from .errors import Unproved

ENOUGH: Final = 2
LONGEST: Final = 320
ASKED: Final = {  # what is asked for, as the page says it
    "email": "Their email address",
    "phone": "Their telephone number",
    "postcode": "The postcode the order goes to, or the bill",
}


def must_be_them(case: Case, order: Order, said: Mapping[str, str], at: datetime) -> frozenset[str]:
    """Return which of the things said are what we hold of a case's customer. Raises Unproved for fewer than two.

    Tries are counted by customer, whoever asks and whichever of us types. Raises TooSoon, before anything is looked at.
    """
    tries = [Key("proof", case.person_id.hex)]
    throttle.enter(tries, at)
    parcel = Parcel.objects.filter(order=order).first()
    told = {name: text for name in ASKED if (text := said.get(name, "")[:LONGEST].strip())}
    right = {name for name in told.keys() - {"postcode"} if _points_to(case, name, told[name], parcel)}
    if parcel and _squeezed(told.get("postcode", "")) in _postcodes(case, parcel, at):
        right.add("postcode")
    if len(right) < ENOUGH:
        raise Unproved
    throttle.forgive(tries, at)
    return frozenset(right)


def _points_to(case: Case, kind: str, text: str, parcel: Parcel | None) -> bool:
    try:
        return case.person_id in identity.owners(kind, text, parcel.country if parcel else "GB")
    except BadIdentifier:
        return False


def _postcodes(case: Case, parcel: Parcel, at: datetime) -> set[str]:
    """Open the addresses of an order, as the case may."""
    with use("care", person=case.person_id, brand=case.brand, actor="care", given=stated(case, at), at=at) as u:
        opened = u.open(parcel.delivery, parcel.billing)
    return {_squeezed(one["postcode"]) for one in opened if one and one.get("postcode")}


def _squeezed(text: str) -> str:
    """Return a postcode as it is compared: however it is spaced and written."""
    return "".join(c for c in text.upper() if c.isalnum())
