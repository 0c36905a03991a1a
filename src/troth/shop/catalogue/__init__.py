"""The three shops' goods as data: one TOML file a brand, read once, checked as it is read."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

from troth.shop.errors import BadCatalogue
from troth.shop.rules import SCALES, Prices, money

HERE = Path(__file__).parent
PICTURES = HERE.parent / "static" / "shop" / "pictures"
BRANDS = ("tarn", "holm", "skerry")
KINDS = {"t-shirts": "T-shirts"}  # the rest are called what they are


@dataclass(frozen=True)
class Colour:
    """One colour of a style: a product with a page of its own."""

    slug: str
    say: str
    family: str  # the word it is found by in the filters
    seen: str  # what its picture shows, for who cannot see it
    stock: tuple[int, ...]  # on the day the shop opened, size by size
    source: str  # the photograph, and how it was coloured: for `make`
    dye: str = ""
    turn: int = 0


@dataclass(frozen=True)
class Style:
    """A garment, in every colour it is made in."""

    slug: str
    name: str
    kind: str
    price: Prices
    was: Prices | None
    first: str  # which shop sold it first, and when
    sizes: tuple[str, ...]
    words: str
    made: str
    care: str
    fit: str
    colours: tuple[Colour, ...]


@dataclass(frozen=True)
class Story:
    """A picture and a few words on the home page, and where they lead."""

    title: str
    words: str
    picture: str
    kind: str
    say: str


@dataclass(frozen=True)
class House:
    """What a brand says of itself."""

    line: str
    title: str
    lead: str
    hero: str  # slugs of products
    edit: tuple[str, ...]
    edit_say: str
    delivery: str
    returns: str
    search: str
    stories: tuple[Story, ...]


@dataclass(frozen=True)
class Catalogue:
    """One brand's file."""

    brand: str
    house: House
    styles: tuple[Style, ...]

    @property
    def kinds(self) -> dict[str, str]:
        """Return the kinds of garment there are, and what each is called."""
        return {style.kind: KINDS.get(style.kind, style.kind.capitalize()) for style in self.styles}

    def in_order(self) -> list[tuple[Style, Colour]]:
        """Return the products as a window shows them: the first colour of each style, then the second, and so on."""
        rows = zip_longest(*(style.colours for style in self.styles))
        return [(s, c) for row in rows for s, c in zip(self.styles, row, strict=True) if c]


@cache
def read(brand: str) -> Catalogue:
    """Return a brand's catalogue. Raises BadCatalogue, naming the style that cannot be used."""
    with (HERE / f"{brand}.toml").open("rb") as file:
        data = tomllib.load(file)
    return Catalogue(brand, _house(data["house"]), tuple(_style(brand, entry) for entry in data["style"]))


@cache
def made() -> Mapping[str, dict[str, Any]]:
    """Return the size and digest of every picture."""
    return json.loads((HERE / "made.json").read_text("utf-8"))  # type: ignore[no-any-return]


def slug(words: str) -> str:
    """Return words as part of an address.

    >>> slug("Midnight dot")
    'midnight-dot'
    """
    return re.sub(r"[^a-z0-9]+", "-", words.casefold()).strip("-")


def _house(entry: dict[str, Any]) -> House:
    told = entry.pop("story", ())
    stories = tuple(Story(t["title"], t["words"], t["picture"], t["link"]["kind"], t["link"]["say"]) for t in told)
    return House(**entry | {"edit": tuple(entry["edit"])}, stories=stories)


def _style(brand: str, entry: dict[str, Any]) -> Style:
    where = f"{brand}.toml, style {entry.get('slug')!r}"
    try:
        sizes = SCALES[entry["sizes"]]
        colours = tuple(_colour(one, entry["seen"]) for one in entry["colour"])
        price, was = _prices(entry["price"]), _prices(entry["was"]) if "was" in entry else None
        texts = {name: entry[name] for name in ("slug", "name", "kind", "words", "made", "care", "fit")}
    except (KeyError, TypeError, ValueError) as problem:
        raise BadCatalogue(f"{where}: {problem!r} is missing or unknown.") from None
    for colour in colours:
        if len(colour.stock) != len(sizes):
            raise BadCatalogue(f"{where}, {colour.say}: {len(colour.stock)} stock numbers for {len(sizes)} sizes.")
    return Style(**texts, price=price, was=was, first=entry.get("first", ""), sizes=sizes, colours=colours)


def _colour(entry: dict[str, Any], seen: str) -> Colour:
    say = entry["say"]
    shown = entry.get("seen") or f"{seen}. Colour: {say.lower()}"
    plain = (entry.get("dye", ""), entry.get("turn", 0))
    return Colour(slug(say), say, entry["family"], shown, tuple(entry["stock"]), entry["from"], *plain)


def _prices(minor: list[int]) -> Prices:
    gbp, eur, usd = minor
    return Prices(money(gbp, "GBP"), money(eur, "EUR"), money(usd, "USD"))
