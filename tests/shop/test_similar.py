"""Soft opt-in at the checkout: told there, with its no beside it, and of effect only once the goods are on their way."""

import re
from datetime import timedelta
from importlib.resources import files

import pytest
from django.test import Client
from tests.shop.selling import ADA, once, put

from troth.accounts import choosing
from troth.choices import actions
from troth.choices.models import Event
from troth.doors import policies
from troth.doors.collect import choose
from troth.doors.declare import job
from troth.doors.use import use
from troth.laws import packs
from troth.policy import Act
from troth.policy.archive import Archive
from troth.policy.load import load_pack
from troth.shop import changing, sending, similar
from troth.shop.models import Order, Variant
from troth.vault.models import Person

pytestmark = [
    pytest.mark.urls("tests.shop.urls"),
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
    pytest.mark.usefixtures("shelves"),
]


def told(page):
    found = re.search(r'name="told" value="([^"]+)"', page.content.decode())
    return found[1] if found else ""


def ordered(client, bank, brand="tarn", **changed):
    """Order by the page as it is shown, and pay."""
    put_one(client, brand)
    page = client.get(f"/{brand}/checkout/")
    sent = ADA | {"once": once(page), "told": told(page)} | changed
    answer = client.post(f"/{brand}/checkout/", sent)
    assert answer.status_code == 303, answer.content.decode()
    made = Order.objects.latest("seen_at")
    bank.pay(made.reference)
    client.post(answer["Location"] + "onward/")
    return Order.objects.get(pk=made.pk)


def put_one(client, brand):
    put(
        client,
        one=Variant.objects.filter(product__brand=brand, product__on_sale=True, stock__gt=1).first(),
        brand=brand,
    )


def send(order):
    with job("order", "proof"):
        sending.dispatch(Order.objects.get(pk=order.pk), policies.now())


def may(order, topic="offers", brand="tarn", channel="email"):
    at = policies.now() + timedelta(seconds=1)
    compiled = policies.archive().in_force(policies.today())
    standing = actions.standings([Person.objects.get(pk=order.person_id)], compiled, at)[order.person_id]
    return compiled.decide(Act("contact", "news", brand, channel=channel, topic=topic, hour=12), standing, at.date())


def said():
    return [(e.kind, e.pattern) for e in Event.objects.order_by("at", "id")]


@pytest.mark.parametrize("brand", ["tarn", "holm", "skerry"])
def test_the_page_tells_what_buying_opens_and_puts_the_no_beside_it(client, brand):
    put_one(client, brand)
    page = client.get(f"/{brand}/checkout/").content.decode()
    name = policies.archive().in_force(policies.today()).policy.brands[brand].say
    assert f"{name} may email you news and offers of its own similar things, until you say no" in page
    answers = re.findall(r'<input type="radio" name="news" value="(\w+)"( checked)?>', page)
    assert answers == [("yes", ""), ("no", "")], "both are one mark away, and neither is made beforehand"
    assert "Nothing else, unless you say yes below." not in page


def test_a_sale_opens_news_of_similar_things_when_the_goods_leave_and_not_before(client, bank):
    made = ordered(client, bank)
    assert (made.state, made.told, said()) == ("paid", similar.NEWEST, []), "paid can still be called off"
    assert not may(made).allowed
    send(made)
    assert {kind for kind, _ in said()} == {"soft"}
    assert {pattern for _, pattern in said()} == {f"news:tarn:email:{topic}" for topic in similar.TOPICS}
    assert may(made).because.code == "soft"
    for near_miss in ({"topic": "contests"}, {"topic": "events"}, {"brand": "holm"}, {"channel": "sms"}):
        assert not may(made, **near_miss).allowed, near_miss


def test_the_event_holds_the_words_the_place_the_version_and_the_proof(client, bank):
    made = ordered(client, bank)
    send(made)
    event = Event.objects.filter(kind="soft")[0]
    with job("proof"), use("proof", brand="tarn", person=made.person_id, actor="person", given=["inspection"]) as u:
        words, proof = u.open(event.wording), u.open(event.proof)
    assert words == " ".join(similar.words(similar.NEWEST, "Tarn"))
    assert (event.place, event.actor) == ("checkout", "system")
    assert event.policy == policies.archive().in_force(policies.today()).digest
    assert proof == {"order": made.number, "words": similar.NEWEST, "shown": made.seen_at.isoformat()}


