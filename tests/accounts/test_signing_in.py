"""Signing in and out: who gets in, for how long, and what a stranger cannot find out or bring about."""

from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from django.db import connection, connections
from django.test import Client
from tests.accounts.conftest import ADA, BETTER, BOB, GOOD, Visitor, opened

from troth.accounts import pages, passwords, rules, sessions, views
from troth.accounts.models import Account, Session, Tries
from troth.doors import keep
from troth.vault.models import Person

pytestmark = [
    pytest.mark.urls("tests.accounts.urls"),
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
]


def test_somebody_signs_in_sees_their_account_and_signs_out(ada):
    browser = Visitor()
    assert browser.get("").status_code == 303

    assert browser.sign_in().status_code == 303
    assert browser.signed_in
    browser.post("sign-out/")

    assert not browser.signed_in
    assert browser.cookie == ""


@pytest.mark.parametrize(("email", "password"), [(ADA, BETTER), (BOB, GOOD), (ADA, GOOD + " "), (f"x{ADA}", GOOD)])
def test_a_wrong_pair_is_refused_in_the_same_words(ada, email, password):
    answer = Visitor().sign_in(email, password)

    assert answer.status_code == 403
    assert "We know no account with this email address and this password." in answer.content.decode()
    assert not answer.cookies.get("__Host-session")


def test_letters_of_an_address_may_be_large_and_those_of_a_password_composed_either_way(visitor, mail):
    opened(visitor, mail, password="caf\u00e9 au lait at noon")

    assert Visitor().sign_in(ADA.title(), "cafe\u0301 au lait at noon").status_code == 303


def test_known_and_unknown_addresses_cost_the_same_work(ada, monkeypatch):
    done: list[str] = []
    monkeypatch.setattr(passwords, "HASHER", Counting(done))
    passwords._nobodys.cache_clear()
    passwords._nobodys()
    counts = []
    for email in (ADA, BOB):
        done.clear()
        Visitor().sign_in(email, BETTER)
        counts.append(list(done))

    assert counts == [["verify"], ["verify"]]


class Counting(PasswordHasher):
    def __init__(self, done):
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.done = done

    def verify(self, *arguments):
        self.done.append("verify")
        return super().verify(*arguments)


class Clock:
    """A clock that only moves by what is asked of the databases, a thousandth of a second a question, and by waiting."""

    now = 0.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds

    def asked(self, execute, *question):
        self.now += 0.001
        return execute(*question)


@pytest.mark.parametrize(
    ("page", "more"), [("sign-in/", {"password": BETTER}), ("forgotten/", {}), ("register/", {"age": "18"})]
)
def test_how_long_an_answer_takes_does_not_tell_known_from_unknown(ada, mail, monkeypatch, page, more):
    clock = Clock()
    for module in (pages, views):
        monkeypatch.setattr(module, "time", clock)

    def took(email):
        Tries.objects.all().delete()
        begun = clock.now
        with connection.execute_wrapper(clock.asked), connections["keys"].execute_wrapper(clock.asked):
            Visitor().post(page, email=email, **more)
        return round(clock.now - begun, 6)

    assert took(ADA) != took(BOB)  # what it is the pages hide
    monkeypatch.setattr(pages, "FLOOR", 0.4)
    found = [took(email) for email in (ADA, BOB, f"x{ADA}")]
    assert found[0] >= 0.4
    assert len(set(found)) == 1


def test_a_password_hashed_with_old_parameters_is_hashed_anew_on_signing_in(ada, monkeypatch):
    before = Account.objects.get().version
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=2, memory_cost=64, parallelism=1))

    assert Visitor().sign_in().status_code == 303
    assert Account.objects.get().version == before + 1
    assert Visitor().sign_in().status_code == 303
    assert Account.objects.get().version == before + 1


# -- sessions ----------------------------------------------------------------------------------------------------------


def test_the_cookie_is_secure_and_only_its_hash_is_kept(ada, visitor):
    made = visitor.client.cookies["__Host-session"]

    assert (made["secure"], made["httponly"], made["samesite"], made["path"], made["domain"]) == (
        True, True, "Lax", "/", "",
    )  # fmt: skip
    assert len(made.value) == 43
    assert bytes(Session.objects.get().mark) == sessions.mark(made.value)


