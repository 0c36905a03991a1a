"""Audiences at an advert partner: who is in the file, who must come out of it and by when, and what stands in neither."""

import hashlib
import json
import re
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from tests.doors.conftest import someone
from tests.marketing.campaigning import BEA, reader, says

from troth.doors import erasing, policies
from troth.doors.declare import job
from troth.ledger.models import Row
from troth.marketing import adverts, audience
from troth.marketing.errors import NotFit
from troth.marketing.models import Advert, AdvertMember
from troth.marketing.segments import Condition
from troth.vault.models import Person

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
YES = ("audiences:tarn",)


@pytest.fixture(autouse=True)
def _at_noon(monkeypatch):
    monkeypatch.setattr(policies, "calendar_now", lambda: NOON)
    with job("audiences", "marketing_plans"):
        yield


def scrambled(address):
    return hashlib.sha256(address.encode()).hexdigest()


def handed(*, at=NOON, segment=()):
    return adverts.hand_over("Coats", adverts.matching("tarn", segment), by=BEA, at=at)


def inside(file):
    return sorted(line.split(",")[1] for line in file.splitlines()[1:])


def counted():
    return {line.code: line.people for line in audience.count(adverts.matching("tarn"), NOON).lines}


def test_a_file_holds_the_scrambled_addresses_of_those_who_said_yes_and_nothing_else():
    reader(YES, "ada@post.example")
    reader(YES, "Bob@Post.example")
    reader(("audiences:holm",), "holm@post.example")
    reader(("news:tarn:email",), "news@post.example")
    made, file = handed()

    assert inside(file) == sorted([scrambled("ada@post.example"), scrambled("bob@post.example")])
    assert all(re.fullmatch(r"[0-9a-f-]{36},[0-9a-f]{64}", line) for line in file.splitlines()[1:])
    assert made.size == AdvertMember.objects.count() == 2
    told = json.loads(bytes(Row.objects.get(verb="disclose").body))
    assert (told["purpose"], told["to"], told["items"]) == ("audiences", "ad_partners", ["contact.email"])
    assert told["facts"]["people"] == 2


@pytest.mark.parametrize(
    ("who", "code"),
    [
        ({"known_age": 17}, "too_young"),
        ({"signal": True}, "signal"),
        ({"said": ()}, "not_asked"),
        ({"refused": True}, "refused"),
        ({"address": None}, "no_address"),
    ],
)
def test_whoever_must_not_be_in_it_is_not_and_the_count_says_why(who, code):
    reader(YES, "ada@post.example")
    if who.get("address", "") is None:
        says("consent", *YES, person=someone("GB", known_age=30, known_on=date(2026, 1, 1)))
    else:
        age = {"known_age": who.get("known_age", 30), "known_on": date(2026, 11, 1)}
        other = reader(who.get("said", YES), "other@post.example", **age)
        if who.get("signal"):
            says("signal", "*", person=other)
        if who.get("refused"):
            says("refusal", "audiences", person=other)
    made, file = handed()

    assert counted() == {"consented": 1, code: 1}
    assert inside(file) == [scrambled("ada@post.example")]
    assert made.size == 1


@pytest.mark.parametrize(("until", "goes"), [("2026-11-26", False), ("2027-01-01", True)])
def test_no_file_goes_where_no_shield_is_live(until, goes, tmp_path, settings):
    for path in Path(policies.folder()).glob("*.toml"):
        shutil.copy(path, tmp_path)
    newest = tmp_path / "2026-11-01.toml"
    text = newest.read_text(encoding="utf-8")
    ours = text.index("[recipients.ad_partners]")
    moved = text[ours:].replace('in       = ["IE"]', 'in       = ["US"]', 1)
    shield = f'\n[recipients.ad_partners.shield]\nUS = [{{ scheme = "dpf-uk", until = {until}, ref = "a list" }}]\n\n'
    newest.write_text(text[:ours] + moved.replace("\n[recipients.ad_exchange]", f"{shield}[recipients.ad_exchange]", 1))
    settings.TROTH_POLICIES = tmp_path
    reader(YES, "ada@post.example")
    if goes:
        assert handed()[0].size == 1
        return
    assert counted() == {"no_safeguard": 1}
    with pytest.raises(NotFit):
        handed()
    assert not Advert.objects.exists()
    assert not Row.objects.filter(verb="disclose").exists()


def test_people_are_chosen_by_what_they_did_only_where_they_agreed_to_that():
    ada = reader(YES, "ada@post.example", "IE")
    reader(YES, "bob@post.example", "IE")
    reader(YES, "cole@post.example", "GB")
    says("objection", "marketing_plans", person=ada)
    plans = audience.count(adverts.matching("tarn", [Condition("country", "is", "IE")]), NOON)
    assert plans.total == plans.outside + plans.may + plans.excluded == 3
    assert plans.outside == 1


def test_whoever_says_no_comes_out_within_the_policys_two_days_of_saying_it():
    ada, bob = reader(YES, "ada@post.example"), reader(YES, "bob@post.example")
    made, file = handed()
    says("withdrawal", "audiences:tarn", person=ada, at=NOON + timedelta(hours=5))
    says("refusal", "news", person=bob, at=NOON + timedelta(hours=6))  # another question

    later = NOON + timedelta(days=1)  # the chore was late: the time runs from the no all the same
    assert adverts.note(later) == 1
    assert adverts.note(later) == 0
    left = adverts.waiting(made)
    assert (left.people, left.due, left.told) == (1, date(2026, 11, 28), 0)

    out = adverts.removal_file(made, later)
    (row,) = [line for line in file.splitlines() if scrambled("ada@post.example") in line]
    assert out.splitlines() == ["member", row.split(",")[0]]
    assert adverts.removal_file(made, later) == out  # until it is confirmed
    assert adverts.confirmed(made, later) == 1
    assert adverts.confirmed(made, later) == 0
    assert adverts.waiting(made).people == 0
    with pytest.raises(NotFit):
        adverts.removal_file(made, later)


def test_a_signal_a_birthday_that_was_wrong_and_being_forgotten_bring_people_out_too():
    ada, bob, cole = (reader(YES, f"{name}@post.example") for name in ("ada", "bob", "cole"))
    reader(YES, "dee@post.example")
    made, file = handed()
    says("signal", "*", person=ada, at=NOON + timedelta(minutes=1))
    Person.objects.filter(pk=bob.pk).update(known_age=16)
    erasing.erase(cole.pk, at=NOON + timedelta(minutes=2))
    assert adverts.note(NOON + timedelta(hours=1)) == 3
    out = set(adverts.removal_file(made, NOON + timedelta(hours=1)).splitlines()[1:])
    kept = [line for line in file.splitlines()[1:] if line.split(",")[0] not in out]
    assert [line.split(",")[1] for line in kept] == [scrambled("dee@post.example")]


def test_ending_a_campaign_brings_everybody_out():
    reader(YES), reader(YES)
    made, _ = handed()
    adverts.end(made, NOON)
    assert adverts.waiting(made)[:2] == (2, date(2026, 11, 28))


def test_a_removal_file_names_nobody():
    ada = reader(YES, "ada@post.example")
    made, _ = handed()
    adverts.end(made, NOON)
    out = adverts.removal_file(made, NOON)
    for named in ("ada", scrambled("ada@post.example"), str(ada.pk), ada.pk.hex):
        assert named not in out
