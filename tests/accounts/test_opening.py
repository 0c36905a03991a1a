"""Opening an account: from a mailbox, and telling nobody but its owner whether we know it."""

import pytest
from tests.accounts.conftest import ADA, BETTER, BOB, GOOD, Visitor, opened

from troth.accounts.models import Account, Link
from troth.choices.models import Event
from troth.vault import identity
from troth.vault.models import Identifier, Person

pytestmark = [
    pytest.mark.urls("tests.accounts.urls"),
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
]


def test_an_account_is_opened_from_the_mailbox_that_asked_for_it(visitor, mail):
    them = opened(visitor, mail)

    assert visitor.signed_in
    assert "Ada Canary" in visitor.get("").content.decode()
    assert Person.objects.get(pk=them).known_age == 18
    assert Identifier.objects.get(person_id=them).evidence == "verified"


def test_nothing_counts_until_the_mailbox_has_answered(visitor, mail):
    visitor.post("register/", email=ADA, age="18")

    assert not Account.objects.exists()
    assert Identifier.objects.get().verified_at is None
    assert visitor.sign_in().status_code == 403


def test_looking_at_the_link_uses_nothing_up(visitor, mail):
    visitor.post("register/", email=ADA, age="18")
    link = mail.link(ADA)
    for _ in range(3):  # as mail programs do, before anybody has read the letter
        assert visitor.go(link).status_code == 200

    assert visitor.send(link, name="Ada", password=GOOD).status_code == 303


def test_a_link_opens_one_account_once_and_only_within_a_day(visitor, mail, clock):
    visitor.post("register/", email=ADA, age="18")
    visitor.post("register/", email=BOB, age="18")
    adas, bobs = mail.link(ADA), mail.link(BOB)
    visitor.send(adas, name="Ada", password=GOOD)
    clock.pass_(hours=24, seconds=1)

    assert [visitor.send(link, name="Eve", password=BETTER).status_code for link in (adas, bobs)] == [404, 404]
    assert Account.objects.count() == 1


def test_a_link_of_one_brand_opens_nothing_at_another(visitor, mail):
    visitor.post("register/", email=ADA, age="18")
    link = mail.link(ADA).replace("/tarn/", "/holm/")

    assert Visitor("holm").send(link, name="Ada", password=GOOD).status_code == 404


def test_whoever_asks_learns_nothing_and_the_owner_learns_it_by_mail(ada, mail):
    stranger = Visitor()
    answers = [stranger.post("register/", email=email, age="18") for email in (ADA, BOB)]

    assert len({(a.status_code, a.headers["Location"], a.content) for a in answers}) == 1
    letters = {m.address: m.content["subject"] for m in mail.fetch()}
    assert letters == {ADA: "You have an account at Tarn already", BOB: "Open your account at Tarn"}
    assert Account.objects.count() == 1


def test_a_guest_is_claimed_by_whoever_has_the_mailbox_and_no_one_else(visitor, mail, clock):
    from tests.doors.conftest import someone  # noqa: PLC0415

    from troth.doors.collect import collect  # noqa: PLC0415
    from troth.doors.declare import job  # noqa: PLC0415

    guest = someone(known_age=40, known_on=clock.at.date())
    with job("order"), collect("order", source="order", brand="tarn", person=guest.pk, at=clock.at) as c:
        c.save(identity.identifier(guest.pk, "email", ADA))

    visitor.post("register/", email=ADA, age="18")
    assert Identifier.objects.get(person_id=guest.pk).verified_at is None
    assert not Account.objects.exists()
    visitor.send(mail.link(ADA), name="Ada", password=GOOD)

    assert Account.objects.get().person_id == guest.pk
    assert Person.objects.count() == 1


def test_an_address_somebody_merely_typed_into_their_account_is_still_free(ada, visitor, mail):
    visitor.post("email/", email=BOB)  # ada says it is hers, and cannot prove it
    bob = opened(Visitor(), mail, email=BOB, name="Bob")

    assert bob != ada
    assert Identifier.objects.filter(person_id=ada, verified_at__isnull=False).count() == 1


@pytest.mark.parametrize(("answer", "kinds"), [("yes", ["consent"]), ("no", ["refusal"]), ("", [])])
def test_a_yes_and_a_no_to_news_are_taken_in_and_silence_is_neither(visitor, mail, answer, kinds):
    opened(visitor, mail, news=answer)

    assert [event.kind for event in Event.objects.all()] == kinds


def test_links_are_kept_as_hashes_and_name_nobody(visitor, mail):
    visitor.post("register/", email=ADA, age="18")
    token = mail.link(ADA).rstrip("/").rpartition("/")[2]

    assert len(token) == 43
    assert token.encode() not in bytes(Link.objects.get().mark)
    assert str(Link.objects.get().person_id) not in mail.link(ADA)


@pytest.mark.parametrize(
    "typed",
    [
        {"email": "", "age": "18"},
        {"email": "no address", "age": "18"},
        {"email": "a@b.example\r\nBcc: all@post.example", "age": "18"},
        {"email": "a" * 10_000 + "@post.example", "age": "18"},
        {"email": "ada\x00@post.example", "age": "18"},
        {"email": "\u202eada@post.example", "age": "18"},
        {"email": ADA, "age": ""},
        {"email": ADA, "age": "99"},
        {"email": "<script>alert(1)</script>@post.example", "age": "18"},
    ],
)
def test_what_cannot_be_used_is_said_and_changes_nothing(visitor, typed):
    answer = visitor.post("register/", **typed)

    assert answer.status_code == 400
    assert 'aria-invalid="true"' in answer.content.decode() or "age-error" in answer.content.decode()
    assert b"<script>alert" not in answer.content
    assert (Person.objects.count(), Link.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    "typed",
    [
        {"password": "short"},
        {"password": "x" * 10_000},
        {"password": "password1234"},
        {"password": ""},
        {"name": ""},
        {"name": "N" * 10_000},
        {"name": "Ada\x00"},
        {"name": "\u202eAda"},
        {"name": "4111 1111 1111 1111"},
    ],
)
def test_a_name_or_password_that_cannot_be_used_opens_nothing(visitor, mail, typed):
    visitor.post("register/", email=ADA, age="18")
    answer = visitor.send(mail.link(ADA), **({"name": "Ada", "password": GOOD} | typed))

    assert answer.status_code == 400
    assert not Account.objects.exists()
    assert GOOD not in answer.content.decode()


def test_a_name_with_markup_is_a_name(visitor, mail):
    opened(visitor, mail, name='"><script>alert(1)</script> עדה')

    page = visitor.get("").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
