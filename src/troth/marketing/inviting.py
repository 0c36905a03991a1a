"""An invitation to a chat, on a page of a shop: whether one waits for whoever is here, and what they answer.

Reading a page changes nothing, so what stands on it is only that a word waits, with a yes and a no of one size. A yes
is the release: the message is decided on, recorded and shown. A no stops this and all of its kind. What somebody then
writes goes to our care people, who read it as they read a text in plain words.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from troth.choices.actions import known
from troth.doors import limits, policies
from troth.doors.contact import act_of
from troth.doors.models import Message
from troth.doors.periods import today

from . import answers, fetching, links, release, stopping
from .campaign_models import Campaign, Heard

CHANNEL: Final = "chat"
PLACE: Final = "chat"
LASTS: Final = timedelta(days=7)  # how long a word waits on our pages before it is left unsaid


@dataclass(frozen=True)
class Waiting:
    """A word that waits for somebody."""

    message: UUID
    why: str  # the key of the page that says why


def waiting(person: UUID, brand: str, at: datetime) -> Waiting | None:
    """Return what waits for somebody, if they may be invited at this moment and had no more than we promise.

    One question where nothing waits; it opens nothing and writes nothing.
    """
    going = Campaign.objects.filter(state="sending").values("pk")
    due = Message.objects.filter(
        person_id=person, brand=brand, channel=CHANNEL, state="queued", group__in=going,
        not_before__lte=at, not_before__gt=at - LASTS,
    )  # fmt: skip
    found = due.order_by("not_before", "id").first()
    if found is None or found.group is None or not _may(found, at):
        return None
    return Waiting(found.pk, links.key(links.WHY, found.group, person))


def _may(row: Message, at: datetime) -> bool:
    compiled = policies.archive().in_force(policies.today())
    people, stands = known([row.person_id], compiled, at)
    them = people.get(row.person_id)
    if them is None:
        return False
    act = act_of(row)._replace(hour=at.astimezone(ZoneInfo(them.zone)).hour)
    decision = compiled.decide(act, stands[row.person_id], today(them, at))
    if not decision.allowed or limits.resting(compiled, act):
        return False
    return not limits.too_often(compiled, act, [row.person_id], at)


def of(person: UUID, brand: str, message: UUID) -> tuple[Campaign, Message] | None:
    """Return the invitation somebody answers; None if it is none of theirs, or of another brand."""
    row = Message.objects.filter(pk=message, person_id=person, brand=brand, channel=CHANNEL).first()
    one = Campaign.objects.filter(pk=row.group).first() if row else None
    return (one, row) if row and one else None


def accepted(one: Campaign, row: Message, *, home: str = "") -> Mapping[str, Any] | None:
    """Release an invitation to whoever said yes to it; None if they may not be invited any more.

    Asked again, it is shown again, and is not released twice.
    """
    found = fetching.invitation(one, row.person_id, home=home)
    if found is None:
        row.refresh_from_db()
        found = release.letters(one, home).to(row.person_id, "") if row.state == "sent" else None
    return found


def declined(one: Campaign, person: UUID, at: datetime) -> int:
    """Take a no from the panel or the chat. Returns its ledger entry, 0 where it stood. Raises StillSending."""
    return stopping.stop(one, person, place=PLACE, at=at)


def written(row: Message, words: str, at: datetime) -> bool:
    """Keep the first words of a chat for our care people. False if they have some of this invitation already.

    For a page that declares "care".
    """
    mark = hashlib.sha256(f"chat:{row.pk}".encode()).digest()
    try:
        with transaction.atomic():
            Heard.objects.create(mark=mark, at=at)
            answers.keep(row.person_id, row.brand, words, at)
    except IntegrityError:
        return False
    return True