def test_a_number_somebody_was_given_is_never_taken_over(ada):
    given = "A" * 43
    browser = Visitor()
    browser.client.cookies["__Host-session"] = given
    browser.sign_in()

    assert browser.cookie != given
    thief = Visitor()
    thief.client.cookies["__Host-session"] = given
    assert not thief.signed_in


def test_signing_in_again_ends_the_session_before(ada, visitor):
    old = visitor.cookie
    visitor.sign_in()

    thief = Visitor()
    thief.client.cookies["__Host-session"] = old
    assert (visitor.signed_in, thief.signed_in) == (True, False)


@pytest.mark.parametrize(
    ("passed", "still"),
    [
        (rules.IDLE - timedelta(seconds=1), True),
        (rules.IDLE, False),
    ],
)
def test_a_session_left_alone_ends(ada, visitor, clock, passed, still):
    clock.pass_(seconds=passed.total_seconds())

    assert visitor.signed_in is still


def test_a_session_in_use_ends_all_the_same_after_ninety_days(ada, visitor, clock):
    for _ in range(8):
        clock.pass_(days=11)
        assert visitor.post("sessions/", end="others").status_code == 303
    assert visitor.signed_in
    clock.pass_(days=2)

    assert not visitor.signed_in


def test_reading_a_page_writes_no_session(ada, visitor, clock):
    before = Session.objects.values("used_at", "until").get()
    clock.pass_(hours=3)
    visitor.get("")

    assert Session.objects.values("used_at", "until").get() == before


def test_a_session_counts_at_the_brand_it_was_begun_at(ada, visitor):
    assert visitor.signed_in
    visitor.brand = "holm"

    assert not visitor.signed_in


def test_public_pages_look_for_no_session_and_set_no_cookie(ada, visitor, django_assert_num_queries):
    from troth.shop.actions import load_catalogue  # noqa: PLC0415

    load_catalogue()
    stranger = Client()
    with_cookie, without = (c.get("/tarn/shop/") for c in (visitor.client, stranger))
    with django_assert_num_queries(0):
        visitor.client.get("/privacy/tarn/")

    assert with_cookie.content == without.content
    assert not without.cookies


def test_what_is_known_of_a_sign_in_is_the_kind_of_browser_and_the_time_for_ninety_days(ada, visitor, clock):
    page = visitor.get("sessions/").content.decode()
    assert "Firefox on Linux" in page
    assert "140.0" not in page

    clock.pass_(days=90)
    list(keep.sweep(clock.at))
    assert Session.objects.count() == 1
    clock.pass_(days=1)
    list(keep.sweep(clock.at))
    assert Session.objects.count() == 0


def test_one_session_is_ended_or_all_others(ada, visitor, clock):
    clock.pass_(seconds=1)
    others = [Visitor() for _ in range(3)]
    for one in others:
        one.sign_in()
    row = Session.objects.get(mark=sessions.mark(others[0].cookie))

    visitor.post("sessions/", end=str(row.pk))
    assert [one.signed_in for one in (visitor, *others)] == [True, False, True, True]
    visitor.post("sessions/", end="others")
    assert [one.signed_in for one in (visitor, *others)] == [True, False, False, False]


@pytest.mark.parametrize("junk", ["", "x", "A" * 42, "A" * 44, "é" * 43, "\x00" * 43, "'; drop table--" + "A" * 28])
def test_a_cookie_that_is_no_number_of_ours_is_nobodys(ada, junk):
    browser = Visitor()
    browser.client.cookies["__Host-session"] = junk

    assert browser.get("").status_code == 303


def test_where_somebody_was_going_is_a_page_of_ours_or_their_account(ada):
    for asked, got in [
        ("/tarn/account/sessions/", "/tarn/account/sessions/"),
        ("https://elsewhere.example/", "/tarn/account/"),
        ("//elsewhere.example/", "/tarn/account/"),
        ("/\\elsewhere.example/", "/tarn/account/"),
        ("javascript:alert(1)", "/tarn/account/"),
        ("/tarn/\r\nSet-Cookie: a=b", "/tarn/account/"),
    ]:
        assert Visitor().sign_in(next=asked).headers["Location"] == got


# -- tries -------------------------------------------------------------------------------------------------------------


def test_after_five_wrong_passwords_one_waits_and_longer_each_time(ada, clock):
    stranger = Visitor()
    assert [stranger.sign_in(password=BETTER).status_code for _ in range(5)] == [403] * 5

    answer = stranger.sign_in()
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "4")
    assert "wait 4 seconds" in answer.content.decode()
    clock.pass_(seconds=4)
    assert stranger.sign_in(password=BETTER).status_code == 403
    assert stranger.sign_in().headers["Retry-After"] == "8"


