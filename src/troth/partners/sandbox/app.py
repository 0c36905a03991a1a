"""Pennyfold over HTTP: `/v1/…` for the shop, with its secret key; `/pay/…` for the shopper. Nothing else."""

from __future__ import annotations

import hmac
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from moneyed import CurrencyDoesNotExist, get_currency

from . import pages, rules
from .errors import Malformed, Mistyped, NotThere, Refused
from .store import Store

LONGEST = 16 * 1024  # bytes of a request's body
STYLE = (Path(__file__).parent / "pennyfold.css").read_bytes()
HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers hide from us where a form came from
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
# Browsers apply form-action to where a form's answer redirects as well: the way back to the shop has to be named.
CONTENT = (
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self'{}"
)
TOLD = {"order": str, "amount": int, "currency": str, "back": str, "keep": bool, "token": str}

Environ = Mapping[str, Any]
Start = Callable[[str, list[tuple[str, str]]], object]


@dataclass
class Answer:
    """What is sent back."""

    body: bytes
    kind: str = "text/html; charset=utf-8"
    status: HTTPStatus = HTTPStatus.OK
    headers: dict[str, str] = field(default_factory=dict)


class App:
    """The WSGI application. `own` is the address shoppers reach it at, without a slash at the end."""

    def __init__(self, store: Store, secret: str, own: str) -> None:
        self.store, self._secret, self.own = store, secret, own

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        answer = self._answer(environ)
        headers = HEADERS | {"Content-Type": answer.kind, "Content-Length": str(len(answer.body))} | answer.headers
        headers.setdefault("Content-Security-Policy", CONTENT.format(""))
        start(f"{answer.status.value} {answer.status.phrase}", list(headers.items()))
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else answer.body]

    def _answer(self, environ: Environ) -> Answer:
        machine = str(environ["PATH_INFO"]).startswith("/v1/")
        try:
            return self._find(environ)
        except Refused as refused:
            if machine:
                return told({"error": refused.code, "say": refused.say}, refused.status)
            return Answer(pages.problem("That did not work", refused.say).encode(), status=refused.status)
        except Exception as problem:  # noqa: BLE001 -- the last line: what went wrong is named, what was sent is not
            sys.stderr.write(f"pennyfold: {type(problem).__name__}\n")
            say = "We could not do that just now. Nothing was changed; please try again."
            if machine:
                return told({"error": "ours", "say": say}, HTTPStatus.INTERNAL_SERVER_ERROR)
            return Answer(pages.problem("Please try again", say).encode(), status=HTTPStatus.INTERNAL_SERVER_ERROR)

    def _find(self, environ: Environ) -> Answer:
        method = "GET" if environ["REQUEST_METHOD"] == "HEAD" else environ["REQUEST_METHOD"]
        path = str(environ["PATH_INFO"])
        if path.startswith("/v1/"):
            self._known(environ)
        methods = set()
        for wanted, pattern, view in ROUTES:
            if found := re.fullmatch(pattern, path):
                methods.add(wanted)
                if wanted == method:
                    return view(self, environ, *found.groups())
        if methods:
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, "method", f"This address takes {' or '.join(methods)} only.")
        raise NotThere

    def _known(self, environ: Environ) -> None:
        given = str(environ.get("HTTP_AUTHORIZATION", ""))
        if not hmac.compare_digest(given.encode("latin-1", "replace"), f"Bearer {self._secret}".encode()):
            raise Refused(HTTPStatus.UNAUTHORIZED, "key", "The API takes requests with the shop's secret key only.")

    # -- for the shop ----------------------------------------------------------------------------------------------

    def begin(self, environ: Environ) -> Answer:
        ask = read_json(environ, TOLD)
        _check(ask)
        made = self.store.begin(ask, once(environ))
        return told(made | {"address": f"{self.own}/pay/{made['reference']}"}, HTTPStatus.CREATED)

    def payment(self, _: Environ, reference: str) -> Answer:
        return told(self.store.payment(reference))

    def act(self, environ: Environ, reference: str, act: str) -> Answer:
        read_json(environ, {})
        return told(self.store.act(act, reference, once(environ)))

    def refund(self, environ: Environ, reference: str) -> Answer:
        amount = read_json(environ, {"amount": int})["amount"]
        if not 0 < amount < 2**53:
            raise Malformed("An amount is a whole number of pence or cents, above nought.")
        return told(self.store.refund(reference, amount, once(environ)))

    def card(self, _: Environ, reference: str) -> Answer:
        return told(self.store.card(reference))

    def forget(self, environ: Environ) -> Answer:
        return told(self.store.forget(read_json(environ, {"token": str})["token"], once(environ)))

    # -- for the shopper -------------------------------------------------------------------------------------------

    def show(self, _: Environ, reference: str) -> Answer:
        row, kept = self.store.page(reference)
        if row["state"] != "open":
            return self._page(row["back"], pages.end(row))
        if row["asking"]:
            return see_other(f"/pay/{reference}/bank")
        return self._page(row["back"], pages.card(row, kept, {}))

    def pay(self, environ: Environ, reference: str) -> Answer:
        form = read_form(environ)
        if form.get("card") == "kept":
            self.store.kept(reference)
            return self._next(reference)
        try:
            sample, expiry = rules.read_card(form, datetime.fromtimestamp(self.store.now(), UTC).date())
        except Mistyped as mistyped:
            row, kept = self.store.page(reference)
            if row["state"] != "open":
                return self._next(reference)
            # The number and the code are not sent back to be seen again: what is not in an answer is in no cache.
            shown = pages.card(row, kept, mistyped.fields, rules.read_expiry(form.get("expiry", "")))
            return self._page(row["back"], shown, HTTPStatus.UNPROCESSABLE_ENTITY)
        self.store.typed(reference, sample, expiry)
        return self._next(reference)

    def ask(self, _: Environ, reference: str) -> Answer:
        row = self.store.page(reference)[0]
        if row["state"] != "open" or not row["asking"]:
            return see_other(f"/pay/{reference}")
        return self._page(row["back"], pages.bank(row))

    def answered(self, environ: Environ, reference: str) -> Answer:
        said = read_form(environ).get("answer")
        if said not in ("yes", "no"):
            raise Malformed("Please go back and answer yes or no.")
        self.store.bank_said(reference, yes=said == "yes")
        return self._next(reference)

    def leave(self, environ: Environ, reference: str) -> Answer:
        read_form(environ)
        self.store.leave(reference)
        return self._next(reference)

    def _next(self, reference: str) -> Answer:
        """Send the shopper on: back to the shop once the payment is settled, else to what is still to be done."""
        row = self.store.page(reference)[0]
        if row["state"] != "open":
            return see_other(rules.way_back(row["back"], reference), self._content(row["back"]))
        return see_other(f"/pay/{reference}/bank" if row["asking"] else f"/pay/{reference}")

    def _page(self, back: str, page: str, status: HTTPStatus = HTTPStatus.OK) -> Answer:
        return Answer(page.encode(), status=status, headers=self._content(back))

    def _content(self, back: str) -> dict[str, str]:
        return {"Content-Security-Policy": CONTENT.format(f" {rules.origin(back)}")}

    # -- for everybody ---------------------------------------------------------------------------------------------

    def style(self, _: Environ) -> Answer:
        return Answer(STYLE, "text/css; charset=utf-8", headers={"Cache-Control": "max-age=3600"})

    def well(self, _: Environ) -> Answer:
        return told({"well": True})


