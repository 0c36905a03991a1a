"""Do-not-call and mail preference lists: read from their files, each whole, with the day it is of.

    read_list("tps", lines, dated=date(2026, 11, 20), at=now)

Who of ours is on one is marked, and who is no longer on it is not: decisions, counts and releases see it at once. The
file itself is not kept. Source: PECR reg 21; 47 CFR 64.1200(c); the Mailing Preference Service's code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F

from troth.policy.acts import LISTED_PHONE, LISTED_POST
from troth.vault.errors import BadIdentifier
from troth.vault.marks import mark_of
from troth.vault.models import Identifier, Person

from .campaign_models import Screening
from .errors import BadFile

LISTS: Final = {"tps": ("phone", "GB"), "dnc": ("phone", "US"), "mps": ("postal", "GB")}
FLAG: Final = {"phone": LISTED_PHONE, "postal": LISTED_POST}
NEEDS: Final = {"phone": {"GB": "tps", "US": "dnc"}, "post": {"GB": "mps"}}  # by the channel and where people live
FRESH: Final = timedelta(days=28)  # a list may be so old: PECR reg 21(3) gives a listing 28 days to count
MOST_BAD: Final = 0.2  # of a file's rows; above it, it is another file
CHUNK: Final = 1_000
HERE: Final = frozenset({"united kingdom", "uk", "gb", "great britain"})  # a preference file's own country


def read_list(
    kind: str, lines: Iterable[str], *, dated: date, at: datetime, dry_run: bool = False,
    step: Callable[[int], object] | None = None,
) -> Screening:  # fmt: skip
    """Read a whole list, one number or address a line. Read again, it marks the same people. Raises BadFile.

    A file that is not a list changes nothing; one dated ahead, or older than the last one of its kind, is refused.
    `step` is told after each block how many lines were read. A rehearsal counts, and marks nobody.
    """
    if kind not in LISTS:
        raise BadFile(f"There is no list called that. There are: {', '.join(LISTS)}.")
    newest = Screening.objects.filter(kind=kind).order_by("-dated").first()
    if dated > at.date() + timedelta(days=1) or (newest and dated < newest.dated):
        raise BadFile("That file is of a day ahead of us, or older than the one that was read last.")
    sort, region = LISTS[kind]
    found, rows, bad = set[UUID](), 0, 0
    wanted = (line.strip() for line in lines)
    filled = (line for line in wanted if line)
    while some := list(islice(filled, CHUNK)):
        marks = list(_marks(sort, region, some))  # a number may well stand there twice
        rows, bad = rows + len(some), bad + len(some) - len(marks)
        kinds = ("phone", "mobile") if sort == "phone" else (sort,)
        found |= set(
            Identifier.objects.filter(kind__in=kinds, mark__among=set(marks)).values_list("person_id", flat=True)
        )
        if step:
            step(rows)
    if not rows or bad > rows * MOST_BAD:
        raise BadFile(f"Of {rows:,} lines {bad:,} are no {sort} entries: this seems to be another file.")
    made = Screening(kind=kind, dated=dated, read_at=at, rows=rows, bad=bad, ours=len(found))
    if dry_run:
        return made
    with transaction.atomic():
        made.save()
        _mark(FLAG[sort], region, found)
    return made


def _marks(sort: str, region: str, some: list[str]) -> Iterator[bytes]:
    for line in some:
        try:
            yield mark_of(sort, _tidy(line) if sort == "postal" else line, region)
        except BadIdentifier:
            continue


def _tidy(line: str) -> str:
    """Return an address as ours are written: commas with one space behind, and no country at the end.

    >>> _tidy(" 3 Weir Lane ,Bath,,  BA1 1AA, United Kingdom")
    '3 Weir Lane, Bath, BA1 1AA'
    """
    parts = [part for part in (part.strip() for part in line.strip(' "').split(",")) if part]
    return ", ".join(parts[:-1] if parts and parts[-1].casefold() in HERE else parts)


def _mark(flag: int, region: str, found: set[UUID]) -> None:
    """Set the flag for those found, and take it from others whom this list is about."""
    here = Person.objects.annotate(has=F("flags").bitand(flag))
    about = here.filter(residence__startswith=region, has=flag)
    gone = [pk for pk in about.values_list("pk", flat=True) if pk not in found]
    Person.objects.filter(pk__among=gone).update(flags=F("flags").bitand(~flag & 0x7FFF))
    new = list(here.filter(has=0, pk__among=list(found)).values_list("pk", flat=True))
    Person.objects.filter(pk__among=new).update(flags=F("flags").bitor(flag))


def missing(channel: str, residences: Iterable[str], on: date) -> list[str]:
    """Return a sentence for each list that a campaign needs and that is not there, or too old."""
    said = []
    for country, kind in NEEDS.get(channel, {}).items():
        if not any(residence == "*" or residence.startswith(country) for residence in residences):
            continue
        newest = Screening.objects.filter(kind=kind).order_by("-dated").first()
        if newest is None:
            said.append(f"The {kind.upper()} list was never read. Read it first: people in {country} are on this list.")
        elif on - newest.dated > FRESH:
            said.append(
                f"The {kind.upper()} list is of {newest.dated:%d %B %Y}, more than 28 days ago. Read a new one."
            )
    return said
