"""The interest profile: guessed from what is allowed, held as inferred, read for four purposes, each its own decision.

This room knows no goods. Who mounts it hands in a shelf: which styles a piece is of, and which styles there are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from troth.doors import keep
from troth.doors.collect import collect
from troth.doors.errors import Refused
from troth.doors.opening import Opening
from troth.doors.use import use
from troth.vault.models import held_models

from .guessing import Guessed, Trace, guess, say
from .models import Guess, Looked, Search, Unwanted
from .rules import GIVEN

READS = ("profile", "fit_shop", "fit_messages", "adverts")  # four decisions (R21)
DEEDS = {"taste.wish_list": "saved", "orders.order_lines": "bought"}  # items of other rooms that name pieces
MOST_ROWS = 400  # of a kind, the newest


class Shelf(Protocol):
    """What a guess needs to know of the goods of a brand."""

    def styles(self, brand: str, slugs: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        """Return the styles of each of these pieces that there is."""

    def known(self, brand: str) -> Collection[str]:
        """Return every style a piece of this brand may be of."""


@dataclass(frozen=True)
class Told:
    """A guess as it is shown: the row, the style, and why we think so."""

    row: Guess
    style: str
    because: tuple[tuple[str, int], ...]

    @property
    def say(self) -> str:
        return say(self.because)


def infer(person: UUID, brand: str, shelf: Shelf, at: datetime) -> list[Guessed]:
    """Guess anew what somebody may like in one shop, and hold that in place of what was guessed before.

    Raises Refused without a yes to the profile, and for anybody known to be under 18. Source: R21.
    """
    with use("profile", brand=brand, person=person, at=at) as u:
        unwanted = _unwanted(u, person, brand)
        found = guess(_traces(u, person, brand, shelf), unwanted, at)
    with transaction.atomic():
        old = list(Guess.objects.filter(person_id=person, brand=brand))
        if old and keep.end(old, at) < len(old):  # a legal hold keeps them: they are not replaced meanwhile
            return []
        with collect("profile", source="inference", brand=brand, person=person, given=GIVEN, at=at) as c:
            for place, one in enumerate(found):
                row = Guess(person_id=person, brand=brand, place=place)
                row.style, row.because = one.style, [list(pair) for pair in one.because]
                c.save(row)
    return found


def infer_all(shelf: Shelf, at: datetime) -> dict[str, int]:
    """Guess anew for everybody who looked at or for something since; returns for how many, and who is left out."""
    count = {"guessed": 0, "refused": 0}
    for person, brand in sorted(_waiting(), key=str):
        try:
            infer(person, brand, shelf, at)
            count["guessed"] += 1
        except Refused:
            count["refused"] += 1
    return count


def _waiting() -> set[tuple[UUID, str]]:
    """Return who did something since the last guess, shop by shop."""
    guessed: dict[tuple[UUID, str], datetime] = {}
    for person, brand, when in Guess.objects.values_list("person_id", "brand", "seen_at"):
        guessed[person, brand] = max(when, guessed.get((person, brand), when))
    found = set()
    for model in (Looked, Search):
        newest = model.objects.values_list("person_id", "brand").annotate(last=Max("seen_at"))
        found |= {(p, b) for p, b, last in newest if (p, b) not in guessed or last > guessed[p, b]}
    return found


def mine(person: UUID, brand: str, at: datetime) -> tuple[list[Told], list[str]]:
    """Return what we guess somebody likes in one shop, and what they told us not to. Raises Refused."""
    rows = list(Guess.objects.filter(person_id=person, brand=brand))
    with use("profile", brand=brand, person=person, items=["likely_interests"], actor="person", at=at) as u:
        told = [Told(row, style, tuple((how, n) for how, n in why)) for row in rows for style, why in [_both(u, row)]]
        return told, sorted(_unwanted(u, person, brand))


def _both(u: Opening, row: Guess) -> tuple[str, list[tuple[str, int]]]:
    style, why = u.open(row.style, row.because)
    return style, why


def styles_for(purpose: str, person: UUID, brand: str, at: datetime) -> list[str]:
    """Return the styles somebody may like, for one of the four purposes; none where that one has no yes."""
    rows = list(Guess.objects.filter(person_id=person, brand=brand))
    if purpose not in READS or not rows:
        return []
    try:
        with use(purpose, brand=brand, person=person, at=at) as u:
            return [u.open(row.style) for row in rows]
    except Refused:
        return []


def take_away(person: UUID, brand: str, row: UUID, at: datetime) -> bool:
    """Let one guess go, and remember not to make it again. False if it is none of theirs."""
    found = Guess.objects.filter(person_id=person, brand=brand, pk=row).first()
    if found is None:
        return False
    with use("profile", brand=brand, person=person, actor="person", at=at) as u:
        style = u.open(found.style)
    with transaction.atomic():
        _want(person, brand, at, add=style)
        keep.end([found], at)
    return True


def allow_again(person: UUID, brand: str, style: str, at: datetime) -> None:
    """Let a style be guessed again."""
    _want(person, brand, at, drop=style)


def take_all_away(person: UUID, brand: str, at: datetime) -> int:
    """Let every guess go, and what it was made from here: pieces looked at, searches. Returns how many rows."""
    rows = [row for model in (Guess, Looked, Search) for row in model.objects.filter(person_id=person, brand=brand)]
    return keep.end(rows, at) if rows else 0


def _want(person: UUID, brand: str, at: datetime, *, add: str = "", drop: str = "") -> None:
    with transaction.atomic():
        row = Unwanted.objects.select_for_update().filter(person_id=person, brand=brand).first()
        row = row or Unwanted(person_id=person, brand=brand)
        with use("profile", brand=brand, person=person, actor="person", at=at) as u:
            had = set(u.open(row.styles) or ()) if row.sealed else set()
        row.styles = sorted((had | {add} if add else had) - {drop})
        with collect("account", source="account", brand=brand, person=person, actor="person", at=at) as c:
            c.save(row)


def _unwanted(u: Opening, person: UUID, brand: str) -> set[str]:
    row = Unwanted.objects.filter(person_id=person, brand=brand).first()
    return set(u.open(row.styles) or ()) if row else set()


# -- what somebody did -------------------------------------------------------------------------------------------------


def _traces(u: Opening, person: UUID, brand: str, shelf: Shelf) -> list[Trace]:
    """Return what somebody looked at, looked for, saved and bought in one shop, with its styles."""
    deeds = [("looked at", u.open(row.piece), row.seen_at) for row in _newest(Looked, person, brand)]
    deeds += [(how, slug, when) for how, slug, when in _elsewhere(u, person, brand)]
    styles = shelf.styles(brand, {slug for _, slug, _ in deeds})
    found = [Trace(how, styles[slug], when) for how, slug, when in deeds if slug in styles]
    known = {style.casefold(): style for style in shelf.known(brand)}
    for row in _newest(Search, person, brand):
        words = u.open(row.words).casefold()
        if sought := tuple(style for said, style in known.items() if said in words or said.removesuffix("s") in words):
            found.append(Trace("looked for", sought, row.seen_at))
    return found


def _elsewhere(u: Opening, person: UUID, brand: str) -> Iterator[tuple[str, str, datetime]]:
    """Yield the pieces that other rooms' rows name, found by what those rows say they hold: there is no other list."""
    for model in held_models():
        for name, label in model.labels().items():
            how = DEEDS.get(label.item) if isinstance(label.item, str) else None
            if how and any(column.name == "brand" for column in model._meta.concrete_fields):
                for row in _newest(model, person, brand):
                    yield from ((how, slug, row.seen_at) for slug in _slugs(u.open(getattr(row, name))))


def _slugs(value: Any) -> Iterable[str]:  # noqa: ANN401 -- what a row of another room holds
    """Return the pieces a value names: a list of slugs, or of lines that have one."""
    for one in value if isinstance(value, list) else ():
        slug = one.get("slug") if isinstance(one, dict) else one
        if isinstance(slug, str):
            yield slug


def _newest(model: Any, person: UUID, brand: str) -> Iterable[Any]:  # noqa: ANN401 -- any model with a brand
    return list(model._base_manager.filter(person_id=person, brand=brand).order_by("-seen_at")[:MOST_ROWS])
