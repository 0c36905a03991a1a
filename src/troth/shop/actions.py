"""Fill the shelves from the catalogue's files. What has been sold stays sold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Model

from . import catalogue, search
from .catalogue import Colour, Style
from .errors import BadCatalogue
from .models import Picture, Product, Variant
from .rules import words

CLOSE = (450, 600)  # see catalogue.darkroom


@dataclass(frozen=True)
class Loaded:
    """What a load did."""

    products: int
    variants_added: int
    withdrawn: int


@transaction.atomic
def load_catalogue() -> Loaded:
    """Bring the shelves in line with the files. Run it as often as you like: stock is set once, when a size is new.

    A product that left its file is withdrawn from sale, not deleted. Raises BadCatalogue, and then changes nothing.
    """
    goods = [
        (_product(brand, style, colour, place), style, colour)
        for brand in catalogue.BRANDS
        for place, (style, colour) in enumerate(catalogue.read(brand).in_order())
    ]
    _put(Product, [product for product, *_ in goods], ["brand", "slug"])
    ids = {(brand, slug): pk for pk, brand, slug in Product.objects.values_list("pk", "brand", "slug")}
    for product, *_ in goods:
        product.pk = ids[product.brand, product.slug]
    before = Variant.objects.count()
    _put(Variant, [variant for one in goods for variant in _variants(*one)], ["product", "size"], keep="stock")
    _put(
        Picture,
        [picture for product, _, colour in goods for picture in _pictures(product, colour)],
        ["product", "place"],
    )
    kept = {product.pk for product, *_ in goods}
    withdrawn = Product.objects.filter(on_sale=True).exclude(pk__in=kept).update(on_sale=False)
    search.reindex()
    return Loaded(len(kept), Variant.objects.count() - before, withdrawn)


def _put(kind: type[Model], rows: list[Any], told_apart_by: list[str], keep: str = "") -> None:
    """Add rows, or bring those that are there up to date, all but the field `keep`."""
    fields = {field.name for field in kind._meta.concrete_fields if not field.primary_key}
    changing = sorted(fields - {*told_apart_by, keep})
    kind._base_manager.bulk_create(rows, update_conflicts=True, unique_fields=told_apart_by, update_fields=changing)


def _product(brand: str, style: Style, colour: Colour, place: int) -> Product:
    found_by = f"{style.name} {colour.say} {style.kind} {colour.family} {style.words} {style.made} {style.first}"
    folded = dict.fromkeys(words(found_by))
    if strange := [word for word in folded if not word.isascii()]:
        where = f"{brand}.toml, {style.slug}"
        raise BadCatalogue(f"{where}: nobody could search for {strange[0]!r}. Write it in Latin letters.")
    fields: dict[str, Any] = {name: getattr(style, name) for name in ("name", "kind", "made", "care", "fit", "first")}
    for price, before in zip(style.price, style.was or (None, None, None), strict=True):
        fields[price.currency.code.lower()] = price.get_amount_in_sub_unit()
        fields[f"was_{price.currency.code.lower()}"] = before.get_amount_in_sub_unit() if before else None
    return Product(
        brand=brand,
        slug=f"{style.slug}-{colour.slug}",
        style=style.slug,
        colour=colour.say,
        family=colour.family,
        story=style.words,
        place=place,
        words=" ".join(folded),
        **fields,
    )


def _variants(product: Product, style: Style, colour: Colour) -> list[Variant]:
    return [
        Variant(product=product, size=size, stock=stock, place=place, sku=_sku(product, size))
        for place, (size, stock) in enumerate(zip(style.sizes, colour.stock, strict=True))
    ]


def _sku(product: Product, size: str) -> str:
    return f"{product.brand[:1]}-{product.slug}-{catalogue.slug(size)}".upper()


def _pictures(product: Product, colour: Colour) -> list[Picture]:
    name = f"{product.brand}-{product.slug}"
    try:
        made = catalogue.made()[name]
    except KeyError:
        raise BadCatalogue(f"There is no picture of {name} yet: run troth.shop.catalogue.make.") from None
    whole = {"file": f"{name}.webp", "small": f"{name}-small.webp", "seen": colour.seen} | made
    close = made | {"file": f"{name}-close.webp", "seen": f"The cloth, from close by: {colour.say.lower()}"}
    close |= {"width": CLOSE[0], "height": CLOSE[1]}
    return [Picture(product=product, place=place, **fields) for place, fields in enumerate((whole, close))]
