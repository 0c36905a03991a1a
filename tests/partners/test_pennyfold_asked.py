"""The partner's own API and forms, asked rightly and wrongly; and what its process knows of ours: nothing."""

import doctest
import json
import os
import stat
import subprocess
import sys
from datetime import date

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from troth.partners.errors import NoSuchPayment, NotPossible
from troth.partners.sandbox import rules
from troth.partners.sandbox.errors import Mistyped
from troth.partners.sandbox.serving import read_secrets

from .companies import PENNYFOLD, Sandbox
from .conftest import ask

TODAY = date(2026, 11, 26)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    made = Sandbox(tmp_path_factory.mktemp("asked") / "books")
    made.start()
    yield made
    assert made.stop() == 0


@pytest.fixture(scope="module")
def http():
    with urllib3.PoolManager(retries=False) as made:
        yield made


@pytest.fixture
def api(sandbox, http):
    def send(method, path, body=None, **headers):
        given = {"Authorization": f"Bearer {sandbox.keys['api']}", "Idempotency-Key": f"k-{os.urandom(8).hex()}"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        return http.request(method, sandbox.address + path, body=raw, headers=given, redirect=False)

    return send


GOOD = {
    "order": "T-1",
    "amount": 100,
    "currency": "GBP",
    "back": "https://tarn.example/paid/",
    "keep": False,
    "token": "",
}


def test_the_process_knows_nothing_of_ours():
    code = "import sys, troth.partners.sandbox.__main__; print(*sorted(sys.modules))"
    plain = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}  # no settings, no data
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=plain).stdout
    ours = [name for name in loaded.split() if name.split(".")[0] in ("django", "troth", "stripe")]
    assert [name for name in ours if name != "troth" and not name.startswith("troth.partners")] == []


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong", "Basic eDp5", "Bearer é"])
def test_without_the_key_nothing_is_told(api, given):
    for method, path in (("POST", "/v1/payments"), ("GET", "/v1/payments/pay_1"), ("GET", "/v1/anything")):
        answer = api(method, path, GOOD if method == "POST" else None, Authorization=given)
        assert (answer.status, answer.json()["error"]) == (401, "key")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe",
        b"[" * 9000,
        {},
        GOOD | {"number": "4242424242424242"},  # the API takes no card, whoever asks
        {name: value for name, value in GOOD.items() if name != "back"},
        *[GOOD | {"amount": wrong} for wrong in (0, -1, True, "100", 1.5, None, 10**30)],
        *[GOOD | {"currency": wrong} for wrong in ("", "gbp", "XXZ", "£", None)],
        *[GOOD | {"order": wrong} for wrong in ("", "x" * 41, "<b>", "a\n", "\0", "naïve", None)],
        *[
            GOOD | {"back": wrong}
            for wrong in (
                "",
                "/paid",
                "javascript:alert(1)",
                "//x.example",
                "https://",
                "https://u:p@x.example/",
                "https://x.example;style-src *",
                "https://x.example/ y",
                "https://x.example:99999/",
                "https://[::1/",
                "http://x.example/" + "a" * 2000,
            )
        ],
        *[GOOD | {"keep": wrong} for wrong in (0, 1, "yes", None)],
        *[GOOD | {"token": wrong} for wrong in (None, 1)],
    ],
    ids=lambda body: str(body)[-40:],
)
def test_a_payment_that_makes_no_sense_is_refused_with_what_to_do(api, body):
    answer = api("POST", "/v1/payments", body)
    assert (answer.status, answer.json()["error"]) == (400, "malformed")
    assert answer.json()["say"].endswith(".")


@pytest.mark.parametrize("key", ["", "x" * 201, "two words", "\x7f"])
def test_what_changes_something_needs_a_key(api, key):
    assert api("POST", "/v1/payments", GOOD, Idempotency_Key=key).status == 400


def test_one_key_serves_one_act(api):
    first = api("POST", "/v1/payments", GOOD, Idempotency_Key="one").json()
    assert api("POST", "/v1/payments", GOOD, Idempotency_Key="one").json() == first
    other = api("POST", "/v1/payments", GOOD | {"amount": 101}, Idempotency_Key="one")
    assert (other.status, other.json()["error"]) == (409, "key_used")
    act = api("POST", f"/v1/payments/{first['reference']}/release", {}, Idempotency_Key="one")
    assert (act.status, act.json()["error"]) == (409, "key_used")
    assert api("GET", f"/v1/payments/{first['reference']}").json()["state"] == "open"


def test_an_address_that_is_not_there_or_takes_something_else(api):
    assert api("GET", "/v1/payments/pay_nobody").status == 404
    assert api("GET", "/v1/nothing").status == 404
    assert api("DELETE", "/v1/payments/pay_1").status == 405
    assert api("GET", "/v1/payments").status == 405
    assert api("GET", "/pay/pay_nobody").status == 404
    assert api("GET", "/healthz").json() == {"well": True}
    assert api("HEAD", "/healthz").data == b""


def test_a_body_too_long_for_memory_is_refused_before_it_is_read(api):
    assert api("POST", "/v1/payments", b"x" * 20_000).status == 413


