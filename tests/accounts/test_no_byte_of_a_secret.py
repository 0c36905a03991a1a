"""After a whole life of an account: no address, name, password, secret or link stands anywhere in the clear."""

import base64
import logging

import pyotp
import pytest
from django.db import connection
from tests.accounts.conftest import ADA, BETTER, BOB, GOOD, Mail, Visitor, files, opened

from troth.accounts import passwords

pytestmark = [
    pytest.mark.urls("tests.accounts.urls"),
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
]
MUM = "mum.canary@post.example"
ADDRESS = "198.51.100.77"


def in_any_dress(text):
    """Yield a text as it may lie about: as it is, in UTF-16, base64 at each offset, hexadecimal, quoted."""
    raw = text.encode()
    yield raw
    yield text.encode("utf-16-le")
    yield raw.hex().encode()
    yield text.replace("@", "%40").encode()
    for pad in range(3):
        coded = base64.b64encode(b"\0" * pad + raw)
        yield coded[(0, 2, 3)[pad] : -4]


def test_no_byte_of_it_is_in_a_database_or_a_log(visitor, mail, clock, caplog):
    caplog.set_level(logging.DEBUG)
    wrong = "wrong gravel otter moon"
    browser = Visitor(REMOTE_ADDR=ADDRESS)
    opened(browser, mail)
    browser.sign_in(password=wrong)
    context = browser.get("authenticator/").context
    app = pyotp.TOTP(context["secret"].replace(" ", ""))
    kept = browser.post("authenticator/", carried=context["carried"], code=app.at(clock.at)).context["codes"]
    browser.post("password/", old=GOOD, password=BETTER)
    browser.post("email/", email=BOB)
    browser.send(mail.link(BOB))
    browser.post("forgotten/", email=BOB)
    reset = mail.link(BOB).rstrip("/").rpartition("/")[2]
    Visitor().post("register/", step="parent", age="13", parent_name="Mother Canary", parent_email=MUM)
    Visitor().send(mail.link(MUM), answer="agree")
    browser.sign_in(BOB, BETTER)
    assert isinstance(mail, Mail)

    canaries = [ADA, ADA.partition("@")[0], BOB, MUM, "Ada Canary", "Mother Canary", GOOD, BETTER, wrong, ADDRESS, reset,
                context["secret"].replace(" ", ""), base64.b32decode(context["secret"].replace(" ", "")).hex(), *kept,
                *(code.replace("-", "") for code in kept), browser.cookie, "Firefox/140", passwords.PREFIX + "$argon2"]  # fmt: skip
    found = {
        (name, canary)
        for name, content in [*files(), ("log", caplog.text.encode())]
        for canary in canaries
        for dress in in_any_dress(canary)
        if dress in content or dress.lower() in content.lower()
    }
    assert found == set()
    if connection.vendor == "sqlite":
        assert sum(len(content) for _, content in files()) > 100_000, "or we looked at nothing"