def test_a_no_at_the_checkout_is_a_no_at_once_and_the_sale_does_not_undo_it(client, bank):
    made = ordered(client, bank, news="no")
    assert said() == [("refusal", "news:tarn:email")]
    send(made)
    assert said() == [("refusal", "news:tarn:email")]
    assert may(made).because.code == "refused"


def test_a_no_between_order_and_parcel_stays_closed_and_the_rest_opens(client, bank):
    made = ordered(client, bank)
    with job("proof"):
        choose("refusal", "news:tarn:email:offers", person=made.person_id, brand="tarn", place="choices", wording="?")
    send(made)
    assert not may(made, topic="offers").allowed
    assert may(made, topic="products").allowed


def test_a_yes_is_the_yes_it_was_and_no_soft_one_beside_it(client, bank):
    made = ordered(client, bank, news="yes")
    send(made)
    assert said() == [("consent", "news:tarn:email")]


def test_a_sale_called_off_opens_nothing(client, bank):
    made = ordered(client, bank)
    with job("order", "screen", "rights", "proof"):
        changing.cancel(made, policies.now())
    assert Order.objects.get(pk=made.pk).state == "cancelled"
    assert said() == []


def test_somebody_else_typing_a_known_mailbox_opens_nothing_for_its_owner(client, bank):
    send(ordered(client, bank, news="no"))
    later = ordered(Client(), bank)
    assert later.told == ""
    send(later)
    assert said() == [("refusal", "news:tarn:email")]


def test_a_page_that_told_nothing_opens_nothing_and_made_up_words_neither(client, bank):
    for number, forged in enumerate(["", "2020-01", "x" * 12]):
        made = ordered(client, bank, told=forged, email=f"nr{number}@post.example")
        assert made.told == ""
        send(made)
    assert said() == []


def test_sending_it_twice_writes_it_once(client, bank):
    made = ordered(client, bank)
    send(made)
    with job("proof"):
        similar.sold(Order.objects.get(pk=made.pk), policies.now())
    assert len(said()) == len(similar.TOPICS)


def test_a_bought_voucher_is_a_sale_as_well(client, bank):
    page = client.get("/tarn/voucher/")
    worth = re.findall(r'name="worth" value="(\d+)"', page.content.decode())[0]
    bill = {name.replace("to_", "bill_"): value for name, value in ADA.items() if name.startswith("to_")}
    answer = client.post("/tarn/voucher/", ADA | bill | {
        "once": once(page), "told": told(page), "worth": worth, "their_name": "Bob", "their_email": "b@post.example",
    })  # fmt: skip
    made = Order.objects.get()
    assert said() == []
    bank.pay(made.reference)
    client.post(answer["Location"] + "onward/")
    assert may(made).because.code == "soft"


@pytest.fixture
def where_the_law_wants_a_yes(monkeypatch):
    """The same policy, under a British law that knows no soft opt-in."""
    text = (files("troth.laws") / "uk.toml").read_text(encoding="utf-8")
    british = load_pack(text.replace('"consent | soft"', '"consent"').encode(), "uk.toml")
    made = Archive.read(policies.folder(), dict(packs()) | {"uk": british})
    monkeypatch.setattr(policies, "archive", lambda: made)


@pytest.mark.usefixtures("where_the_law_wants_a_yes")
def test_where_the_law_wants_a_yes_the_page_asks_for_one_and_silence_is_none(client, bank):
    put(client)
    page = client.get("/tarn/checkout/")
    assert told(page) == ""
    assert "Would you like news of Tarn by email?" in page.content.decode()
    made = ordered(client, bank, told=similar.NEWEST)  # as a page for people elsewhere would have sent
    send(made)
    assert (made.told, said()) == ("", [])
    assert not may(made).allowed


def test_the_choices_say_what_a_sale_opened(client, bank):
    made = ordered(client, bank)

    def told():
        at = policies.now() + timedelta(seconds=1)
        events = actions.events_of([made.person_id])[made.person_id]
        compiled = policies.archive().in_force(policies.today())
        rows = choosing.choices(events, {}, compiled, brand="tarn", residence="GB", places=["choices"], at=at).rows
        return {row.pattern: row.told for row in rows}

    assert told()["news:tarn:email"] == "We do not unless you say yes."
    send(made)
    bought = "You bought from us, so we write about similar things until you say no."
    assert (told()["news:tarn:email"], told()["news:tarn:email:offers"]) == (bought, bought)
    assert told()["news:tarn:email:contests"] == told()["news:tarn:sms"] == "We do not unless you say yes."
