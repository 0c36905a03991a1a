"""Somebody uses a right: with an account or without one, for themselves or for another, and follows it to its end."""

import io
import json
import re
import time
import zipfile
from datetime import date
from html import unescape

import pytest
from tests.accounts.conftest import ADA, BOB, GOOD, Visitor, opened

from troth.choices.models import Event
from troth.doors import keep
from troth.doors.declare import job
from troth.ledger.models import Row
from troth.policy.acts import RESTRICTED
from troth.rights import doing, seeing
from troth.rights.models import Note, Request
from troth.vault import identity
from troth.vault.models import Identifier, Person

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
STRANGER = "stranger.canary@post.example"
ONCE = "0123456789abcdef0123456789abcdef"


def words(page):
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode())))


def first(pattern, page):
    found = re.search(pattern, page.content.decode())
    assert found
    return unescape(found[1])


def ask(visitor, right, email=ADA, page="rights/", **more):
    once = first(r'name="once" value="(\w+)"', visitor.client.get(f"/tarn/{page}"))
    sent = {"right": right, "email": email, "name": "Ada Canary", "words": "", "once": once} | more
    return visitor.client.post(f"/tarn/{page}", sent)


def do(visitor, link, what, **more):
    return visitor.send(link, do=what, **more)


def runs(clock):
    with job("rights"):
        return doing.upkeep(clock.at)


@pytest.fixture
def bob(mail):
    other = Visitor()
    opened(other, mail, email=BOB, name="Bob Canary")
    return other


# -- without an account --------------------------------------------------------------------------------------------------


def test_a_copy_is_asked_for_proved_by_the_link_alone_and_fetched(ada, bob, mail):
    guest = Visitor()
    assert ask(guest, "see").status_code == 303
    assert Request.objects.get().state == "identifying"
    link = mail.link(ADA)
    assert "Was it not you?" in words(guest.go(link))
    do(guest, link, "prove")
    assert "Your copy is ready" in mail.fetch()[-1].content["subject"]
    answer = guest.client.post(re.sub(r"^https?://[^/]+", "", link) + "copy/")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        data = packed.read("data.json").decode()
    assert ADA in data
    assert BOB not in data
    assert json.loads(data)["format"] == "troth-packet-1"


def test_page_letter_and_time_are_the_same_whether_or_not_we_know_the_address(ada, mail, monkeypatch):
    monkeypatch.setattr("troth.accounts.pages.FLOOR", 0.3)
    answers, took = [], []
    for email in (ADA, STRANGER):
        begun = time.monotonic()
        answers.append(ask(Visitor(), "see", email))
        took.append(time.monotonic() - begun)
    assert answers[0]["Location"] == answers[1]["Location"]
    assert min(took) >= 0.3
    letters = {m.address: m.content for m in mail.fetch() if m.address in (ADA, STRANGER)}
    known, unknown = (re.sub(r"https?://\S+|[A-Z0-9]{8}\b", "", letters[to]["text"]) for to in (ADA, STRANGER))
    assert known == unknown


def test_a_stranger_who_proves_their_mailbox_is_told_all_we_hold_and_it_is_only_what_they_sent(ada, mail):
    ask(Visitor(), "see", STRANGER, words="what do you know?")
    do(Visitor(), mail.link(STRANGER), "prove")
    assert Request.objects.get().state == "answered"
    assert {r.person_id for r in Request.objects.all()} == {identity.find("email", STRANGER)} != {ada}


def test_a_letter_goes_to_the_address_we_hold_never_to_the_one_that_was_typed(ada, mail):
    ask(Visitor(), "see", " ADA.canary@POST.example ")
    assert mail.fetch()[-1].address == ADA


