"""What a payment partner does for us. Card numbers are typed on the partner's own page and never reach our process.

Money moves in two steps: the shopper's bank authorises on the partner's page, and we charge what was authorised once
the order is stored. Each call that changes something carries `once`, a key of ours: asked again, the partner does
nothing more and gives the same answer (REQUIREMENTS R42, R43; PCI DSS 4.0.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

State = Literal["open", "declined", "authorised", "charged", "released", "refunded"]


@dataclass(frozen=True)
class Ask:
    """What is to be paid, and where the shopper goes afterwards. It names no person."""

    once: str
    order: str  # our order number
    amount: int  # minor units: pence or cents
    currency: str  # ISO 4217
    back: str  # absolute address; the partner adds `payment=REFERENCE` to its query
    keep: bool = False  # the shopper said yes to keeping the card for next time
    token: str = ""  # a kept card to pay with; else the card is typed


@dataclass(frozen=True)
class Session:
    """A payment that was begun: its reference, and the partner's page to send the shopper to."""

    reference: str
    address: str


@dataclass(frozen=True)
class Card:
    """What may be known of a card (PCI DSS 3.4.1): a token that stands for it, and enough to recognise it by."""

    token: str  # empty if it is not kept
    brand: str
    last4: str
    expiry: str  # "2028-05"


@dataclass(frozen=True)
class Payment:
    """What became of a payment. Amounts in minor units."""

    reference: str
    state: State
    order: str
    amount: int
    currency: str
    refunded: int = 0
    card: Card | None = None
    because: str = ""  # of a declined one, in words for the shopper


@dataclass(frozen=True)
class Forgotten:
    """The partner's receipt for a card that it deleted."""

    token: str
    reference: str
    at: datetime


@dataclass(frozen=True)
class Notice:
    """What the partner tells us by itself: which payment changed. What became of it is asked, never believed."""

    id: str  # told again, it has the same
    reference: str


class PaymentPartner(Protocol):
    """Raises `errors.PartnerUnavailable` where the partner cannot be reached: try again with the same `once`."""

    def fields(self, ask: Ask) -> Session:
        """Begin a payment on the partner's page."""

    def payment(self, reference: str) -> Payment:
        """Return what became of a payment. Raises `errors.NoSuchPayment`."""

    def charge(self, reference: str, once: str) -> Payment:
        """Take the money that was authorised. Raises `errors.NotPossible` if it was not, or was released."""

    def release(self, reference: str, once: str) -> Payment:
        """Give up what was authorised and not charged. Raises `errors.NotPossible` once it is charged."""

    def refund(self, reference: str, amount: int, once: str) -> Payment:
        """Give money back. Raises `errors.NotPossible` for more than was charged and not given back."""

    def keep(self, reference: str) -> Card:
        """Return the card that was kept with a payment. Raises `errors.NotPossible` where none was to be kept."""

    def forget(self, token: str, once: str) -> Forgotten:
        """Delete a kept card. One that is gone already is no error: the receipt says so."""

    def told(self, body: bytes, headers: Mapping[str, str]) -> Notice:
        """Read a notice. Raises `errors.Forged` unless signed by the partner within the last five minutes."""
