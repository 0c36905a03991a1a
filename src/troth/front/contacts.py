"""Whom to turn to, by brand, region and topic: printed from the policy, as is every address of ours (R89)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from troth.policy.engine import Compiled
from troth.policy.nouns import Brand, in_force

from .reading import Line, Marker

MINE, OURS = "Orders, deliveries, the shop, anything else", "Your data and your rights"


class Topic(NamedTuple):
    """What one may write about, and the ways to do so."""

    title: str
    ways: tuple[Line, ...]


class Desk(NamedTuple):
    """One brand's ways."""

    name: str
    say: str
    topics: tuple[Topic, ...]


def desks(compiled: Compiled, region: str, on: date, mark: Marker) -> tuple[Desk, ...]:
    """Return every brand in force with the ways that reach it from a region, its own line there first."""
    brands = compiled.policy.brands
    return tuple(
        Desk(name, brand.say or name.title(), tuple(_topics(compiled, name, brand, region, mark)))
        for name, brand in brands.items() if in_force(brand, on)
    )  # fmt: skip


def _topics(compiled: Compiled, name: str, brand: Brand, region: str, mark: Marker) -> Iterator[Topic]:
    about, within = compiled.policy.about, compiled.book.packs[region].head.within
    line = next((brand.lines[law] for law in (region, within, "default") if law in brand.lines), "")
    ways = {line: f"brands.{name}.lines"} if line else {}
    ways |= {way: f"brands.{name}.care" for way in brand.care if way not in ways}
    ways |= {brand.address: f"brands.{name}.address"} if brand.address else {}
    yield Topic(MINE, tuple(Line(way, mark(clause)) for way, clause in ways.items()))
    yours = {about.officer: "policy.officer"}
    if region in about.representatives:
        yours[f"Our representative where you live: {about.representatives[region]}"] = "policy.representatives"
    yield Topic(OURS, tuple(Line(way, mark(clause)) for way, clause in yours.items()))


def authority(compiled: Compiled, region: str) -> tuple[str, str]:
    """Return who hears a complaint about us in a region, and their address, as its law says."""
    found = compiled.book.packs[region].head.authority
    return found.get("name", ""), found.get("url", "")
