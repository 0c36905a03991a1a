"""A mail company instead of a server of our own: letters whole and once, its notices with our secret, and no watching.

The company here runs on this machine and speaks the interface of an open mail platform that django-anymail knows.
"""

import contextlib
import json
from base64 import b64encode
from functools import lru_cache

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from tests.marketing.campaigning import going, part, reader
from tests.partners.companies import Quiet, serving

from troth.choices.actions import suppressed
from troth.choices.models import Event
from troth.doors.contact import NeverTaken, NotTaken, Outgoing
from troth.doors.models import Message, Returned
from troth.marketing import release
from troth.marketing.channels import company
from troth.site import mail
from troth.site.companies import Company

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
ADA = "ada@post.example"
SECRET = "company:long-enough-a-secret"


class Postal:
    """A company that takes letters, or does as it is told."""

    def __init__(self):
        self.came, self.status, self.body = [], 200, None

    def handler(self):
        company = self

        class Hears(Quiet):
            def do_POST(self):  # noqa: N802 -- the library's
                letter = json.loads(self.body())
                company.came.append((self.path, self.headers["X-Server-API-Key"], letter))
                messages = {to: {"id": len(company.came), "token": "x"} for to in letter["to"]}
                said = company.body or {"status": "success", "data": {"message_id": "m", "messages": messages}}
                self.say(company.status, json.dumps(said).encode())

        return Hears


