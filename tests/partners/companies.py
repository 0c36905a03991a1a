"""The two payment partners as tests meet them: real processes on this machine, and a shopper at their pages.

Pennyfold is the sandbox as it ships. Stripe is localstripe as it ships, behind a front of our own that adds what it
lacks: Checkout Sessions, idempotency keys, `setup_future_usage`, `return_url`, and a limit to refunds. What the front
adds is our reading of Stripe's documentation, not Stripe: docs/partners.md says which is which.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode

import urllib3

from troth.partners.payments import PaymentPartner, Session
from troth.partners.pennyfold import Pennyfold
from troth.partners.stripe import Stripe

EXPIRY = "2031-05"
PENNYFOLD = {"pays": "4242424242424242", "asks": "4000000000003220", "declines": "4000000000000002"}
LOCALSTRIPE = {"pays": "4242424242424242", "asks": "4000000000003220", "declines": "4000000000000341"}
BACK = "http://127.0.0.1:9/tarn/paid/?step=3"


class Shopper:
    """Somebody with a card, at a partner's page."""

    def pay(self, session: Session, does: str = "pays", *, yes: bool = True) -> None:
        raise NotImplementedError

    def pay_kept(self, session: Session, *, yes: bool = True) -> None:
        raise NotImplementedError

    def leave(self, session: Session) -> None:
        raise NotImplementedError


@dataclass
class Company:
    """A partner: our adapter for it, its shopper, and what it has told us."""

    name: str
    adapter: PaymentPartner
    shopper: Shopper
    heard: Listener
    secret: str  # that signs notices
    header: str


# -- notices -------------------------------------------------------------------------------------------------------


@dataclass
class Listener:
    """A small server of ours that takes notices. `answers` is what it says to the next ones; then 204."""

    address: str = ""
    answers: list[int] = field(default_factory=list)
    got: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)
    more: threading.Condition = field(default_factory=threading.Condition)

    def wait(self, enough: Any, seconds: float = 8) -> list[tuple[bytes, dict[str, str]]]:
        with self.more:
            assert self.more.wait_for(lambda: enough(self.got), seconds), f"only {len(self.got)} notices came"
            return list(self.got)


