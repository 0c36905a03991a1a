"""What a case shows: the customer's orders in its brand, each opened under the case, with what may be done to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from troth.care.actions import stated
from troth.care.models import Case
from troth.doors.use import use
from troth.shop import addresses
from troth.shop.models import FOR_A_PERSON, Order, Parcel, Return
from troth.shop.rules import MOVES, SAID, money, tag
from troth.vault.models import Identifier

ACTS: Final = {  # acts of the order's table that are done at the desk, as the button says them
    "clear": "All is well: let it go on", "refuse": "Refuse it", "dispatch": "Print the label and send it",
    "deliver": "It has arrived", "cancel": "Cancel it and give the money back",
}  # fmt: skip
MOST: Final = 20
TIMES: Final = "\N{MULTIPLICATION SIGN}"
Address = dict[str, str] | None


@dataclass(frozen=True)
class Shown:
    """One order as the desk sees it."""

    number: str
    state: str
    say: str
    placed: datetime
    total: str
    lines: list[str]
    goes_to: list[str]
    billed_to: list[str]
    acts: list[tuple[str, str]]
    returns: list[tuple[str, str, str]]  # id, what comes back, how it stands
    may_move: bool = False


@dataclass
class Customer:
    """What a case shows of its customer."""

    ways: list[tuple[str, str]] = field(default_factory=list)  # "email", and where it goes
    orders: list[Shown] = field(default_factory=list)


def customer(case: Case, at: datetime) -> Customer:
    """Open what a case needs, with one entry in the ledger. Raises Refused once the case is over."""
    orders = list(Order.objects.filter(person_id=case.person_id, brand=case.brand).order_by("-seen_at")[:MOST])
    parcels = {parcel.order_id: parcel for parcel in Parcel.objects.filter(order__in=orders)}
    backs: dict[Any, list[Return]] = {}
    for back in Return.objects.filter(order__in=orders).exclude(state=""):
        backs.setdefault(back.order_id, []).append(back)
    known = Identifier.objects.filter(person_id=case.person_id, kind__in=("email", "mobile", "phone"), event_at=None)
    shown = Customer()
    asked = use(
        "care", person=case.person_id, brand=case.brand, items=["order_lines"], actor="care", given=stated(case, at),
        at=at,
    )  # fmt: skip
    with asked as u:
        shown.ways = [(row.kind, u.open(row.value)) for row in known.order_by("kind", "id")]
        for order in orders:
            lines = u.open(order.lines)
            parcel = parcels.get(order.pk)
            to = u.open(parcel.recipient, parcel.delivery, parcel.billing) if parcel else ("", None, None)
            shown.orders.append(_shown(order, lines, to, backs.get(order.pk, [])))
    return shown


def _shown(order: Order, lines: list[dict[str, Any]], to: tuple[str, Address, Address], backs: list[Return]) -> Shown:
    name, delivery, billing = to
    acts = [(act, say) for act, say in ACTS.items() if (order.state, act) in MOVES]
    if order.kind == "voucher":
        acts = [(act, say) for act, say in acts if act not in ("dispatch", "deliver")]
    return Shown(
        number=order.number, state=order.state, say=SAID[order.state], placed=order.seen_at,
        total=tag(money(order.total, order.currency)), lines=[_line(order, line) for line in lines],
        goes_to=addresses.lines(delivery, name) if delivery else [],
        billed_to=addresses.lines(billing) if billing and billing != delivery else [], acts=acts,
        returns=[(str(back.pk), _back(lines, back), back.state) for back in backs],
        may_move=order.kind == "goods" and (order.state, "recheck") in MOVES,
    )  # fmt: skip


def _line(order: Order, line: dict[str, Any]) -> str:
    parts = [str(line[part]) for part in ("colour", "size") if line.get(part)]
    each = tag(money(line["price"], order.currency))
    return f"{line['quantity']} {TIMES} {', '.join([line['name'], *parts])}, {each} each"


def _back(lines: list[dict[str, Any]], back: Return) -> str:
    name = lines[back.place]["name"] if back.place < len(lines) else "a piece"
    return f"{back.quantity} {TIMES} {name}"


def waiting() -> list[tuple[str, str, str]]:
    """Return the orders that wait for a person: number, brand, and for what. Nothing of whose they are."""
    found = Order.objects.filter(FOR_A_PERSON).order_by("seen_at").values_list("number", "brand", "state")
    return [(number, brand, SAID[state]) for number, brand, state in found[:MOST]]
