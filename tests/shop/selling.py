"""What the tests of selling share: a customer, a basket, a form filled in."""

import itertools
import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

from troth.shop import baskets, placing
from troth.shop.models import Variant

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
PAGES = itertools.count()  # each page that is sent is another one, unless a test says otherwise
HOME = {"street": "3 Weir Lane", "city": "BATH", "postcode": "BA1 1AA", "country": "GB"}
ADDRESS = {"to_country": "GB", "to_street": "3 Weir Lane", "to_city": "Bath", "to_postcode": "ba1 1aa"}
ADA = ADDRESS | {
    "name": "Ada Lovelace",
    "email": "ada@post.example",
    "age_band": "18",
    "same": "yes",
    "way": "standard",
}


def variant(slug="nell-olive", size="10"):
    return Variant.objects.select_related("product").get(product__slug=slug, size=size)


def filled(count=2, one=None):
    """A basket with so many of one size in it."""
    return baskets.put(None, one or variant(), count, "GBP", NOON)[0]


def answers(**changed):
    plain: dict[str, Any] = {
        "once": f"page-{next(PAGES)}-0123456789abcdef",
        "name": "Ada Lovelace",
        "age": 18,
        "email": "ada@post.example",
        "billing": HOME,
        "delivery": HOME,
        "way": "standard",
        "home": "https://tarn.example/",
    }
    return placing.Answers(**plain | changed)


def placed(count=2, *, one=None, basket=None, at=NOON, **changed):
    return placing.place("tarn", "GBP", basket or filled(count, one), answers(**changed), None, at)


def put(client, one=None, count=1, brand="tarn"):
    return client.post(f"/{brand}/basket/", {"do": "add", "variant": (one or variant()).pk, "quantity": count})


def once(page):
    found = re.search(r'name="once" value="([^"]+)"', page.content.decode())
    assert found
    return unescape(found[1])


def order(client, brand="tarn", page="checkout", **changed):
    """Fill in the checkout form and send it."""
    return client.post(f"/{brand}/{page}/", ADA | {"once": once(client.get(f"/{brand}/{page}/"))} | changed)
