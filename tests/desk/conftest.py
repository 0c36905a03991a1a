"""A shop with an order in it, and somebody of us at the desk."""

import pytest
from django.test import RequestFactory
from tests.shop.bank import Bank
from tests.shop.selling import placed

from troth.accounts import sessions
from troth.care import actions as care
from troth.doors import policies
from troth.doors.declare import job
from troth.shop import partners, settling
from troth.shop.actions import load_catalogue
from troth.shop.models import Order
from troth.vault import identity


@pytest.fixture
def bank(transactional_db, monkeypatch):
    """Both databases with real transactions, shelves filled, and the payment partner in memory."""
    made = Bank()
    monkeypatch.setattr(partners, "payments", lambda: made)
    load_catalogue()
    return made


@pytest.fixture
def order(bank):
    """An order of Ada's, paid and waiting to be packed."""
    return paid(bank)


def paid(bank, **changed):
    with job("order", "screen", "keep_card", "rights"):
        made = placed(at=policies.now(), **changed)
        bank.pay(settling.onward(made, policies.now()).reference)
        return settling.onward(Order.objects.get(pk=made.pk), policies.now())


def somebody():
    return identity.new(on=policies.now().date(), residence="GB", age=40).pk


def signed_in(client, person):
    with job("sign_in"):
        token = sessions.begin(RequestFactory().get("/"), person, "tarn", policies.now())
    client.cookies[sessions.COOKIE] = token
    client.person = person
    return client


@pytest.fixture
def agent(client, bank):
    """Somebody in customer care, signed in."""
    person = somebody()
    care.appoint(person, "care", policies.now())
    return signed_in(client, person)
