"""What is for sale, which is about nobody; and what was bought, which is held."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import ClassVar, Self

from django.db import models
from django.db.models import Prefetch, Sum
from django.db.models.functions import Coalesce

from troth.vault.held import held
from troth.vault.models import HeldRow, PersonRow, Plain

from .rules import MOST_OF_ONE, STATES, WITH_A_PERSON, Prices, money

# Each by itself: SQLite sees that a question is within an index of part of a table by =, and not by IN.
FOR_A_PERSON = reduce(or_, [models.Q(state=state) for state in sorted(WITH_A_PERSON)])


class ProductQuerySet(models.QuerySet["Product"]):
    """Products, as the pages ask for them."""

    def for_sale(self, brand: str) -> Self:
        return self.filter(brand=brand, on_sale=True)

    def with_cover(self) -> Self:
        """Bring each product's first picture along, in one query more."""
        covers = Picture.objects.filter(place=0)
        return self.prefetch_related(Prefetch("pictures", queryset=covers, to_attr="covers"))

    def with_stock(self) -> Self:
        """Bring along how many there are, in all sizes together."""
        return self.annotate(left=Coalesce(Sum("variants__stock"), 0))


class Product(models.Model):
    """A garment in one colour. It has a page, and stays when it is no longer sold: old orders name it."""

    brand = models.SlugField(max_length=40)
    slug = models.SlugField(max_length=80)
    style = models.SlugField(max_length=60)  # the same garment in another colour shares it
    name = models.CharField(max_length=80)
    kind = models.SlugField(max_length=40)
    colour = models.CharField(max_length=40)
    family = models.SlugField(max_length=20)  # the plain word for the colour
    story = models.TextField()
    made = models.CharField(max_length=200)
    care = models.CharField(max_length=200)
    fit = models.CharField(max_length=200)
    first = models.CharField(max_length=80, blank=True)  # who sold it first, and when
    gbp = models.PositiveIntegerField()  # pence, tax included; so are the others
    eur = models.PositiveIntegerField()
    usd = models.PositiveIntegerField()
    was_gbp = models.PositiveIntegerField(null=True)  # what it was last sold for
    was_eur = models.PositiveIntegerField(null=True)
    was_usd = models.PositiveIntegerField(null=True)
    place = models.PositiveSmallIntegerField()  # in the window
    on_sale = models.BooleanField(default=True)
    words = models.TextField()  # what a search may find it by, as `rules.words` folds it

    objects = ProductQuerySet.as_manager()
    covers: list[Picture]
    left: int

    nobodys: ClassVar = "goods on a shelf"

    class Meta:
        ordering = ["brand", "place"]
        constraints = [models.UniqueConstraint(fields=["brand", "slug"], name="one_page_per_product")]

    @property
    def prices(self) -> Prices:
        return Prices(money(self.gbp, "GBP"), money(self.eur, "EUR"), money(self.usd, "USD"))

    @property
    def was(self) -> Prices | None:
        if self.was_gbp is None or self.was_eur is None or self.was_usd is None:
            return None
        return Prices(money(self.was_gbp, "GBP"), money(self.was_eur, "EUR"), money(self.was_usd, "USD"))


class Variant(models.Model):
    """A product in one size: what is put into a basket, and counted."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="variants")
    size = models.CharField(max_length=12)
    sku = models.CharField(max_length=40, unique=True)
    stock = models.PositiveIntegerField()  # the database refuses to go below nothing: no oversell
    place = models.PositiveSmallIntegerField()

    nobodys: ClassVar = "goods on a shelf"

    class Meta:
        ordering = ["place"]
        constraints = [models.UniqueConstraint(fields=["product", "size"], name="one_variant_per_size")]

    @property
    def say(self) -> str:
        """Return how the stock is told."""
        if self.stock == 0:
            return "Sold out"
        return f"Last {self.stock}" if self.stock <= 2 else "In stock"


class Picture(models.Model):
    """A photograph of a product, and its size, so that a page keeps the place for it."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="pictures")
    file = models.CharField(max_length=120)  # under static/shop/pictures
    small = models.CharField(max_length=120, blank=True)  # the same, 480 wide, for shelves and phones
    digest = models.CharField(max_length=12)  # goes into the address: a changed picture has another one
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    seen = models.CharField(max_length=200)  # for who cannot see it
    place = models.PositiveSmallIntegerField()

    nobodys: ClassVar = "photographs of clothes; no face is in any"

    class Meta:
        ordering = ["place"]
        constraints = [models.UniqueConstraint(fields=["product", "place"], name="one_picture_per_place")]
        indexes = [models.Index(fields=["file"], name="shop_picture_file")]


