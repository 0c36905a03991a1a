"""A basket becomes an order: stock taken, voucher spent, everything personal collected; all of it or nothing."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from troth.doors import policies
from troth.doors.acting import whole
from troth.doors.collect import Collecting, collect
from troth.policy.acts import FLAGS
from troth.vault import identity
from troth.vault.identity import Newcomer
from troth.vault.models import Person

from . import vouchers
from .addresses import residence
from .deliveries import deliveries
from .errors import Changed, NotNow, SoldOut
from .models import Basket, BasketLine, GiftMessage, Order, OrderLine, Parcel
from .moving import move, take
from .rules import money, tag
from .vouchers import LETTERS


@dataclass(frozen=True)
class Answers:
    """What the checkout form brought, read and checked."""

    once: str
    name: str
    age: int | None  # whole years, the least of the group they named; None of somebody we know already
    email: str  # empty where `person` is known
    billing: dict[str, str]
    delivery: dict[str, str] | None = None
    way: str = ""
    mobile: str = ""
    gift: str = ""
    keep: bool = False
    card: UUID | None = None
    seen: int | None = None  # minor units: what the page said the pieces cost
    home: str = ""  # whole address of the shop's first page
    told: str = ""  # which words the page showed about news of similar things, where no answer was given to them


@dataclass(frozen=True)
class Owner:
    """Whose an order is. Who is new is stored with the order; their key is made before, while nobody waits for us."""

    person: UUID
    newcomers: tuple[Newcomer, ...] = ()
    stranger: bool = False  # the mailbox is nobody's yet: it becomes the newcomer's


@dataclass(frozen=True)
class Goods:
    """What is ordered: the lines counted and told, and what they cost together."""

    counted: list[tuple[int | None, int, int]]  # variant, how many, price of one
    told: list[dict[str, Any]]
    cost: int


def goods_in(basket: Basket, currency: str) -> Goods:
    """Return what is in a basket at today's prices. Raises SoldOut."""
    rows = list(basket.lines.select_related("variant__product"))
    counted: list[tuple[int | None, int, int]] = []
    told = []
    for row in rows:
        product = row.variant.product
        name = f"{product.name}, {product.colour.lower()}, {row.variant.size}"
        if not product.on_sale:
            raise SoldOut(name, 0)
        price = product.prices.in_(currency).get_amount_in_sub_unit()
        counted.append((row.variant_id, row.quantity, price))
        told.append({
            "name": product.name, "colour": product.colour, "size": row.variant.size, "sku": row.variant.sku,
            "quantity": row.quantity, "price": price, "slug": product.slug,
        })  # fmt: skip
    return Goods(counted, told, sum(count * price for _, count, price in counted))


def place(brand: str, currency: str, basket: Basket, answers: Answers, person: UUID | None, at: datetime) -> Order:
    """Order what is in a basket. The same page sent again gives the same order.

    Raises SoldOut, Changed, NotNow (an empty basket), Refused (a door's own words), CardNumber; nothing changes then.
    """
    for earlier in Order.objects.filter(basket=basket, state="open", kind="goods").exclude(once=answers.once):
        with transaction.atomic():  # back from the payment to order anew: the goods are not kept from them
            move(earlier, "cancel", at)
    return once(answers, person, at, lambda owner: _place(brand, currency, basket, answers, owner, at))


def once(answers: Answers, person: UUID | None, at: datetime, do: Callable[[Owner], Order]) -> Order:
    """Do what makes an order, or find the one this page made before."""
    for again in (False, True):
        known: Order | None = Order.objects.filter(once=answers.once).first()
        if known:
            return known
        owner = _whose(answers, person, at)
        try:
            with whole():
                return do(owner)
        except IntegrityError:  # the same page, or the same new mailbox, in another process
            if again:
                raise
    raise AssertionError


def _place(brand: str, currency: str, basket: Basket, answers: Answers, owner: Owner, at: datetime) -> Order:
    basket = Basket.objects.select_for_update().get(pk=basket.pk)
    goods = goods_in(basket, currency)
    if not goods.counted:
        raise NotNow("Your basket is empty.")
    delivery = deliveries().ways[answers.way].price(currency).get_amount_in_sub_unit()
    if answers.seen not in (None, goods.cost):
        raise Changed(f"A price has changed: it is {tag(money(goods.cost, currency))} together now. Please look again.")
    order = _order(brand, "goods", currency, answers, goods, delivery)
    _by_voucher(order, basket, at)
    order.basket = basket
    store(order, goods, answers, owner, source="order", at=at)
    _take(basket)  # last: others wait for a size that is in many baskets until this is over
    return order


