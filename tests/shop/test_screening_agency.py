"""An agency that screens orders, asked over HTTP: what it is told, and that nothing unclear is taken for a pass."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from troth.partners.errors import PartnerUnavailable
from troth.partners.screening import Agency, Case, OwnRules, Verdict

HOME = {"street": "3 Weir Lane", "city": "BATH", "postcode": "BA1 1AA", "country": "GB"}


def case(**changed):
    plain: dict[str, Any] = {
        "once": "o:1",
        "order": "A",
        "name": "Ada",
        "email": "ada@post.example",
        "delivery": HOME,
        "billing": HOME,
        "amount": 9_000,
        "currency": "GBP",
        "pieces": 2,
    }
    return Case(**plain | changed)


@pytest.fixture
def agency():
    """A server that answers with whatever the test put into `answer`, and keeps what it was asked."""

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.asked.append(  # type: ignore[attr-defined]
                (self.path, dict(self.headers), json.loads(body))
            )
            status, content = server.answer  # type: ignore[attr-defined]
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Answering)
    server.asked, server.answer = [], (200, b'{"result": "pass"}')  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    server.partner = Agency(f"http://127.0.0.1:{server.server_port}/v1/", "a secret")  # type: ignore[attr-defined]
    yield server
    server.partner._pool.clear()  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_agency_is_told_what_the_policy_lets_it_have_and_nothing_of_goods_or_cards(agency):
    assert agency.partner.screen(case()) == Verdict("pass")
    ((path, headers, told),) = agency.asked
    assert (path, headers["Authorization"], headers["Idempotency-Key"]) == ("/v1/screenings", "Bearer a secret", "o:1")
    assert sorted(told) == ["amount", "billing", "currency", "delivery", "email", "name", "order"]


def test_a_doubt_comes_with_its_reasons(agency):
    agency.answer = (201, b'{"result": "doubt", "reasons": ["New mailbox.", 7]}')
    assert agency.partner.screen(case()) == Verdict("doubt", ("New mailbox.", "7"))


@pytest.mark.parametrize(
    "answer",
    [(200, b""), (200, b"[]"), (200, b'{"result": "yes"}'), (200, b"[" * 20_000), (200, b" " * 70_000), (500, b'{"result": "pass"}'), (302, b'{"result": "pass"}'), (200, b"\xff\xfe")],
)  # fmt: skip
def test_whatever_is_not_plainly_a_verdict_is_asked_again(agency, answer):
    agency.answer = answer
    with pytest.raises(PartnerUnavailable) as no:
        agency.partner.screen(case())
    assert "ada" not in str(no.value).lower()


def test_an_agency_that_is_not_there_is_asked_again():
    with pytest.raises(PartnerUnavailable):
        Agency("http://127.0.0.1:9", "x").screen(case())


@pytest.mark.parametrize(
    ("changed", "doubts"),
    [({}, 0), ({"amount": 150_000}, 0), ({"amount": 150_001}, 1), ({"pieces": 14}, 0), ({"pieces": 15}, 1), ({"lately": 3}, 0), ({"lately": 4}, 1), ({"billing": HOME | {"country": "FR"}}, 1), ({"delivery": {}}, 0), ({"amount": 900_000, "pieces": 40, "lately": 9}, 3)],
)  # fmt: skip
def test_our_own_rules_doubt_what_is_unusual_and_say_why(changed, doubts):
    verdict = OwnRules().screen(case(**changed))
    assert (verdict.result, len(verdict.reasons)) == ("doubt" if doubts else "pass", doubts)
