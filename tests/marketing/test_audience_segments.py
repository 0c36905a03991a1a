"""Segments by what people did: counted from plain columns, under a purpose of their own."""

from datetime import date, timedelta

import pytest
from tests.doors.conftest import NOON
from tests.marketing.test_audience import OFFERS, count, everyone, freeze, reasons, say
from tests.shop.conftest import bank, shelves
from tests.shop.selling import placed, variant

from troth.doors.acting import entries_about
from troth.doors.declare import job
from troth.marketing import audience
from troth.marketing.audience import Condition, Plan
from troth.shop.models import Order
from troth.vault.models import Person

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
__all__ = ["bank", "shelves"]  # fixtures
SOON = NOON + timedelta(minutes=5)


def chosen(*conditions):
    return Plan("news", "tarn", "email", "offers", conditions)


def buyer(email, state="paid", **more):
    """Somebody who ordered, and said yes to news."""
    with job("order", "account", "screen", "proof", "keep_card"):
        made = placed(1, email=email, **more)
    Order.objects.filter(pk=made.pk).update(state=state)
    person = Person.objects.get(pk=made.person_id)
    say("consent", "news:tarn:email", person=person, at=SOON)
    return person


@pytest.mark.usefixtures("shelves", "bank")
def test_people_are_chosen_by_what_they_bought_how_often_and_when():
    ada = buyer("ada@post.example")
    buyer("bob@post.example", state="cancelled")  # bought nothing in the end
    kind = variant().product.kind

    met = [
        Condition("orders", ">=", 1), Condition("orders", ">=", 1, "tarn"), Condition("last_order", ">=", NOON.date()),
        Condition("days_since_order", "<=", 0), Condition("bought", "in", ["hat", kind]), Condition("bought", "not in", ["hat"]),
        Condition("last_order", "<=", NOON.date().isoformat()), Condition("bought", "is", kind, "tarn"),
    ]  # fmt: skip
    for condition in met:
        assert everyone(freeze(chosen(condition), SOON)) == [ada.pk], condition
    missed = [
        Condition("orders", ">=", 2), Condition("orders", ">=", 1, "holm"), Condition("last_order", ">=", date(2026, 11, 27)),
        Condition("days_since_order", ">=", 1), Condition("bought", "is", "hat"), Condition("bought", "not in", [kind]),
    ]  # fmt: skip
    for condition in missed:
        assert count(chosen(condition), SOON).may == 0, condition
        assert count(chosen(*met, condition), SOON).may == 0
    assert count(chosen(Condition("days_since_order", ">=", 3)), SOON + timedelta(days=3)).may == 1
    assert count(OFFERS, SOON).may == 2


@pytest.mark.usefixtures("shelves", "bank")
def test_an_order_paid_later_and_one_sent_back_change_the_segment():
    ada = buyer("ada@post.example", state="open")
    wanted = chosen(Condition("orders", ">=", 1))
    assert count(wanted, SOON).may == 0

    Order.objects.update(state="paid")
    assert everyone(freeze(wanted, SOON)) == [ada.pk]

    Order.objects.update(state="cancelled")
    assert count(wanted, SOON).outside == 1


@pytest.mark.usefixtures("shelves", "bank")
def test_whoever_objects_to_being_chosen_so_still_gets_what_everybody_gets():
    ada, bob = buyer("ada@post.example"), buyer("bob@post.example")
    say("objection", "marketing_plans", person=bob, at=SOON)
    wanted = chosen(Condition("orders", ">=", 1))

    counted = count(wanted, SOON)

    assert reasons(counted) == {"consented": 1, "stopped": 1}
    assert everyone(freeze(wanted, SOON)) == [ada.pk]
    assert count(OFFERS, SOON).may == 2
    with job("news", "marketing_plans"):
        assert audience.answer(wanted, bob.pk, SOON).because.code == "stopped"


@pytest.mark.usefixtures("shelves", "bank")
def test_being_chosen_by_what_one_did_is_in_the_ledger_of_each_person_and_of_nobody_else():
    ada, bob = buyer("ada@post.example"), buyer("bob@post.example", state="cancelled")
    buyer("eve@post.example")
    freeze(chosen(Condition("orders", ">=", 1)), SOON)

    def plans(person):
        return [entry for _, entry in entries_about(person.pk) if entry["purpose"] == "marketing_plans"]

    assert [(entry["verb"], entry["items"], entry["facts"]["people"]) for entry in plans(ada)] == [
        ("use", ["orders.order_lines"], 2)
    ]
    assert plans(bob) == []
