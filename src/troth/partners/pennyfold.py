"""Pennyfold Payments, over HTTP. Every call carries a key or only reads, so each may be sent again.

Whatever is unclear (no answer, half an answer, one that makes no sense) is `PartnerUnavailable`: nobody knows whether
it was done, and asking again with the same key is safe.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar, get_args

import urllib3

from .errors import Forged, NoSuchPayment, NotPossible, PartnerUnavailable
from .payments import Ask, Card, Forgotten, Notice, Payment, Session, State

HEADER = "pennyfold-signature"
WINDOW = 300  # seconds a notice may be old, or ahead of our clock
LONGEST = 64 * 1024  # bytes of an answer
T = TypeVar("T")
AGAIN = (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT)


class Pennyfold:
    """The payment partner at `address`. `wait` is how many seconds it may take to answer; it is asked twice at most."""

    def __init__(
        self,
        address: str,
        secret: str,
        notice_secret: str,
        *,
        wait: float = 5.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._address, self._secret, self._notice_secret = address.rstrip("/"), secret, notice_secret
        self._wait, self._now = wait, now
        self._http = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=min(2.0, wait), read=wait),
            retries=urllib3.Retry(
                total=1,
                redirect=False,  # an address that moved is not the one we trust
                allowed_methods=None,  # any: each POST carries its key
                status_forcelist=AGAIN,
                backoff_factor=0.1,
                raise_on_status=False,
                respect_retry_after_header=False,  # a shopper is waiting
            ),
        )

    def __repr__(self) -> str:
        return f"Pennyfold({self._address!r})"  # without its secrets

    def fields(self, ask: Ask) -> Session:
        wanted = {
            "order": ask.order,
            "amount": ask.amount,
            "currency": ask.currency,
            "back": ask.back,
            "keep": ask.keep,
            "token": ask.token,
        }
        read = self._ask("POST", "/v1/payments", ask.once, wanted)
        return _read(lambda: Session(reference=_text(read["reference"]), address=_address(read["address"])))

    def payment(self, reference: str) -> Payment:
        return self._payment("GET", reference)

    def charge(self, reference: str, once: str) -> Payment:
        return self._payment("POST", reference, "/charge", once, {})

    def release(self, reference: str, once: str) -> Payment:
        return self._payment("POST", reference, "/release", once, {})

    def refund(self, reference: str, amount: int, once: str) -> Payment:
        if amount <= 0:
            raise NotPossible("Only an amount above nought can be given back.")
        return self._payment("POST", reference, "/refund", once, {"amount": amount})

    def keep(self, reference: str) -> Card:
        read = self._ask("GET", f"/v1/payments/{_safe(reference)}/card")
        return _read(lambda: _card(read))

    def forget(self, token: str, once: str) -> Forgotten:
        read = self._ask("POST", "/v1/cards/forget", once, {"token": token})
        return _read(lambda: Forgotten(token, _text(read["reference"]), datetime.fromisoformat(read["at"])))

    def told(self, body: bytes, headers: Mapping[str, str]) -> Notice:
        given = next((value for name, value in headers.items() if name.lower() == HEADER), "")
        found = re.fullmatch(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})", given)
        if not found:
            raise Forged("The notice carries no signature.")
        signed = hmac.new(self._notice_secret.encode(), f"{found[1]}.".encode() + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signed, found[2]):
            raise Forged("The partner did not sign this notice.")
        if abs(self._now() - int(found[1])) > WINDOW:
            raise Forged("The notice was signed too long ago, or one of two clocks is wrong.")
        try:
            read = json.loads(body)
            return Notice(id=_text(read["id"]), reference=_text(read["payment"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Forged("The notice cannot be read.") from None

    # -- HTTP ------------------------------------------------------------------------------------------------------

    def _payment(
        self, method: str, reference: str, act: str = "", once: str = "", wanted: Mapping[str, Any] | None = None
    ) -> Payment:
        read = self._ask(method, f"/v1/payments/{_safe(reference)}{act}", once, wanted)
        made = _read(lambda: _payment(read))
        if made.reference != reference:
            raise PartnerUnavailable("The payment partner answered about another payment.")
        return made

    def _ask(self, method: str, path: str, once: str = "", wanted: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 -- JSON; `_read` gives it its shape
        headers = {"Authorization": f"Bearer {self._secret}", "Accept": "application/json"}
        if once:
            headers |= {"Idempotency-Key": once, "Content-Type": "application/json"}
        body = None if wanted is None else json.dumps(wanted).encode()
        try:
            status, answer = self._send(method, path, headers, body)
            read = json.loads(answer)
        except (urllib3.exceptions.HTTPError, OSError, ValueError, RecursionError) as problem:
            # `from None`: a library's error may quote the request.
            raise PartnerUnavailable(
                f"The payment partner did not answer sensibly ({type(problem).__name__})."
            ) from None
        if status in (HTTPStatus.OK, HTTPStatus.CREATED):
            return read
        raise _refusal(status, read)

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes]:
        """Return status and body. Raises TimeoutError for one that comes in drops, ValueError for one too long."""
        until = time.monotonic() + 2 * self._wait
        answer = self._http.request(
            method, self._address + path, headers=headers, body=body, redirect=False, preload_content=False
        )
        try:
            parts = bytearray()
            while part := answer.read1(8192):
                parts += part
                if len(parts) > LONGEST:
                    raise ValueError("too long")
                if time.monotonic() > until:
                    raise TimeoutError
            answer.drain_conn()
            return answer.status, bytes(parts)
        finally:
            answer.close() if answer.length_remaining else answer.release_conn()


def _refusal(status: int, read: object) -> Exception:
    """Return the error a refusal stands for. What the partner says is repeated only where we know what it may say."""
    code = read.get("error") if isinstance(read, dict) else None
    say = str(read.get("say", ""))[:200] if isinstance(read, dict) else ""
    if status == HTTPStatus.NOT_FOUND and code == "not_there":
        return NoSuchPayment("The payment partner knows no such payment.")
    if status == HTTPStatus.CONFLICT and code in ("not_possible", "key_used"):
        return NotPossible(say)
    if status == HTTPStatus.BAD_REQUEST and code == "malformed":
        return NotPossible(say)
    return PartnerUnavailable(f"The payment partner answered {status}.")


def _safe(reference: str) -> str:
    """Return a reference that can stand in an address. One that cannot is none of theirs."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,80}", reference):
        raise NoSuchPayment("The payment partner knows no such payment.")
    return reference


