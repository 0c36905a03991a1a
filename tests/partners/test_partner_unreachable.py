"""A partner that is away, slow or talks nonsense: nobody knows what was done, and that is what we are told."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager

import pytest
import stripe
from django.core.exceptions import ImproperlyConfigured

from troth.partners.chosen import payment_partner
from troth.partners.errors import NotPossible, PartnerUnavailable
from troth.partners.payments import PaymentPartner
from troth.partners.pennyfold import Pennyfold
from troth.partners.stripe import Stripe

from .companies import Quiet, serving
from .conftest import ask

WAIT = 0.3  # seconds we give a partner here
ADAPTERS: dict[str, Callable[[str], PaymentPartner]] = {
    "pennyfold": lambda address: Pennyfold(address, "api-key-1", "notice-key-1", wait=WAIT),
    "stripe": lambda address: Stripe("sk_test_0001", "whsec_1", address=address, wait=WAIT),
}
REFERENCES = {"pennyfold": "pay_1", "stripe": "pi_1"}
PAID = (
    '{"reference": "pay_1", "state": "charged", "order": "T-1", "amount": 100, "currency": "GBP", "refunded": 0,'
    ' "card": {"token": "", "brand": "Visa", "last4": "4242", "expiry": "2031-05"}, "because": ""}'
)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    """Stripe's library waits half a second before it asks again."""
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.01)


@pytest.fixture(params=["pennyfold", "stripe"])
def name(request):
    return request.param


@contextmanager
def answering(status, body, kind="application/json", headers=(), asked=None):
    """A server that gives one answer to everything."""

    class Answers(Quiet):
        def do_POST(self):  # noqa: N802 -- the standard library's name
            content = self.body()
            if asked is not None:
                asked.append((self.command, self.headers.get("Idempotency-Key"), content))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Type", kind)
            for header in headers:
                self.send_header(*header)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST  # noqa: N815 -- the standard library's name

    with serving(Answers) as address:
        yield address


