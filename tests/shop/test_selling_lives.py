"""Buyers, banks, staff and power cuts in any order: goods, money and vouchers add up, as plain numbers say they must."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.shop.bank import Bank, PowerCut
from tests.shop.selling import HOME, NOON, answers

from troth.doors.declare import job
from troth.partners.screening import Verdict
from troth.shop import baskets, changing, partners, placing, returns, screening, sending, settling, vouchers
from troth.shop.errors import Unfit
from troth.shop.models import Basket, Order, Product, Return, Variant, Voucher, VoucherMove
from troth.shop.rules import OVER

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
STOCK = {"A": 30, "B": 12}
PRICE = {"A": 1000, "B": 2450}
KEPT = ("paid", "dispatched", "delivered", "held")  # whose money we keep once everything has come to rest


class Screener:
    """Doubts when it is told to."""

    recipient, name, doubts = "", "own rules", False

    def screen(self, _):
        return Verdict("doubt" if self.doubts else "pass")


class Shop:
    """A small shop, its bank, and what may happen to both. `one` picks an order of those there are."""

    def __init__(self, bank, screener):
        for alias in ("default", "keys"):
            call_command("flush", database=alias, interactive=False, verbosity=0)
        bank.__init__()
        self.bank, self.screener, self.at, self.orders = bank, screener, NOON, []
        self.sizes = {}
        for name, price in PRICE.items():
            words = dict.fromkeys(
                ("slug", "style", "name", "kind", "colour", "family", "story", "made", "care", "fit", "words"), name
            )
            product = Product.objects.create(brand="tarn", gbp=price, eur=price, usd=price, place=0, **words)
            self.sizes[name] = Variant.objects.create(product=product, size="M", sku=name, stock=STOCK[name], place=0)
        self.give(5000, pays=True, moment=None)

    def surviving(self, act):
        """Do something that may be cut short by a power cut, or refused."""
        try:
            return act()
        except (PowerCut, Unfit):
            return None

    def going_on(self, order, moment):
        self.bank.crash_at = moment
        self.surviving(lambda: settling.onward(order, self.at))
        self.bank.crash_at = None

    def pick(self, one):
        return Order.objects.get(pk=self.orders[one % len(self.orders)])

    def paid(self, order, pays, moment):
        """Let the bank say yes, no, or nothing yet; perhaps the power goes meanwhile."""
        self.orders.append(order.pk)
        self.going_on(order, moment)
        reference = Order.objects.get(pk=order.pk).reference
        if reference and pays is not None:
            self.bank.pay(reference, well=pays)
            self.going_on(order, moment)

    # -- what may happen ----------------------------------------------------------------------------------------------

    def give(self, worth, pays, moment):
        told = answers(once=f"page-{len(self.orders):020}", delivery=None, way="")
        order = placing.place_voucher(
            baskets.fresh("tarn", self.at)[0], "GBP", worth, ("Carol", "carol@post.example"), told, None, self.at
        )
        self.paid(order, pays, moment)

    def order(self, what, who, voucher, pays, moment):
        def act():
            basket, _ = baskets.fresh("tarn", self.at)
            for name, count in what.items():
                one = Variant.objects.select_related("product").get(pk=self.sizes[name].pk)
                basket, _ = baskets.put(basket, one, count, "GBP", self.at)
            rich = Voucher.objects.filter(left__gt=0).first() if voucher else None
            Basket.objects.filter(pk=basket.pk).update(voucher=rich)
            told = answers(once=f"page-{len(self.orders):020}", email=f"{who}@post.example")
            return placing.place("tarn", "GBP", basket, told, None, self.at)

        order = self.surviving(act)
        if order:
            self.paid(order, pays, moment)

    def cancel(self, one, moment):
        order = self.pick(one)
        self.surviving(lambda: changing.cancel(order, self.at))
        self.going_on(order, moment)

    def send_elsewhere(self, one, moment):
        order = self.pick(one)
        self.surviving(lambda: changing.address(order, name="A", delivery=HOME, billing=None, at=self.at))
        self.going_on(order, moment)

    def review(self, one, well, moment):
        waiting = Order.objects.filter(state__in=("review", "held")).first()
        if waiting:
            screening.review(waiting, well=well, at=self.at)
            self.going_on(waiting, moment)
        del one

    def send_and_take_back(self, one, places, count, moment):
        order = self.pick(one)
        if order.kind != "goods":
            return
        self.surviving(lambda: sending.dispatch(order, self.at))
        for place in places:
            back = self.surviving(lambda place=place: returns.ask(order, place, count, self.at))
            if back:
                self.surviving(lambda back=back: returns.receive(back, self.at))
                self.bank.crash_at = moment
                self.surviving(lambda back=back: returns.refund(back, self.at))
                self.bank.crash_at = None

    def mood(self, doubts):
        self.screener.doubts = doubts

    def time_passes(self, minutes):
        self.at += timedelta(minutes=minutes)
        settling.heal(self.at)

    # -- what must hold, from the list of orders and nothing else -------------------------------------------------------

    def adds_up(self):
        live = [order for order in Order.objects.all() if order.state not in OVER]
        here = Return.objects.filter(state__in=("received", "refunded"))
        for name, one in self.sizes.items():
            out = sum(line.quantity for order in live for line in order.counted.all() if line.variant_id == one.pk)
            back = sum(r.quantity for r in here if r.order.counted.get(place=r.place).variant_id == one.pk)
            assert Variant.objects.get(pk=one.pk).stock == STOCK[name] - out + back
        for voucher in Voucher.objects.all():
            spent = sum(order.by_voucher for order in live if order.voucher == voucher.pk)
            back = sum(r.to_voucher for r in here if r.order.voucher == voucher.pk)
            assert 0 <= voucher.left == vouchers.balance(voucher) == voucher.worth - spent + back <= voucher.worth
        assert VoucherMove.objects.count() == len(set(VoucherMove.objects.values_list("once", flat=True)))

    def comes_to_rest(self):
        self.at += timedelta(hours=2)
        for _ in range(2):
            assert settling.heal(self.at)["stuck"] == 0
        assert not Order.objects.filter(settled=False).exists()
        assert not Return.objects.filter(state="received").exists()
        owed = sum(order.by_card for order in Order.objects.filter(state__in=KEPT))
        assert self.bank.held() == owed - sum(back.to_card for back in Return.objects.all())
        assert Voucher.objects.count() == Order.objects.filter(kind="voucher", state="dispatched").count()
        self.adds_up()


ANY, MOMENT = st.integers(0, 40), st.none() | st.integers(0, 14)
HAPPENS: dict[str, dict[str, st.SearchStrategy]] = {
    "order": {
        "what": st.dictionaries(st.sampled_from(["A", "B"]), st.integers(1, 2), min_size=1),
        "who": st.sampled_from(["ada", "bob"]),
        "voucher": st.booleans(),
        "pays": st.sampled_from([True, True, True, False, None]),
        "moment": MOMENT,
    },
    "give": {"worth": st.sampled_from([2500, 5000]), "pays": st.booleans(), "moment": MOMENT},
    "cancel": {"one": ANY, "moment": MOMENT},
    "send_elsewhere": {"one": ANY, "moment": MOMENT},
    "review": {"one": ANY, "well": st.booleans(), "moment": MOMENT},
    "send_and_take_back": {
        "one": ANY,
        "places": st.sets(st.integers(0, 1)),
        "count": st.integers(1, 2),
        "moment": MOMENT,
    },
    "mood": {"doubts": st.booleans()},
    "time_passes": {"minutes": st.sampled_from([5, 45])},
}
OFTEN = ("order", "order", "order", "cancel", "send_and_take_back")
ONE = st.sampled_from([*OFTEN, *HAPPENS]).flatmap(
    lambda name: st.tuples(st.just(name), st.fixed_dictionaries(HAPPENS[name]))
)


def test_goods_money_and_vouchers_add_up_in_any_life(monkeypatch):
    bank, screener = Bank(), Screener()
    monkeypatch.setattr(partners, "payments", lambda: bank)
    monkeypatch.setattr(partners, "screening", lambda: screener)

    @settings(
        max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
    )
    @given(st.lists(ONE, min_size=25, max_size=30))
    def lives(life):
        shop = Shop(bank, screener)
        screener.doubts = False
        for name, named in life:
            getattr(shop, name)(**named)
            shop.adds_up()
        shop.comes_to_rest()

    with job("order", "screen", "keep_card", "rights"):
        lives()