@lru_cache
def signing():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public():
    pem = (
        signing().public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return "".join(pem.decode().splitlines()[1:-1])


@pytest.fixture
def postal(settings):
    made = Postal()
    with serving(made.handler()) as address:
        settings.TROTH_MAIL = "postal"
        settings.TROTH_MAIL_KEY = f"api_key=k-1 api_url={address}/"
        settings.TROTH_MAIL_NOTICES = f"webhook_secret={SECRET} webhook_key={public()}"
        settings.TROTH_RETURNS = "returns"
        yield made


def told(payload, *, secret=SECRET, signed=True):
    body = json.dumps({"event": "x", "uuid": "1", "timestamp": 1795000000, "payload": payload}).encode()
    mark = signing().sign(body, padding.PKCS1v15(), hashes.SHA1()) if signed else b"x"  # noqa: S303 -- as it signs
    headers = {"X-Postal-Signature": b64encode(mark).decode()}
    if secret:
        headers["Authorization"] = "Basic " + b64encode(secret.encode()).decode()
    client = Client(enforce_csrf_checks=True)
    return client.post("/mail/told/", body, content_type="application/json", headers=headers).status_code


def notice(letter, **more):
    return {"message": {"id": 1, "tag": letter["tag"], "to": letter["to"][0], "direction": "outgoing"}} | more


@pytest.fixture
def sent(postal):
    """A person, and their letter as the company got it."""
    person, one = reader(address=ADA), going()
    with mail.ways(mail.transport()) as by:
        release.run(one, by["email"])
    assert Message.objects.get().state == "sent"
    return person, postal.came[0][2]


def test_a_letter_goes_whole_with_both_headers_of_rfc_8058(postal, sent):
    _, letter = sent
    ((path, secret, _),) = postal.came
    assert (path, secret, letter["to"]) == ("/api/v1/send/message", "k-1", [ADA])
    assert letter["from"] == "Tarn <care@tarn.example>"
    headers = letter["headers"]
    assert part(r"^<https://tarn\.example/stop/([A-Za-z0-9_~-]+)/>$", headers["List-Unsubscribe"])
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["Message-ID"] == Message.objects.get().message_id
    assert headers["Auto-Submitted"] == "auto-generated"
    assert "Coats are in." in letter["plain_body"]
    assert "<p>Coats are in.</p>" in letter["html_body"]
    assert letter["sender"].startswith("returns+")


@pytest.mark.parametrize(
    ("status", "body", "raised"),
    [
        (401, {}, NotTaken), (422, {}, NotTaken),
        (503, {}, Exception), (200, {"status": "error", "data": {}}, Exception),
    ],
)  # fmt: skip
def test_what_it_surely_did_not_take_is_tried_again_and_what_nobody_knows_is_in_doubt(postal, status, body, raised):
    postal.status, postal.body = status, body
    one = Outgoing("email", "tarn", ADA, {"subject": "Coats", "text": "In."}, f"<{'0a' * 16}@troth.invalid>")
    with pytest.raises(raised) as no:
        mail.transport()(one, give_up_after=20)
    assert isinstance(no.value, NotTaken) is (raised is NotTaken)
    assert not isinstance(no.value, NeverTaken)


def test_nobody_there_is_surely_not_sent(postal, settings):
    settings.TROTH_MAIL_KEY = "api_key=k-1 api_url=http://127.0.0.1:9/"
    reader(address=ADA)
    with mail.ways(mail.transport()) as by:
        release.run(going(), by["email"])
    assert Message.objects.get().state == "queued"


@pytest.mark.parametrize("address", ["a@post.example\r\nBcc: x@y.example", "a b@c d", ""])
def test_what_is_no_address_goes_nowhere(postal, address):
    one = Outgoing("email", "tarn", address, {"subject": "Coats", "text": "In."}, f"<{'0a' * 16}@troth.invalid>")
    with pytest.raises(NotTaken):
        mail.transport()(one, give_up_after=20)
    assert postal.came == []


def test_an_unusual_mailbox_is_one_recipient(postal):
    one = Outgoing(
        "email", "tarn", "a@b,c@d.example", {"subject": "Coats", "text": "In."}, f"<{'0a' * 16}@troth.invalid>"
    )
    mail.transport()(one, give_up_after=20)
    assert [letter["to"] for *_, letter in postal.came] == [['"a@b,c"@d.example']]


def test_a_bounce_and_a_failure_are_taken_as_letters_that_came_back(sent):
    person, letter = sent
    said = notice(letter, status="HardFail", output="550 5.1.1 no such user", details="")
    assert [told(said) for _ in range(2)] == [204, 204]
    assert suppressed("email", ADA)
    assert Returned.objects.filter(person_id=person.pk, kind="hard").count() == 1


def test_one_that_is_full_is_counted(sent):
    _, letter = sent
    assert told(notice(letter, status="HardFail", output="552 5.2.2 full", details="")) == 204
    assert (Returned.objects.get().kind, suppressed("email", ADA)) == ("soft", False)


def test_who_opens_or_clicks_is_not_read(sent):
    _, letter = sent
    before = Message.objects.values().get()
    assert told(notice(letter, url="https://tarn.example/", ip_address="192.0.2.1", user_agent="x")) == 204
    assert (Returned.objects.count(), Event.objects.filter(kind="objection").count()) == (0, 0)
    assert Message.objects.values().get() == before


@pytest.mark.parametrize("how", [{"secret": ""}, {"secret": "company:other-and-as-long"}, {"signed": False}])
def test_without_our_secret_nothing_is_heard(sent, how):
    _, letter = sent
    assert told(notice(letter, status="HardFail", output="550 5.1.1", details=""), **how) == 400
    assert (Returned.objects.count(), suppressed("email", ADA)) == (0, False)


@pytest.mark.parametrize("notices", ["", "webhook_key=x", "webhook_secret=short:1"])
def test_without_a_secret_set_there_is_no_such_page(sent, settings, notices):
    _, letter = sent
    settings.TROTH_MAIL_NOTICES = notices
    assert told(notice(letter, status="HardFail", output="550 5.1.1", details="")) == 404
    assert Returned.objects.count() == 0


@pytest.mark.parametrize(
    "payload", [None, [], "x", {"message": 7}, {"message": {"tag": 5, "to": "<>"}, "status": "HardFail"}]
)
def test_what_cannot_be_read_is_refused_and_changes_nothing(sent, payload):
    assert told(payload) in (204, 400)
    assert Returned.objects.count() == 0


def test_no_company_is_told_to_watch():
    """Those that can be told are told not to; which one it is, its settings and its notices are read alike."""
    import importlib  # noqa: PLC0415
    import pkgutil  # noqa: PLC0415

    import anymail.backends  # type: ignore[import-untyped]  # noqa: PLC0415

    told = {}
    for one in pkgutil.iter_modules(anymail.backends.__path__):
        with contextlib.suppress(
            ImportError, ValueError
        ):  # one needs a library of its own, one is an old name, some are bases
            module = importlib.import_module(f"anymail.backends.{one.name}")
            told[one.name] = company.can(object.__new__(module.EmailBackend)) if "base" not in one.name else set()
    companies = [can for can in told.values() if can]
    assert len(companies) > 8
    assert all(can & {"metadata", "tags"} for can in companies)
    assert sum({"track_opens", "track_clicks"} <= can for can in companies) > 4


@pytest.mark.parametrize(
    ("name", "keys"), [("no_such", "api_key=1"), ("../x", "api_key=1"), ("postal", ""), ("postal", "just-a-key")]
)
def test_settings_that_cannot_be_used_say_what_to_write(settings, name, keys):
    settings.TROTH_MAIL, settings.TROTH_MAIL_KEY = name, keys
    with pytest.raises(ImproperlyConfigured, match=r"TROTH_MAIL"):
        Company(name)(Outgoing("email", "tarn", ADA, {}, "<x>"), give_up_after=20)
