"""The second step by an authenticator app, and passkeys as far as they go without a browser."""

import json
from datetime import timedelta

import pyotp
import pytest
from tests.accounts.conftest import ADA, BETTER, BOB, Visitor, opened

from troth.accounts import authenticator, passkeys
from troth.accounts.errors import BadForm
from troth.accounts.models import Authenticator, Passkey, Tries
from troth.doors.collect import collect
from troth.doors.declare import job

pytestmark = [
    pytest.mark.urls("tests.accounts.urls"),
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
]


def codes_of(visitor, clock):
    """Switch the second step on; returns the app, and the codes to keep."""
    context = visitor.get("authenticator/").context
    app = pyotp.TOTP(context["secret"].replace(" ", ""))
    answer = visitor.post("authenticator/", carried=context["carried"], code=app.at(clock.at))
    assert answer.status_code == 200, answer.content.decode()
    return app, answer.context["codes"]


def test_a_password_alone_lets_nobody_in_once_an_app_is_set_up(ada, visitor, clock):
    app, _ = codes_of(visitor, clock)
    browser = Visitor()
    half = browser.sign_in()

    assert half.headers["Location"].startswith("/tarn/account/sign-in/second/")
    assert not browser.signed_in
    clock.pass_(seconds=30)
    before = browser.cookie
    assert browser.post("sign-in/second/", code=app.at(clock.at)).status_code == 303
    assert browser.signed_in
    assert browser.cookie != before


def test_a_code_counts_once_and_only_near_its_time(ada, visitor, clock):
    app, _ = codes_of(visitor, clock)
    used = app.at(clock.at)
    browser = Visitor()
    browser.sign_in()
    assert browser.post("sign-in/second/", code=used).status_code == 403
    late = app.at(clock.at + timedelta(minutes=5))
    assert browser.post("sign-in/second/", code=late).status_code == 403
    clock.pass_(seconds=30)
    assert browser.post("sign-in/second/", code=app.at(clock.at)).status_code == 303


def test_a_code_that_was_kept_works_once_in_place_of_the_app(ada, visitor, clock):
    _, kept = codes_of(visitor, clock)
    assert len(set(kept)) == 10
    answers = []
    for code in (kept[3].lower(), kept[3], kept[4]):
        browser = Visitor()
        browser.sign_in()
        answers.append(browser.post("sign-in/second/", code=code).status_code)

    assert answers == [303, 403, 303]


def test_hashes_of_codes_never_look_like_a_card(clock):
    from troth.doors.handling import cards_in  # noqa: PLC0415

    assert not any(cards_in(one) for _ in range(300) for one in authenticator._codes()[1])


def test_between_the_steps_there_are_ten_minutes(ada, visitor, clock):
    app, _ = codes_of(visitor, clock)
    browser = Visitor()
    browser.sign_in()
    clock.pass_(minutes=10)

    answer = browser.post("sign-in/second/", code=app.at(clock.at))
    assert answer.headers["Location"] == "/tarn/account/sign-in/"
    assert not browser.signed_in


def test_codes_cannot_be_guessed(ada, visitor, clock):
    app, _ = codes_of(visitor, clock)
    clock.pass_(seconds=60)
    browser = Visitor()
    browser.sign_in()
    wrong = "000000" if app.at(clock.at) != "000000" else "111111"
    answers = [browser.post("sign-in/second/", code=wrong).status_code for _ in range(6)]

    assert answers == [403] * 5 + [429]


def test_it_is_on_only_after_a_first_right_code_and_off_when_switched_off(ada, visitor, clock):
    context = visitor.get("authenticator/").context
    for code in ("000000", "x", "", "9" * 10_000, "12345\x00"):
        assert visitor.post("authenticator/", carried=context["carried"], code=code).status_code in (400, 429)
    assert not Authenticator.objects.exists()
    clock.pass_(minutes=2)
    codes_of(visitor, clock)
    visitor.post("authenticator/", do="off")

    assert Visitor().sign_in().headers["Location"] == "/tarn/account/"
    row = Authenticator.objects.get()
    with job("sign_in"):
        from troth.doors.use import use  # noqa: PLC0415

        with use("sign_in", brand="tarn", person=ada) as u:
            assert u.open(row.secret, row.codes) == (b"", {})