REFERENCE = r"(pay_[A-Za-z0-9_-]{1,64})"
ROUTES: list[tuple[str, str, Callable[..., Answer]]] = [
    ("POST", "/v1/payments", App.begin),
    ("GET", f"/v1/payments/{REFERENCE}", App.payment),
    ("POST", f"/v1/payments/{REFERENCE}/(charge|release)", App.act),
    ("POST", f"/v1/payments/{REFERENCE}/refund", App.refund),
    ("GET", f"/v1/payments/{REFERENCE}/card", App.card),
    ("POST", "/v1/cards/forget", App.forget),
    ("GET", f"/pay/{REFERENCE}", App.show),
    ("POST", f"/pay/{REFERENCE}", App.pay),
    ("GET", f"/pay/{REFERENCE}/bank", App.ask),
    ("POST", f"/pay/{REFERENCE}/bank", App.answered),
    ("POST", f"/pay/{REFERENCE}/leave", App.leave),
    ("GET", "/pennyfold.css", App.style),
    ("GET", "/healthz", App.well),
]


def told(what: object, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    return Answer(json.dumps(what).encode(), "application/json", status)


def see_other(address: str, headers: dict[str, str] | None = None) -> Answer:
    return Answer(b"", status=HTTPStatus.SEE_OTHER, headers={"Location": address} | (headers or {}))


def once(environ: Environ) -> str:
    """Return the key of a request that changes something."""
    key = str(environ.get("HTTP_IDEMPOTENCY_KEY", ""))
    if not re.fullmatch(r"[!-~]{1,200}", key):
        raise Malformed("Send a key of your own as Idempotency-Key: 1 to 200 visible ASCII characters.")
    return key


def _body(environ: Environ) -> bytes:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length > LONGEST:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "length", "That is more than this address takes.")
    return bytes(environ["wsgi.input"].read(length))


def read_json(environ: Environ, shape: Mapping[str, type]) -> dict[str, Any]:
    """Return the JSON object in the body; every key must be there, of its type, and no other."""
    try:
        read = json.loads(_body(environ) or b"{}")
    except (ValueError, RecursionError):
        raise Malformed("The body should be JSON.") from None
    # `type`, not `isinstance`: true is no amount.
    if not isinstance(read, dict) or {name: type(value) for name, value in read.items()} != dict(shape):
        raise Malformed(f"The body should be an object with these and no other keys: {', '.join(shape) or 'none'}.")
    return read


def read_form(environ: Environ) -> dict[str, str]:
    """Return a form sent from our own page; a form on another site cannot press our buttons."""
    if environ.get("HTTP_SEC_FETCH_SITE", "same-origin") not in ("same-origin", "none"):
        raise Refused(HTTPStatus.FORBIDDEN, "elsewhere", "Please use the form on our own page.")
    try:
        return dict(parse_qsl(_body(environ).decode(), keep_blank_values=True, max_num_fields=8))
    except ValueError:
        raise Malformed("Please go back and fill in the form again.") from None


def _check(ask: Mapping[str, Any]) -> None:
    """Raise `Malformed` for a payment that makes no sense."""
    if not 0 < ask["amount"] < 2**40:
        raise Malformed("An amount is a whole number of pence or cents, above nought.")
    if not re.fullmatch(r"[A-Za-z0-9 ._/-]{1,40}", ask["order"]):
        raise Malformed("An order number is 1 to 40 letters, digits, spaces, dots, dashes and strokes.")
    try:
        get_currency(ask["currency"])
    except CurrencyDoesNotExist:
        raise Malformed("The currency is none of ISO 4217.") from None
    if not _absolute(ask["back"]):
        raise Malformed("The way back is an absolute http or https address of up to 2,000 characters.")


def _absolute(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return (
            parts.scheme in ("http", "https")
            and bool(re.fullmatch(r"[A-Za-z0-9.:\[\]-]+", parts.netloc))  # goes into a header
            and (parts.port or 1) > 0
            and re.fullmatch(r"[!-~]{1,2000}", address) is not None
        )
    except ValueError:
        return False
