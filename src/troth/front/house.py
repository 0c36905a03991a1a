"""What a visitor asked for: which version, which brand, which region; checked here, once, for every page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import cast

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.timezone import now

from troth.laws import access, country
from troth.policy.archive import Archive
from troth.policy.document import Page
from troth.policy.engine import Compiled
from troth.policy.page import compile_page
from troth.policy.view import Atlas
from troth.policy.wording import say_day

from . import seen
from .errors import NotHere, Unusable, Way

ATLAS = Atlas(country, access)


class Visit(HttpRequest):
    """A request that has met `troth.site.middleware.house`."""

    archive: Archive
    today: date


@dataclass(frozen=True)
class House:
    """Every version of the policy, and the day it is."""

    archive: Archive
    today: date

    @property
    def in_force(self) -> Compiled:
        return self.archive.in_force(self.today)

    @property
    def coming(self) -> Compiled | None:
        """The version that takes effect next, where one is announced."""
        later = [one for one in self.archive.versions if one.policy.about.version > self.today]
        return later[0] if later else None

    def version(self, text: str) -> Compiled:
        """Return the version named by its day. Raises NotHere, naming those there are."""
        try:
            return self.archive.version(date.fromisoformat(text))
        except (KeyError, ValueError):
            ways = tuple((f"The version of {say_day(day)}", source_address(day)) for day in self.days())
            raise NotHere("No version of the policy came into force on that day.", ways) from None

    def brand(self, name: str, compiled: Compiled) -> str:
        """Return `name` if the version knows such a brand. Raises NotHere, naming those it knows."""
        if name not in compiled.policy.brands:
            ways = tuple(
                (b.say or n.title(), reverse("front:policy", args=[n])) for n, b in compiled.policy.brands.items()
            )
            raise NotHere("The policy names no such brand.", ways)
        return name

    def region(self, text: str, compiled: Compiled) -> str:
        """Return the region asked for, or the policy's first. Raises Unusable, naming those there are."""
        codes = list(compiled.book.packs)
        if text and text not in codes:
            ways = tuple((compiled.book.packs[code].head.say, f"?region={code}") for code in codes)
            raise Unusable("The policy has no page for that region. It has one for:", ways)
        return text or codes[0]

    def since(self, text: str) -> Compiled:
        """Return the version in force on a day someone remembers. Raises Unusable."""
        try:
            day = date.fromisoformat(text)
            return self.archive.in_force(day)
        except ValueError:
            raise Unusable("Say the day as 2026-03-01, or choose a version:", self._since_ways()) from None
        except KeyError:
            first = say_day(self.archive.versions[0].policy.about.version)
            raise Unusable(
                f"Our first version here is of {first}. Choose that day or a later one:", self._since_ways()
            ) from None

    def _since_ways(self) -> tuple[Way, ...]:
        return tuple((f"Changes since {say_day(day)}", f"?since={day}") for day in self.days())

    def days(self) -> list[date]:
        return [version.policy.about.version for version in self.archive.versions]

    def ends(self, compiled: Compiled) -> date | None:
        """Return the day on which a version was or will be replaced."""
        later = [day for day in self.days() if day > compiled.policy.about.version]
        return later[0] if later else None

    def read_on(self, compiled: Compiled) -> date:
        """Return the day on which to read a version: today, or the nearest day it was in force."""
        begins, ends = compiled.policy.about.version, self.ends(compiled)
        return max(begins, min(self.today, ends - timedelta(days=1)) if ends else self.today)

    @property
    def seen(self) -> frozenset[str]:
        """The watched checks that hold on the running site, as it was last looked at."""
        return seen.seen(settings.TROTH_DATA, now())

    def page(self, compiled: Compiled, brand: str, region: str) -> Page:
        return _page(compiled, brand, region, self.read_on(compiled), self.seen)

    def standing(self, compiled: Compiled) -> str:
        """Return how a version stands today, in words."""
        begins, ends = compiled.policy.about.version, self.ends(compiled)
        if begins > self.today:
            return f"Takes effect on {say_day(begins)}"
        if ends and ends <= self.today:
            return f"In force until {say_day(ends)}"
        return f"In force since {say_day(begins)}"


@lru_cache(maxsize=256)
def _page(compiled: Compiled, brand: str, region: str, on: date, held: frozenset[str]) -> Page:
    return compile_page(compiled, brand, region, on, ATLAS, held)


def of(request: HttpRequest) -> House:
    """Return the house a request came to."""
    visit = cast("Visit", request)
    return House(visit.archive, visit.today)


def source_address(day: date) -> str:
    return reverse("front:source", args=[day.isoformat()])
