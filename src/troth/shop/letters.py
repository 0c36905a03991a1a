"""What a shopper is written about an order, and the receiver about a voucher. Plain words; queued by `contact`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from troth.doors.contact import contact

from . import links
from .models import Order, Voucher
from .rules import money, tag

WORDS = {
    "placed": """Your order {number}
Thank you. {total} is paid, and we are packing your order.""",
    "looked_at": """One of us is looking at your order {number}
Our check of orders was not sure about this one, so a person looks at it before anything goes on. The page of your \
order says why, and has a place for your side of it. You need not do anything.""",
    "went_well": """Your order {number} goes on
One of us has looked at it. All is well, and it goes on.""",
    "refused": """We cannot take your order {number}
One of us has looked at it and we cannot take it. Nothing is taken from you, and what was taken goes back. If you \
think that is wrong, say so on the page of your order: another look costs you nothing.""",
    "cancelled": """Your order {number} is cancelled
As you asked. What you paid goes back the way it came.""",
    "rechecked": """Another look at your order {number}
An address was changed: of your order, or of your account while your order is open. We check the order again when that \
happens, and hold it meanwhile; its page says where it goes. Was it not you? Cancel the order there, or ring us.""",
    "sent": """Your order {number} is on its way
We have handed it over. The page of your order tells more.""",
    "back": """Your return for order {number}
It is here. {total} goes back the way it came.""",
}  # the first line is the subject


def write(order: Order, kind: str, at: datetime, amount: int | None = None, part: int = 0) -> None:
    """Queue one letter about an order: once a kind and round, however often it is asked for."""
    if order.kind == "voucher" and kind == "sent":
        return  # the receiver's own letter is what was sent
    total = tag(money(order.total if amount is None else amount, order.currency))
    subject, _, text = WORDS[kind].format(number=order.number, total=total).partition("\n")
    way = links.absolute(order, "order", key=links.key("order", order.number))
    once = f"{order.pk.hex}:{kind}:{order.round}:{part}"
    _send(order.person_id, order.brand, subject, f"{text}\n\n{way}", once, at)


def present(order: Order, voucher: Voucher, receiver: UUID, at: datetime) -> None:
    """Tell the receiver of a voucher: what it is, where their address came from, and what they can say to it."""
    way = links.absolute(order, "present", key=links.key("present", voucher.pk.hex))
    worth = tag(money(voucher.worth, voucher.currency))
    text = (
        f"Somebody gave you a voucher worth {worth}, good until {voucher.expires_on:%-d %B %Y}. Open this page to see "
        f"its code, as often as you need it:\n\n{way}\n\n"
        "We have your name and address from whoever bought it, to send you this and for nothing else. You can see what "
        "we hold, correct it or have it erased; the voucher keeps its worth. How: the foot of that page."
    )
    _send(receiver, order.brand, f"A voucher for you: {worth}", text, f"{voucher.pk.hex}:present", at)


def _send(person: UUID, brand: str, subject: str, text: str, once: str, at: datetime) -> None:
    contact(
        person, purpose="order", channel="email", brand=brand, content={"subject": subject, "text": text}, once=once,
        at=at,
    )  # fmt: skip