class PastOrder(HeldRow):
    """An order brought in from the system before ours. `event_at` is the day it was placed."""

    reference = models.CharField(max_length=40, unique=True)

    lines = held("orders.order_lines", "json")

    plain: ClassVar = {"reference": Plain("an order number", "orders.order_lines")}


# -- baskets ---------------------------------------------------------------------------------------------------------


class Basket(models.Model):
    """What somebody means to buy in one shop. Their browser alone knows the number it is found by."""

    brand = models.SlugField(max_length=40)
    mark = models.BinaryField(max_length=32, unique=True)  # SHA-256 of the cookie's 256 random bits
    voucher = models.ForeignKey("Voucher", on_delete=models.SET_NULL, null=True)  # to pay with
    changed_at = models.DateTimeField(db_index=True)

    nobodys: ClassVar = "goods, under a random number kept as a hash; nobody has said yet whose they are"


class BasketLine(models.Model):
    """So many of one size, and what it cost when it was put in."""

    basket = models.ForeignKey(Basket, on_delete=models.CASCADE, related_name="lines")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="+")
    quantity = models.PositiveSmallIntegerField()
    price = models.PositiveIntegerField()  # minor units of `currency`
    currency = models.CharField(max_length=3)

    nobodys: ClassVar = "goods in a basket"

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["basket", "variant"], name="one_line_per_size"),
            models.CheckConstraint(condition=models.Q(quantity__range=(1, MOST_OF_ONE)), name="a_few_of_one"),
        ]


# -- orders ----------------------------------------------------------------------------------------------------------

LINES, TOTALS, REFERENCE = "orders.order_lines", "orders.order_totals", "orders.payment_reference"
SAME = "the same few words for everybody"


