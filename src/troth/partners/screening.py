"""Whether an order looks like fraud: our own small set of rules, or an agency asked over HTTP. No card data, ever.

Neither decides against anybody: a doubt is looked at by a person (policy [purposes.screen]; UK GDPR art. 22A-22D).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import urllib3

from .errors import PartnerUnavailable

GIVE_UP: Final = 10  # seconds
LONGEST: Final = 64 * 1024  # bytes of an answer
RECEIPT: Final = re.compile(r"[A-Za-z0-9_-]{1,60}")


@dataclass(frozen=True)
class Case:
    """One order to look at. Amounts in minor units; addresses as the shop keeps them."""

    once: str  # asked again, the same answer
    order: str
    name: str
    email: str
    delivery: Mapping[str, str]  # empty where nothing is sent
    billing: Mapping[str, str]
    amount: int
    currency: str
    pieces: int = 0
    lately: int = 0  # orders of the same person in the last day, this one not counted


@dataclass(frozen=True)
class Verdict:
    """What came of it. `reasons` are sentences for the shopper and for whoever looks at it."""

    result: Literal["pass", "doubt"]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Correction:
    """What became of what an agency was told of some orders: "erase", "correct", "restrict" or "lift"."""

    once: str  # told again, the same
    kind: str
    orders: tuple[str, ...]
    items: tuple[str, ...]  # names of the policy
    now: Mapping[str, str]  # of a correction: what is right, by name


class ScreeningPartner(Protocol):
    """Raises PartnerUnavailable where nobody answers: ask again with the same `once`."""

    recipient: str  # of the policy; empty where nothing leaves the house
    name: str

    def screen(self, case: Case) -> Verdict:
        """Look at an order."""


class OwnRules:
    """Unusual amounts, addresses and places: in our own process, handed to nobody."""

    recipient, name = "", "own rules"
    HIGH: Final = 150_000  # 1,500 in any of our currencies
    MANY, OFTEN = 15, 4

    def screen(self, case: Case) -> Verdict:
        """Look at an order.

        >>> OwnRules().screen(
        ...     Case("1", "A", "Ada", "ada@post.example", {"country": "GB"}, {"country": "GB"}, 9_000, "GBP")
        ... )
        Verdict(result='pass', reasons=())
        """
        found = {
            "The amount is unusually high.": case.amount > self.HIGH,
            "It is billed in one country and delivered to another.": bool(case.delivery)
            and case.delivery.get("country") != case.billing.get("country"),
            "There are unusually many pieces.": case.pieces >= self.MANY,
            "There were several orders within a day.": case.lately >= self.OFTEN,
        }
        reasons = tuple(say for say, holds in found.items() if holds)
        return Verdict("doubt" if reasons else "pass", reasons)


class Agency:
    """A fraud prevention agency that answers over HTTP: POST {address}/screenings, with an idempotency key."""

    recipient, name = "fraud_agencies", "agency"

    def __init__(self, address: str, secret: str, pool: urllib3.PoolManager | None = None) -> None:
        self.address, self._secret = address.rstrip("/"), secret
        self._pool = pool or urllib3.PoolManager(retries=False)

    def screen(self, case: Case) -> Verdict:
        # What the policy lets the agency have, and nothing of the goods.
        told = {
            "order": case.order, "name": case.name, "email": case.email, "delivery": dict(case.delivery),
            "billing": dict(case.billing), "amount": case.amount, "currency": case.currency,
        }  # fmt: skip
        return _read(*self._post("screenings", case.once, told))

    def correct(self, made: Correction) -> str:
        """Tell the agency what became of what it has: POST {address}/corrections. Returns its receipt.

        Raises PartnerUnavailable.
        """
        told = {"kind": made.kind, "orders": list(made.orders), "items": list(made.items), "now": dict(made.now)}
        status, body = self._post("corrections", made.once, told)
        try:
            said = json.loads(body) if len(body) <= LONGEST else None
        except (ValueError, RecursionError):
            said = None
        receipt = said.get("receipt") if isinstance(said, dict) else None
        if status not in (200, 201) or not isinstance(receipt, str) or not RECEIPT.fullmatch(receipt):
            raise PartnerUnavailable(f"The agency did not confirm it ({status}).")
        return receipt

    def _post(self, way: str, once: str, told: Mapping[str, object]) -> tuple[int, bytes]:
        headers = {
            "Authorization": f"Bearer {self._secret}", "Idempotency-Key": once, "Content-Type": "application/json",
        }  # fmt: skip
        try:
            answer = self._pool.request(
                "POST", f"{self.address}/{way}", body=json.dumps(told).encode(), headers=headers, timeout=GIVE_UP,
                redirect=False, preload_content=False,
            )  # fmt: skip
            try:
                body = answer.read(LONGEST + 1, decode_content=True)
            finally:
                answer.close() if answer.length_remaining else answer.release_conn()
        except urllib3.exceptions.HTTPError:
            raise PartnerUnavailable("The agency could not be reached.") from None
        return answer.status, body


def _read(status: int, body: bytes) -> Verdict:
    """Return the verdict in an answer. Whatever is not plainly a pass is a doubt, or no answer at all."""
    try:
        said = json.loads(body) if len(body) <= LONGEST else None
    except (ValueError, RecursionError):
        said = None
    if status not in (200, 201) or not isinstance(said, dict) or said.get("result") not in ("pass", "doubt"):
        raise PartnerUnavailable(f"The agency gave no usable answer ({status}).")
    reasons = said.get("reasons")
    words = reasons if isinstance(reasons, list) else []
    return Verdict(said["result"], tuple(str(word)[:200] for word in words[:10]))
