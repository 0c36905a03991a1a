"""Buyers order all at once while the power fails at random; then everything is healed, and the books are added up."""

from __future__ import annotations

import json
import os
import random
import sys
import threading
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
BUYERS, CRASHES = 8, 20  # crashes of a thousand calls
GIVES, SPENDS = 10, 3  # one turn in ten buys a voucher, one in three pays with one
SPARE = 1.05  # of each size so many of what buyers are expected to want: some run out all the same
HOME = {"street": "3 Weir Lane", "city": "BATH", "postcode": "BA1 1AA", "country": "GB"}


def main() -> None:  # noqa: C901, PLR0915 -- one story from top to bottom
    count = int(sys.argv[1])
    Path(os.environ["TROTH_DATA"]).mkdir(exist_ok=True)
    os.environ["DJANGO_SETTINGS_MODULE"] = "troth.site.settings"
    os.environ["TROTH_PAYMENTS"] = "http://127.0.0.1:9"
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections
    from django.db.models import Sum

    for alias in ("default", "keys"):
        call_command("migrate", database=alias, verbosity=0)
    from selling.bank import Bank, PowerCut
    from troth.doors import policies
    from troth.doors.declare import job
    from troth.shop import baskets, partners, placing, settling, vouchers
    from troth.shop.actions import load_catalogue
    from troth.shop.errors import Unfit
    from troth.shop.models import Basket, Order, OrderLine, Variant, Voucher
    from troth.shop.rules import OVER

    load_catalogue()
    sizes = list(Variant.objects.filter(product__brand="tarn").values_list("pk", flat=True))
    Variant.objects.update(stock=max(3, int(2 * count / len(sizes) * SPARE)))  # one to three of a size an order
    bank = Bank(crashes=CRASHES)
    partners.payments = lambda: bank  # type: ignore[assignment,return-value]
    total = Variant.objects.aggregate(left=Sum("stock"))["left"]
    refused, cuts, lock = 0, 0, threading.Lock()

    def buy(number: int) -> None:
        nonlocal refused, cuts
        chance = random.Random(number)
        for turn in range(count // BUYERS):
            now = policies.now()
            with job("order", "screen", "keep_card", "rights", "site"):
                try:
                    said = placing.Answers(
                        once=f"b{number}t{turn}-0123456789abcdef", name="Ada Lovelace", age=30,
                        email=f"a{number}t{turn}@post.example",
                        billing=HOME, delivery=HOME, way="standard", home="https://tarn.example/",
                    )  # fmt: skip
                    if turn % GIVES == 0:
                        given = replace(said, delivery=None, way="")
                        to = ("Carol", f"c{number}t{turn}@post.example")
                        worth = chance.choice(vouchers.WORTHS)
                        basket, _ = baskets.fresh("tarn", now)
                        order = placing.place_voucher(basket, "GBP", worth, to, given, None, now)
                    else:
                        one = Variant.objects.select_related("product").get(pk=chance.choice(sizes))
                        basket, _ = baskets.put(None, one, chance.randint(1, 3), "GBP", now)
                        if turn % SPENDS == 0:  # whichever has something left: buyers meet at the same one
                            rich = Voucher.objects.filter(left__gt=0).order_by("pk").first()
                            Basket.objects.filter(pk=basket.pk).update(voucher=rich)
                            basket.refresh_from_db()
                        order = placing.place("tarn", "GBP", basket, said, None, now)
                    for _ in range(2):  # to the partner's page, and on when the bank has said yes
                        order = settling.onward(order, now)
                except Unfit:
                    with lock:
                        refused += 1
                except PowerCut:
                    with lock:
                        cuts += 1
        connections.close_all()

    threads = [threading.Thread(target=buy, args=[number]) for number in range(BUYERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bank.crashes = 0
    with job("order", "screen", "keep_card", "rights"):
        for _ in range(3):
            settling.heal(policies.now())
    charged = sum(p.amount - p.refunded for p in bank.payments.values() if p.state in ("charged", "refunded"))
    kept = Order.objects.exclude(state__in=[*OVER, "open", "authorised", "review", "cleared"])
    owed = kept.aggregate(s=Sum("by_card", default=0))["s"]
    sold = (
        OrderLine.objects.exclude(order__state__in=OVER)
        .exclude(variant=None)
        .aggregate(s=Sum("quantity", default=0))["s"]
    )
    left = Variant.objects.aggregate(left=Sum("stock"))["left"]
    spent = dict(
        Order.objects.exclude(state__in=OVER).exclude(voucher=None).values_list("voucher").annotate(Sum("by_voucher"))
    )
    wrong = sum(
        abs(one.left - vouchers.balance(one)) + abs(one.worth - spent.get(one.pk, 0) - one.left)
        for one in Voucher.objects.all()
    )
    Variant.objects.filter(pk=sizes[0]).update(stock=1)  # the books are added up: the last visitor finds something
    queries = most_queries(sizes[0])
    print(
        json.dumps(
            {
                "orders": Order.objects.count(), "sold_out": refused, "power_cuts": cuts,
                "vouchers": Voucher.objects.count(),
                "paid_with_one": Order.objects.exclude(voucher=None).count(),
                "pennies_lost": abs(charged - owed) + wrong, "pieces_lost": abs(total - left - sold),
                "max_queries": queries,
                "unfinished": Order.objects.filter(settled=False).exclude(state="open").count(),
            }
        )
    )  # fmt: skip


def most_queries(size: int) -> int:
    """Return how many queries the hungriest page asks of somebody who looks around and has something in the basket."""
    from django.db import connections
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client, found = Client(headers={"host": "localhost"}), 0
    put = client.post("/tarn/basket/", {"do": "add", "variant": size, "quantity": "1"})
    assert put.status_code == 303, put.status_code
    for way in ("/tarn/", "/tarn/shop/", "/tarn/shop/nell-olive/", "/tarn/basket/", "/tarn/checkout/"):
        with CaptureQueriesContext(connections["default"]) as caught:
            assert client.get(way).status_code == 200, way
        found = max(found, len(caught))
    return found


if __name__ == "__main__":
    main()
