"""The way out of a message: one button, no cookie, no redirect; nothing is changed by looking; nobody forges one."""

import email
import email.policy
import re
import threading
from datetime import timedelta
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.test import Client
from tests.marketing.campaigning import OFFERS, Network, going, part, reader, says

from troth.choices.models import Event
from troth.doors import erasing, policies
from troth.doors.models import Message
from troth.ledger.models import Row
from troth.marketing import links, release
from troth.marketing.channels.email import SIGNED
from troth.site import mail
from troth.vault.models import Person

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def sent():
    """A person, the campaign they got, and the message itself."""
    person = reader(address="ada@post.example")
    one, post = going(), Network()
    release.run(one, post)
    return person, one, post.came[0]


def path(message):
    """The address of the way out, as a client of the whole house asks it."""
    link = part(r"^<(https://\S+)>$", message.content["headers"]["List-Unsubscribe"])
    return "/tarn" + link.removeprefix("https://tarn.example")


def why_path(message):
    return "/tarn" + part(r"https://tarn\.example(/why/\S+)", message.content["text"])


def noes(person):
    return list(Event.objects.filter(person_id=person.pk, kind="objection").values_list("pattern", flat=True))


def test_the_headers_are_those_of_rfc_8058(sent):
    _, _, message = sent
    got = email.message_from_bytes(bytes(mail.letter(message)), policy=email.policy.default)

    assert re.fullmatch(r"<https://tarn\.example/stop/[A-Za-z0-9_~-]+/>", got["List-Unsubscribe"])
    assert got["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert set(SIGNED) <= set(got.keys())
    raw = bytes(mail.letter(message))
    assert re.search(rb"^List-Unsubscribe: <https://[^\r\n]+>\r\n", raw, re.MULTILINE)  # one line, no code words
    plain, html = (part.get_content() for part in got.iter_parts())
    assert "/stop/" in plain
    assert f'<a href="https://tarn.example{path(message).removeprefix("/tarn")}"' in html


@pytest.mark.parametrize("kind", ["multipart", "urlencoded"])
def test_the_mailbox_button_stops_the_list_without_cookie_or_redirect(sent, kind):
    person, _, message = sent
    client = Client(enforce_csrf_checks=True)
    if kind == "multipart":
        answer = client.post(path(message), ONE_CLICK)
    else:
        answer = client.post(path(message), urlencode(ONE_CLICK), content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 200
    assert not answer.cookies
    assert noes(person) == ["news:tarn:email"]
    event = Event.objects.get(person_id=person.pk, kind="objection")
    assert (event.place, event.actor) == ("message", "person")


def test_looking_changes_nothing(sent):
    person, _, message = sent
    before = (Event.objects.count(), Row.objects.count(), Message.objects.count())
    for method in ("get", "head"):
        answer = getattr(Client(enforce_csrf_checks=True), method)(path(message))
        assert (answer.status_code, dict(answer.cookies)) == (200, {})
        assert answer.headers["Cache-Control"] == "private, no-store" or "no-store" in answer.headers["Cache-Control"]
        assert answer.headers["X-Robots-Tag"] == "noindex"
    assert (Event.objects.count(), Row.objects.count(), Message.objects.count()) == before
    assert noes(person) == []


def test_a_button_pressed_twice_says_no_once(sent):
    person, _, message = sent
    for _ in range(3):
        assert Client().post(path(message), ONE_CLICK).status_code == 200
    assert noes(person) == ["news:tarn:email"]


def test_pressed_after_a_new_yes_it_is_a_new_no(sent):
    person, _, message = sent
    Client().post(path(message), ONE_CLICK)
    says("consent", "news:tarn:email", person=person, at=policies.now())
    Client().post(path(message), ONE_CLICK)

    assert noes(person) == ["news:tarn:email"] * 2


def test_a_forged_link_stops_nothing(sent):
    person, one, message = sent
    key = path(message).split("/")[3]
    ids = key.partition("~")[0]
    for forged in (
        key[:-1] + ("A" if key[-1] != "A" else "B"),
        ("A" if key[0] != "A" else "B") + key[1:],
        ids,
        ids + "~",
        links.key(links.WHY, one.pk, person.pk),  # made for another page
        links.key(links.STOP, uuid4(), person.pk),  # of no campaign of ours
        "x" * 5000,
        "é~ü",
        key + "=",
    ):
        for answer in (Client().get(f"/tarn/stop/{forged}/"), Client().post(f"/tarn/stop/{forged}/", ONE_CLICK)):
            assert answer.status_code == 404, forged
    assert noes(person) == []


def test_a_link_of_one_brand_is_nothing_at_another(sent):
    person, _, message = sent
    assert Client().post(path(message).replace("/tarn/", "/holm/"), ONE_CLICK).status_code == 404
    assert noes(person) == []


def test_what_is_sent_without_the_button_changes_nothing(sent):
    person, _, message = sent
    for body in ({}, {"List-Unsubscribe": "Two-Click"}, {"answer": "maybe"}):
        assert Client().post(path(message), body).status_code == 400
    assert noes(person) == []


def test_the_page_has_two_noes_of_which_the_wider_covers_every_way(sent):
    person, _, message = sent
    answer = Client().post(path(message), {"answer": "all"})
    assert answer.status_code == 200
    assert b"Stopped" in answer.content
    assert noes(person) == ["news:tarn"]


def test_an_old_link_works_when_the_record_of_its_message_is_gone(sent):
    person, _, message = sent
    Message.objects.all()._raw_delete("default")
    assert Client().post(path(message), ONE_CLICK).status_code == 200
    assert noes(person) == ["news:tarn:email"]
    assert b"nothing any more" in Client().get(why_path(message)).content


def test_somebody_who_was_erased_gets_a_calm_answer(sent):
    person, _, message = sent
    erasing.erase(person.pk, at=policies.now())
    for answer in (
        Client().get(path(message)),
        Client().post(path(message), ONE_CLICK),
        Client().get(why_path(message)),
    ):
        assert answer.status_code == 200
        assert b"nothing of yours" in answer.content


def test_a_link_of_somebody_joined_to_another_stops_for_who_they_are_now(sent):
    person, _, message = sent
    other = reader(address="also.ada@post.example")
    Person.objects.filter(pk=person.pk).update(merged_into=other.pk)
    Client().post(path(message), ONE_CLICK)
    assert noes(other) == ["news:tarn:email"]


# -- why did I get this ------------------------------------------------------------------------------------------------


def test_the_page_says_which_yes_it_rests_on_and_what_was_used(sent):
    _, one, message = sent
    answer = Client().get(why_path(message))
    text = answer.content.decode()

    assert answer.status_code == 200
    assert not answer.cookies
    for words in ("Coats", "May we write?", "You said yes", "choices.news", "Email address", "Stop these"):
        assert words in text, words
    stop = part(r'action="(/[^"]+/stop/[^"]+)"', text)
    assert Client(enforce_csrf_checks=True).post(stop, {"answer": "no"}).status_code == 200
    assert Event.objects.filter(kind="objection").count() == 1
    assert one.pk is not None


def test_reading_why_writes_no_more_than_that_it_was_read(sent):
    _, _, message = sent
    events, messages = Event.objects.count(), Message.objects.count()
    last = max(Row.objects.values_list("pk", flat=True))
    Client().get(why_path(message))
    assert (Event.objects.count(), Message.objects.count()) == (events, messages)
    assert set(Row.objects.filter(pk__gt=last).values_list("verb", flat=True)) == {"use"}


# -- a stop in the middle ----------------------------------------------------------------------------------------------


def test_pressed_while_the_campaign_goes_out_it_counts_before_the_answer_comes():
    """The button waits for the batch that is under way; nothing is handed over after its answer."""
    people = [reader(address=f"p{n}@post.example") for n in range(8)]
    one, answered = going(), threading.Event()
    begun, late = threading.Event(), []
    key = links.key(links.STOP, one.pk, people[-1].pk)

    def slow(message):
        begun.set()
        if answered.is_set() and message.address == "p7@post.example":
            late.append(message)
        threading.Event().wait(0.02)

    def press():
        from django.db import connections  # noqa: PLC0415

        begun.wait(10)
        assert Client().post(f"/tarn/stop/{key}/", ONE_CLICK).status_code == 200
        answered.set()
        connections.close_all()

    pressing = threading.Thread(target=press)
    pressing.start()
    release.run(one, Network(slow))
    pressing.join(30)
    more = Network(slow)
    again = going(OFFERS)
    release.run(again, more)

    assert answered.is_set()
    assert late == []
    assert "p7@post.example" not in more.addresses


def test_the_answer_of_a_stop_names_its_receipt_and_the_clock_is_ours(sent):
    _, _, message = sent
    page = Client().post(path(message), {"answer": "no"}).content.decode()
    number = int(part(r"entry (\d+)", page))
    assert Row.objects.get(pk=number).verb == "collect"
    event = Event.objects.get(kind="objection")
    assert abs(event.at - policies.now()) < timedelta(minutes=1)
