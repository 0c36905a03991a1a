"""Every address there is, asked by everybody who is not Ada for what is hers: nothing is shown, nothing changes."""

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import get_resolver
from tests.desk.conftest import bank as bank  # noqa: PLC0414 -- a fixture
from tests.desk.conftest import paid, signed_in, somebody

from troth.accounts.models import Session
from troth.care import actions as care
from troth.doors import policies
from troth.doors.collect import choose, collect
from troth.doors.declare import job
from troth.doors.models import Message
from troth.shop import wishes
from troth.shop.models import Order, SavedCard
from troth.vault.models import Person, person_rows

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
HERS = {"street": "9 Canary Row", "city": "BATH", "postcode": "BA1 1AA", "country": "GB"}
CANARIES = ("Ada Canary", "9 Canary Row", "ada.canary@post.example", "4242")
# As a word: the random names on a page (a form's token, a digest) hold any four digits once in some hundred pages.
TELLS = {canary: re.compile(rf"(?<![\w-]){re.escape(canary)}(?![\w-])") for canary in CANARIES}
PUBLIC = {
    "version": "2026-11-01",
    "code": "uk",
    "kind": "review",
    "system": "ios",
    "slug": "nell-olive",
    "what": "cancel",
}


def addresses():
    """Every route, with the names of its parts."""

    def walk(patterns, before=""):
        for one in patterns:
            route = before + str(one.pattern)
            if hasattr(one, "url_patterns"):
                yield from walk(one.url_patterns, route)
            else:
                yield route

    return sorted({route for route in walk(get_resolver().url_patterns) if "front" not in route})


@pytest.fixture
def ada(bank):
    """Somebody of whom there is an order, a card, a wish list, a session and a case."""
    order = paid(bank, name="Ada Canary", email="ada.canary@post.example", billing=HERS, delivery=HERS)
    person, at = order.person_id, policies.now()
    with job("account", "keep_card", "proof", "sign_in", "administration"):
        choose("consent", "keep_card", person=person, brand="tarn", place="checkout", wording="Keep it?", at=at)
        card = SavedCard(person_id=person, payment="pay-1")
        card.token, card.label, card.last4, card.expiry = "tok", "Visa", "4242", "2031-05"
        with collect("keep_card", source="payment", brand="tarn", person=person, at=at) as c:
            c.save(card)
        wishes.add(person, "tarn", "nell-olive", at)
        agent = somebody()
        care.appoint(agent, "care", at)
        case = care.open_case(
            agent, person, brand="tarn", about="order", why="Rang to ask where it is", once="x" * 32, at=at
        )
    signed_in(Client(), person)
    return {
        "person": person.hex, "order": order.number, "row": str(order.pk), "card": str(card.pk), "case": case.number,
        "session": str(Session.objects.get(person_id=person).pk),
    }  # fmt: skip


def everything():
    """What stands in every table of people's, but for the letters and looks of whoever asks."""
    skipped = ("Message", "Session", "Case", "Tries")
    rows = [model for model in person_rows() if model.__name__ not in skipped]
    found = {model._meta.label: list(model._base_manager.order_by("pk").values()) for model in rows}
    return found | {"people": list(Person.objects.order_by("pk").values_list("pk", "flags", "merged_into"))}


def filled(route, name):
    """The route with somebody's name for a thing in every place that asks for one."""
    parts = re.findall(r"<(?:\w+:)?(\w+)>", route)
    values = {part: "tarn" if part == "brand" else PUBLIC.get(part, name) for part in parts}
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values[found[1]], route), parts


def test_whoever_asks_for_what_is_hers_sees_and_changes_nothing(ada, bank):
    stranger, bob = Client(), signed_in(Client(), somebody())
    agent = signed_in(Client(), somebody())
    care.appoint(agent.person, "care", policies.now())
    sent = {
        "card": ada["card"], "end": ada["session"], "remove": ada["row"], "who": ada["person"], "slug": "nell-olive",
        "do": "remove", "order": "NONESUCH", "place": "0", "quantity": "1", "words": "Give it to me", "email": "x",
    }  # fmt: skip
    before, asked = everything(), 0
    for route in addresses():
        if route.startswith(("privacy/", "static/")):
            continue
        names = list(ada.values()) if "<" in route.replace("<brand:brand>", "") else [""]
        for name in names:
            way, parts = filled(route, name)
            for who in (stranger, bob, agent):
                for answer in (who.get(way), who.post(way, sent)):
                    asked += 1
                    assert answer.status_code != 500, way
                    shown = unescape(answer.content.decode(errors="replace"))
                    told = [canary for canary, tells in TELLS.items() if tells.search(shown)]
                    assert not told, f"{way} tells {told} to somebody else"
                    if {"key", "token", "number", "back", "photo_id"} & set(parts):
                        assert answer.status_code in (302, 303, 400, 401, 403, 404, 405, 409, 429), (
                            way,
                            answer.status_code,
                        )
    assert asked > 500
    changed = [name for name, rows in everything().items() if [r for r in before[name] if r not in rows]]
    assert changed == [], "something of somebody's was changed"
    assert Order.objects.get().state == "paid"
    assert not Message.objects.filter(person_id=bob.person).exists()