def test_a_secret_one_person_was_shown_sets_up_nobody_elses_app(ada, visitor, mail, clock):
    bob = Visitor()
    opened(bob, mail, email=BOB, name="Bob")
    context = visitor.get("authenticator/").context
    code = pyotp.TOTP(context["secret"].replace(" ", "")).at(clock.at)

    assert bob.post("authenticator/", carried=context["carried"], code=code).status_code == 400
    assert not authenticator.on(bob_id(bob))


def bob_id(bob):
    from troth.vault import identity  # noqa: PLC0415

    assert bob.signed_in
    return identity.find("email", BOB)


# -- passkeys ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def passkey(ada, clock):
    """A passkey of ada's, as far as the table goes."""
    row = Passkey(person_id=ada, mark=passkeys._mark(b"adas"), brand="tarn", site="testserver", made_at=clock.at)
    row.passkey = {"id": "YWRhcw", "key": "AAAA", "kind": "single_device", "name": "Ada's phone"}
    with job("sign_in"), collect("sign_in", source="account", brand="tarn", person=ada, at=clock.at) as c:
        return c.save(row)


def test_a_passkey_is_renamed_and_removed_by_its_owner_alone(ada, visitor, mail, passkey, clock):
    bob = Visitor()
    opened(bob, mail, email=BOB, name="Bob")
    for do in ("rename", "remove"):
        theirs = bob.post("passkeys/", do=do, passkey=str(passkey.pk), label="Mine")
        nobodys = bob.post("passkeys/", do=do, passkey="00000000-0000-0000-0000-00000000000a", label="Mine")
        assert (theirs.status_code, theirs.content) == (404, nobodys.content)

    visitor.post("passkeys/", do="rename", passkey=str(passkey.pk), label="<b>Old phone</b>")
    assert "&lt;b&gt;Old phone" in visitor.get("passkeys/").content.decode()
    visitor.post("passkeys/", do="remove", passkey=str(passkey.pk))
    assert "Old phone" not in visitor.get("passkeys/").content.decode()
    mail.fetch()
    assert "Signing in at Tarn was changed" in [m.content["subject"] for m in mail.all if m.address == ADA]


JUNK = [
    "", "x", "[]", "{}", '{"id": 7}', '{"id": "YWRhcw"}', "[" * 5_000, "9" * 30_000, '{"id": "\\u0000"}',
    json.dumps({"id": "YWRhcw", "rawId": "YWRhcw", "type": "public-key", "response": {
        "clientDataJSON": "e30", "authenticatorData": "AAAA", "signature": "AAAA"}}),
]  # fmt: skip


def test_junk_in_place_of_a_passkeys_answer_lets_nobody_in(ada, visitor, passkey):
    stranger = Visitor()
    for answer in JUNK:
        Tries.objects.all().delete()
        carried = stranger.get("sign-in/").context["carried"]
        got = stranger.post("sign-in/passkey/", answer=answer, carried=carried)
        assert (answer[:40], got.status_code in (400, 403)) == (answer[:40], True)

        context = visitor.get("passkeys/").context
        got = visitor.post("passkeys/", do="add", label="New", answer=answer, carried=context["carried"])
        assert (answer[:40], got.status_code) == (answer[:40], 400)
    assert not stranger.signed_in
    assert Passkey.objects.count() == 1


def test_a_challenge_is_good_once_and_for_five_minutes(ada, clock):
    where = passkeys.Site("testserver", "http://testserver")
    _, carried = passkeys.to_use(where)
    passkeys._challenged(carried, "use", clock.at)

    for one in (carried, "x", carried[:-1], passkeys.to_make.__name__):
        with pytest.raises(BadForm):
            passkeys._challenged(one, "use", clock.at)
    _, other = passkeys._challenge(f"make.{ada.hex}")
    with pytest.raises(BadForm):
        passkeys._challenged(other, "use", clock.at)


def test_a_bare_number_of_a_machine_has_no_passkeys(ada):
    assert [passkeys.Site(name, "").fit for name in ("127.0.0.1", "[::1]", "localhost", "tarn.example")] == [
        False, False, True, True,
    ]  # fmt: skip


def test_no_password_is_needed_by_a_script_and_none_is_in_a_page(ada, visitor):
    for page in ("sign-in/", "password/", "passkeys/", "authenticator/"):
        assert BETTER not in visitor.get(page).content.decode()
    for page in ("password/", "email/", "sessions/", "authenticator/"):
        assert "<script" not in visitor.get(page).content.decode()
