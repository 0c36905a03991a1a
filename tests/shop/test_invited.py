"""A chat invitation on a product's page: a yes and a no of one size, and neither a script nor a write to read it."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.marketing.campaigning import going, reader, says

from troth.accounts import sessions
from troth.choices.models import Event
from troth.doors import policies
from troth.doors.declare import job
from troth.doors.models import Message
from troth.ledger.models import Row
from troth.marketing import campaigns, following, inviting, release
from troth.marketing.audience import Plan
from troth.marketing.models import Reply

pytestmark = [
    pytest.mark.urls("tests.shop.urls"),
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
    pytest.mark.usefixtures("shelves"),
]
CHATS = Plan("news", "tarn", "chat", "offers")
PIECE = "/tarn/shop/nell-olive/"


@pytest.fixture(autouse=True)
def _nothing_remembered():
    following.forget()
    yield
    following.forget()


def chosen():
    """Somebody a chat campaign chose."""
    person = reader(("news:tarn:chat",))
    one = going(CHATS, subject="", text="{sender}: may we help you choose a coat? {stop}")
    release.run(one, None)
    return person, one


def browser(person, brand="tarn"):
    """A browser they are signed in with."""
    client = Client()
    with job("sign_in"):
        token = sessions.begin(client.get("/tarn/").wsgi_request, person.pk, brand, policies.now())
    client.cookies[sessions.COOKIE] = token
    return client


def words(page):
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode())))


def way(client):
    page = client.get(PIECE).content.decode()
    found = re.search(r'action="([^"]+/invited/[^"]+)"', page)
    return found[1] if found else ""


def test_only_whom_the_campaign_chose_sees_the_panel_and_only_at_that_brand():
    person, _ = chosen()
    neighbour = reader(())
    theirs = browser(person)
    page = theirs.get(PIECE)
    assert "May we have a word?" in words(page)
    assert "private" in page["Cache-Control"]
    assert re.findall(r'<button class="([^"]+)" name="answer" value="(yes|no)"', page.content.decode()) == [
        ("button other", "yes"), ("button other", "no"),
    ]  # fmt: skip
    assert "coat?" not in words(page), "what we say waits for their yes"
    for client in (Client(), browser(neighbour)):
        assert "May we have a word?" not in words(client.get(PIECE))
    assert "May we have a word?" not in words(theirs.get("/holm/shop/esk-heavy-t-shirt-white/"))


def asked(do):
    do()
    with CaptureQueriesContext(connections["default"]) as found:
        do()
    return [query["sql"] for query in found.captured_queries]


def test_reading_the_page_writes_nothing_and_a_stranger_costs_no_question_more():
    person, _ = chosen()
    stranger, neighbour = Client(), reader(())
    assert len(asked(lambda: stranger.get(PIECE))) <= 5
    assert len(asked(lambda: inviting.waiting(neighbour.pk, "tarn", policies.now()))) == 1
    theirs = asked(lambda: inviting.waiting(person.pk, "tarn", policies.now()))
    assert len(theirs) <= 4
    assert [sql for sql in theirs if not sql.lstrip().startswith("SELECT")] == []
    entries = Row.objects.filter(verb="contact").count()
    browser(person).get(PIECE)
    assert Message.objects.get(channel="chat").state == "queued"
    assert Row.objects.filter(verb="contact").count() == entries


def test_a_yes_shows_the_words_releases_them_once_and_the_panel_is_gone():
    person, one = chosen()
    client, entries = browser(person), Row.objects.filter(verb="contact").count()
    target = way(client)
    first, again = client.post(target, {"answer": "yes"}), client.post(target, {"answer": "yes"})
    assert "may we help you choose a coat?" in words(first)
    assert "may we help you choose a coat?" in words(again)
    assert Message.objects.get(channel="chat").state == "sent"
    assert Row.objects.filter(verb="contact").count() == entries + 1
    assert way(client) == ""
    release.run(one, None)
    assert campaigns.progress(one).sent == 1


def test_a_no_stops_it_at_once_and_everything_of_its_kind():
    person, one = chosen()
    client = browser(person)
    target = way(client)
    assert "no more chats" in words(client.post(target, {"answer": "no"}))
    told = Event.objects.latest("at")
    assert (told.kind, told.pattern, told.place) == ("objection", "news:tarn:chat", "chat")
    assert way(client) == ""
    late = client.post(target, {"answer": "yes"})
    assert (late.status_code, "coat" in words(late)) == (409, False)
    client.post(target, {"answer": "no"})
    assert Event.objects.filter(kind="objection").count() == 1
    assert campaigns.progress(one).sent == 0


def test_a_no_said_elsewhere_takes_the_panel_away():
    person, _ = chosen()
    client = browser(person)
    says("withdrawal", "news:tarn", person=person, at=policies.now() + timedelta(milliseconds=1))
    assert way(client) == ""


def test_it_waits_a_week_and_goes_no_more_often_than_promised(monkeypatch):
    person, one = chosen()
    at = policies.now()
    assert inviting.waiting(person.pk, "tarn", at + timedelta(days=6))
    assert inviting.waiting(person.pk, "tarn", at + timedelta(days=8)) is None
    others = []
    for _ in range(2):  # the policy promises two a week on each channel
        other = going(CHATS, subject="", text="{sender}: a word. {stop}")
        release.run(other, None)
        others.append(other)
    client = browser(person)
    for _ in range(2):
        client.post(way(client), {"answer": "yes"})
    assert Message.objects.filter(channel="chat", state="queued").count() == 1
    assert way(client) == ""
    campaigns.stop(one, by=one.made_by, at=policies.now())


def test_a_campaign_that_is_paused_or_stopped_invites_nobody():
    person, one = chosen()
    client = browser(person)
    campaigns.pause(one, by=one.made_by, at=policies.now())
    assert way(client) == ""


def test_what_they_write_waits_once_for_a_person_of_ours():
    person, _ = chosen()
    client = browser(person)
    target = way(client)
    client.post(target, {"answer": "yes"})
    for typed in ("", "x" * 1_001, "4111 1111 1111 1111", "hidden \u202e sign"):
        assert client.post(target, {"answer": "words", "words": typed}).status_code == 400
    assert Reply.objects.count() == 0
    for _ in range(2):
        assert "We have your words" in words(client.post(target, {"answer": "words", "words": "Is there a warm one?"}))
    found = Reply.objects.get()
    assert (found.person_id, found.brand, found.read_at) == (person.pk, "tarn", None)


def test_an_invitation_is_nobody_elses_and_comes_from_our_own_pages_alone():
    person, _ = chosen()
    target = way(browser(person))
    for client in (Client(), browser(reader(()))):
        assert client.post(target, {"answer": "yes"}).status_code == 404
    theirs = browser(person)
    assert theirs.post(target, {"answer": "perhaps"}).status_code == 400
    assert theirs.post(target, {"answer": "yes"}, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    assert theirs.get(target).status_code == 200
    assert Message.objects.get(channel="chat").state == "queued"
