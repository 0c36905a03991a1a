"""The shops' pages as a browser gets them: how many queries, what may be kept, which brand, and nothing personal."""

import re
from decimal import Decimal
from html import unescape
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from django.db import connections
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from troth.doors.declare import NOTHING_PERSONAL
from troth.shop import urls
from troth.shop.brands import Brand, brand_of, open_brands, own_host
from troth.shop.catalogue import BRANDS
from troth.shop.models import Product, Variant

pytestmark = [pytest.mark.urls("tests.shop.urls"), pytest.mark.usefixtures("shelves")]
MOST_QUERIES = 5
FIRST = {"tarn": "nell-olive", "holm": "skarn-peat", "skerry": "gale-violet"}
ADDRESSES = [
    "/houses/",
    *(f"/{b}/" for b in BRANDS),
    *(f"/{b}/shop/" for b in BRANDS),
    *(f"/{b}/shop/{slug}/" for b, slug in FIRST.items()),
    "/tarn/shop/?kind=dresses&size=10&colour=blue&from=10&to=500&stock=1&order=low",
    "/tarn/search/?q=linen",
    "/tarn/search/?q=derby",
    "/tarn/search/",
    "/holm/shop/?page=2",
]


class Links(HTMLParser):
    """Every address a page leads to."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found += [value for name, value in attributes if name in ("href", "action") and tag != "link"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_asks_the_database_at_most_five_times_and_changes_nothing(client, address):
    client.get(address)  # reads the policy and the catalogue
    with CaptureQueriesContext(connections["default"]) as asked:
        response = client.get(address)

    sentences = [query["sql"] for query in asked.captured_queries]
    assert response.status_code == 200
    assert len(sentences) <= MOST_QUERIES, sentences
    assert [sql for sql in sentences if not sql.lstrip().upper().startswith("SELECT")] == []


def test_a_page_asks_as_often_for_many_products_as_for_few(client):
    def asked(address):
        client.get(address)
        with CaptureQueriesContext(connections["default"]) as asked:
            client.get(address)
        return len(asked)

    assert asked("/holm/shop/") == asked("/holm/shop/?kind=jeans") == asked("/holm/search/?q=derby")


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_sets_no_cookie_is_asked_for_again_and_not_sent_twice(client, address):
    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first["ETag"]})

    assert dict(first.cookies) == {}
    assert first["Cache-Control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")


def test_a_page_whose_stock_changed_is_sent_anew(client):
    first = client.get("/tarn/shop/nell-olive/")
    Variant.objects.filter(product__slug="nell-olive", size="8").update(stock=0)

    again = client.get("/tarn/shop/nell-olive/", headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, again["ETag"] != first["ETag"]) == (200, True)


@pytest.mark.parametrize("address", ["/tarn/", "/tarn/shop/", "/tarn/search/", "/tarn/shop/nell-olive/", "/houses/"])
def test_a_page_can_only_be_read(client, address):
    assert client.post(address).status_code == 405


def test_every_page_declares_that_it_needs_nothing_personal():
    views = [pattern.callback for pattern in (*urls.house[:1], *urls.shelves[:4])]
    assert [getattr(view, "purpose", None) for view in views] == [(NOTHING_PERSONAL,)] * 5


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_way_on_a_page_leads_nowhere(client, address):
    page = client.get(address).content.decode()
    for way in {way for way in Links(page).found if way.startswith(("/", "?"))}:
        target = address.partition("?")[0] + way if way.startswith("?") else way
        assert (way, client.get(target, follow=True).status_code) == (way, 200)  # a page may lead to signing in


@pytest.mark.parametrize("brand", BRANDS)
def test_every_piece_is_shown_with_its_own_picture_of_a_known_size(client, brand):
    page = client.get(f"/{brand}/shop/").content.decode()
    cards = re.findall(
        rf'<a href="/{brand}/shop/([a-z0-9-]+)/">\s*<span class="card-picture"><img src="([^"]+)"([^>]*)>', page
    )
    assert len(cards) == page.count('<li class="card">') == 24
    for slug, source, rest in cards:
        assert source.startswith(f"/static/shop/pictures/{brand}-{slug}.webp?")
        assert re.search(r'width="\d+" height="\d+" alt="" loading="lazy"', rest)


@pytest.mark.parametrize(("brand", "slug"), FIRST.items())
def test_a_piece_is_told_to_who_cannot_see_it(client, brand, slug):
    page = client.get(f"/{brand}/shop/{slug}/").content.decode()
    gallery = page.partition('<div class="gallery">')[2].partition("</div>")[0]
    told = list(Product.objects.get(brand=brand, slug=slug).pictures.values_list("seen", flat=True))
    assert [unescape(alt) for alt in re.findall(r'alt="([^"]*)"', gallery)] == told
    assert len(told) == 2


@pytest.mark.parametrize("brand", BRANDS)
def test_every_foot_leads_to_the_brands_own_promise_choices_and_care(client, brand, today):
    told = open_brands()[brand]
    for address in (f"/{brand}/", f"/{brand}/shop/", f"/{brand}/shop/{FIRST[brand]}/", f"/{brand}/shop/none/"):
        ways = Links(client.get(address).content.decode()).found
        for way in (f"/privacy/{brand}/", f"/privacy/choices/?brand={brand}", f"mailto:{told.email}"):
            assert way in ways, address
        assert [way for way in ways if way.startswith("mailto:")] == [f"mailto:{told.email}"]


@pytest.mark.parametrize("brand", BRANDS)
def test_a_shop_shows_every_thing_it_sells_and_no_other_shops(client, brand):
    shown = set()
    for page in (1, 2):
        for way in Links(client.get(f"/{brand}/shop/?page={page}").content.decode()).found:
            if way.startswith(f"/{brand}/shop/") and way.count("/") == 4:
                shown.add(way.split("/")[3])
    assert shown == set(Product.objects.for_sale(brand).values_list("slug", flat=True))


@pytest.mark.parametrize("address", ["/tarn/shop/skarn-peat/", "/tarn/shop/nell/", "/tarn/shop/none/"])
def test_another_brands_piece_and_no_piece_look_the_same(client, address):
    missing = client.get("/tarn/shop/never-was/")
    assert (missing.status_code, client.get(address).content) == (404, missing.content)


def test_what_is_withdrawn_has_no_page(client):
    Product.objects.filter(slug="nell-olive").update(on_sale=False)
    assert client.get("/tarn/shop/nell-olive/").status_code == 404


@pytest.mark.parametrize(
    "address", ["/crag/", "/TARN/", "/tarn/shop/a%00b/", "/tarn/shop/%27/", "/tarn/shop/" + "a" * 10_000 + "/"]
)
def test_an_address_that_names_nothing_is_not_here(client, address):
    assert client.get(address).status_code == 404


NASTY = [
    "'\"><script>alert(1)</script>",
    "\x00",
    "🦊" * 50,
    "\N{RIGHT-TO-LEFT OVERRIDE}abc",
    "a" * 10_000,
    "{{ 7|add:7 }}",
    "%s%n",
    "-1",
]


@pytest.mark.parametrize("nasty", NASTY, ids=range(len(NASTY)))
@pytest.mark.parametrize(
    "name", ["q", "kind", "size", "colour", "from", "to", "stock", "order", "in", "page", "unheard-of"]
)
def test_nothing_typed_into_an_address_breaks_a_page_or_is_taken_for_its_words(client, name, nasty):
    for place in ("shop", "search"):
        response = client.get(f"/skerry/{place}/?{name}={quote(nasty)}")
        assert response.status_code == 200
        assert b"<script" not in response.content
        assert b"\x00" not in response.content


def test_a_filter_that_was_left_out_is_told(client):
    page = client.get("/tarn/shop/?kind=spaceships&from=cheap").content.decode()
    assert "We left out a kind that this shop does not have." in page
    assert "We left out a price that we could not read." in page


def test_a_search_that_finds_nothing_says_where_there_is_some(client):
    page = client.get("/tarn/search/?q=derby").content.decode()
    assert '<a class="go" href="/holm/search/?q=derby">Holm, 2 pieces</a>' in page
    assert "/skerry/search/?q=" not in page


@pytest.mark.parametrize(
    ("query", "sign"), [("", "£165"), ("?in=EUR", "€190"), ("?in=USD", "$205"), ("?in=XXX", "£165")]
)
def test_a_price_is_said_in_the_currency_the_address_asks_for(client, query, sign):
    page = client.get(f"/tarn/shop/nell-olive/{query}").content.decode()
    assert f'<p class="price">{sign}</p>' in page
    if query in ("?in=EUR", "?in=USD"):
        ways = [way for way in Links(page).found if way.startswith("/tarn/shop/")]
        assert [way for way in ways if query[1:] not in way] == []


@given(st.integers(1, 99_999), st.integers(1, 99_999))
def test_a_saving_is_never_told_larger_than_it_is(now, before):
    from troth.shop.pages import Card  # noqa: PLC0415
    from troth.shop.rules import money  # noqa: PLC0415

    if now < before:
        told = Card(Product(), "", money(now, "GBP"), money(before, "GBP")).saving
        assert told <= 100 * (1 - Decimal(now) / Decimal(before)) < told + 1


# -- which brand -----------------------------------------------------------------------------------------------------

TWO = {
    "tarn": Brand("tarn", "Tarn", ("tarn.example",), "", "", ""),
    "holm": Brand("holm", "Holm", ("holm.example", "h.example"), "", "", ""),
}


@pytest.mark.parametrize(
    ("host", "address", "brand"),
    [
        ("tarn.example", "/", "tarn"), ("www.tarn.example", "/shop/", "tarn"), ("TARN.example:8000", "/", "tarn"), ("h.example", "/", "holm"),
        ("tarn.example", "/holm/", "tarn"), ("nottarn.example", "/", ""), ("tarn.example.evil", "/", ""),
        ("localhost:8000", "/holm/shop/", "holm"), ("localhost", "/", ""), ("localhost", "/holmes/", ""), ("localhost", "/privacy/holm/", ""), ("[::1]:80", "/tarn/", "tarn"),
    ],
)  # fmt: skip
def test_a_brand_is_told_by_its_host_and_otherwise_by_the_path(host, address, brand):
    assert brand_of(host, address, TWO) == brand


@pytest.fixture
def at_tarn(settings, client):
    settings.ALLOWED_HOSTS = ["tarn.example", "holm.example", "testserver"]
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "troth.shop.brands.own_host"]
    return lambda address, host="tarn.example": client.get(address, headers={"host": host})


def test_on_its_own_host_a_shop_is_at_the_root(at_tarn):
    assert at_tarn("/shop/nell-olive/").status_code == 200
    ways = Links(at_tarn("/").content.decode()).found
    assert "/shop/nell-olive/" in ways
    assert [way for way in ways if way.startswith("/tarn/")] == []
    assert {"http://holm.example/", "http://skerry.example/", "/privacy/tarn/", "/houses/"} <= set(ways)
    assert at_tarn("/privacy/tarn/").status_code == 200


def test_no_other_shop_is_open_on_a_brands_host(at_tarn):
    assert (
        at_tarn("/holm/").status_code
        == at_tarn("/tarn/").status_code
        == at_tarn("/shop/skarn-peat/").status_code
        == 404
    )
    assert at_tarn("/shop/skarn-peat/", host="holm.example").status_code == 200
    assert at_tarn("/tarn/", host="testserver").status_code == 200


def test_any_other_host_is_left_as_it_is():
    request = RequestFactory().get("/")
    own_host(lambda _: HttpResponse())(request)
    assert not hasattr(request, "urlconf")