def place_voucher(
    basket: Basket, currency: str, worth: int, to: tuple[str, str], answers: Answers, person: UUID | None, at: datetime
) -> Order:
    """Order a voucher for somebody: their name and address in `to`. Raises Refused, CardNumber."""

    def do(owner: Owner) -> Order:
        told = {"name": "Gift voucher", "quantity": 1, "price": worth}
        goods = Goods([(None, 1, worth)], [told], worth)
        order = _order(basket.brand, "voucher", currency, answers, goods, 0)
        order.basket = basket
        store(order, goods, answers, owner, source="voucher", at=at)
        vouchers.receiver(order, *to, at)
        return order

    return once(answers, person, at, do)


def _take(basket: Basket) -> None:
    for row in BasketLine.objects.filter(basket=basket).select_related("variant__product").order_by("variant_id"):
        if not take(row.variant_id, row.quantity):
            row.variant.refresh_from_db(fields=["stock"])
            raise SoldOut(f"{row.variant.product.name}, {row.variant.size}", row.variant.stock)


def _order(brand: str, kind: str, currency: str, answers: Answers, goods: Goods, delivery: int) -> Order:
    number = "".join(secrets.choice(LETTERS) for _ in range(10))
    return Order(
        number=number, once=answers.once, brand=brand, kind=kind, currency=currency, way=answers.way, goods=goods.cost,
        delivery=delivery, by_card=goods.cost + delivery, keep=answers.keep, card=answers.card,
        home=answers.home, told=answers.told,
    )  # fmt: skip


def _by_voucher(order: Order, basket: Basket, at: datetime) -> None:
    """Pay what the basket's voucher can."""
    voucher, today = basket.voucher, policies.house_day(at)
    if voucher is None or not vouchers.usable(voucher, order.currency, today):
        return
    part = min(voucher.left, order.total)
    if not vouchers.spend(voucher.pk, part, f"{order.pk.hex}:spend", at):
        raise Changed("Some of the voucher was spent meanwhile. Please look again.")
    order.voucher, order.by_voucher, order.by_card = voucher.pk, part, order.total - part


def store(order: Order, goods: Goods, answers: Answers, owner: Owner, *, source: str, at: datetime) -> None:
    """Collect an order and all that is personal about it. Raises Refused, CardNumber."""
    whose = owner.person
    order.person_id, order.lines = whose, goods.told
    order.invoice = {"name": answers.name, "address": answers.billing}
    with collect(
        "order", source=source, brand=order.brand, person=whose, newcomers=owner.newcomers, actor="person", at=at
    ) as c:
        c.facts["form"] = "checkout" if source == "order" else "gift_voucher"  # its notice, in this policy's version
        _known_by(c, owner, answers)
        c.save(order)
        c.save(_parcel(order, answers))
        if answers.gift:
            words = GiftMessage(person_id=whose, order=order)
            words.words = answers.gift
            c.save(words)
        OrderLine.objects.bulk_create(
            OrderLine(person_id=whose, order=order, place=at_, variant_id=variant, quantity=count, price=price)
            for at_, (variant, count, price) in enumerate(goods.counted)
        )


def _parcel(order: Order, answers: Answers) -> Parcel:
    made = Parcel(person_id=order.person_id, order=order, country=(answers.delivery or answers.billing)["country"])
    made.recipient, made.delivery, made.billing = answers.name, answers.delivery, answers.billing
    return made


def _whose(answers: Answers, person: UUID | None, at: datetime) -> Owner:
    """Return whose an order is: the person signed in, else whoever the mailbox belongs to, else somebody new.

    A typed address proves nothing: what is known of its owner stays as it is, and the order's letters go to them. A
    child's own answer counts, whoever owns the mailbox: the new person they then are is refused by the policy's age.
    """
    day = policies.house_day(at)
    found = theirs = person or identity.find("email", answers.email)
    adult_from = policies.archive().in_force(day).policy.about.adult_from
    if found and answers.age is not None and answers.age < adult_from and not _agreed(found):
        found = None
    if found:
        return Owner(found)
    someone = identity.someone(on=day, residence=residence(answers.billing), age=answers.age)
    return Owner(someone.pk, tuple(identity.coming([someone])), stranger=theirs is None)


def _agreed(person: UUID) -> bool:
    """Tell whether a person is known to be a child whose parent agreed."""
    flags = Person.objects.filter(pk=person).values_list("flags", flat=True).first()
    return bool((flags or 0) & FLAGS["parent"])


def _known_by(c: Collecting, owner: Owner, answers: Answers) -> None:
    """Take in what a new person, or whoever is signed in, is known by; add a number to somebody we know."""
    if owner.stranger:
        c.save(identity.identifier(owner.person, "email", answers.email))
    if owner.stranger or not answers.email:
        name = identity.identifier(owner.person, "name", answers.name)  # so that our staff find an order by its name
        if name.given:
            c.save(name)
    if answers.mobile:
        number = identity.identifier(owner.person, "mobile", answers.mobile, region=answers.billing["country"])
        if number.given:
            c.save(number)
