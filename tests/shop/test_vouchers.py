"""Gift vouchers outlive whoever gave them and whoever got them; and orders outlive their upkeep."""

import json
from datetime import timedelta

import pytest
from tests.shop.selling import NOON, answers, filled, placed

from troth.doors import erasing, keep
from troth.doors.declare import job
from troth.doors.models import Message
from troth.doors.use import use
from troth.shop import baskets, placing, settling, vouchers
from troth.shop.models import Basket, Order, Present, Voucher
from troth.site import cli
from troth.vault import identity

pytestmark = [
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
    pytest.mark.usefixtures("shelves", "selling"),
]


def given(bank, worth=5000):
    basket, _ = baskets.fresh("tarn", NOON)
    made = placing.place_voucher(
        basket, "GBP", worth, ("Bob Babbage", "bob@post.example"), answers(delivery=None, way=""), None, NOON
    )
    made = settling.onward(made, NOON)
    bank.pay(made.reference)
    settling.onward(made, NOON)
    return Voucher.objects.get(order=made.pk)


def spend(code, once):
    basket = filled(1)
    Basket.objects.filter(pk=basket.pk).update(voucher=vouchers.find(code, "GBP", NOON.date()))
    basket.refresh_from_db()
    return placed(basket=basket, once=once, email="carol@post.example")


def test_the_receiver_is_a_person_who_is_told_and_can_see_it(bank):
    given(bank)
    bob = identity.find("email", "bob@post.example")
    assert [m.once.split(":")[1] for m in Message.objects.filter(person_id=bob)] == ["present"]
    with use("order", person=bob, brand="tarn", at=NOON) as u:
        assert u.open(Present.objects.get().name) == "Bob Babbage"


def test_nothing_is_given_before_it_is_paid(bank):
    basket, _ = baskets.fresh("tarn", NOON)
    made = placing.place_voucher(
        basket, "GBP", 5000, ("Bob", "bob@post.example"), answers(delivery=None, way=""), None, NOON
    )
    settling.onward(made, NOON)
    settling.heal(NOON + timedelta(hours=2))
    assert (Order.objects.get().state, Voucher.objects.count(), Message.objects.count()) == ("lapsed", 0, 0)


@pytest.mark.parametrize(
    "gone", [("ada@post.example",), ("bob@post.example",), ("ada@post.example", "bob@post.example")]
)
def test_a_voucher_keeps_its_worth_whoever_is_erased(bank, gone):
    voucher = given(bank, 25_000)
    code = vouchers.show_code(voucher, NOON)
    first = spend(code, "first-page-0123456789abc")
    for address in gone:
        person = identity.find("email", address)
        assert person
        erasing.erase(person, at=NOON)
    second = spend(code, "second-page-0123456789ab")

    voucher = Voucher.objects.get()
    assert (first.by_voucher, second.by_voucher, second.by_card) == (16995, 8005, 8990)
    assert voucher.left == vouchers.balance(voucher) == 0
    assert Present.objects.count() == (0 if "bob@post.example" in gone else 1)
    for address in gone:
        assert identity.find("email", address) is None


def test_two_who_spend_the_same_voucher_spend_it_once(bank):
    voucher = given(bank, 2500)
    assert [vouchers.spend(voucher.pk, 2000, once, NOON) for once in ("a", "b")] == [True, False]
    assert vouchers.balance(voucher) == 500


def test_orders_are_swept_when_their_time_is_over_and_the_voucher_with_them(bank):
    given(bank)
    with job("rights"):
        assert list(keep.sweep(NOON + timedelta(days=365 * 6))) is not None
    assert Order.objects.count() == 1
    for _ in keep.sweep(NOON + timedelta(days=365 * 7 + 10)):
        pass
    assert (Order.objects.count(), Voucher.objects.count()) == (0, 0)


def test_the_healer_runs_from_the_command_line(bank, capsys, monkeypatch):
    monkeypatch.setattr(cli, "_start_django", lambda: None)
    placed()
    assert cli.main(["shop", "heal", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"orders": 1, "returns": 0, "cards": 0, "stuck": 0, "baskets": 0}
    assert Order.objects.get().reference
    assert cli.main(["shop", "heal"]) == 0
