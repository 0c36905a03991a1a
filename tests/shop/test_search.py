"""Searching and filtering, against an oracle that reads every product; the same on SQLite and on PostgreSQL."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from troth.shop.catalogue import BRANDS
from troth.shop.models import Product, Variant
from troth.shop.rules import SIZES, Filters, asked, words
from troth.shop.search import known, search

KINDS = ("dresses", "knitwear", "t-shirts", "shoes", "jeans", "hats", "skirts")
FAMILIES = ("black", "blue", "green", "pink", "purple", "red", "white")
TEXTS = (
    "linen",
    "lin",
    "dress",
    "DRESSES",
    "crêpe",
    "olive dress",
    "leather jacket",
    "merino cotton",
    "holm",
    "240",
    "e",
    "not or and",
    "near",
    "x" * 400,
)
HOSTILE = (
    "'", '"', '"*', "dress*", "dress OR 1", "NEAR(dress hat)", "-dress", "words:dress", "^dress", "a' OR '1'='1", "'; DROP TABLE shop_product;--",
    "dress\x00hat", "\x00", "🦊", "d\N{ZERO WIDTH SPACE}ress", "\N{RIGHT-TO-LEFT OVERRIDE}ss\N{CYRILLIC SMALL LETTER IE}rd", "\\", "%", "_", "{}", "&|!()<->:*", "юбка", "裙子", "ﬁne", "½", "²", "ß" * 50,
    "dress " * 2_000, "a" * 10_000, "\ud800",
)  # fmt: skip


def oracle(brand, text, filters):
    """Read every product there is, and keep those that fit."""
    wanted, found = asked(text), []
    if wanted is None:
        return []
    variants = list(Variant.objects.all())
    for product in Product.objects.all():
        told = words(
            f"{product.name} {product.colour} {product.kind} {product.family} {product.story} {product.made} {product.first}"
        )
        title = words(f"{product.name} {product.kind} {product.colour} {product.family}")
        price = {"GBP": product.gbp, "EUR": product.eur, "USD": product.usd}[filters.currency]
        sizes = [v for v in variants if v.product_id == product.pk]
        if product.brand != brand or not product.on_sale:
            continue
        if any(not any(one.startswith(word) for one in told) for word in wanted):
            continue
        if filters.kinds and product.kind not in filters.kinds:
            continue
        if filters.families and product.family not in filters.families:
            continue
        if filters.low is not None and price < filters.low:
            continue
        if filters.high is not None and price > filters.high:
            continue
        if filters.sizes:
            sizes = [v for v in sizes if v.size in filters.sizes]
        if not [v for v in sizes if v.stock > 0 or not filters.in_stock]:
            continue
        named = sum(any(one.startswith(word) for one in title) for word in wanted)
        order = {"": -named, "low": price, "high": -price}[filters.order]
        found.append((order, product.place, product.pk))
    return [pk for _, _, pk in sorted(found)]


def some(of):
    return st.frozensets(st.sampled_from(of), max_size=2)


@pytest.mark.parametrize("brand", BRANDS)
@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_a_search_finds_what_reading_every_product_would_find(shelves, brand, data):
    prices = st.none() | st.sampled_from([0, 2_900, 3_800, 9_800, 16_500, 50_000])
    text = data.draw(st.sampled_from(TEXTS) | st.sampled_from(HOSTILE) | st.text(max_size=12))
    filters = Filters(
        data.draw(some(KINDS)), data.draw(some(FAMILIES)), data.draw(some(SIZES)), data.draw(prices), data.draw(prices),
        data.draw(st.booleans()), data.draw(st.sampled_from(["", "low", "high"])), data.draw(st.sampled_from(["GBP", "EUR", "USD"])),
    )  # fmt: skip

    assert search(brand, text, filters) == oracle(brand, text, filters)


@pytest.mark.parametrize(
    "filters",
    [
        Filters(low=9_800), Filters(high=9_800), Filters(low=9_800, high=9_800), Filters(low=9_801), Filters(high=9_799), Filters(low=5, high=4),
        Filters(low=4_500, currency="EUR"), Filters(high=4_500, currency="USD"), Filters(order="low"), Filters(order="high"), Filters(order="high", currency="EUR"),
        Filters(frozenset({"jeans"})), Filters(frozenset({"jeans", "skirts"})), Filters(families=frozenset({"green", "red"})), Filters(sizes=frozenset({"One size", "XS"})),
        Filters(in_stock=True), Filters(sizes=frozenset({"16"}), in_stock=True), Filters(frozenset({"dresses"}), frozenset({"blue"}), frozenset({"10"}), in_stock=True),
    ],
    ids=range(18),
)  # fmt: skip
def test_each_filter_keeps_exactly_what_passes_both_ends_included(shelves, filters):
    for brand in BRANDS:
        for text in ("", "a", "cotton"):
            assert search(brand, text, filters) == oracle(brand, text, filters)


@pytest.mark.parametrize("brand", BRANDS)
def test_whatever_is_typed_is_only_ever_words(shelves, brand):
    for text in (*TEXTS, *HOSTILE):
        assert (text, search(brand, text, Filters())) == (text, oracle(brand, text, Filters()))
    assert Product.objects.count() == shelves.products


def test_a_search_tells_the_brands_apart(shelves):
    linnets = {brand: search(brand, "linnet", Filters()) for brand in BRANDS}

    assert {b: sorted(Product.objects.filter(pk__in=ids).values_list("slug", flat=True)) for b, ids in linnets.items()} == {
        "tarn": ["linnet-clay", "linnet-sage"], "holm": [], "skerry": ["linnet-poppy"],
    }  # fmt: skip


def test_words_in_the_name_come_before_words_in_the_story(shelves):
    found = search("tarn", "felt", Filters())
    names = [Product.objects.get(pk=pk).name for pk in found]
    assert names[:2] == ["Olwen felt hat", "Olwen felt hat"]
    assert search("tarn", "jean", Filters()) == search("tarn", "JEANS!", Filters())


def test_what_is_withdrawn_is_not_found(shelves):
    olive = Product.objects.get(slug="nell-olive")
    before = search("tarn", "olive", Filters())
    Product.objects.filter(pk=olive.pk).update(on_sale=False)

    assert search("tarn", "olive", Filters()) == [pk for pk in before if pk != olive.pk]
    assert olive.pk in before


def test_a_size_that_is_sold_out_is_hidden_only_when_only_stock_is_asked_for(shelves):
    night = Product.objects.get(slug="iona-night")  # none in size 10
    ten = frozenset({"10"})
    assert night.pk in search("tarn", "", Filters(sizes=ten))
    assert night.pk not in search("tarn", "", Filters(sizes=ten, in_stock=True))
    assert night.pk in search("tarn", "", Filters(in_stock=True))


@pytest.mark.parametrize("brand", BRANDS)
def test_a_shop_offers_only_filters_that_find_something(shelves, brand):
    offered = known(brand)
    found = [search(brand, "", Filters(kinds=frozenset({kind}))) for kind in offered.kinds]
    found += [search(brand, "", Filters(families=frozenset({family}))) for family in offered.families]
    found += [search(brand, "", Filters(sizes=frozenset({size}))) for size in offered.sizes]
    assert all(found)
    assert sorted({pk for ids in found for pk in ids}) == sorted(search(brand, "", Filters()))