@pytest.fixture
def page(sandbox):
    return sandbox.adapter().fields(ask()).address


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"number=%00&expiry=%00&cvc=%00&card=typed",
        b"number=" + "４２４２４２４２４２４２４２４２".encode() + b"&expiry=05/31&cvc=123",
        b"number=4242424242424242&expiry=05/31&cvc=" + "１２３".encode(),
        b"number='\"><script>alert(1)</script>&expiry='\"><script>&cvc=<i>",
        b"number=" + b"4" * 10_000,
        b"number=378282246310005&expiry=05/31&cvc=123",  # might be somebody's card
        b"number=4242424242424242&expiry=10/26&cvc=123",
        b"number=4242424242424242&expiry=05/31&cvc=12",
        b"card=kept",
        b"&".join([b"a=1"] * 50),
    ],
    ids=lambda body: str(body)[:40],
)
def test_what_cannot_be_a_card_changes_nothing_and_is_not_shown_again(sandbox, http, page, body):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = http.request("POST", page, body=body, headers=headers, redirect=False)
    assert 400 <= answer.status < 500
    assert b"<script" not in answer.data
    assert b"378282246310005" not in answer.data
    assert sandbox.adapter().payment(page.rsplit("/", 1)[1]).state == "open"


def test_a_form_on_another_site_cannot_press_our_buttons(sandbox, http, page):
    for site in ("cross-site", "same-site"):  # two ports of one machine are the same site
        for path, body in (("", b"card=kept"), ("/leave", b""), ("/bank", b"answer=yes")):
            answer = http.request("POST", page + path, body=body, headers={"Sec-Fetch-Site": site}, redirect=False)
            assert answer.status == 403
    assert sandbox.adapter().payment(page.rsplit("/", 1)[1]).state == "open"


def test_a_payment_that_is_settled_takes_no_second_card(sandbox, http, page):
    reference = page.rsplit("/", 1)[1]
    form = {"card": "typed", "number": PENNYFOLD["pays"], "expiry": "05/31", "cvc": "123"}
    for _ in range(2):
        answer = http.request("POST", page, fields=form, encode_multipart=False, redirect=False)
        assert (answer.status, answer.headers["Location"].startswith("http://127.0.0.1:9/tarn/paid/")) == (303, True)
    http.request("POST", page + "/leave", body=b"", redirect=False)
    http.request("POST", page + "/bank", body=b"answer=no", redirect=False)
    assert sandbox.adapter().payment(reference).state == "authorised"


def test_the_adapter_says_what_is_wrong_not_that_it_is_unclear(sandbox):
    partner = sandbox.adapter()
    with pytest.raises(NotPossible, match="currency"):
        partner.fields(ask(currency="XYZ"))
    with pytest.raises(NotPossible, match="open"):
        partner.charge(partner.fields(ask()).reference, "charge-open")
    with pytest.raises(NoSuchPayment):
        partner.payment("pay_nobody")


def test_the_keys_are_made_once_and_only_for_the_owner(tmp_path):
    path = tmp_path / "new" / "keys"
    assert read_secrets(path) == read_secrets(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["keys"]


@pytest.mark.parametrize("held", ["", "no json", "{}", "[]"])
def test_a_file_without_the_keys_is_said_so(tmp_path, held):
    path = tmp_path / "keys"
    path.write_text(held)
    command = [sys.executable, "-m", "troth.partners.sandbox", "--port", "0", "--folder", str(tmp_path / "b")]
    ended = subprocess.run([*command, "--secret-file", str(path)], capture_output=True, text=True, check=False)
    assert (ended.returncode, "Traceback" in ended.stderr, "does not hold the two keys" in ended.stderr) == (
        2,
        False,
        True,
    )


# -- rules ---------------------------------------------------------------------------------------------------------


def test_the_examples_in_the_rules_hold():
    assert doctest.testmod(rules).failed == 0


@given(st.integers(10**11, 10**19 - 1), st.integers(0, 18), st.integers(1, 9))
def test_one_wrong_digit_never_passes(number, place, more):
    """Source: ISO/IEC 7812-1: the check digit finds every single wrong digit."""
    digits = str(number)
    passing = next(f"{digits[:-1]}{last}" for last in range(10) if rules.luhn(f"{digits[:-1]}{last}"))
    at = place % len(passing)
    wrong = f"{passing[:at]}{(int(passing[at]) + more) % 10}{passing[at + 1 :]}"
    assert not rules.luhn(wrong)


@given(st.text(), st.text(), st.text())
def test_whatever_is_typed_is_a_test_card_or_named_field_by_field(number, expiry, cvc):
    with pytest.raises(Mistyped) as wrong:
        rules.read_card({"number": number, "expiry": expiry, "cvc": cvc}, TODAY)
    assert set(wrong.value.fields) <= {"number", "expiry", "cvc"}
    assert "number" in wrong.value.fields


@pytest.mark.parametrize(("expiry", "fine"), [("10/26", False), ("11/26", True), ("12/26", True), ("01/27", True)])
def test_a_card_is_good_until_the_end_of_its_month(expiry, fine):
    form = {"number": "4242424242424242", "expiry": expiry, "cvc": "123"}
    if fine:
        assert rules.read_card(form, TODAY)[0].does == "pays"
    else:
        with pytest.raises(Mistyped):
            rules.read_card(form, TODAY)