def test_an_address_we_do_not_know_is_counted_just_the_same(ada):
    stranger = Visitor()

    assert [stranger.sign_in(BOB, BETTER).status_code for _ in range(6)] == [403] * 5 + [429]


def test_a_stranger_does_not_lock_an_owner_out_of_a_browser_they_know(ada, visitor, clock):
    stranger = Visitor(REMOTE_ADDR="203.0.113.9")
    for _ in range(9):
        stranger.sign_in(password=BETTER)
    assert stranger.sign_in().status_code == 429

    assert visitor.sign_in().status_code == 303
    clock.pass_(days=31)  # the session has run out; the browser is known all the same
    for _ in range(9):
        stranger.sign_in(password=BETTER)
    assert visitor.sign_in().status_code == 303


def test_one_network_is_slowed_down_whichever_accounts_it_tries(ada):
    stranger = Visitor(REMOTE_ADDR="2001:db8:1:2::1")
    answers = [stranger.sign_in(f"n{n}@post.example", BETTER).status_code for n in range(31)]
    neighbour = Visitor(REMOTE_ADDR="2001:db8:1:3::1")
    same_house = Visitor(REMOTE_ADDR="2001:db8:1:2:ffff::1")

    assert answers == [403] * 30 + [429]
    assert [one.sign_in().status_code for one in (neighbour, same_house)] == [303, 429]


def test_no_address_of_a_network_is_stored_and_counts_are_gone_after_a_day(ada, clock):
    from troth.accounts import throttle  # noqa: PLC0415

    Visitor(REMOTE_ADDR="203.0.113.77").sign_in(password=BETTER)
    stored = b"".join(bytes(row.mark) for row in Tries.objects.all())
    assert b"203.0.113.77" not in stored
    clock.pass_(hours=24, seconds=1)

    throttle.sweep(clock.at)
    assert Tries.objects.count() == 0


# -- whose it is -------------------------------------------------------------------------------------------------------


def test_what_is_another_persons_is_not_there(ada, visitor, mail):
    bob = Visitor()
    opened(bob, mail, email=BOB, name="Bob")
    adas = Session.objects.get(person_id=ada)

    theirs = bob.post("sessions/", end=str(adas.pk))
    nobodys = bob.post("sessions/", end="00000000-0000-0000-0000-00000000000a")
    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert theirs.content == nobodys.content
    assert visitor.signed_in


@pytest.mark.parametrize("page", ["", "password/", "email/", "email/x/", "sessions/", "passkeys/", "authenticator/"])
def test_a_stranger_is_asked_to_sign_in_first(transactional_db, page):
    stranger = Visitor()

    for answer in (stranger.get(page), stranger.post(page, do="off", end="others")):
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/tarn/account/sign-in/?next=")


@pytest.mark.parametrize("page", ["sign-in/", "register/", "forgotten/", "sign-out/", "password/", "sessions/"])
def test_a_form_without_our_token_does_nothing(ada, visitor, page):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = visitor.client.cookies
    answer = strict.post(f"/tarn/account/{page}", {"email": ADA, "password": GOOD, "age": "18", "end": "others"})

    assert answer.status_code == 403
    assert "Nothing was done" in answer.content.decode()
    assert visitor.signed_in


def test_pages_of_an_account_are_kept_nowhere_and_set_the_tokens_cookie_only_with_a_form(ada, visitor):
    for page in ("", "password/", "sessions/"):
        answer = visitor.get(page)
        assert "no-store" in answer.headers["Cache-Control"]
        assert answer.headers["X-Robots-Tag"] == "noindex"
    assert set(Client().get("/tarn/account/sign-in/").cookies) == {"__Host-csrf"}
    assert set(Client().get("/tarn/account/sent/").cookies) == set()


def test_a_person_who_is_erased_is_signed_out_and_known_no_more(ada, visitor, clock):
    from troth.doors.erasing import erase  # noqa: PLC0415

    erase(ada, at=clock.at)

    assert not visitor.signed_in
    assert visitor.sign_in().status_code == 403
    assert (Account.objects.count(), Session.objects.count(), Person.objects.filter(pk=ada).count()) == (0, 0, 0)