def test_nobody_proves_it_and_after_thirty_days_nothing_has_happened(ada, mail, clock):
    ask(Visitor(), "erase")
    clock.pass_(days=29)
    assert runs(clock)["lapsed"] == 0
    clock.pass_(days=2)
    assert runs(clock)["lapsed"] == 1
    link = mail.link(ADA)
    assert do(Visitor(), link, "prove").status_code == 303
    assert Request.objects.get().state == "lapsed"
    assert Person.objects.filter(pk=ada).exists()


@pytest.mark.parametrize(("right", "pattern"), [("stop", "news"), ("optout", "adverts"), ("limit", "nearby")])
def test_a_no_needs_no_proof_no_account_and_counts_at_once(ada, bob, mail, right, pattern):
    assert ask(Visitor(), right).status_code == 303
    assert Request.objects.get().state == "answered"
    said = Event.objects.filter(kind="objection")
    assert pattern in set(said.filter(person_id=ada).values_list("pattern", flat=True))
    assert {event.person_id for event in said} == {ada}
    assert mail.fetch()[-1].content["subject"] == "Done, as you asked"


def test_a_no_said_twice_is_obeyed_twice_and_writes_one_letter(ada, mail):
    ask(Visitor(), "stop")
    mail.fetch()
    assert ask(Visitor(), "stop").status_code == 303
    assert mail.fetch() == []
    assert Request.objects.count() == 1


def test_a_form_sent_twice_opens_one_request(ada, mail):
    visitor = Visitor()
    for _ in range(2):
        ask(visitor, "correct", once=ONCE)
    assert Request.objects.count() == 1


def test_an_agent_is_believed_once_the_person_says_so(ada, mail):
    agent = Visitor()
    ask(agent, "see", for_other="yes", agent="Tom Agent", agent_email="tom@agents.example")
    assert Request.objects.get().way == "agent"
    mail.fetch()
    letter = mail.all[-1]
    assert (letter.address, "you sent them" in letter.content["text"]) == (ADA, True)
    assert not any(m.address == "tom@agents.example" for m in mail.all)
    do(Visitor(), mail.link(ADA), "prove")
    assert Request.objects.get().state == "answered"


