"""What somebody else could be harmed by in an answer: found, proposed to an officer, and blacked out before release."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from troth.doors.use import use

from . import rules, seeing
from .models import Note
from .packet import written
from .seeing import Packet, Thing

OWN: Final = ("identity.name", "contact.", "shared.username", "social.social_handle")


@dataclass(frozen=True)
class Passage:
    """A value in an answer that may speak of somebody else."""

    place: str  # model, row and field: as a note names it
    say: str
    text: str
    others: tuple[str, ...]


def place_of(thing: Thing) -> str:
    return f"{thing.model}:{thing.row}:{thing.item}"


def suspects(found: Packet) -> Iterator[Passage]:
    """Yield every free text in a packet that may name somebody else."""
    data = found.compiled.policy.data
    own = [written(thing.item, thing.value) for thing in found.things if thing.item.startswith(OWN)]
    own += [word for name in own for word in name.split() if len(word) > 2]
    for thing in found.things:
        if data[thing.item.partition(".")[0]].care == "free text":
            text = written(thing.item, thing.value)
            if others := rules.others_in(text, own):
                yield Passage(place_of(thing), thing.say, text, tuple(others))


def decided(person: UUID) -> set[str]:
    """Return the places an officer has read already: withheld, or found to be about nobody else."""
    return set(Note.objects.filter(person_id=person, what__in=("withhold", "fine")).values_list("place", flat=True))


def withheld(person: UUID) -> dict[str, Note]:
    """Return what is withheld of a person's answers, by place; the newest word on each counts."""
    return {one.place: one for one in Note.objects.filter(person_id=person, what="withhold").order_by("at", "pk")}


def released(person: UUID, at: datetime, *, brand: str) -> Packet:
    """Return what is shown and handed out: all that is held, with what is withheld blacked out wherever it is shown."""
    found = seeing.see(person, at, brand=brand)
    notes = withheld(found.person)
    if not notes:
        return found
    with use("rights", person=found.person, brand=brand, at=at) as u:
        cuts = {place: (one.code, u.open(one.words)["passages"]) for place, one in notes.items()}
    own = {one.pk for one in notes.values()}  # they hold the very words that are withheld
    held = [
        msgspec.structs.replace(
            row, values={i: _cut(f"{row.model}:{row.row}:{i}", v, cuts) for i, v in row.values.items()}
        )
        for row in found.held
        if row.row not in own
    ]
    return replace(found, held=held)


def _cut(place: str, fields: dict[str, Any], cuts: dict[str, tuple[str, list[str]]]) -> dict[str, Any]:
    if place not in cuts:
        return fields
    code, passages = cuts[place]
    return {name: rules.blacked(value, passages, code) for name, value in fields.items()}
