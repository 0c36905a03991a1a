"""What every answer of the house carries, whatever it answers."""

import logging
import re
from contextlib import closing

import pytest

ADDRESSES = ("/", "/privacy/tarn/", "/ask/?q=pigeon", "/nowhere", "/healthz", "/static/front/house.css")


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_carries_its_headers(client, address):
    with closing(client.get(address, secure=True)) as response:
        headers = response.headers

    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src": "'none'", "style-src": "'self'", "img-src": "'self'", "font-src": "'self'", "form-action": "'self'",
        "base-uri": "'none'", "frame-ancestors": "'none'",
    }  # fmt: skip
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert "Sec-GPC" in headers["Vary"]
    assert re.fullmatch("[0-9a-f]{32}", headers["X-Request-Id"])


def test_every_answer_has_a_number_of_its_own(client):
    assert client.get("/healthz")["X-Request-Id"] != client.get("/healthz")["X-Request-Id"]


def test_health_names_the_policy_in_force(client):
    told = client.get("/healthz").json()
    assert told["status"] == "ok"
    assert len(told["digest"]) == 64


def test_no_cookie_is_set_by_reading(client):
    for address in ADDRESSES:
        with closing(client.get(address)) as response:
            assert not response.cookies


def test_a_strange_host_is_turned_away(client):
    assert client.get("/", HTTP_HOST="evil.example").status_code == 400


def test_the_log_holds_routes_and_never_what_was_typed(client, caplog):
    with caplog.at_level(logging.INFO, logger="troth.site"):
        client.get("/ask/?q=contact+jane.doe%40example.com")
        client.get("/privacy/jane.doe@example.com/")
    said = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("troth"))
    assert "/ask/ 400" in said
    assert "/privacy/<str:brand>/ 404" in said
    assert "jane" not in said
