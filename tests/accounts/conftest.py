"""Somebody with a browser and a mailbox, before three shops whose clock we hold."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from django.test import Client

from troth.accounts import pages, passwords
from troth.doors import contact, policies
from troth.doors.declare import job
from troth.vault import identity

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
ADA, BOB = "ada.canary@post.example", "bob.canary@post.example"
GOOD, BETTER = "otter lamp gravel moon", "seven quiet herons fly"
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class Clock:
    """What time it is: it moves when a test says so."""

    def __init__(self):
        self.at = NOON

    def __call__(self):
        return self.at

    def day(self):
        return self.at.date()

    def pass_(self, **time):
        self.at += timedelta(**time)


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(policies, "now", made)
    monkeypatch.setattr(policies, "today", made.day)
    return made


@pytest.fixture(autouse=True)
def _quick(monkeypatch, clock):
    """Hash cheaply and answer at once, but where a test asks about just that."""
    monkeypatch.setattr(passwords, "HASHER", QUICK)
    passwords._nobodys.cache_clear()
    monkeypatch.setattr(pages, "FLOOR", 0.0)
    yield
    passwords._nobodys.cache_clear()


class Visitor:
    """Somebody with a browser of their own, at one brand."""

    def __init__(self, brand="tarn", agent=FIREFOX, **more):
        self.brand, self.client = brand, Client(HTTP_USER_AGENT=agent, **more)

    def get(self, page="", **query):
        return self.client.get(f"/{self.brand}/account/{page}", query)

    def post(self, page="", follow=False, **typed):
        return self.client.post(f"/{self.brand}/account/{page}", typed, follow=follow)

    def go(self, link):
        return self.client.get(path(link))

    def send(self, link, **typed):
        return self.client.post(path(link), typed)

    def sign_in(self, email=ADA, password=GOOD, **more):
        return self.post("sign-in/", email=email, password=password, **more)

    @property
    def cookie(self):
        found = self.client.cookies.get("__Host-session")
        return found.value if found else ""

    @property
    def signed_in(self):
        return self.get("").status_code == 200


def path(link):
    return re.sub(r"^https?://[^/]+", "", link)


class Mail:
    """Every mailbox there is: what was handed over, the newest last."""

    def __init__(self, clock):
        self.clock, self.all = clock, []

    def _take(self, message, *, give_up_after):
        del give_up_after
        self.all.append(message)

    def fetch(self):
        """Have the house send what it has queued, and return what came."""
        had = len(self.all)
        with job(*policies.archive().in_force(self.clock.at.date()).policy.purposes):
            list(contact.release({"email": self._take}, at=self.clock.at))
        return self.all[had:]

    def link(self, to):
        """Return the link in the newest letter to a mailbox."""
        self.fetch()
        newest = next(m for m in reversed(self.all) if m.address == to)
        return next(iter(re.findall(r"https?://\S+", newest.content["text"])))


@pytest.fixture
def mail(clock):
    return Mail(clock)


@pytest.fixture
def visitor(transactional_db):
    return Visitor()


def opened(visitor, mail, email=ADA, password=GOOD, name="Ada Canary", age="18", **more):
    """Open an account the way people do, and return whose it is."""
    assert visitor.post("register/", email=email, age=age).status_code == 303
    answer = visitor.send(mail.link(email), name=name, password=password, **more)
    assert answer.status_code == 303, answer.content.decode()
    return identity.find("email", email)


@pytest.fixture
def ada(visitor, mail):
    return opened(visitor, mail)


def files():
    """Return the bytes of every database file, with what waits beside it; nothing where a server keeps them."""
    from django.db import connections  # noqa: PLC0415

    for alias in ("default", "keys"):
        name = str(connections[alias].settings_dict["NAME"])
        for end in ("", "-wal", "-shm"):
            try:
                with open(name + end, "rb") as file:  # noqa: PTH123
                    yield name + end, file.read()
            except OSError:
                continue