class Quiet(BaseHTTPRequestHandler):
    def log_message(self, *said: object) -> None:
        pass

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def say(self, status: int, body: bytes = b"", kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener()

    class Hears(Quiet):
        def do_POST(self) -> None:
            body = self.body()
            if len(body) != int(self.headers["Content-Length"]):
                return  # whoever sent it was killed half-way
            with listener.more:
                listener.got.append((body, dict(self.headers.items())))
                status = listener.answers.pop(0) if listener.answers else 204
                listener.more.notify_all()
            self.say(status)

    with serving(Hears) as address:
        listener.address = f"{address}/told"
        yield listener


# -- Pennyfold -----------------------------------------------------------------------------------------------------


def free_port() -> int:
    """Return a port that callers are never given: while we are down, one of them could otherwise take it from us."""
    while True:
        port = secrets.randbelow(10_000) + 20_000
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class Sandbox:
    """The sandbox process, which can be killed and started again on the same folder."""

    def __init__(self, folder: Path, tell: str = "") -> None:
        self.folder, self._tell, self.port = folder, tell, free_port()
        self.secret_file = folder.parent / f"{folder.name}-keys"
        self.address = ""

    def start(self) -> None:
        command = [sys.executable, "-m", "troth.partners.sandbox", "--port", str(self.port)]
        command += ["--folder", str(self.folder), "--secret-file", str(self.secret_file)]
        self.process = subprocess.Popen(
            command + (["--tell", self._tell] if self._tell else []), stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        self.address = self.process.stdout.readline().split()[-1]
        self.port = int(self.address.rsplit(":", 1)[1])

    def kill(self) -> None:
        self.process.kill()
        self._gone()

    def stop(self) -> int:
        self.process.terminate()
        return self._gone()

    def _gone(self) -> int:
        code = self.process.wait(10)
        assert self.process.stdout
        self.process.stdout.close()
        return code

    @property
    def keys(self) -> dict[str, str]:
        return dict(json.loads(self.secret_file.read_text()))

    def adapter(self, **options: Any) -> Pennyfold:
        return Pennyfold(self.address, self.keys["api"], self.keys["notices"], **options)


class AtPennyfold(Shopper):
    def __init__(self) -> None:
        self.http = urllib3.PoolManager()

    def post(self, address: str, **form: str) -> urllib3.BaseHTTPResponse:
        return self.http.request("POST", address, fields=form, encode_multipart=False, redirect=False)

    def pay(self, session: Session, does: str = "pays", *, yes: bool = True) -> None:
        answer = self.post(session.address, card="typed", number=PENNYFOLD[does], expiry=EXPIRY, cvc="123")
        self._bank(session, answer, yes=yes)

    def pay_kept(self, session: Session, *, yes: bool = True) -> None:
        self._bank(session, self.post(session.address, card="kept"), yes=yes)

    def leave(self, session: Session) -> None:
        assert self.post(f"{session.address}/leave").status == 303

    def _bank(self, session: Session, answer: urllib3.BaseHTTPResponse, *, yes: bool) -> None:
        assert answer.status == 303, answer.data
        if answer.headers["Location"].endswith("/bank"):
            self.post(f"{session.address}/bank", answer="yes" if yes else "no")


@contextmanager
def pennyfold(folder: Path) -> Iterator[Company]:
    with listening() as heard:
        sandbox = Sandbox(folder / "pennyfold", heard.address)
        sandbox.start()
        try:
            yield Company(
                "pennyfold",
                sandbox.adapter(),
                AtPennyfold(),
                heard,
                sandbox.keys["notices"],
                "Pennyfold-Signature",
            )
        finally:
            assert sandbox.stop() == 0


# -- Stripe --------------------------------------------------------------------------------------------------------

# localstripe as it is, but on loopback only and without its file in /tmp, which would hold card numbers.
LOCALSTRIPE_STARTS = """
import asyncio
from aiohttp import web
from localstripe.resources import Store
Store.dump_to_disk = lambda self: None
from localstripe.server import app

async def main():
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
API_KEY = "sk_test_of_ours_0001"
Json = dict[str, Any]


class Front:
    """Stands before localstripe and adds what it lacks. All state of its own is in these four dictionaries."""

    def __init__(self, behind: str) -> None:
        self.behind, self.address = behind, ""
        self.http = urllib3.PoolManager()
        self.alone = threading.RLock()
        self.sessions: dict[str, Json] = {}
        self.extra: dict[str, Json] = {}  # of a PaymentIntent: what localstripe refuses to keep
        self.answers: dict[str, tuple[bytes, int, bytes]] = {}

    def forward(self, method: str, path: str, form: Any = None) -> tuple[int, Json]:
        """Ask localstripe. Forms are sent as they came."""
        headers = {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(form) if form else None
        answer = self.http.request(method, self.behind + path, body=body, headers=headers, retries=False)
        return answer.status, dict(json.loads(answer.data)) if answer.data else {}

    def once(self, method: str, path: str, body: bytes, key: str) -> tuple[int, bytes]:
        """Answer a request; one whose key came before with the answer given then (Stripe, "Idempotent requests")."""
        content = hashlib.sha256(f"{method} {path} ".encode() + body).digest()
        with self.alone:
            before = self.answers.get(key)
            if before and before[0] != content:
                said = {"error": {"type": "idempotency_error", "message": "Keys for idempotent requests …"}}
                return 400, json.dumps(said).encode()
            if before:
                return before[1:]
            status, read = self.answer(method, path, dict(parse_qsl(body.decode(), keep_blank_values=True)))
            if key and status < 500:
                self.answers[key] = (content, status, json.dumps(read).encode())
            return status, json.dumps(read).encode()

    def answer(self, method: str, path: str, form: Json) -> tuple[int, Json]:
        route, _, query = path.partition("?")
        if found := re.fullmatch(r"/v1/checkout/sessions(?:/(\w+))?(/expire)?", route):
            return self.session(method, found[1] or "", form, expire=bool(found[2]), query=query)
        if found := re.fullmatch(r"/v1/payment_intents/(\w+)(?:/(confirm))?", route):
            return self.intent(method, path, found[1], form, confirm=bool(found[2]))
        if route == "/v1/refunds" and method == "POST":
            charge = self.forward("GET", f"/v1/payment_intents/{form['payment_intent']}")[1]["latest_charge"]
            if int(form["amount"]) > charge["amount"] - charge["amount_refunded"]:
                return refusal("Refund amount is greater than the unrefunded amount.")
        return self.forward(method, path, form)

    def intent(self, method: str, path: str, reference: str, form: Json, *, confirm: bool) -> tuple[int, Json]:
        if confirm:
            self.extra.setdefault(reference, {})["return_url"] = form.pop("return_url")
        status, read = self.forward(method, path, form)
        if status == 200:
            read["setup_future_usage"] = self.extra.get(reference, {}).get("setup_future_usage")
            if read["next_action"]:
                read["next_action"] = {"type": "redirect_to_url", "redirect_to_url": {"url": f"{self.address}/bank"}}
        return status, read

    def session(self, method: str, reference: str, form: Json, *, expire: bool, query: str) -> tuple[int, Json]:
        if method == "GET" and not reference:
            intent = parse_qs(query)["payment_intent"][0]
            found = [made for made in self.sessions.values() if made["payment_intent"] == intent]
            return 200, {"object": "list", "data": found, "has_more": False, "url": "/v1/checkout/sessions"}
        if not reference:
            return 200, self.begin(form)
        if reference not in self.sessions:
            return refusal("No such checkout session", 404)
        made = self.sessions[reference]
        if expire and made["status"] != "open":
            return refusal("Only Checkout Sessions with a status in [open] can be expired.")
        if expire:
            made["status"] = "expired"
        return 200, made

    def begin(self, form: Json) -> Json:
        reference = f"cs_test_{len(self.sessions) + 1:04}"
        price = "line_items[0][price_data]"
        made = {
            "id": reference,
            "object": "checkout.session",
            "url": f"{self.address}/page/{reference}",
            "status": "open",
            "payment_intent": None,
            "client_reference_id": form["client_reference_id"],
            "amount_total": int(form[f"{price}[unit_amount]"]),
            "currency": form[f"{price}[currency]"],
            "asked": form,
        }
        self.sessions[reference] = made
        return made


def refusal(say: str, status: int = 400) -> tuple[int, Json]:
    return status, {"error": {"type": "invalid_request_error", "message": say}}


class AtStripe(Shopper):
    """Does what Stripe's Checkout page would do, by localstripe's API."""

    def __init__(self, front: Front) -> None:
        self.front = front

    def pay(self, session: Session, does: str = "pays", *, yes: bool = True) -> None:
        made = self.front.sessions[session.reference]
        if made["status"] != "open":  # the page is closed
            return
        asked = made["asked"]
        year, month = EXPIRY.split("-")
        card = {"number": LOCALSTRIPE[does], "exp_month": month, "exp_year": year, "cvc": "123"}
        method = self.ask("/v1/payment_methods", {"type": "card"} | {f"card[{k}]": v for k, v in card.items()})["id"]
        assert asked["payment_intent_data[capture_method]"] == "manual"
        wanted = {"amount": made["amount_total"], "currency": made["currency"], "payment_method": method}
        wanted |= {"capture_method": "manual", "metadata[order]": asked["payment_intent_data[metadata][order]"]}
        if keep := asked.get("payment_intent_data[setup_future_usage]"):
            assert asked["customer_creation"] == "always"
            wanted["customer"] = self.ask("/v1/customers", {"description": "made by Checkout"})["id"]
            if does != "declines":
                self.ask(f"/v1/payment_methods/{method}/attach", {"customer": wanted["customer"]})
        intent = self.ask("/v1/payment_intents", wanted)["id"]
        made["payment_intent"] = intent
        self.front.extra[intent] = {"setup_future_usage": keep}
        self.front.forward("POST", f"/v1/payment_intents/{intent}/confirm")
        if self.bank(intent, yes=yes) == "requires_capture":
            made["status"] = "complete"

    def pay_kept(self, session: Session, *, yes: bool = True) -> None:
        self.bank(session.reference, yes=yes)  # a kept card is tried at once: only the bank's question is left

    def leave(self, session: Session) -> None:
        """Nothing tells Stripe that somebody has gone."""

    def bank(self, intent: str, *, yes: bool) -> str:
        read = self.front.forward("GET", f"/v1/payment_intents/{intent}")[1]
        if read["status"] == "requires_action":
            said = {"client_secret": read["client_secret"], "success": "true" if yes else "false"}
            read = self.front.forward("POST", f"/v1/payment_intents/{intent}/_authenticate", said)[1]
        return str(read["status"])

    def ask(self, path: str, form: Json) -> Json:
        status, read = self.front.forward("POST", path, form)
        assert status == 200, read
        return read


@contextmanager
def localstripe() -> Iterator[str]:
    with subprocess.Popen([sys.executable, "-c", LOCALSTRIPE_STARTS], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


@contextmanager
def stripe() -> Iterator[Company]:
    with localstripe() as behind, listening() as heard:
        front = Front(behind)

        class Speaks(Quiet):
            def do_POST(self) -> None:
                key = self.headers.get("Idempotency-Key") or ""
                self.say(*front.once(self.command, self.path, self.body(), key))

            do_GET = do_DELETE = do_POST  # noqa: N815 -- the standard library's names

        secret = "whsec_of_ours"
        front.http.request(
            "POST",
            f"{behind}/_config/webhooks/ours",
            fields={"url": heard.address, "secret": secret},
            encode_multipart=False,
        )
        with serving(Speaks) as front.address:
            adapter = Stripe(API_KEY, secret, address=front.address)
            yield Company("stripe", adapter, AtStripe(front), heard, secret, "Stripe-Signature")
            front.http.clear()