def _read(make: Callable[[], T]) -> T:
    """Return what an answer says, or raise `PartnerUnavailable` if it has another shape."""
    try:
        return make()
    except (KeyError, TypeError, ValueError):
        raise PartnerUnavailable("The payment partner's answer makes no sense.") from None


def _payment(read: Mapping[str, Any]) -> Payment:
    if read["state"] not in get_args(State):
        raise ValueError("state")
    amount, refunded = _whole(read["amount"]), _whole(read["refunded"])
    if not 0 <= refunded <= amount:
        raise ValueError("refunded")
    return Payment(
        reference=_text(read["reference"]),
        state=read["state"],
        order=_text(read["order"]),
        amount=amount,
        currency=_text(read["currency"]),
        refunded=refunded,
        card=None if read["card"] is None else _card(read["card"]),
        because=str(read["because"]),
    )


def _card(read: Mapping[str, Any]) -> Card:
    last4, expiry = _text(read["last4"]), _text(read["expiry"])
    # More than four digits, and the partner is about to tell us what we must not know.
    if not re.fullmatch(r"[0-9]{4}", last4) or not re.fullmatch(r"20[0-9]{2}-[01][0-9]", expiry):
        raise ValueError("card")
    return Card(token=str(read["token"]), brand=_text(read["brand"]), last4=last4, expiry=expiry)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError
    return value


def _whole(value: object) -> int:
    if type(value) is not int:  # true is no amount
        raise TypeError
    return value


def _address(value: object) -> str:
    address = _text(value)
    if not address.startswith(("https://", "http://")):
        raise ValueError("address")
    return address
