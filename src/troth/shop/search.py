"""Finding products: one question, answered by SQLite's FTS5 or by PostgreSQL's text search, always alike.

Both are given words that `rules.words` has folded, so neither's own idea of a language, an accent or an operator
matters. The order is decided here, not by either.
"""

from __future__ import annotations

from django.db import connection
from django.db.models import Exists, OuterRef
from django.db.models.expressions import RawSQL

from .catalogue import KINDS
from .models import Product, ProductQuerySet, Variant
from .rules import SIZES, Filters, Known, asked, words


def search(brand: str, text: str, filters: Filters) -> list[int]:
    """Return the ids of what a shop sells that has every word of `text` and passes the filters, best first.

    A word counts if something begins with it. Words in the name, kind or colour come before words in the story.
    """
    wanted = asked(text)
    if wanted is None:
        return []
    found = _narrowed(Product.objects.for_sale(brand), filters)
    if wanted:
        found = found.filter(id__in=_matching(wanted))
    rows = found.values_list("id", "place", "name", "kind", "colour", "family", filters.currency.lower())
    ranked = sorted((_rank(wanted, row[2:6], row[1], row[6], filters.order), row[0]) for row in rows)
    return [id_ for _, id_ in ranked]


def _narrowed(products: ProductQuerySet, filters: Filters) -> ProductQuerySet:
    price = filters.currency.lower()
    if filters.kinds:
        products = products.filter(kind__in=filters.kinds)
    if filters.families:
        products = products.filter(family__in=filters.families)
    if filters.low is not None:
        products = products.filter(**{f"{price}__gte": filters.low})
    if filters.high is not None:
        products = products.filter(**{f"{price}__lte": filters.high})
    if not (filters.sizes or filters.in_stock):
        return products
    sizes = Variant.objects.filter(product=OuterRef("pk"))
    if filters.sizes:
        sizes = sizes.filter(size__in=filters.sizes)
    return products.filter(Exists(sizes.filter(stock__gt=0) if filters.in_stock else sizes))


def _rank(wanted: list[str], title: tuple[str, ...], place: int, price: int, order: str) -> tuple[int, int]:
    if order:
        return (price if order == "low" else -price), place
    named = words(" ".join(title))
    return -sum(any(name.startswith(word) for name in named) for word in wanted), place


def _matching(wanted: list[str]) -> RawSQL:
    """Return the ids of the products in whose words each of these begins one. They are letters and digits only."""
    if connection.vendor == "postgresql":
        query = " & ".join(f"'{word}':*" for word in wanted)
        table = "SELECT id FROM shop_product WHERE array_to_tsvector(string_to_array(words, ' ')) @@ %s::tsquery"
        return RawSQL(table, [query])  # noqa: S611 -- a constant; the words are its parameter
    query = " ".join(f'"{word}"*' for word in wanted)
    return RawSQL("SELECT rowid FROM shop_words WHERE shop_words MATCH %s", [query])


def reindex() -> None:
    """Write the index anew. PostgreSQL keeps its own."""
    if connection.vendor == "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM shop_words")
        cursor.execute("INSERT INTO shop_words (rowid, words) SELECT id, words FROM shop_product")


def known(brand: str) -> Known:
    """Return the filters a shop can offer, in the order of its window."""
    rows = Variant.objects.filter(product__brand=brand, product__on_sale=True).order_by("product__place", "place")
    listed = list(rows.values_list("product__kind", "product__family", "size"))
    kinds = {kind: KINDS.get(kind, kind.capitalize()) for kind, _, _ in listed}
    sizes = {size for _, _, size in listed}
    return Known(kinds, tuple(sorted({family for _, family, _ in listed})), tuple(s for s in SIZES if s in sizes))