@pytest.mark.parametrize(
    "changed",
    [
        {"right": "conquer"}, {"email": "nobody"}, {"name": ""}, {"words": "x" * 4001}, {"once": "short"},
        {"name": "card 4111 1111 1111 1111"}, {"words": "a\u202eb"}, {"for_other": "yes"},
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said_and_changes_nothing(ada, changed):
    before = Row.objects.count()
    assert ask(Visitor(), **{"right": "see"} | changed).status_code == 400
    assert (Request.objects.count(), Row.objects.count()) == (0, before)


@pytest.mark.parametrize("key", ["x", "0" * 32, "0" * 32 + "~nonsense", "%00"])
def test_a_link_that_is_not_ours_leads_nowhere(ada, key):
    assert Visitor().client.get(f"/tarn/rights/request/{key}/").status_code == 404


def test_a_mailbox_is_not_filled(ada, mail):
    codes = [ask(Visitor(), "see", right_=str(n)).status_code for n in range(5)]
    assert codes[-1] == 429
    assert len([m for m in mail.fetch() if m.address == ADA]) <= 3


# -- a complaint, an appeal ------------------------------------------------------------------------------------------------


def test_a_complaint_is_open_at_once_and_confirmed_at_once_with_its_day(ada, mail):
    assert ask(Visitor(), "", page="rights/complaint/", words="You rang me at night.").status_code == 303
    found = Request.objects.get()
    assert (found.right, found.state, found.sort) == ("complain", "open", "complaint")
    letter = mail.fetch()[-1].content
    assert letter["subject"] == "We have your complaint"
    assert "26 Dec 2026" in letter["text"]


def test_an_answer_can_be_appealed_from_its_page_with_nothing_more_asked(ada, mail):
    ask(Visitor(), "see")
    link = mail.link(ADA)
    do(Visitor(), link, "prove")
    assert do(Visitor(), link, "appeal", words="", once=ONCE).status_code == 400
    answer = do(Visitor(), link, "appeal", words="Something is missing", once=ONCE)
    appeal = Request.objects.get(right="appeal")
    assert (appeal.state, appeal.about) == ("open", Request.objects.get(right="see").pk)
    assert "We are working on it" in words(Visitor().client.get(answer["Location"]))


# -- with an account --------------------------------------------------------------------------------------------------------


def test_signed_in_nothing_more_is_asked(ada, visitor, mail):
    page = visitor.client.get("/tarn/rights/").content.decode()
    assert 'name="email"' not in page
    answer = ask(visitor, "see")
    assert Request.objects.get().state == "answered"
    assert "Fetch the copy" in words(visitor.client.get(answer["Location"]))
    assert "Answered" in words(visitor.get("requests/"))


def test_a_copy_lies_ready_for_a_fortnight_and_not_a_day_longer(ada, visitor, clock):
    way = ask(visitor, "copy")["Location"]
    clock.pass_(days=13, hours=23)
    assert Visitor().client.post(way + "copy/").status_code == 200
    assert Visitor().client.get(way + "copy/").status_code == 405
    clock.pass_(hours=1)
    assert Visitor().client.post(way + "copy/").status_code == 404
    assert "Fetch the copy" not in words(visitor.client.get(way))


def taken(person):
    """Return the steps of somebody's requests, as the ledger has them."""
    return [entry["facts"]["step"] for _, entry in seeing.acts(person) if "step" in entry.get("facts", {})]


def test_every_step_stands_in_the_ledger(ada, visitor):
    ask(visitor, "correct", words="My name is wrong")
    assert taken(ada) == ["receive"]
    way = first(r'"(/tarn/rights/request/[^/]+/)', visitor.get("requests/"))
    visitor.client.post(way, {"do": "tell", "words": "It is Canary"})
    visitor.client.post(way, {"do": "withdraw"})
    assert taken(ada) == ["receive", "hear more", "withdraw"]


def test_a_request_taken_back_stays_taken_back(ada, visitor):
    way = ask(visitor, "correct")["Location"]
    visitor.client.post(way, {"do": "withdraw"})
    for what in ("withdraw", "tell", "plan", "nonsense"):
        assert visitor.client.post(way, {"do": what, "words": "x", "sure": "yes"}).status_code == 409
    assert Request.objects.get().state == "withdrawn"


def test_reading_a_page_changes_nothing_but_the_ledger(ada, visitor):
    way = ask(visitor, "correct")["Location"]
    before = (list(Request.objects.values()), Note.objects.count(), Event.objects.count())
    visitor.client.get(way)
    assert (list(Request.objects.values()), Note.objects.count(), Event.objects.count()) == before


# -- restriction -------------------------------------------------------------------------------------------------------------


def test_whoever_has_us_store_and_not_use_signs_in_all_the_same_and_lifts_it(ada, visitor, mail):
    way = ask(visitor, "restrict")["Location"]
    assert Person.objects.get(pk=ada).flags & RESTRICTED
    again = Visitor()
    assert again.sign_in(ADA, GOOD).status_code == 303
    refused = again.get("")
    assert refused.status_code == 403
    assert "stored but not used" in words(refused)
    assert "Your requests" in words(refused), "the way to lift it"
    assert again.get("requests/").status_code == 200
    again.client.post(way, {"do": "lift"})
    assert not Person.objects.get(pk=ada).flags & RESTRICTED
    assert again.get("").status_code == 200
    assert again.client.post(way, {"do": "lift"}).status_code == 409


def test_restriction_can_be_lifted_by_the_link_without_signing_in(ada, mail):
    ask(Visitor(), "restrict")
    link = mail.link(ADA)
    do(Visitor(), link, "prove")
    assert "Lift it" in words(Visitor().go(link))
    do(Visitor(), link, "lift")
    assert not Person.objects.get(pk=ada).flags & RESTRICTED


# -- erasure -------------------------------------------------------------------------------------------------------------------


def test_erasing_without_an_account_shows_what_goes_waits_for_a_yes_and_a_week(ada, bob, mail, clock):
    ask(Visitor(), "erase")
    link = mail.link(ADA)
    do(Visitor(), link, "prove")
    assert "Email address" in words(Visitor().go(link))
    assert do(Visitor(), link, "plan").status_code == 409
    do(Visitor(), link, "plan", sure="yes")
    assert "3 Dec 2026" in words(Visitor().go(link))
    clock.pass_(days=6)
    assert runs(clock)["erased"] == 0
    clock.pass_(days=1)
    assert runs(clock)["erased"] == 1
    assert not Person.objects.filter(pk=ada).exists()
    told = words(Visitor().go(link))
    assert "The key to all we held of you is destroyed" in told
    assert "Gone" in told
    assert ADA not in told
    bob.sign_in(BOB)
    assert "Bob Canary" in words(bob.get("data/"))
    assert {name: runs(clock)[name] for name in ("erased", "held", "lapsed")} == {"erased": 0, "held": 0, "lapsed": 0}


def pulled(made):
    """Have the plug pulled once the person is gone: when the certificate of it is to be written."""

    def then(lines, at, entry=0):
        if entry:
            raise OSError("pulled")
        return made(lines, at, entry)

    return then


def test_whatever_else_they_asked_ends_with_them(ada, bob, visitor, clock):
    ask(visitor, "correct", words="My name is wrong")
    ask(bob, "correct", words="My name is wrong too")
    visitor.post("data/forget/", sure="yes")
    clock.pass_(days=7)
    runs(clock)
    assert sorted(Request.objects.values_list("right", "state")) == [
        ("correct", "ended"), ("correct", "open"), ("erase", "answered"),
    ]  # fmt: skip
    assert not Note.objects.exclude(request__right="correct", request__state="open").filter(event_at=None).exists()


def test_an_erasure_that_stopped_half_way_ends_when_it_runs_again(ada, visitor, clock, monkeypatch):
    visitor.post("data/forget/", sure="yes")
    clock.pass_(days=7)
    wanted = Request.objects.filter
    with monkeypatch.context() as patch:
        patch.setattr(doing, "certificate", pulled(doing.certificate))
        with pytest.raises(OSError, match="pulled"):
            runs(clock)
    assert (wanted().get().state, Person.objects.filter(pk=ada).exists()) == ("planned", False)
    assert runs(clock)["erased"] == 1
    found = wanted().get()
    assert (found.state, found.certificate["lines"] != []) == ("answered", True)


def test_a_hold_that_came_meanwhile_stops_it_and_is_said_once(ada, visitor, mail, clock):
    visitor.post("data/forget/", sure="yes")
    keep.hold(ada, owner="officer", because="claim", review_on=clock.day(), at=clock.at)
    clock.pass_(days=7)
    mail.fetch()
    assert [runs(clock)["held"] for _ in range(2)] == [1, 1]
    assert [m.content["subject"] for m in mail.fetch()] == ["We cannot erase it yet"]
    assert Person.objects.filter(pk=ada).exists()


def test_the_seven_days_are_days_where_the_person_is(ada, visitor, clock):
    Person.objects.filter(pk=ada).update(zone="Pacific/Auckland")  # it is already the 27th there
    visitor.post("data/forget/", sure="yes")
    assert Request.objects.get().planned_on == date(2026, 12, 4)


def test_a_mailbox_is_proved_for_its_own_request_alone(ada, bob, mail):
    ask(Visitor(), "see")
    ask(Visitor(), "see", BOB)
    do(Visitor(), mail.link(ADA), "prove")
    states = dict(Request.objects.values_list("person_id", "state"))
    assert states == {ada: "answered", identity.find("email", BOB): "identifying"}
    assert Identifier.objects.filter(kind="email").count() == 2
