"""Who asks on another's behalf gets the copy where that other said so, or papers do: never by asking alone."""

import io
import re
import zipfile
from datetime import timedelta

import pytest
from tests.accounts.conftest import ADA, BOB, Visitor, opened
from tests.accounts.test_request_pages import ask, do, words

from troth.care import actions as care
from troth.doors import erasing
from troth.doors.declare import job
from troth.rights import agents, doing, intake
from troth.rights.errors import NotNow
from troth.rights.models import Note, Request
from troth.vault import identity

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
TOM = "tom@agents.example"


def asks_for_ada(right="see"):
    ask(Visitor(), right, for_other="yes", agent="Tom Agent", agent_email=TOM)
    return Request.objects.get()


def to_tom(mail):
    mail.fetch()
    return [m.content["text"] for m in mail.all if m.address == TOM]


def fetched(link):
    return Visitor().client.post(re.sub(r"^https?://[^/]+", "", link))


def in_it(answer):
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        return packed.read("data.json").decode()


def test_the_agent_has_a_link_of_their_own_once_the_person_says_so_and_the_person_is_told(ada, mail):
    opened(Visitor(), mail, email=BOB, name="Bob Canary")
    asks_for_ada()
    link = mail.link(ADA)
    page = words(Visitor().go(link))
    assert "Tom Agent" in page
    assert TOM in page
    assert to_tom(mail) == []
    do(Visitor(), link, "prove", agent="yes")

    (letter,) = to_tom(mail)
    assert "Ada" not in letter
    assert ADA not in letter
    assert link not in letter, "of the request itself they see nothing"
    (way,) = re.findall(r"https?://\S+/rights/agent/\S+/", letter)
    newest = [m.content["text"] for m in mail.all if m.address == ADA][-1]
    assert "Whoever asked for you may have it too" in newest
    assert "Ada" not in words(Visitor().go(way))
    assert not Note.objects.filter(what="agent takes").exists(), "to look is not to fetch"
    copy = in_it(fetched(way))
    assert "Ada Canary" in copy
    assert "Bob Canary" not in copy
    assert "Whoever asked for you took the copy" in words(Visitor().go(link))


@pytest.mark.parametrize("agent", [{}, {"agent": "no"}, {"agent": "1"}])
def test_without_that_yes_the_agent_gets_nothing(ada, mail, agent):
    asks_for_ada()
    do(Visitor(), mail.link(ADA), "prove", **agent)
    found = Request.objects.get()
    assert (found.state, found.agent_id) == ("answered", None)
    assert to_tom(mail) == []


def test_the_link_is_good_as_long_as_the_copy_and_until_it_is_taken_back(ada, mail, clock):
    asks_for_ada()
    link = mail.link(ADA)
    do(Visitor(), link, "prove", agent="yes")
    way = mail.link(TOM)
    clock.pass_(days=13)
    assert fetched(way).status_code == 200
    do(Visitor(), link, "agent")
    assert fetched(way).status_code != 200
    assert Visitor().go(way).status_code != 200
    page = words(Visitor().go(link))
    assert "You took back that" in page
    assert "Fetch the copy" in page, "the person has theirs all the same"
    assert do(Visitor(), link, "agent").status_code == 409, "there is nothing left to take back"


def test_after_a_fortnight_it_leads_nowhere(ada, mail, clock):
    asks_for_ada()
    do(Visitor(), mail.link(ADA), "prove", agent="yes")
    way = mail.link(TOM)
    clock.pass_(days=14, minutes=1)
    assert fetched(way).status_code != 200
    assert Visitor().go(way).status_code != 200


def test_no_key_for_one_thing_opens_another(ada, mail):
    asks_for_ada()
    link = mail.link(ADA)
    do(Visitor(), link, "prove", agent="yes")
    way = mail.link(TOM)
    mine, theirs = (one.rstrip("/").rpartition("/")[2] for one in (link, way))
    assert Visitor().go(way.replace(theirs, mine)).status_code != 200
    assert Visitor().go(link.replace(mine, theirs)).status_code != 200
    assert fetched(way.replace(theirs, "x" + theirs)).status_code != 200


@pytest.mark.parametrize("right", ["correct", "erase"])
def test_of_what_is_no_copy_an_agent_gets_none(ada, mail, right):
    asks_for_ada(right)
    link = mail.link(ADA)
    assert "me and Tom Agent" not in words(Visitor().go(link))
    assert do(Visitor(), link, "prove", agent="yes").status_code == 409
    assert Request.objects.get().state == "identifying"


def test_papers_an_officer_has_seen_cover_it_too_if_they_say_so(ada, mail, clock):
    found, officer = asks_for_ada(), identity.new(on=clock.day()).pk
    care.appoint(officer, "officer", clock.at)
    with job("rights", "proof"):
        intake.accept(found, "Signed by her on 3 November.", clock.at, by=officer, agent=True)
    assert len(to_tom(mail)) == 1
    assert any("Whoever asked for you may have it too" in m.content["text"] for m in mail.all if m.address == ADA)


def test_whoever_asked_for_themselves_has_no_agent(ada, mail, clock):
    ask(Visitor(), "see")
    with job("rights", "proof"), pytest.raises(NotNow):
        intake.prove(Request.objects.get(), clock.at, agent=True)


def test_an_agent_gets_nothing_of_somebody_who_was_erased_meanwhile(ada, mail, clock):
    asks_for_ada()
    do(Visitor(), mail.link(ADA), "prove", agent="yes")
    way = mail.link(TOM)
    erasing.erase(ada, at=clock.at + timedelta(minutes=1))
    answer = fetched(way)
    assert answer.status_code != 200
    assert b"Ada" not in answer.content


def test_nor_does_their_own_link_hand_out_what_a_duty_keeps_of_them(ada, mail, clock):
    ask(Visitor(), "see")
    link = mail.link(ADA)
    do(Visitor(), link, "prove")
    assert fetched(f"{link}copy/").status_code == 200
    erasing.erase(ada, at=clock.at + timedelta(minutes=1))
    assert fetched(f"{link}copy/").status_code != 200
    assert "Fetch the copy" not in words(Visitor().go(link))


def test_done_twice_the_agent_has_one_letter(ada, mail, clock):
    found = asks_for_ada()
    with job("rights", "proof"):
        intake.prove(found, clock.at, agent=True)
        doing.proceed(Request.objects.get(), clock.at)
        agents.hand_out(Request.objects.get(), clock.at)
    assert len(to_tom(mail)) == 1
