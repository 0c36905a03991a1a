"""What a case may be about, and how long it lasts. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

ABOUT: Final = {  # what the customer wants, as they and we call it
    "order": "An order: where it is, what is in it",
    "address": "An address is to be changed, on their request",
    "return": "Something comes back",
    "payment": "A payment or a refund",
    "check": "An order that a check was not sure about",
    "account": "Their account",
    "else": "Something else they asked us",
}
ROLES: Final = ("care", "officer", "marketer")
LASTS: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=8)  # a case may be made to last longer, never beyond a working day
SHORTEST_REASON, LONGEST_REASON = 8, 300  # characters
STATED: Final = ("open case", "reason", "time limit")  # what a look of ours must be able to show (purposes.*.roles)


def may_last(opened: datetime, now: datetime) -> datetime:
    """Return until when a case lasts that is made to last longer now.

    >>> day = datetime(2026, 11, 26, 9)
    >>> may_last(day, day + timedelta(hours=2)).hour, may_last(day, day + timedelta(hours=7, minutes=50)).hour
    (11, 17)
    """
    return min(now + LASTS, opened + LONGEST)
