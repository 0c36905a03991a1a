"""Who somebody says they are is changed by them, in place, once; with a letter of proof, and nobody else can."""

import re
from datetime import timedelta
from html import unescape

import pytest
from tests.accounts.conftest import ADA, BOB, Visitor, opened

from troth.doors.acting import entries_about
from troth.doors.declare import job
from troth.doors.disclose import disclose
from troth.doors.use import use
from troth.ledger.models import Row
from troth.rights import doing
from troth.rights.models import Request
from troth.shop.screening import TOLD
from troth.vault import identity
from troth.vault.models import Identifier, Profile

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
MINE = {"name": "Ada Marlow", "birth_date": "18/12/1990", "phone": "+44 20 7946 0101", "mobile": "+44 7700 900123"}


def words(page):
    assert page.status_code == 200, page.content.decode()
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode())))


def values(page):
    found = re.findall(r'<input id="\w+" name="(\w+)" type="\w+" value="([^"]*)"', page.content.decode())
    return {name: value for name, value in found if name in MINE}


def save(who, **changed):
    return who.post("details/", **({"name": "Ada Canary", "birth_date": "", "phone": "", "mobile": ""} | changed))


def test_what_stands_is_shown_and_what_is_typed_takes_its_place(ada, visitor):
    assert values(visitor.get("details/"))["name"] == "Ada Canary"
    assert save(visitor, **MINE).status_code == 303
    assert values(visitor.get("details/")) == MINE
    assert identity.find("mobile", "07700 900123") == ada, "our staff find them by it"


def test_a_change_has_a_source_a_day_an_entry_and_a_letter_that_names_no_value(ada, visitor, mail, clock):
    clock.pass_(minutes=5)
    way = save(visitor, **MINE).headers["Location"]
    number = int(re.findall(r"changed=(\d+)", way)[0])
    entry = dict(entries_about(ada))[number]
    assert entry["items"] == ["contact.mobile", "contact.phone", "identity.birth_date", "identity.name"]
    assert entry["source"] == "account"
    rows = [Profile.objects.get(person_id=ada), *Identifier.objects.filter(kind__in=["phone", "mobile"])]
    assert {(row.source, row.seen_at) for row in rows} == {("account", clock.at)}
    letter = mail.fetch()[-1]
    assert letter.address == ADA
    assert f"entry {number}" in letter.content["text"]
    assert "nobody else had what stood there before" in letter.content["text"]
    assert not any(value in str(letter.content) for value in MINE.values())
    assert "letter of proof" in words(visitor.client.get(way))


def test_the_same_again_writes_nothing(ada, visitor, mail):
    save(visitor, **MINE)
    mail.fetch()
    before, entries = list(Profile.objects.values("version")), Row.objects.count()
    assert "same=1" in save(visitor, **MINE).headers["Location"]
    assert list(Profile.objects.values("version")) == before
    assert Row.objects.count() == entries + 1, "what stands was read, to compare"
    assert mail.fetch() == []


def test_what_is_emptied_is_gone_and_a_changed_number_leaves_no_old_one(ada, visitor):
    save(visitor, **MINE)
    save(visitor, **MINE | {"phone": "", "birth_date": "", "mobile": "+44 7700 900456"})
    stands = values(visitor.get("details/"))
    assert (stands["phone"], stands["birth_date"], stands["mobile"]) == ("", "", "+44 7700 900456")
    assert identity.find("phone", MINE["phone"]) is None
    assert identity.find("mobile", MINE["mobile"]) is None


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": " "}, "Please say your name"),
        ({"name": "x" * 101}, "100 characters"),
        ({"name": "4111 1111 1111 1111"}, "card number"),
        ({"name": "Ada\u202eMarlow"}, "cannot be seen"),
        ({"birth_date": "31/02/1990"}, "day, month and year"),
        ({"birth_date": "yesterday"}, "day, month and year"),
        ({"birth_date": "27/11/2026"}, "cannot be a date of birth"),
        ({"birth_date": "01/01/1890"}, "cannot be a date of birth"),
        ({"birth_date": "01/01/2015"}, "younger than you told us"),
        ({"phone": "12"}, "cannot be a phone number"),
        ({"mobile": "+44 20 7946 0101" * 3}, "40 characters"),
    ],
)
def test_what_cannot_be_so_is_said_beside_its_field_and_nothing_is_changed(ada, visitor, typed, said):
    answer = save(visitor, **MINE | typed)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert values(visitor.get("details/"))["name"] == "Ada Canary"
    assert not Identifier.objects.filter(kind__in=["phone", "mobile"]).exists()


def test_nobody_changes_anybody_elses(ada, mail, visitor):
    bob = Visitor()
    opened(bob, mail, email=BOB, name="Bob Canary")
    save(bob, name="Bob Marlow")
    assert values(visitor.get("details/"))["name"] == "Ada Canary"
    assert "sign-in" in Visitor().get("details/")["Location"]
    assert "sign-in" in save(Visitor(), name="Eve").headers["Location"]


def test_a_change_that_nobody_could_be_told_of_is_no_change(ada, visitor, mail, monkeypatch):
    before, letters = values(visitor.get("details/")), len(mail.fetch())
    with monkeypatch.context() as broken:
        broken.setattr(doing, "corrected", _power_cut)
        with pytest.raises(OSError, match="power"):
            save(visitor, **MINE)
    assert values(visitor.get("details/")) == before
    assert not identity.find("mobile", "07700 900123")
    assert len(mail.fetch()) == letters
    save(visitor, **MINE)
    assert values(visitor.get("details/")) == MINE
    assert len(mail.fetch()) > letters, "the second time with its letter"


def _power_cut(*_, **__):
    raise OSError("power")


def test_whoever_decides_for_themselves_and_got_the_old_value_is_told_by_a_clocked_request(ada, visitor, clock):
    save(visitor, **MINE)
    assert not Request.objects.exists(), "nobody had anything"
    name = Profile.objects.get(person_id=ada)
    asked = disclose("screen", to="fraud_agencies", person=ada, brand="tarn", given=TOLD, at=clock.at)
    with job("screen"), asked as d:
        d.open(name.name)
    clock.pass_(minutes=1)
    save(visitor, **MINE | {"phone": ""})
    assert not Request.objects.exists(), "they had the name, and that is as it was"
    save(visitor, **MINE | {"name": "Ada Fell", "phone": ""})
    made = Request.objects.get()
    assert (made.person_id, made.right, made.state) == (ada, "correct", "open")
    assert made.due_on - clock.day() < timedelta(days=32)
    with job("rights"), use("rights", person=ada, brand="tarn") as u:
        told = u.open(made.words)
    assert "name" in told
    assert "Ada" not in told