class Order(HeldRow):
    """One order. Amounts in minor units of `currency`; which state follows which, `rules.MOVES` says."""

    number = models.CharField(max_length=12, unique=True)  # random: it tells neither how many there are nor whose
    once = models.CharField(max_length=64, unique=True)  # the checkout page it came from: sent twice, ordered once
    brand = models.SlugField(max_length=40)
    home = models.CharField(max_length=200)  # of the shop, as the browser reached it: letters lead there
    kind = models.CharField(max_length=8, default="goods")  # or "voucher"
    state = models.CharField(max_length=12, default="open", choices=[(state, state) for state in sorted(STATES)])
    currency = models.CharField(max_length=3)
    way = models.SlugField(max_length=20, blank=True)  # of delivering
    goods = models.PositiveIntegerField()
    delivery = models.PositiveIntegerField()
    by_voucher = models.PositiveIntegerField(default=0)
    by_card = models.PositiveIntegerField()
    basket = models.ForeignKey(Basket, on_delete=models.SET_NULL, null=True, related_name="+")
    voucher = models.UUIDField(null=True)  # that pays a part; another person may have bought it
    card = models.UUIDField(null=True)  # the saved card to pay with
    keep = models.BooleanField(default=False)  # said yes to keeping the card
    told = models.CharField(max_length=12, blank=True)  # which words said that a sale opens news: see `similar`
    reference = models.CharField(max_length=80, null=True, unique=True)  # noqa: DJ001 -- none yet is not the empty one
    page = models.CharField(max_length=500, blank=True)  # the partner's, to pay on
    round = models.PositiveSmallIntegerField(default=1)  # counts up each time the order must be checked anew
    settled = models.BooleanField(default=False)  # nothing is left to do with partners
    arrived_at = models.DateTimeField(null=True)  # the days to send it back are counted from here

    lines = held(LINES, "json")
    invoice = held("orders.invoice", "json")
    answer = held("orders.payment_answer")  # the bank's, where it said no

    plain: ClassVar = {
        "number": Plain("a random number", LINES),
        "once": Plain("random"),
        "brand": Plain(SAME, LINES),
        "home": Plain("an address of ours"),
        "kind": Plain(SAME, LINES),
        "state": Plain(SAME, "orders.delivery_record"),
        "currency": Plain(SAME, TOTALS),
        "way": Plain(SAME, "orders.delivery_record"),
        "goods": Plain("the books add up without opening anything", TOTALS),
        "delivery": Plain("the books add up without opening anything", TOTALS),
        "by_voucher": Plain("the books add up without opening anything", TOTALS),
        "by_card": Plain("the books add up without opening anything", TOTALS),
        "reference": Plain("a random number of the partner's", REFERENCE),
        "page": Plain("an address with that number in it", REFERENCE),
        "told": Plain("a version of our own words"),
        "arrived_at": Plain("decides what may be done at all", "orders.delivery_record"),
    }

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(goods=models.F("by_card") + models.F("by_voucher") - models.F("delivery")),
                name="paid_to_the_penny",
            )
        ]
        indexes = [
            models.Index(fields=["seen_at"], condition=models.Q(settled=False), name="shop_unsettled"),
            models.Index(fields=["seen_at"], condition=FOR_A_PERSON, name="shop_for_a_person"),
            models.Index(fields=["person_id", "-seen_at"], name="shop_their_orders"),
        ]

    @property
    def total(self) -> int:
        return self.goods + self.delivery


class OrderLine(PersonRow):
    """So many of one size, as counted on the shelf; what they are called, the order's own lines say."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="counted")
    place = models.PositiveSmallIntegerField()
    variant = models.ForeignKey(Variant, on_delete=models.SET_NULL, null=True, related_name="+")
    quantity = models.PositiveSmallIntegerField()
    price = models.PositiveIntegerField()  # of one

    same: ClassVar = ("order",)
    plain: ClassVar = {
        "quantity": Plain("shelves are counted without opening anything", LINES),
        "price": Plain("the books add up without opening anything", LINES),
    }

    class Meta:
        ordering = ["place"]
        constraints = [models.UniqueConstraint(fields=["order", "place"], name="one_line_per_place")]


class Return(PersonRow):
    """A line of an order that comes back, and what is given back for it."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="returns")
    place = models.PositiveSmallIntegerField()  # of the line
    quantity = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10)  # see rules.RETURNS
    to_card = models.PositiveIntegerField(default=0)
    to_voucher = models.PositiveIntegerField(default=0)
    asked_at = models.DateTimeField()

    same: ClassVar = ("order",)
    plain: ClassVar = {
        "quantity": Plain("shelves are counted without opening anything", "orders.returns"),
        "state": Plain(SAME, "orders.returns"),
        "to_card": Plain("the books add up without opening anything", "orders.returns"),
        "asked_at": Plain("when it was asked for", "orders.returns"),
    }

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "place"], name="one_return_per_line")]
        indexes = [models.Index(fields=["id"], condition=models.Q(state="received"), name="shop_received")]


class Parcel(HeldRow):
    """Where one order goes, and to whom; and who is billed."""

    order = models.OneToOneField(Order, on_delete=models.CASCADE)
    country = models.CharField(max_length=2)

    recipient = held("identity.name")
    delivery = held("contact.delivery_address", "json")
    billing = held("contact.billing_address", "json")

    same: ClassVar = ("order",)
    plain: ClassVar = {"country": Plain("decides who carries it and under which safeguard", "contact.delivery_address")}


