"""Passwords and addresses changed, and forgotten: each link once, each change told, nothing learnt by strangers."""

import pytest
from tests.accounts.conftest import ADA, BETTER, BOB, GOOD, Visitor, opened

from troth.accounts import actions
from troth.accounts.models import Account, Link
from troth.vault import identity
from troth.vault.models import Identifier

pytestmark = [
    pytest.mark.urls("tests.accounts.urls"),
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
]
NEW = "ada.other@post.example"


def subjects(mail):
    return [(m.address, m.content["subject"]) for m in mail.fetch()]


# -- a forgotten password ----------------------------------------------------------------------------------------------


def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(ada, visitor, mail):
    Visitor().post("forgotten/", email=ADA.upper())
    link = mail.link(ADA)
    browser = Visitor()

    assert browser.send(link, password=BETTER).status_code == 303
    assert browser.send(link, password=GOOD).status_code == 404
    assert not browser.signed_in, "choosing a password is not signing in"
    assert [browser.sign_in(password=one).status_code for one in (GOOD, BETTER)] == [403, 303]
    assert not visitor.signed_in
    assert subjects(mail) == [(ADA, "Your password at Tarn was changed")]


def test_the_link_ends_after_an_hour_and_with_any_other_change(ada, visitor, mail, clock):
    Visitor().post("forgotten/", email=ADA)
    late = mail.link(ADA)
    clock.pass_(hours=1)
    assert Visitor().go(late).status_code == 404

    Visitor().post("forgotten/", email=ADA)
    overtaken = mail.link(ADA)
    assert visitor.post("password/", old=GOOD, password=BETTER).status_code == 303
    assert Visitor().send(overtaken, password=GOOD).status_code == 404


def test_two_who_use_one_link_at_once_are_one(ada, mail, clock):
    from troth.accounts import links  # noqa: PLC0415
    from troth.accounts.errors import DeadLink  # noqa: PLC0415

    Visitor().post("forgotten/", email=ADA)
    token = mail.link(ADA).rstrip("/").rpartition("/")[2]
    first, second = (links.look(token, "reset", "tarn", clock.at) for _ in range(2))
    links.spend(first, clock.at)

    with pytest.raises(DeadLink):
        links.spend(second, clock.at)


def test_asking_for_a_new_password_tells_nobody_whether_there_is_an_account(ada, mail):
    answers = [Visitor().post("forgotten/", email=email) for email in (ADA, BOB)]

    assert len({(a.status_code, a.headers["Location"], a.content) for a in answers}) == 1
    assert subjects(mail) == [(ADA, "A new password for Tarn")]


def test_nobodys_mailbox_is_filled_by_our_forms(ada, mail):
    answers = [Visitor(REMOTE_ADDR=f"203.0.113.{n}").post("forgotten/", email=ADA) for n in range(9)]

    assert [a.status_code for a in answers] == [303] * 2 + [429] * 7  # the letter that opened the account was the first
    assert answers[-1].headers["Retry-After"] == "300"
    assert len(mail.fetch()) == 2


def test_a_stranger_who_uses_the_letters_up_does_not_keep_the_owner_from_theirs(ada, visitor, mail):
    for _ in range(9):
        Visitor(REMOTE_ADDR="203.0.113.9").post("forgotten/", email=ADA)

    assert visitor.post("forgotten/", email=ADA).status_code == 303
    assert Visitor().go(mail.link(ADA)).status_code == 200


def test_an_unknown_token_and_one_of_another_kind_are_dead_links(ada, visitor, mail):
    visitor.post("forgotten/", email=ADA)
    token = mail.link(ADA).rstrip("/").rpartition("/")[2]

    for page in (f"reset/{'A' * 43}/", "reset/x/", f"open/{token}/", f"register/{token}/"):
        for answer in (visitor.get(page), visitor.post(page, password=BETTER, name="Eve", email=BOB)):
            assert (page, answer.status_code) == (page, 404)


# -- a password one knows ----------------------------------------------------------------------------------------------


