"""A company that carries text messages, as the code speaks to it; and the adapter for the one in the policy.

    Larkpost("http://127.0.0.1:8200", key, notices).send("+44…", "…", once="0a1b…")

A text asked for twice with one key goes once. What comes in is signed: HMAC-SHA-256 over the time, a dot and the body.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Protocol

import urllib3
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from .errors import Forged, NotPossible, PartnerUnavailable

HEADER: Final = "larkpost-signature"
WINDOW: Final = 300  # seconds what comes in may be old, or ahead of our clock
LONGEST: Final = 16 * 1024


@dataclass(frozen=True, repr=False)
class Incoming:
    """An answer somebody sent. `number` and `text` are theirs: shown nowhere."""

    id: str  # the company's own number for it: it may tell us twice
    number: str
    text: str
    brand: str


class Texts(Protocol):
    """Carries texts."""

    def send(self, number: str, text: str, *, once: str, wait: float = 5.0) -> None:
        """Hand a text over. Raises NotPossible, PartnerUnavailable."""

    def told(self, body: bytes, headers: Mapping[str, str]) -> Incoming:
        """Read what came in. Raises Forged."""


class Larkpost:
    """The company at `address`."""

    def __init__(self, address: str, secret: str, notices: str, *, now: Callable[[], float] = time.time) -> None:
        self._address, self._secret, self._notices, self._now = address.rstrip("/"), secret, notices, now
        self._http = urllib3.PoolManager(retries=False)

    def __repr__(self) -> str:
        return f"Larkpost({self._address!r})"  # without its secrets

    def close(self) -> None:
        self._http.clear()

    def send(self, number: str, text: str, *, once: str, wait: float = 5.0) -> None:
        body = json.dumps({"to": number, "text": text}).encode()
        headers = {
            "Authorization": f"Bearer {self._secret}", "Content-Type": "application/json", "Idempotency-Key": once,
        }  # fmt: skip
        patience = urllib3.Timeout(connect=min(2.0, wait), read=wait)
        try:
            answer = self._http.request(
                "POST", f"{self._address}/v1/texts", body=body, headers=headers, timeout=patience, redirect=False
            )
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as no:
            raise PartnerUnavailable("Nobody answers there.", surely_not=True) from no
        except urllib3.exceptions.HTTPError as no:
            raise PartnerUnavailable("The answer did not come.") from no
        if answer.status in (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.GONE):
            raise NotPossible("That number takes no texts.")
        if answer.status != HTTPStatus.ACCEPTED:
            refused = answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
            raise PartnerUnavailable(f"It answered {answer.status}.", surely_not=refused)

    def told(self, body: bytes, headers: Mapping[str, str]) -> Incoming:
        parts = dict(part.split("=", 1) for part in headers.get(HEADER, "").split(",") if "=" in part)
        at, given = parts.get("t", ""), parts.get("v1", "")
        good = at.isascii() and at.isdigit() and len(at) < 12 and abs(self._now() - int(at)) <= WINDOW
        if not good or not hmac.compare_digest(signature(self._notices, int(at), body), f"t={at},v1={given}"):
            raise Forged("What came in is not signed as it should be.")
        try:
            read: Any = json.loads(body)
            said = {name: read[name] for name in ("id", "from", "text", "brand")}
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Forged("What came in cannot be read.") from None
        if not all(isinstance(value, str) for value in said.values()):
            raise Forged("What came in cannot be read.")
        return Incoming(said["id"][:80], said["from"][:40], said["text"][:1600], said["brand"][:40])


def signature(secret: str, at: int, body: bytes) -> str:
    """Return the header's value, `t=1782000000,v1=HEX`."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"


def texts() -> Larkpost:
    """Return the company that carries our texts. Raises ImproperlyConfigured, saying what to set."""
    return Larkpost(*(_said(name) for name in ("TROTH_TEXTS", "TROTH_TEXTS_KEY", "TROTH_TEXTS_NOTICES")))


def configured() -> bool:
    """Tell whether there is a company that carries our texts."""
    return bool(getattr(settings, "TROTH_TEXTS", "") or os.environ.get("TROTH_TEXTS"))


def _said(name: str) -> str:
    said = str(getattr(settings, name, "") or os.environ.get(name, ""))
    if not said:
        raise ImproperlyConfigured(f"Texts need {name}; the docstring of troth.site.settings says what it is.")
    return said
