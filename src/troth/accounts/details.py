"""My details: what somebody gave us about themselves, read for them and changed by them (policy form my_details, R76).

A change comes in by `collect` like everything else, so it has a source, a day and an entry in the ledger. Those who
decide for themselves what they do with data (`role = "controller"`) and got the old value are told by our officer: a
request to correct is opened for it, with its clock and its page. Who acts for us gets the new value with the next
thing we ask of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from troth.doors import policies
from troth.doors.acting import whole
from troth.doors.collect import Collecting, collect
from troth.doors.use import use
from troth.policy.wording import listed
from troth.rights import doing
from troth.vault import identity
from troth.vault.marks import mark_of
from troth.vault.models import Identifier, Person, Profile

from . import letters
from .actions import EMPTIED
from .errors import BadForm

OLDEST: Final = timedelta(days=120 * 365.25)
NUMBERS: Final = ("phone", "mobile")


@dataclass(frozen=True)
class Details:
    """What stands, or is to stand, of a person in their account."""

    name: str = ""
    birth_date: date | None = None
    phone: str = ""
    mobile: str = ""


def profile_of(person: UUID) -> Profile | None:
    """Return the newest profile: after two records were joined there is one of each half."""
    found: Profile | None = Profile.objects.filter(person_id=person).order_by("-seen_at").first()
    return found


def _numbers(person: UUID) -> dict[str, Identifier]:
    rows = Identifier.objects.filter(person_id=person, kind__in=NUMBERS).exclude(evidence=EMPTIED).order_by("seen_at")
    return {row.kind: row for row in rows}


def read(person: UUID, brand: str, at: datetime) -> tuple[Details, str]:
    """Return what stands of a person, and their email address, opened with one entry in the ledger."""
    profile, numbers = profile_of(person), _numbers(person)
    proved = Identifier.objects.filter(person_id=person, kind="email", verified_at__isnull=False).first()
    asked = {"name": profile.name, "birth_date": profile.birth_date} if profile else {}
    asked |= {kind: row.value for kind, row in numbers.items()} | ({"email": proved.value} if proved else {})
    with use("account", brand=brand, person=person, actor="person", at=at) as u:
        opened = list(u.open(*asked.values())) if len(asked) > 1 else [u.open(one) for one in asked.values()]
    told = dict(zip(asked, opened, strict=True))
    texts = {name: told.get(name) or "" for name in ("name", *NUMBERS)}
    return Details(birth_date=told.get("birth_date"), **texts), told.get("email") or ""


def born(text: str, person: UUID, today: date) -> date | None:
    """Return a date of birth as typed: day, month, year in figures, or as a browser sends it. Raises BadForm.

    It never makes anybody older than we know them to be, nor younger: the age they joined with protects children, and
    is not changed here.
    """
    if not text.strip():
        return None
    try:
        day = _day(text.strip())
    except ValueError:
        raise BadForm({"birth_date": "Please write it as day, month and year, such as 18/12/1990."}) from None
    if not today - OLDEST < day < today:
        raise BadForm({"birth_date": "This cannot be a date of birth."})
    them = Person.objects.get(pk=person)
    known, years = them.age(today), today.year - day.year - ((today.month, today.day) < (day.month, day.day))
    if known is not None and years < known:
        say = "By this date you would be younger than you told us when you joined. If it is right, write to us."
        raise BadForm({"birth_date": say})
    return day


def _day(text: str) -> date:
    """Return a day written in figures. Raises ValueError.

    >>> _day("18/12/1990") == _day("1990-12-18") == _day("18. 12. 1990")
    True
    """
    parts = [part.strip() for part in text.replace(".", "/").replace("-", "/").split("/")]
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError(text)
    year, month, day = parts if len(parts[0]) == 4 else reversed(parts)
    return date(int(year), int(month), int(day))


def change(person: UUID, wanted: Details, brand: str, home: str, at: datetime) -> tuple[list[str], int]:
    """Change what differs from what stands. Returns the items and the entry; nothing and 0 where all was so already.

    The person gets a letter that names what was changed, and no value. Raises BadIdentifier, CardNumber, Refused.
    """
    before, _ = read(person, brand, at)
    if before == wanted:
        return [], 0
    with whole():  # what changed and whom to tell of it stand together, or neither does
        with collect("account", source="account", brand=brand, person=person, actor="person", at=at) as c:
            _save_profile(c, person, before, wanted)
            rows = _numbers(person)
            for kind in NUMBERS:
                if (text := getattr(wanted, kind)) != getattr(before, kind):
                    c.save(_number(person, kind, text, rows.get(kind)))
        items = sorted(c.cover.touched)
        told(person, items, brand, home, c.entry, at)
    return items, c.entry


def _save_profile(c: Collecting, person: UUID, before: Details, wanted: Details) -> None:
    profile = profile_of(person) or Profile(person_id=person)
    if before.name != wanted.name:
        profile.name = wanted.name
        known = Identifier.objects.filter(person_id=person, kind="name", mark=mark_of("name", before.name or "-"))
        for row in known:  # our staff find them by the new name, and by the old one no more
            row.value, row.mark, row.source = wanted.name, mark_of("name", wanted.name), ""
            c.save(row)
    if before.birth_date != wanted.birth_date:
        profile.birth_date = wanted.birth_date
    if profile.given:
        profile.source = ""  # where it comes from now
        c.save(profile)


def _number(person: UUID, kind: str, text: str, row: Identifier | None) -> Identifier:
    """Return the row of a number as it is to be: new, changed, or emptied."""
    if row is None:
        return identity.identifier(person, kind, text)
    row.value, row.mark = (text, mark_of(kind, text)) if text else (None, os.urandom(32))
    row.evidence, row.verified_at, row.source = "stated" if text else EMPTIED, None, ""
    return row


def told(person: UUID, items: Iterable[str], brand: str, home: str, entry: int, at: datetime) -> None:
    """Have everyone told who got the old value, and send the person proof that names them."""
    compiled, items = policies.archive().in_force(policies.today()), list(items)
    what, known = listed([compiled.book.labels[item].say for item in items]), compiled.policy.recipients
    words = f"Corrected in the account: {what}. Whoever got what stood there before is told."
    others = doing.corrected(person, items, brand=brand, home=home, words=words, entry=entry, at=at)
    letters.write("corrected", person, brand, at, link=home, once=f"{entry}", what=what, entry=str(entry),
                  others=listed([known[name].say or name for name in others]) if others else "")  # fmt: skip
