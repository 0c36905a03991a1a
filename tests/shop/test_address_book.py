"""The addresses of an account: changed in place, and every open order is checked again when one changes (R79)."""

import pytest
from django.test import RequestFactory
from tests.shop.selling import ADDRESS, put
from tests.shop.test_buying import paid_order

from troth.accounts import sessions
from troth.doors import policies
from troth.doors.declare import job
from troth.doors.models import Message
from troth.doors.use import use
from troth.shop.models import Order, Parcel
from troth.vault.models import Profile

pytestmark = [
    pytest.mark.urls("tests.shop.urls"),
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
    pytest.mark.usefixtures("shelves"),
]
NEW = ADDRESS | {"to_street": "9 Cloth Row"}
BOOK = "/tarn/account/addresses/"


def entered(client, person):
    with job("sign_in"):
        request = RequestFactory().get("/", headers={"user-agent": "Firefox"})
        client.cookies[sessions.COOKIE] = sessions.begin(request, person, "tarn", policies.now())


def street(person, row, name):
    with job("rights"), use("rights", person=person, brand="tarn") as u:
        found = u.open(getattr(row, name))
    return found and found["street"]


def test_an_address_is_saved_once_shown_again_and_filled_in_at_the_next_checkout(client, bank):
    made, _ = paid_order(client, bank)
    entered(client, made.person_id)
    assert client.post(BOOK, NEW).status_code == 303
    profile = Profile.objects.get(person_id=made.person_id)
    assert street(made.person_id, profile, "delivery_address") == "9 Cloth Row"
    assert profile.source == "account"
    page = client.get(BOOK).content.decode()
    assert "9 Cloth Row" in page
    put(client)
    assert "9 Cloth Row" in client.get("/tarn/checkout/").content.decode()
    version = profile.version
    assert "same=1" in client.post(BOOK, NEW)["Location"]
    profile.refresh_from_db()
    assert profile.version == version


def test_a_change_has_open_orders_checked_again_and_moves_only_those_that_are_named(client, bank):
    made, _ = paid_order(client, bank)
    entered(client, made.person_id)
    before = Message.objects.count()
    client.post(BOOK, NEW)
    order = Order.objects.get(pk=made.pk)
    assert (order.round, order.state) == (2, "paid"), "checked, and let go on"
    assert street(order.person_id, Parcel.objects.get(order=order), "delivery") == "3 Weir Lane"
    assert Message.objects.count() == before + 2, "proof of the change, and that the order is looked at again"
    client.post(BOOK, NEW | {"also": order.number})
    order.refresh_from_db()
    assert order.round == 3
    assert street(order.person_id, Parcel.objects.get(order=order), "delivery") == "9 Cloth Row"


def test_what_cannot_be_delivered_is_said_and_nothing_is_changed(client, bank):
    made, _ = paid_order(client, bank)
    entered(client, made.person_id)
    for typed in (
        {"to_postcode": "nonsense"}, {"to_country": "XX"}, {"to_street": ""}, {"also": "NOTMINE"},
        {"to_street": "4111 1111 1111 1111"},
    ):  # fmt: skip
        assert client.post(BOOK, NEW | typed).status_code == 400, typed
    abroad = {"to_country": "FR", "to_street": "1 rue Haute", "to_city": "Lyon", "to_postcode": "69001"}
    assert client.post(BOOK, abroad | {"also": made.number}).status_code == 409
    assert not Profile.objects.filter(person_id=made.person_id).exclude(version=1).exists()
    assert Order.objects.get(pk=made.pk).round == 1


def test_an_address_is_removed_by_emptying_it_and_nobody_elses_is_touched(client, bank):
    made, _ = paid_order(client, bank)
    entered(client, made.person_id)
    client.post(BOOK, NEW)
    client.post(BOOK, dict.fromkeys(NEW, "") | {"to_country": "GB"})
    profile = Profile.objects.get(person_id=made.person_id)
    assert street(made.person_id, profile, "delivery_address") is None
    client.cookies.clear()
    assert "sign-in" in client.post(BOOK, NEW)["Location"]
