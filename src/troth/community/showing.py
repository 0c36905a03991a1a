"""What pages show of what people say: built from the door's answer alone, and no wider than the policy's `shows`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Avg, Count, F, QuerySet, Window

from troth.doors.publish import on_show

from .models import IN_FORCE, Permission, Photo, Remark
from .rules import KINDS

ON_A_PAGE = 10
ON_A_PRODUCT = 3
NAMELESS = "Somebody who shops with us"
SAY = {1: "1 star", **{n: f"{n} stars" for n in range(2, 6)}}


@dataclass(frozen=True)
class Sight:
    """A picture on a page: where it is, and its size, so that nothing moves when it comes."""

    photo: UUID
    width: int
    height: int


@dataclass(frozen=True)
class Shown:
    """A remark as anybody sees it. There is no address in it, and no number of a person's."""

    remark: UUID
    name: str
    words: str
    stars: int | None
    bought: bool
    said_at: datetime
    pictures: tuple[Sight, ...]

    @property
    def out_of_five(self) -> str:
        return SAY[self.stars] + " out of 5" if self.stars else ""

    @property
    def drawn(self) -> str:
        return "★" * (self.stars or 0) + "☆" * (5 - (self.stars or 0))


@dataclass(frozen=True)
class Voices:
    """What is said about one thing: how many say something, how many stars they give, and some of it."""

    count: int
    average: float | None  # none where nobody gave stars
    shown: tuple[Shown, ...]

    @property
    def drawn(self) -> str:
        whole = int((self.average or 0) + 0.5)
        return "★" * whole + "☆" * (5 - whole)


def said(brand: str, about: str, kind: str, *, at: datetime, first: int = 0, most: int = ON_A_PAGE) -> Voices:
    """Return what is shown about one thing, the newest first: three queries, one of them for keys, however much it is.

    Where nobody has said anything it is one. `average` and `count` are of all, whichever are asked for.
    """
    rows = _shown().filter(brand=brand, about=about, kind=kind)
    page = list(
        rows.annotate(total=Window(Count("pk")), mean=Window(Avg("stars"))).order_by("-said_at", "-pk")[
            first : first + most
        ]
    )
    if not page:
        return Voices(0, None, ())
    return Voices(page[0].total, page[0].mean, _opened(brand, kind, page, at))


def praised(brand: str, *, at: datetime, most: int = ON_A_PAGE) -> tuple[Shown, ...]:
    """Return the kind words that may be quoted on our sites at this moment, the newest first."""
    allowed = Permission.objects.filter(IN_FORCE, medium="online").values("remark")
    rows = _shown().filter(brand=brand, kind="testimonial", pk__in=allowed).order_by("-said_at", "-pk")
    page = list(rows[:most])
    return _opened(brand, "testimonial", page, at) if page else ()


def photo(pk: UUID, brand: str, *, at: datetime) -> tuple[str, bytes] | None:
    """Return a picture that is shown on a brand's pages, and its media type; None where there is no such picture."""
    found = Photo.objects.filter(pk=pk, event_at=None, entry__gt=0, remark__state="shown", remark__brand=brand)
    rows = list(found.annotate(said=F("remark__kind"), of=F("remark")))
    if not rows or (rows[0].said == "testimonial" and not _quoted(rows[0].of)):
        return None
    kind = KINDS[rows[0].said]
    for row, values in on_show(kind.shown_for, rows, brand=brand, channel="online", given=_given(rows[0].said), at=at):
        return f"image/{row.kind}", values["image"]
    return None


def _quoted(remark: UUID) -> bool:
    return Permission.objects.filter(IN_FORCE, remark=remark, medium="online").exists()


def _shown() -> QuerySet[Any]:
    return Remark.objects.filter(state="shown", entry__gt=0)


def _given(kind: str) -> tuple[str, ...]:
    """Kind words are looked for by their permission: whoever gets here has seen it."""
    return ("medium", "permission") if kind == "testimonial" else ()


def _opened(brand: str, kind: str, rows: Sequence[Remark], at: datetime) -> tuple[Shown, ...]:
    door = on_show(KINDS[kind].shown_for, rows, brand=brand, channel="online", given=_given(kind), at=at)
    return tuple(_view(row, values) for row, values in door)


def _view(row: Remark, values: dict[str, Any]) -> Shown:
    sights = tuple(Sight(UUID(photo), width, height) for photo, width, height in row.pictures)
    return Shown(row.pk, values["name"] or NAMELESS, values["words"], row.stars, row.bought, row.said_at, sights)
