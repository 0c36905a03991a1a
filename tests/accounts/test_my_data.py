"""A customer sees all that is theirs and nothing of anybody else's, takes it away, and is forgotten when they say so."""

import io
import json
import re
import zipfile
from html import unescape

import pytest
from tests.accounts.conftest import ADA, BOB, Visitor, files, opened

from troth.accounts.models import Account, Session
from troth.doors import keep
from troth.doors.declare import job
from troth.ledger.models import Row
from troth.rights import doing
from troth.rights.models import Request
from troth.vault.models import Identifier, Person

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)


@pytest.fixture
def bob(mail):
    other = Visitor()
    opened(other, mail, email=BOB, name="Bob Canary")
    return other


def words(page):
    assert page.status_code == 200, page.content.decode()
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode())))


def test_everything_of_theirs_is_shown_and_nothing_of_the_neighbours(ada, bob, visitor):
    told = words(visitor.get("data/"))
    assert "Ada Canary" in told
    assert ADA in told
    assert "Firefox on Linux" in told, "where they are signed in"
    assert "gone by" in told.lower()
    assert not any(secret in told for secret in (BOB, "Bob Canary", "argon2"))


def test_a_look_is_recorded_and_changes_nothing_else(ada, visitor):
    before, rows = Row.objects.count(), list(Identifier.objects.values_list("pk", "version"))
    visitor.get("data/")
    assert Row.objects.count() == before + 1
    assert list(Identifier.objects.values_list("pk", "version")) == rows


def test_a_copy_is_one_file_with_all_of_it_and_receipts(ada, bob, visitor):
    answer = visitor.post("data/copy/")
    assert answer["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        data = packed.read("data.json").decode()
        assert any(name.startswith("receipts/") for name in packed.namelist())
    assert ADA in data
    assert BOB not in data
    assert json.loads(data)["format"] == "troth-packet-1"
    assert visitor.get("data/copy/").status_code == 405


@pytest.mark.parametrize("way", ["data/", "data/forget/"])
def test_whoever_is_not_signed_in_or_was_long_ago_is_asked_to_sign_in_first(ada, visitor, clock, way):
    assert "sign-in" in Visitor().get(way)["Location"]
    clock.pass_(minutes=31)
    assert "sign-in" in visitor.get(way)["Location"]


def test_what_erasing_would_do_is_shown_before_and_planned_only_when_sure(ada, visitor):
    told = words(visitor.get("data/forget/"))
    assert "Email address" in told
    assert "Gone" in told
    assert visitor.post("data/forget/").status_code == 400
    assert not Request.objects.exists()


def forgotten(visitor, clock):
    """Have somebody forgotten the way they do it: planned, and run when the days of grace are over."""
    way = visitor.post("data/forget/", sure="yes")["Location"]
    clock.pass_(days=7)
    with job("rights"):
        assert doing.upkeep(clock.at)["erased"] == 1
    return way


def test_who_is_sure_is_forgotten_after_the_days_of_grace_and_the_neighbour_is_not(ada, bob, visitor, mail, clock):
    way = forgotten(visitor, clock)
    mail.fetch()
    told = words(Visitor().client.get(way))
    assert "The key to all we held of you is destroyed" in told
    assert ADA not in told
    assert not Person.objects.filter(pk=ada).exists()
    assert Account.objects.count() == 1
    assert not Session.objects.filter(person_id=ada).exists()
    assert "sign-in" in visitor.get("data/")["Location"]
    bob.sign_in(email=BOB)
    assert "Bob Canary" in words(bob.get("data/"))
    assert not [name for name, held in files() if ADA.encode() in held]


def test_until_its_day_it_can_be_called_off_and_it_says_which_day_that_is(ada, visitor, mail, clock):
    way = visitor.post("data/forget/", sure="yes")["Location"]
    assert "3 Dec 2026" in words(visitor.client.get(way))
    assert "3 Dec 2026" in mail.fetch()[-1].content["text"]
    assert visitor.get("data/forget/")["Location"] == way, "there is one plan, not two"
    clock.pass_(days=6, hours=11)
    visitor.client.post(way, {"do": "withdraw"})
    clock.pass_(days=9)
    with job("rights"):
        assert doing.upkeep(clock.at)["erased"] == 0
    assert Person.objects.filter(pk=ada).exists()


def test_a_legal_hold_is_said_and_nothing_is_erased(ada, visitor, clock):
    keep.hold(ada, owner="officer", because="claim", review_on=clock.day(), at=clock.at)
    answer = visitor.post("data/forget/", sure="yes")
    assert answer.status_code == 403
    assert "legal hold" in answer.content.decode()
    assert Person.objects.filter(pk=ada).exists()
