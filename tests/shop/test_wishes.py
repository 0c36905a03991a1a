"""A wish list is its owner's alone, in one shop, and says nothing to whoever reads the tables."""

import re
import secrets
from datetime import timedelta
from html import unescape
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connections
from django.test import Client, RequestFactory
from tests.shop.bank import Bank
from tests.shop.selling import NOON, answers, filled, put

from troth.accounts import sessions
from troth.doors import erasing, policies
from troth.doors.acting import entries_about
from troth.doors.collect import choose, collect
from troth.doors.declare import job
from troth.shop import fitting, partners, placing, wishes
from troth.shop.actions import load_catalogue
from troth.shop.errors import NotNow
from troth.shop.models import Order, Wishes
from troth.vault import identity

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
NELL, SLATE = "nell-olive", "nell-slate"


@pytest.fixture(autouse=True)
def _shelves(transactional_db):
    load_catalogue()


class Shopper(Client):
    """A browser, and who is signed in with it."""

    person: UUID


def shopper(brand="tarn"):
    client, person = Shopper(), identity.new(on=NOON.date(), residence="GB", age=40).pk
    with job("sign_in"):
        client.cookies[sessions.COOKIE] = sessions.begin(RequestFactory().get("/"), person, brand, policies.now())
    client.person = person
    return client


def wish(client, slug=NELL, brand="tarn", **more):
    return client.post(f"/{brand}/wishes/", {"slug": slug} | more)


def words(client, way="/tarn/wishes/"):
    page = client.get(way)
    assert page.status_code == 200
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode())))


def test_what_is_wished_for_is_there_newest_first_and_once():
    ada, bob = shopper(), shopper()
    for slug in (NELL, SLATE, NELL):
        assert wish(ada, slug).status_code == 303
    with job("account"):
        assert wishes.of(ada.person, "tarn", policies.now()) == [NELL, SLATE]
    assert "Nell dress" in words(ada)
    assert "Nothing on it yet" in words(bob)


def test_what_is_taken_off_can_be_put_back_with_one_press():
    ada = shopper()
    wish(ada)
    told = wish(ada, do="remove")["Location"]
    assert "Put it back" in words(ada, told)
    wish(ada, do="remove")
    wish(ada)
    assert "Put it back" not in words(ada, told)


def test_whoever_is_not_signed_in_is_asked_to_and_comes_back_to_the_piece():
    answer = wish(Client())
    assert answer.status_code == 303
    assert "sign-in" in answer["Location"]
    assert NELL in answer["Location"]
    assert not Wishes.objects.exists()


@pytest.mark.parametrize("slug", ["", "no-such-dress", "x" * 90, "a\x00b", "'\"><script>", "skarn-peat"])
def test_what_this_shop_does_not_have_is_not_put_on_the_list(slug):
    ada = shopper()
    assert wish(ada, slug).status_code in (400, 409)
    assert not Wishes.objects.exists()


def test_a_form_of_another_site_does_nothing():
    ada = shopper()
    assert ada.post("/tarn/wishes/", {"slug": NELL}, headers={"origin": "https://elsewhere.example"}).status_code == 403
    assert not Wishes.objects.exists()


def test_a_list_has_an_end(monkeypatch):
    monkeypatch.setattr(wishes, "MOST", 1)
    ada = shopper()
    wish(ada)
    with job("account"), pytest.raises(NotNow):
        wishes.add(ada.person, "tarn", SLATE, policies.now())
    assert wish(ada, NELL).status_code == 303


def test_it_goes_with_the_person_and_says_nothing_to_whoever_reads_the_tables():
    ada, bob = shopper(), shopper()
    wish(ada)
    wish(bob, SLATE)
    assert not any(NELL.encode() in bytes(row.sealed) for row in Wishes.objects.all())
    if connections["default"].vendor == "sqlite":
        file = Path(connections["default"].settings_dict["NAME"])
        log = file.with_name(f"{file.name}-wal")
        assert b'"nell-olive"' not in (log.read_bytes() if log.is_file() else b"")
    erasing.erase(ada.person, at=policies.now())
    assert list(Wishes.objects.values_list("person_id", flat=True)) == [bob.person]


