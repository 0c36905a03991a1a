"""The page says that TLS guards what people send only while somebody has seen that it does."""

import http.server
import json
import ssl
import threading
import warnings
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from troth.front import seen
from troth.site import looking, transit
from troth.site.cli import parser

STAY = "max-age=31536000; includeSubDomains"
SAID = "with TLS 1.2 or newer"
HOST = "127.0.0.1"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for this machine, signed by itself, with its key: one file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    day = timedelta(days=1)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now() - day, now() + day)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "host.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file


@contextmanager
def serving(file=None, *, newest=None, headers=(("Strict-Transport-Security", STAY),), status=200):
    """A small site on a port of its own; with TLS where there is a certificate, no newer than `newest`."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer((HOST, 0), Page)
    if file:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        if newest:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = newest
            context.set_ciphers("ALL:@SECLEVEL=0")
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def problems(port, certificate, plain_port=1):
    trust = ssl.create_default_context(cafile=str(certificate))
    return transit.look(HOST, port=port, plain_port=plain_port, trust=trust).problems


def test_a_host_that_speaks_tls_1_3_and_nothing_old_is_well(certificate):
    cookie = ("Set-Cookie", "basket=1; Path=/; secure; HttpOnly")
    with serving(certificate, headers=(("Strict-Transport-Security", STAY), cookie)) as port:
        found = transit.look(HOST, port=port, plain_port=1, trust=ssl.create_default_context(cafile=str(certificate)))
    assert (found.version, found.problems) == ("TLSv1.3", ())


@pytest.mark.parametrize("stay", [None, "max-age=3600", "includeSubDomains"])
def test_browsers_must_be_told_to_stay(certificate, stay):
    headers = (("Strict-Transport-Security", stay),) if stay else ()
    with serving(certificate, headers=headers) as port:
        (problem,) = problems(port, certificate)
    assert "stay with TLS" in problem


def test_a_cookie_that_may_travel_in_the_clear_is_named(certificate):
    headers = (
        ("Strict-Transport-Security", STAY), ("Set-Cookie", "good=1; Secure"), ("Set-Cookie", "secure=1; Path=/"),
    )  # fmt: skip
    with serving(certificate, headers=headers) as port:
        assert problems(port, certificate) == ("the cookie secure may travel in the clear (Secure)",)


def test_a_certificate_nobody_vouches_for_is_not_accepted(certificate):
    with serving(certificate) as port:
        (problem,) = transit.look(HOST, port=port, plain_port=1).problems
    assert problem.startswith("its certificate is not accepted")


def test_a_host_without_tls_and_a_host_that_is_not_there_have_none(certificate):
    with serving() as port:
        assert "there is no TLS 1.2 or newer" in problems(port, certificate)[0]
    assert "there is no TLS 1.2 or newer" in problems(port, certificate)[0]


def test_a_host_with_old_tls_alone_has_none(certificate):
    with serving(certificate, newest=ssl.TLSVersion.TLSv1_1) as port:
        assert "there is no TLS 1.2 or newer" in problems(port, certificate)[0]


def test_a_host_that_speaks_old_tls_beside_the_new_is_found(certificate):
    with serving(certificate, newest=ssl.TLSVersion.TLSv1_3) as port:
        assert problems(port, certificate) == ("it still speaks TLSv1.1",)


@pytest.mark.parametrize(
    ("status", "to", "well"),
    [(301, "https://tarn.example/", True), (302, "http://tarn.example/", False), (200, "https://tarn.example/", False)],
)
def test_plain_http_leads_to_tls_or_nowhere(certificate, status, to, well):
    with serving(certificate) as port, serving(headers=(("Location", to),), status=status) as plain:
        found = problems(port, certificate, plain)
    assert found == (() if well else ("it answers plain HTTP with a page instead of the way to TLS",))


# -- what the page then says ----------------------------------------------------------------------------------------------


@pytest.fixture
def folder(settings, tmp_path):
    settings.TROTH_DATA = tmp_path
    return tmp_path


def page():
    return Client().get(reverse("front:policy", args=["tarn"])).content.decode()


def run(*words):
    options = parser().parse_args(["site", "check", *words])
    return options.run(options)


def test_the_sentence_stands_while_the_check_passes_and_goes_when_it_fails(folder, certificate, monkeypatch, capsys):
    monkeypatch.setattr(looking, "sites", lambda: [HOST])
    assert SAID not in page()
    with serving(certificate) as port:
        words = ["--port", str(port), "--plain-port", "1"]
        assert run(*words, "--trust", str(certificate)) == 0
        assert "well, with TLSv1.3" in capsys.readouterr().out
        assert SAID in page()
        assert "encrypts what you send" in json.dumps(Client().get(reverse("front:record_json")).json())
        assert run(*words) == 1  # nobody vouches for it any more
        assert "does not claim it" in capsys.readouterr().out
    assert SAID not in page()


def test_a_host_that_was_left_out_keeps_the_sentence_away(folder, certificate, monkeypatch):
    monkeypatch.setattr(looking, "sites", lambda: [HOST, "tarn.example"])
    with serving(certificate) as port:
        assert run(HOST, "--port", str(port), "--plain-port", "1", "--trust", str(certificate)) == 1
    assert SAID not in page()


NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "stands"),
    [(timedelta(0), True), (timedelta(days=2), True), (timedelta(days=2, seconds=1), False), (timedelta(-1), False)],
)
def test_what_was_seen_lasts_two_days(tmp_path, after, stands):
    seen.note(tmp_path, "tls >= 1.2", [], NOON)
    assert seen.seen(tmp_path, NOON + after) == ({"tls >= 1.2"} if stands else frozenset())


def test_what_was_seen_of_one_thing_says_nothing_of_another(tmp_path):
    seen.note(tmp_path, "tls >= 1.2", ["tarn.example: it still speaks TLSv1.1"], NOON)
    seen.note(tmp_path, "breach clocks run", [], NOON)
    assert seen.seen(tmp_path, NOON) == {"breach clocks run"}


@pytest.mark.parametrize(
    "text", ["", "[]", "null", '{"tls >= 1.2": []}', '{"tls >= 1.2": {"problems": []}}', "{", "\x00"]
)
def test_a_note_that_cannot_be_read_shows_nothing(tmp_path, text):
    (tmp_path / seen.FILE).write_text(text)
    assert seen.seen(tmp_path, NOON) == frozenset()


def test_the_brands_own_sites_are_looked_at():
    assert looking.sites() == ["tarn.example", "holm.example", "skerry.example"]
