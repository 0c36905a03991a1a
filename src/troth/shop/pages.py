"""What every page of a shop knows and says: its brand, its currency, the ways to the other pages, and the headers.

A page carries its currency in its address: remembering it would take a cookie, and that takes a yes
(purposes.appearance).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, wraps
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import conditional_page, require_http_methods
from moneyed import Money

from troth.accounts.pages import from_here
from troth.doors import policies
from troth.doors.declare import NOTHING_PERSONAL, purpose
from troth.policy.book import controller_of

from . import catalogue
from .brands import Brand, doors, open_brands
from .catalogue import House
from .models import Order, Product
from .rules import OVER, SAID, SIGNS, currency

Page = Callable[..., HttpResponse]


@lru_cache(maxsize=4096)  # a page asks for some sixty, and on one host, below one prefix, they are where they are
def _address(name: str, urlconf: str | None, prefix: str, **parts: object) -> str:
    del prefix  # `reverse` looks itself
    return reverse(f"shop:{name}", urlconf, kwargs=parts)


@dataclass(frozen=True)
class Shop:
    """The shop a request came to."""

    brand: Brand
    house: House
    currency: str
    kinds: dict[str, str]
    others: tuple[tuple[Brand, str], ...]
    controller: str
    request: HttpRequest

    def to(self, name: str, query: dict[str, object] | None = None, **parts: object) -> str:
        """Return the address of one of this shop's pages, in the currency the visitor reads."""
        kept = ({"in": self.currency} if self.currency != "GBP" else {}) | (query or {})
        address = _address(name, get_urlconf(), get_script_prefix(), brand=self.brand.slug, **parts)
        return f"{address}?{urlencode(kept, doseq=True)}" if kept else address

    @property
    def currencies(self) -> list[tuple[str, str, str]]:
        """Return each currency, its sign and the address of this page in it."""
        rest = self.request.GET.copy()
        ways = []
        for code, sign in SIGNS.items():
            rest["in"] = code
            ways.append((code, sign, f"?{rest.urlencode()}"))
        return ways

    def open_orders(self, person: UUID) -> list[tuple[str, str]]:
        """Return the orders of somebody's that have not come to an end, at any brand, and how each stands."""
        rows = Order.objects.filter(person_id=person).exclude(state__in=[*OVER, "delivered"]).order_by("-seen_at")
        return [(number, SAID[state]) for number, state in rows.values_list("number", "state")]


@dataclass(frozen=True)
class Card:
    """A product as a shelf shows it."""

    product: Product
    address: str
    price: Money
    was: Money | None

    @property
    def sold_out(self) -> bool:
        return getattr(self.product, "left", 1) == 0

    @property
    def saving(self) -> int:
        """Return by how much the price fell, in per cent, never told larger than it is."""
        if self.was is None:
            return 0
        now, before = self.price.get_amount_in_sub_unit(), self.was.get_amount_in_sub_unit()
        return 100 - -(-now * 100 // before)


def shop(request: HttpRequest, brand: str) -> Shop:
    known = open_brands()
    told = catalogue.read(brand)
    return Shop(
        brand=known[brand],
        house=told.house,
        currency=currency(request.GET.get("in", "")),
        kinds=told.kinds,
        others=tuple(doors(request)),
        controller=controller(brand),
        request=request,
    )


def controller(brand: str) -> str:
    """Return the name of the company that answers for a brand."""
    return controller_of(policies.archive().in_force(policies.today()).policy, brand)


def card(here: Shop, product: Product) -> Card:
    was = product.was.in_(here.currency) if product.was else None
    return Card(product, here.to("product", slug=product.slug), product.prices.in_(here.currency), was)


def public(page: Page) -> Page:
    """Make a view a public page: nothing personal, nothing changed by reading it, and not sent twice if it is the same.

    `no-cache` lets a browser keep the page and makes it ask each time: stock changes, and what a colleague's page adds
    for one visitor (a basket's count) must never be shown to another.
    """

    def served(request: HttpRequest, *arguments: object, **named: object) -> HttpResponse:
        response = page(request, *arguments, **named)
        patch_cache_control(response, no_cache=True)
        return response

    served.__name__, served.__doc__, served.__module__ = page.__name__, page.__doc__, page.__module__
    return purpose(NOTHING_PERSONAL)(conditional_page(served))


# -- pages that are about somebody -----------------------------------------------------------------------------------


def personal(*purposes: str) -> Callable[[Page], Page]:
    """Make a view a page about a basket or an order: never kept by a browser, and changed only from our own pages."""

    def make(page: Page) -> Page:
        @wraps(page)
        def served(request: HttpRequest, *arguments: object, **named: object) -> HttpResponse:
            if request.method not in ("GET", "HEAD") and not from_here(request):
                return say(request, named.get("brand"), 403, "This did not come from one of our pages", ELSEWHERE)
            response = page(request, *arguments, **named)
            patch_cache_control(response, private=True, no_store=True)
            return response

        return csrf_exempt(purpose(*purposes)(require_http_methods(["GET", "HEAD", "POST"])(served)))

    return make


ELSEWHERE = "So we did nothing. Open the page anew and send it from there."


def say(request: HttpRequest, brand: object, status: int, title: str, words: str, way: str = "") -> HttpResponse:
    """Answer with one plain page: what is so, and what to do."""
    context = {"shop": shop(request, str(brand)), "title": title, "words": words, "way": way}
    return render(request, "shop/say.html", context, status=status)


def missing(request: HttpRequest, brand: str) -> HttpResponse:
    """Answer that there is no such thing: not yours and not there look the same."""
    return render(request, "shop/missing_order.html", {"shop": shop(request, brand)}, status=404)