def test_whoever_is_signed_in_need_not_type_their_address_again(monkeypatch):
    monkeypatch.setattr(partners, "payments", Bank)
    ada, bob = shopper(), shopper()
    with job("order", "screen", "keep_card", "rights"):
        placing.place("tarn", "GBP", filled(1), answers(email="", age=None), ada.person, policies.now())
    for client, known in ((ada, True), (bob, False), (Client(), False)):
        put(client)
        page = client.get("/tarn/checkout/").content.decode()
        assert (">3 Weir Lane</textarea>" in page, 'value="Ada Lovelace"' in page) == (known, known)


# -- the shop fits whoever bought before, until they say no (R27) ------------------------------------------------------


def bought(client, size, slug="nell-slate", brand="tarn", at=NOON, state="paid"):
    """An order of this shopper's for one dress in a size."""
    with job("order"), collect("order", source="order", brand=brand, person=client.person, at=at) as c:
        order = Order(
            person_id=client.person, number=secrets.token_hex(5), once=secrets.token_hex(12), brand=brand, state=state,
            currency="GBP", goods=1, delivery=0, by_card=1, home="/",
        )  # fmt: skip
        order.lines = [{"name": "Nell dress", "slug": slug, "size": size, "quantity": 1, "price": 1}]
        c.save(order)


def test_a_wish_waits_in_the_size_that_was_bought_last_and_goes_into_the_basket_with_one_press():
    ada, bob = shopper(), shopper()
    bought(ada, "10", at=NOON - timedelta(days=2))
    bought(ada, "12")
    bought(bob, "14")
    wish(ada)
    said = words(ada)
    assert "Put your size, 12, into the basket" in said
    assert "size, 10" not in said
    assert "size, 14" not in said
    (variant,) = re.findall(r'name="variant" value="(\d+)"', ada.get("/tarn/wishes/").content.decode())
    ada.post("/tarn/basket/", {"do": "add", "slug": NELL, "variant": variant, "quantity": "1"})
    assert "Nell dress" in words(ada, "/tarn/basket/")


def test_what_was_bought_at_another_shop_or_never_paid_for_fits_nobody_here():
    ada = shopper()
    bought(ada, "12", brand="holm")
    bought(ada, "10", state="open")
    bought(ada, "8", state="cancelled")
    wish(ada)
    assert "Put your size" not in words(ada)


def test_one_switch_ends_it_at_once_and_takes_it_back():
    ada, bob = shopper(), shopper()
    for one in (ada, bob):
        bought(one, "12")
        wish(one)
    assert ada.post("/tarn/wishes/", {"do": "plain"}).status_code == 303
    said = words(ada)
    assert "Put your size" not in said
    assert "We do not look at what you bought here." in said
    assert "Put your size" in words(bob)
    with job("personalise", "proof"):
        assert fitting.sizes(ada.person, "tarn", policies.now()) is None
        assert [e["said"] for _, e in facts(ada.person)] == ["objection"]
    assert ada.post("/tarn/wishes/", {"do": "fit"}).status_code == 303
    assert "Put your size, 12" in words(ada)


def test_no_order_is_opened_for_whoever_objected_to_everything():
    ada = shopper()
    bought(ada, "12")
    wish(ada)
    with job("proof"):
        choose("objection", "*", person=ada.person, brand="tarn", place="choices", wording="Stop everything")
    assert "We do not look at what you bought here." in words(ada)
    assert [entry for _, entry in entries_about(ada.person) if entry["purpose"] == "personalise"] == []


def facts(person):
    """What the ledger keeps of somebody's answers."""
    return [(number, entry["facts"]) for number, entry in entries_about(person) if "said" in entry.get("facts", {})]
