"""A campaign ready to go, people who said yes to it, and a network that remembers what it was handed."""

import re
from datetime import date
from uuid import UUID

from tests.doors.conftest import someone

from troth.doors import policies
from troth.doors.collect import choose, collect
from troth.doors.declare import job
from troth.marketing import campaigns
from troth.marketing.audience import Plan
from troth.vault import identity

OFFERS = Plan("news", "tarn", "email", "offers")
BEA, COLE = UUID(int=0xBEA), UUID(int=0xC01E)  # a marketer, and another one
TEXT = (
    "Dear {name|reader},\n\nCoats are in.\n\n{sender}, {address}\nNo more of these: {stop}\nWhy you got this: {why}\n"
)


def says(kind, *patterns, person, brand="tarn", at=None, **more):
    with job("proof"):
        return choose(
            kind, *patterns, person=person.pk, brand=brand, place="register", wording="May we write?", at=at, **more
        )


def reader(said=("news:tarn:email",), address="", residence="GB", kind="email", **facts):
    person = someone(residence, **{"known_age": 30, "known_on": date(2026, 1, 1)} | facts)
    given = identity.identifier(person.pk, kind, address or f"{person.pk.hex[:12]}@post.example")
    with job("account"), collect("account", source="register", brand="tarn", person=person.pk) as c:
        c.save(given)
    if said:
        says("consent", *said, person=person)
    return person


def ready(plan=OFFERS, *, subject="Coats", text=TEXT, trigger="", at=None):
    """Return a campaign with its list frozen."""
    at = at or policies.now()
    made = campaigns.draft("Coats", plan, subject=subject, text=text, trigger=trigger, by=BEA, at=at)
    campaigns.check(made, by=BEA, at=at)
    with job(plan.purpose, "marketing_plans"):
        campaigns.freeze(made, by=BEA, at=at)
    return made


def going(plan=OFFERS, **more):
    made = ready(plan, **more)
    campaigns.send(made, by=BEA, at=policies.now())
    return made


def part(pattern, text):
    """Return the first group of a pattern in a text, which is there."""
    found = re.search(pattern, text)
    assert found, pattern
    return found[1]


class Network:
    """A transport that remembers, and may do something first."""

    def __init__(self, then=None):
        self.came, self.then = [], then

    def __call__(self, message, *, give_up_after):  # noqa: ARG002 -- a transport's
        if self.then:
            self.then(message)
        self.came.append(message)

    @property
    def addresses(self):
        return sorted(message.address for message in self.came)
