"""Which brand a request came to: told by the host's name, or where hosts share one name by the path's first part.

Who the brands are, where they live and how to reach them, is read from the policy in force, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib import import_module
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path, reverse

from troth.doors import policies
from troth.policy.engine import Compiled

from .catalogue import BRANDS

Handler = Callable[[HttpRequest], HttpResponse]


@dataclass(frozen=True)
class Brand:
    """A brand as the policy knows it."""

    slug: str
    say: str
    sites: tuple[str, ...]
    email: str
    phone: str
    address: str

    @property
    def call(self) -> str:
        return self.phone.replace(" ", "")

    @property
    def tokens(self) -> str:
        """Return the style sheet with its type, colours and space."""
        return f"shop/{self.slug}.css"


def open_brands() -> dict[str, Brand]:
    """Return the brands that exist today and have a shop."""
    today = policies.today()
    return _open(policies.archive().in_force(today), today)


@lru_cache(maxsize=8)
def _open(compiled: Compiled, today: date) -> dict[str, Brand]:
    listed = compiled.policy.brands
    return {name: _brand(name, b) for name, b in listed.items() if name in BRANDS and b.begin <= today < b.end}


def _brand(name: str, listed: Any) -> Brand:  # noqa: ANN401 -- the policy's own shape
    care = [*listed.care, "", ""]
    email = next((way for way in care if "@" in way), "")
    phone = next((way for way in care if way.startswith("+")), "")
    return Brand(name, listed.say or name.title(), tuple(listed.sites), email, phone, listed.address)


def brand_of(host: str, address: str, brands: Mapping[str, Brand]) -> str:
    """Return the brand of a request, or nothing. A brand's own host goes before any path.

    >>> tarn = Brand("tarn", "Tarn", ("tarn.example",), "", "", "")
    >>> brand_of("www.tarn.example:443", "/holm/", {"tarn": tarn}), brand_of("localhost", "/tarn/shop/", {"tarn": tarn})
    ('tarn', 'tarn')
    """
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    for brand in brands.values():
        if any(name.lower() == site or name.lower().endswith(f".{site}") for site in brand.sites):
            return brand.slug
    first = address.lstrip("/").partition("/")[0]
    return first if first in brands else ""


def own_host(get_response: Handler) -> Handler:
    """Serve a brand at the root of its own host: tarn.example/shop/ is what elsewhere is /tarn/shop/."""

    def handle(request: HttpRequest) -> HttpResponse:
        if brand := brand_of(request.get_host(), "", open_brands()):
            request.urlconf = _addresses(brand)  # type: ignore[assignment]  # Django takes any object with `urlpatterns`
        return get_response(request)

    return handle


class _Addresses:
    """The addresses of a brand's own host: its shelves at the root, then the house's, without the other shops."""

    def __init__(self, brand: str) -> None:
        from . import urls  # noqa: PLC0415 -- it needs the views, which need us

        house = import_module(settings.ROOT_URLCONF)
        others = [p for p in house.urlpatterns if getattr(p, "namespace", None) != urls.app_name]
        at_root = path("", include(urls.shelves), {"brand": brand})
        ours: tuple[list[URLPattern | URLResolver], str] = ([at_root, *urls.house], urls.app_name)
        self.urlpatterns = [path("", include(ours)), *others]
        for name in ("handler400", "handler404", "handler500"):
            if hasattr(house, name):
                setattr(self, name, getattr(house, name))


@cache
def _addresses(brand: str) -> _Addresses:
    return _Addresses(brand)


def doors(request: HttpRequest) -> Iterable[tuple[Brand, str]]:
    """Return every brand and where its door is, as seen from where the request came to."""
    brands = open_brands()
    own = brand_of(request.get_host(), "", brands)
    for brand in brands.values():
        elsewhere = own and brand.sites and brand.slug != own
        at_home = reverse("shop:home", kwargs={"brand": brand.slug}) if not elsewhere else ""
        yield brand, at_home or f"{request.scheme}://{brand.sites[0]}/"


class BrandConverter:
    """The part of an address that names a brand of the policy in force."""

    regex = "[a-z][a-z0-9_]*"

    def to_python(self, value: str) -> str:
        if value not in open_brands():
            raise ValueError(value)
        return value

    def to_url(self, value: str) -> str:
        return value
