"""What is for sale, which is about nobody; and what was bought, which is held."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Prefetch, Sum
from django.db.models.functions import Coalesce

from troth.vault.held import held
from troth.vault.models import HeldRow, Plain

from .rules import Money, Prices


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
        return Prices(Money(self.gbp, "GBP"), Money(self.eur, "EUR"), Money(self.usd, "USD"))

    @property
    def was(self) -> Prices | None:
        if self.was_gbp is None or self.was_eur is None or self.was_usd is None:
            return None
        return Prices(Money(self.was_gbp, "GBP"), Money(self.was_eur, "EUR"), Money(self.was_usd, "USD"))


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


class PastOrder(HeldRow):
    """An order brought in from the system before ours. `event_at` is the day it was placed."""

    reference = models.CharField(max_length=40, unique=True)

    lines = held("orders.order_lines", "json")

    plain: ClassVar = {"reference": Plain("an order number", "orders.order_lines")}
