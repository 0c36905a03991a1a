"""A payment partner in memory that says yes at once, and may crash its caller before or after any call."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any, TypeVar
from uuid import uuid4

from troth.partners.errors import NoSuchPayment, NotPossible
from troth.partners.payments import Ask, Card, Forgotten, Notice, Payment, Session

Answer = TypeVar("Answer")


class PowerCut(BaseException):
    """Nothing in the program may catch this."""


class Bank:
    """Keeps payments by reference and answers by key. `crashes`: how often of a thousand calls the caller dies."""

    def __init__(self, crashes: int = 0, seed: int = 7) -> None:
        self.payments: dict[str, Payment] = {}
        self._answers: dict[str, Any] = {}
        self._lock = threading.Lock()
        self.crashes, self._chance = crashes, Random(seed)

    def fields(self, ask: Ask) -> Session:
        return self._once(ask.once, lambda: self._begin(ask))

    def payment(self, reference: str) -> Payment:
        if reference not in self.payments:
            raise NoSuchPayment(reference)
        return self.payments[reference]

    def charge(self, reference: str, once: str) -> Payment:
        return self._once(once, lambda: self._step(reference, ("authorised",), "charged"))

    def release(self, reference: str, once: str) -> Payment:
        return self._once(once, lambda: self._step(reference, ("open", "declined", "authorised"), "released"))

    def refund(self, reference: str, amount: int, once: str) -> Payment:
        return self._once(once, lambda: self._refund(reference, amount))

    def keep(self, reference: str) -> Card:
        raise NotPossible(reference)

    def forget(self, token: str, once: str) -> Forgotten:
        return self._once(once, lambda: Forgotten(token, "gone", datetime.now(UTC)))

    def told(self, body: bytes, headers: Mapping[str, str]) -> Notice:
        del body, headers
        raise NotPossible("it tells nothing")

    def _once(self, key: str, do: Callable[[], Answer]) -> Answer:
        self._maybe_crash()
        with self._lock:
            if key not in self._answers:
                self._answers[key] = do()
            answer: Answer = self._answers[key]
        self._maybe_crash()
        return answer

    def _maybe_crash(self) -> None:
        if self.crashes and self._chance.randrange(1000) < self.crashes:
            raise PowerCut

    def _begin(self, ask: Ask) -> Session:
        reference = f"pay-{uuid4().hex}"  # no two alike, in however many processes
        self.payments[reference] = Payment(reference, "authorised", ask.order, ask.amount, ask.currency)
        return Session(reference, f"http://127.0.0.1:9/{reference}")

    def _step(self, reference: str, before: tuple[str, ...], then: Any) -> Payment:  # noqa: ANN401 -- a state
        found = self.payment(reference)
        if found.state == then:
            return found
        if found.state not in before:
            raise NotPossible(f"it is {found.state}")
        self.payments[reference] = replace(found, state=then)
        return self.payments[reference]

    def _refund(self, reference: str, amount: int) -> Payment:
        found = self.payment(reference)
        if found.state not in ("charged", "refunded") or found.refunded + amount > found.amount:
            raise NotPossible(f"it is {found.state}")
        self.payments[reference] = replace(found, state="refunded", refunded=found.refunded + amount)
        return self.payments[reference]