def test_a_password_is_changed_by_who_knows_it_and_others_are_signed_out(ada, visitor, mail):
    other = Visitor()
    other.sign_in()
    assert visitor.post("password/", old=BETTER, password=BETTER).status_code == 400
    before = visitor.cookie

    assert visitor.post("password/", old=GOOD, password=BETTER).status_code == 303
    assert (visitor.signed_in, other.signed_in) == (True, False)
    assert visitor.cookie != before
    assert subjects(mail) == [(ADA, "Your password at Tarn was changed")]


def test_guessing_the_old_password_in_an_open_browser_is_slowed_down(ada, visitor):
    answers = [visitor.post("password/", old=BETTER, password=BETTER).status_code for _ in range(7)]

    assert answers == [400] * 5 + [429] * 2


# -- another address ---------------------------------------------------------------------------------------------------


def test_another_address_counts_once_its_mailbox_has_answered(ada, visitor, mail):
    visitor.post("email/", email=NEW)
    assert [Visitor().sign_in(email).status_code for email in (ADA, NEW)] == [303, 403]
    link = mail.link(NEW)
    assert visitor.go(link).status_code == 200
    assert visitor.send(link).status_code == 303

    assert [Visitor().sign_in(email).status_code for email in (ADA, NEW)] == [403, 303]
    assert subjects(mail) == [(ADA, "Your email address at Tarn was changed")]
    assert NEW in visitor.get("").content.decode()


def test_the_link_is_good_only_for_who_asked_and_is_signed_in(ada, visitor, mail):
    visitor.post("email/", email=NEW)
    link = mail.link(NEW)
    bob = Visitor()
    opened(bob, mail, email=BOB, name="Bob")

    assert bob.send(link).status_code == 404
    assert Visitor().send(link).status_code == 303  # to signing in
    assert identity.find("email", NEW) == ada
    assert Identifier.objects.get(person_id=ada, verified_at__isnull=False).evidence == "verified"
    assert Visitor().sign_in(NEW).status_code == 403


def test_an_address_of_somebody_else_looks_free_and_its_owner_is_told(ada, visitor, mail):
    bob = Visitor()
    opened(bob, mail, email=BOB, name="Bob")
    answers = [visitor.post("email/", email=email) for email in (BOB, NEW)]

    assert len({(a.status_code, a.headers["Location"], a.content) for a in answers}) == 1
    assert (BOB, "Somebody asked to use your address at Tarn") in subjects(mail)
    assert Identifier.objects.filter(person_id=ada).count() == 2  # the new one alone


def test_who_signed_in_long_ago_does_so_again_before_changing_how(ada, visitor, clock):
    clock.pass_(minutes=31)

    for page in ("email/", "passkeys/", "authenticator/"):
        assert "again=1" in visitor.get(page).headers["Location"]
    assert visitor.post("email/", email=NEW).status_code == 303
    assert not Identifier.objects.filter(person_id=ada, verified_at=None).exists()


def test_the_old_address_is_let_go_after_a_week_and_free_for_others_at_once(ada, visitor, mail, clock):
    visitor.post("email/", email=NEW)
    visitor.send(mail.link(NEW))
    mail.fetch()
    clock.pass_(days=6)
    from troth.doors.declare import job  # noqa: PLC0415

    with job("account"):
        assert actions.let_old_addresses_go(clock.at) == 0
    their = opened(Visitor(), mail, email=ADA, name="Another Ada")
    assert their != ada

    clock.pass_(days=2)
    with job("account"):
        assert actions.let_old_addresses_go(clock.at) == 0  # it was let go when it was asked for


def test_the_old_address_is_emptied_by_the_sweep(ada, visitor, mail, clock):
    from troth.accounts.commands import sweep  # noqa: PLC0415

    visitor.post("email/", email=NEW)
    visitor.send(mail.link(NEW))
    mail.fetch()
    clock.pass_(days=7, seconds=1)

    assert sweep(clock.at)["old addresses"] == 1
    assert identity.find("email", ADA) is None
    assert Link.objects.filter(used_at=None).count() == 0
    assert Visitor().sign_in(NEW).status_code == 303


def test_only_one_account_a_person(ada):
    assert Account.objects.count() == 1