class GiftMessage(HeldRow):
    """Words that go with one order; gone ninety days after it."""

    order = models.OneToOneField(Order, on_delete=models.CASCADE)

    words = held("gifts.gift_message")

    same: ClassVar = ("order",)
    plain: ClassVar = {}


class Screening(HeldRow):
    """One check of an order, and what came of it: by a machine, and where it doubted, by a person."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="screenings")
    round = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8)  # passed, doubt, cleared, refused
    by = models.CharField(max_length=12)  # "own rules", "agency", or the role of whoever looked

    result = held("checks.screening_result")
    reasons = held("checks.screening_reasons", "json")

    same: ClassVar = ("order",)
    plain: ClassVar = {
        "state": Plain("decides whether a parcel may go", "checks.screening_result"),
        "by": Plain(SAME, "checks.screening_result"),
    }

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["order", "round", "by"], name="checked_once_a_round")]


class Contest(HeldRow):
    """What a shopper says against the result of a check. A person reads it."""

    order = models.OneToOneField(Order, on_delete=models.CASCADE)
    answered_at = models.DateTimeField(null=True)

    words = held("requests.request_details")

    same: ClassVar = ("order",)
    plain: ClassVar = {"answered_at": Plain("when a person had looked", "requests.request_checks")}


class SavedCard(HeldRow):
    """A card kept with the payment partner by the shopper's own yes. The number was never here (R42)."""

    payment = models.CharField(max_length=80, unique=True)
    forgetting = models.BooleanField(default=False)  # asked to go; the partner's receipt is not here yet

    token = held("card.card_token")
    label = held("card.card_brand")
    last4 = held("card.card_last4")
    expiry = held("card.card_expiry")

    plain: ClassVar = {"payment": Plain("a random number of the partner's: one payment keeps one card")}

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=models.Q(forgetting=True, event_at=None), name="shop_forgetting")
        ]


class Wishes(HeldRow):
    """What somebody wishes for in one shop, the newest first. What it is, is nobody's business but theirs."""

    brand = models.SlugField(max_length=40)

    slugs = held("taste.wish_list", "json")

    plain: ClassVar = {"brand": Plain(SAME, "taste.wish_list")}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person_id", "brand"], name="one_wish_list_a_shop")]


# -- vouchers --------------------------------------------------------------------------------------------------------


class Voucher(PersonRow):
    """Money one person gave another. Whoever shows its code may spend it; the code is kept as a keyed hash alone.

    The row is the giver's, and goes with their order. It outlives either person: the value is nobody's secret.
    """

    order = models.OneToOneField(Order, on_delete=models.CASCADE, related_name="bought")
    mark = models.BinaryField(max_length=32, null=True, unique=True)
    currency = models.CharField(max_length=3)
    worth = models.PositiveIntegerField()
    left = models.PositiveIntegerField()  # what its moves add up to; the database refuses to go below nothing
    expires_on = models.DateField()
    shown_at = models.DateTimeField(null=True)  # when its code was made and shown, the last time

    same: ClassVar = ("order",)
    plain: ClassVar = {
        "mark": Plain("a keyed hash: recognises a code that is shown to it, and no other way"),
        "currency": Plain(SAME, "orders.vouchers"),
        "worth": Plain("the books add up without opening anything", "orders.vouchers"),
        "expires_on": Plain("a date of the voucher", "orders.vouchers"),
        "shown_at": Plain("when its code was shown", "orders.vouchers"),
    }


class VoucherMove(models.Model):
    """What came onto a voucher or went off it. Appended, never changed."""

    voucher = models.ForeignKey(Voucher, on_delete=models.CASCADE, related_name="moves")
    amount = models.IntegerField()
    once = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField()

    nobodys: ClassVar = "an amount, between random numbers"


class Present(HeldRow):
    """What the receiver of a voucher has of it: a row of theirs, so that they can see it and have it erased."""

    voucher = models.UUIDField(unique=True)

    name = held("identity.name")

    plain: ClassVar = {}
