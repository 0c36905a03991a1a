"""Where we deliver to, how, and at which flat price: read from catalogue/delivery.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from moneyed import Money

from .catalogue import HERE
from .rules import Prices, money


@dataclass(frozen=True)
class Way:
    """One way of delivering."""

    slug: str
    say: str
    days: str
    prices: Prices
    to: frozenset[str]  # ISO 3166 countries
    carrier: str  # the recipient of the policy that brings it

    def price(self, currency: str) -> Money:
        return self.prices.in_(currency)


@dataclass(frozen=True)
class Deliveries:
    """All of them, and the countries by name."""

    ways: dict[str, Way]
    countries: dict[str, str]

    def to(self, country: str) -> list[Way]:
        """Return the ways to a country, the cheapest first."""
        return sorted((way for way in self.ways.values() if country in way.to), key=lambda way: way.prices.gbp)


@cache
def deliveries() -> Deliveries:
    with (HERE / "delivery.toml").open("rb") as file:
        data = tomllib.load(file)
    ways = {slug: _way(slug, **told) for slug, told in data["ways"].items()}
    return Deliveries(ways, data["countries"])


def _way(slug: str, say: str, days: str, price: list[int], to: list[str], carrier: str = "carriers") -> Way:
    gbp, eur, usd = price
    prices = Prices(money(gbp, "GBP"), money(eur, "EUR"), money(usd, "USD"))
    return Way(slug, say, days, prices, frozenset(to), carrier)
