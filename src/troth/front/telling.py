"""Letters before a change that matters: one to everybody we can reach, once a version, and no sooner than it is known.

They go out under the duty of GDPR art. 13(3), so a no to marketing does not stop them; and they sell nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.template.loader import render_to_string
from django.urls import reverse

from troth.accounts.models import Account
from troth.doors.contact import contact
from troth.doors.declare import job
from troth.doors.models import Message
from troth.policy.book import home_of
from troth.policy.diff import diff
from troth.policy.engine import Compiled
from troth.policy.wording import say_day
from troth.vault.models import Identifier, Person

from . import changes

PURPOSE, DUTY = "law", "named duty"
SHOWN = 12  # changes a letter names before it counts the rest


@dataclass(frozen=True)
class Told:
    """How many were written to now, had been before, and could not be."""

    queued: int
    known: int
    refused: int


def late(new: Compiled, old: Compiled, on: date) -> int:
    """Return by how many days a notice comes too late for what the policy in force promises; 0 if in time."""
    notice, day = old.policy.about.notice, new.policy.about.version
    return max(0, (notice.after(on) - day).days) if notice else 0


def letter(old: Compiled, new: Compiled, brand: str) -> dict[str, str]:
    """Return the letter of one brand: the changes that matter, in the words of the page it leads to."""
    found = changes.material(old, new)
    asked = dict.fromkeys(name for change in diff(old, new) if change.material for name in change.ask)
    context = {
        "day": say_day(new.policy.about.version), "shown": found[:SHOWN], "more": max(0, len(found) - SHOWN),
        "asks": [f"{new.policy.choices[name].say}" for name in asked if name in old.policy.choices],
        "link": home_of(old.policy, brand) + reverse("front:coming", args=[brand]), "officer": old.policy.about.officer,
    }  # fmt: skip
    subject, _, text = render_to_string("front/letters/coming.txt", context).strip().partition("\n")
    return {"subject": subject.strip(), "text": f"{text.strip()}\n"}


def notify(old: Compiled, new: Compiled, at: datetime) -> Told:
    """Queue one letter for everybody we have an address of. Safe to stop and to run again: nobody gets two."""
    stem = f"policy:{new.policy.about.version}:"
    letters = {brand: letter(old, new, brand) for brand in old.policy.brands}
    before = set(Message.objects.filter(once__startswith=stem).values_list("once", flat=True))
    queued = known = refused = 0
    with job(PURPOSE):
        for person, brand in _everybody(old):
            once = f"{stem}{person.hex}"
            if once in before:
                known += 1
                continue
            answer = contact(
                person, purpose=PURPOSE, channel="email", brand=brand, content=letters[brand], once=once,
                given=[DUTY], at=at,
            )  # fmt: skip
            queued, refused = queued + bool(answer), refused + (not answer)
    return Told(queued, known, refused)


def _everybody(old: Compiled) -> Iterator[tuple[UUID, str]]:
    """Yield everybody with an address, and the brand to write as: the one their account is with, or the first."""
    first = next(iter(old.policy.brands))
    theirs = dict(Account.objects.values_list("person_id", "brand"))
    gone = set(Person.objects.exclude(merged_into=None).values_list("pk", flat=True))
    people = Identifier.objects.filter(kind="email").order_by("person_id").values_list("person_id", flat=True)
    for person in people.distinct().iterator():
        if person not in gone:
            brand = theirs.get(person, first)
            yield person, brand if brand in old.policy.brands else first