@contextmanager
def speaking(*parts, pause=0.0):
    """A server that says some bytes, slowly if wished, and hangs up. It speaks to one caller after another."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)

        def serve():
            while not over.is_set():
                try:
                    caller, _ = server.accept()
                except TimeoutError:
                    continue
                with caller:
                    caller.settimeout(0.5)
                    try:
                        caller.recv(65536)
                        for part in parts:
                            caller.sendall(part)
                            if over.wait(pause):
                                break
                    except OSError:
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        over.set()
        thread.join()


def every_call(adapter, reference):
    yield lambda: adapter.fields(ask())
    yield lambda: adapter.payment(reference)
    yield lambda: adapter.charge(reference, "once-1")
    yield lambda: adapter.release(reference, "once-2")
    yield lambda: adapter.refund(reference, 1, "once-3")
    yield lambda: adapter.keep(reference)
    yield lambda: adapter.forget("pm_1", "once-4")


def is_unclear(adapter, reference):
    for call in every_call(adapter, reference):
        with pytest.raises(PartnerUnavailable) as refused:
            call()
        said = f"{refused.value} {refused.value.__cause__}"
        assert not {"api-key-1", "sk_test_0001", "pay_1", "pi_1"} & set(said.replace(".", " ").split())


def test_nobody_is_there(name):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    is_unclear(ADAPTERS[name](f"http://127.0.0.1:{port}"), REFERENCES[name])


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"<!doctype html><title>It works</title>"),
        (200, b"null"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'"charged"'),
        (200, b"[" * 50_000),
        (200, b"\xff\xfe{}"),
        (204, b""),
        (404, b"<h1>Not found</h1>"),  # some other server's page: says nothing about our payment
        (429, b'{"error": {"type": "rate_limit_error", "message": "busy"}}'),
        (401, b'{"error": "key", "say": "no"}'),
        (500, b'{"error": "ours", "say": "sorry"}'),
        (503, b"busy"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_an_answer_that_makes_no_sense(name, status, body):
    with answering(status, body) as address:
        adapter = ADAPTERS[name](address)
        calls = list(every_call(adapter, REFERENCES[name]))
        with pytest.raises(PartnerUnavailable):
            calls[1]()
        with pytest.raises(PartnerUnavailable):
            calls[0]()


@pytest.mark.parametrize(
    "changed",
    [
        ('"state": "charged"', '"state": "stolen"'),
        ('"amount": 100', '"amount": true'),
        ('"amount": 100', '"amount": "100"'),
        ('"amount": 100', '"amount": 1e2'),
        ('"refunded": 0', '"refunded": 101'),
        ('"refunded": 0', '"refunded": -1'),
        ('"reference": "pay_1"', '"reference": "pay_2"'),
        ('"last4": "4242"', '"last4": "4242424242424242"'),
        ('"expiry": "2031-05"', '"expiry": "05/31"'),
        ('"order": "T-1"', '"order": null'),
        ('"card": {', '"card": [], "more": {'),
    ],
)
def test_an_answer_of_another_shape(changed):
    assert changed[0] in PAID
    with answering(200, PAID.encode()) as address:
        assert ADAPTERS["pennyfold"](address).payment("pay_1").state == "charged"
    with answering(200, PAID.replace(*changed).encode()) as address, pytest.raises(PartnerUnavailable):
        ADAPTERS["pennyfold"](address).payment("pay_1")


def test_a_partner_that_says_nothing_is_not_waited_for(name):
    with speaking(b"", pause=30) as address:
        start = time.monotonic()
        with pytest.raises(PartnerUnavailable):
            ADAPTERS[name](address).payment(REFERENCES[name])
        assert time.monotonic() - start < 4


def test_an_answer_in_drops_is_not_waited_for():
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n"
    with speaking(head, *[b" "] * 300, pause=0.05) as address:
        start = time.monotonic()
        with pytest.raises(PartnerUnavailable):
            ADAPTERS["pennyfold"](address).payment("pay_1")
        assert time.monotonic() - start < 3


def test_an_answer_that_breaks_off_or_never_ends(name):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    for parts in (
        (head + b"Content-Length: 900\r\n\r\n", PAID.encode()),
        (head + b"\r\n", b" " * 200_000),
        (b"hello\r\n",),
    ):
        with speaking(*parts) as address, pytest.raises(PartnerUnavailable):
            ADAPTERS[name](address).payment(REFERENCES[name])


def test_our_key_is_not_carried_to_where_a_partner_points():
    asked: list[object] = []
    with answering(200, PAID.encode(), asked=asked) as elsewhere:
        for status in (301, 302, 307, 308):
            with answering(status, b"", headers=[("Location", f"{elsewhere}/v1/payments/pay_1")]) as address:
                with pytest.raises(PartnerUnavailable):
                    ADAPTERS["pennyfold"](address).payment("pay_1")
                with pytest.raises(PartnerUnavailable):
                    ADAPTERS["pennyfold"](address).charge("pay_1", "once")
    assert asked == []


def test_a_busy_partner_is_asked_once_more_with_the_same_key():
    asked: list[object] = []
    with answering(503, b"busy", asked=asked) as address, pytest.raises(PartnerUnavailable):
        ADAPTERS["pennyfold"](address).charge("pay_1", "once-1")
    assert asked == [("POST", "once-1", b"{}")] * 2


def test_what_is_asked_wrongly_is_refused_not_unclear(pennyfold):
    for wrong in ({"amount": 0}, {"currency": "XYZ"}, {"back": "javascript:alert(1)"}, {"order": "<b>"}, {"once": "é"}):
        with pytest.raises((NotPossible, UnicodeError)):
            pennyfold.adapter.fields(ask(**wrong))


# -- which partner -------------------------------------------------------------------------------------------------


def test_the_partner_is_the_one_the_environment_names(monkeypatch):
    monkeypatch.setenv("TROTH_PAYMENTS_KEY", "k")
    monkeypatch.setenv("TROTH_PAYMENTS_NOTICES", "n")
    monkeypatch.setenv("TROTH_PAYMENTS", "http://127.0.0.1:8100")
    assert repr(payment_partner()) == "Pennyfold('http://127.0.0.1:8100')"
    assert payment_partner() is payment_partner()
    monkeypatch.setenv("TROTH_PAYMENTS", "stripe")
    assert isinstance(payment_partner(), Stripe)


@pytest.mark.parametrize(
    ("missing", "value"), [("TROTH_PAYMENTS", ""), ("TROTH_PAYMENTS", "visa"), ("TROTH_PAYMENTS_KEY", "")]
)
def test_a_partner_that_is_not_named_is_asked_for(monkeypatch, missing, value):
    for setting in ("TROTH_PAYMENTS_KEY", "TROTH_PAYMENTS_NOTICES"):
        monkeypatch.setenv(setting, "x")
    monkeypatch.setenv("TROTH_PAYMENTS", "http://127.0.0.1:8100")
    monkeypatch.setenv(missing, value)
    with pytest.raises(ImproperlyConfigured, match=missing):
        payment_partner()
