"""A hundred threads at once, asking us to stop and sending: nothing is handed over once a no was acknowledged."""

import threading
import time
from collections import defaultdict
from contextlib import contextmanager

import pytest
from django.db import connection, connections
from tests.marketing.campaigning import going, reader

from troth.choices.models import Event
from troth.doors import policies
from troth.doors.declare import job
from troth.doors.models import Message
from troth.marketing import following, release
from troth.marketing.models import Campaign
from troth.rights import doing, intake
from troth.rights.models import Request

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
ASKING, SENDING, EAGER = 50, 50, 12
HOME = "https://tarn.example/tarn/"


class Network:
    """A transport that notes when each handing over begins and ends, and leaves a no time to come in between."""

    def __init__(self, slow):
        self.slow = slow  # addresses whose server takes its time
        self.handed: list[tuple[str, float]] = []
        self.begun: dict[str, threading.Event] = defaultdict(threading.Event)
        self.acknowledged: dict[str, threading.Event] = defaultdict(threading.Event)

    def __call__(self, message, *, give_up_after):
        del give_up_after
        self.begun[message.address].set()
        self.acknowledged[message.address].wait(0.6 if message.address in self.slow else 0.01)
        self.handed.append((message.address, time.monotonic()))


@pytest.fixture(autouse=True)
def _nothing_remembered():
    following.forget()
    yield
    following.forget()


@contextmanager
def at_the_database(places):
    """Take a place at the two databases, and give it back with its connections."""
    with places:
        try:
            yield
        finally:
            connections.close_all()


def by_form(person, email, n):
    del person
    return intake.from_form("stop", email, "", brand="tarn", home=HOME, once=f"form-{n}", at=policies.now())


def by_account(person, email, n):
    del email
    return intake.from_account(person.pk, "stop", "", brand="tarn", home=HOME, once=f"account-{n}", at=policies.now())


def test_a_hundred_threads_that_stop_and_send_release_nothing_late(monkeypatch):
    monkeypatch.setattr(release, "BATCH", 4)  # many short turns, so that a no falls between them, and into them
    emails = [f"reader{n}@post.example" for n in range(ASKING)]
    people = [reader(("news:tarn:email",), email) for email in emails]
    neighbour = reader(("news:tarn:email",), "neighbour@post.example")
    places = threading.BoundedSemaphore(100 if connection.vendor == "sqlite" else 40)  # a server has 100 connections
    campaigns = [going(subject="Coats"), going(subject="Hats")]
    network, said, problems, over = Network(emails[:EAGER]), {}, [], threading.Event()
    for email in emails:  # made before the threads look them up
        network.begun[email], network.acknowledged[email] = threading.Event(), threading.Event()
    begin, whose, say_no = (
        threading.Barrier(ASKING + SENDING),
        {p.pk: e for p, e in zip(people, emails, strict=True)},
        doing.say_no,
    )

    def noted(found, at):
        say_no(found, at)  # from the moment it returns the no counts: before the page of it is even written
        said[whose[found.person_id]] = time.monotonic()
        network.acknowledged[whose[found.person_id]].set()

    monkeypatch.setattr(doing, "say_no", noted)

    def asks(n):
        begin.wait()
        if n < EAGER:  # at the moment their own letter is on its way
            network.begun[emails[n]].wait(4)
        else:
            time.sleep(2 + n * 0.04)
        with at_the_database(places), job("rights", "proof"):
            (by_form, by_account)[n % 2](people[n], emails[n], n)

    def sends(n):
        begin.wait()
        while not over.is_set():
            with at_the_database(places), job("news", "marketing_plans"):
                release.run(Campaign.objects.get(pk=campaigns[n % 2].pk), network, seconds=0.5)
            time.sleep(0.2)

    def guarded(work, n):
        try:
            work(n)
        except Exception as problem:  # noqa: BLE001 -- shown by the assertion below
            problems.append(problem)

    asking = [threading.Thread(target=guarded, args=(asks, n)) for n in range(ASKING)]
    sending = [threading.Thread(target=guarded, args=(sends, n)) for n in range(SENDING)]
    for thread in (*asking, *sending):
        thread.start()
    for thread in asking:
        thread.join()
    time.sleep(0.3)  # whoever is still at it has every chance to be late
    over.set()
    for thread in sending:
        thread.join()

    assert problems == []
    assert [email for email, ended in network.handed if email in said and ended > said[email]] == []
    assert Event.objects.filter(kind="objection").values("person_id").distinct().count() == ASKING, "none was lost"
    assert Request.objects.filter(state="answered").count() == ASKING
    assert {email for email, _ in network.handed} & set(network.slow), "no no came while a letter was being handed over"
    assert Message.objects.filter(purpose="news", state="refused").exists(), "no no came in time, so nothing was tried"
    assert not Message.objects.of([neighbour.pk]).filter(state="refused").exists(), "a no is one person's alone"
