"""What the shop tells about styles: of which its pieces are, and which of them a browser looked at lately."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.http import HttpRequest

from troth.tracking import devices

from . import catalogue
from .models import Picture, Product
from .pages import Shop

SHOWN = 4  # pieces looked at lately


class Shelf:
    """The goods of each brand, as `troth.tracking` asks for them. A style is a kind of garment, or a colour."""

    def styles(self, brand: str, slugs: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        """Return the kind and the colour of each of these pieces that there is. One query."""
        kinds = catalogue.read(brand).kinds
        rows = Product.objects.filter(brand=brand, slug__in=slugs).order_by().values_list("slug", "kind", "family")
        return {slug: (kinds.get(kind, kind).lower(), f"{family} things") for slug, kind, family in rows}

    def known(self, brand: str) -> Collection[str]:
        """Return every kind of garment: what is looked for by name."""
        return {say.lower() for say in catalogue.read(brand).kinds.values()}


SHELF = Shelf()


def recent(request: HttpRequest, here: Shop, slug: str) -> list[tuple[Picture, str]]:
    """Return pieces this browser looked at before this one, which it remembers itself; one query, after two yeses.

    Remembering them takes the yes to `profile`; arranging a page by them, that to `fit_shop` as well (R21).
    """
    device = devices.of(request, here.brand.slug)
    device.piece = slug
    if not device.interest.seen or not (device.lets("profile") and device.lets("fit_shop")):
        return []
    device.personal = True
    before = [one for one in device.interest.seen if one != slug][:SHOWN]
    rows = Picture.objects.filter(place=0, product__brand=here.brand.slug, product__slug__in=before)
    found = {row.product.slug: row for row in rows.filter(product__on_sale=True).select_related("product")}
    return [(found[one], here.to("product", slug=one)) for one in before if one in found]
