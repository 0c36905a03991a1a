"""Channels that somebody fetches from: who rings the next number, who prints the letters, who is there to be invited.

Fetching is the release: each person is decided on once more at that moment, and only then is a number or an address
out. What was fetched is not fetched again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from troth.doors.collect import collect
from troth.doors.contact import Outgoing
from troth.doors.disclose import disclose
from troth.doors.errors import Refused
from troth.doors.models import Message
from troth.vault.models import Identifier, Profile

from . import stopping
from .campaign_models import Call, Campaign
from .channels import post
from .channels.phone import OUTCOMES
from .errors import NotNow
from .release import Shown, fetch

PRINTED = 500  # letters a file
HOUSE = "mailing_house"


@dataclass(frozen=True)
class Next:
    """The next call: what to ring and what to say. Shown to one of us, and kept nowhere."""

    message: UUID
    number: str
    script: str


def next_call(one: Campaign, *, home: str = "") -> Next | None:
    """Hand out the next number, if anybody may still be rung now. None once there is nobody, or not at this hour."""
    while True:
        shown = Shown()
        went = fetch(one, shown, most=1, home=home)
        if went and shown.message:
            return Next(went[0].pk, shown.message.address, str(shown.message.content["script"]))
        if not _due(one):
            return None


def _due(one: Campaign) -> bool:
    from troth.doors import policies  # noqa: PLC0415

    one.refresh_from_db()
    waiting = Message.objects.filter(group=one.pk, state="queued", not_before__lte=policies.now())
    return one.state == "sending" and waiting.exists()


def called(one: Campaign, message: UUID, outcome: str, *, note: str = "", by: UUID, at: datetime) -> Call:
    """Write down what came of a call; a no counts at once. Written twice, the first stands. Raises NotNow.

    For a page or job that declares "administration" and "proof".
    """
    row = Message.objects.filter(pk=message, group=one.pk, state="sent").first()
    if row is None or outcome not in OUTCOMES:
        raise NotNow("write down", "there is no such call, or no such outcome")
    if outcome == "stop":
        stopping.stop(one, row.person_id, place="call", at=at)  # their word; `Call.caller` wrote it down
    known: Call | None = Call.objects.filter(message=message).first()
    if known:
        return known
    made = Call(person_id=row.person_id, campaign=one.pk, message=message, caller=by, outcome=outcome)
    made.note = note[:400]
    with collect("administration", source="messages", brand=one.whom.brand, person=row.person_id, at=at) as c:
        c.save(made)
    return made


def printed(one: Campaign, *, most: int = PRINTED, home: str = "") -> tuple[bytes, int]:
    """Return letters ready to print, a sheet each, as one PDF, and how many. They are released by this."""
    bag = post.Bag()
    fetch(one, bag, most=most, home=home)
    return (bag.bytes() if bag.sheets else b""), bag.sheets


def for_mailing_house(one: Campaign, *, most: int = PRINTED) -> tuple[str, int]:
    """Return what our mailing house gets, CSV of names and addresses, and how many: a disclosure of its own.

    Whoever may be written to and not be handed on is left out, and their message is refused.
    """
    opened: dict[UUID, tuple[str, str]] = {}
    went = fetch(one, _on_the_list, most=most, written=_Handed(one, opened))
    return post.table(opened[row.person_id] for row in went), len(went)


def _on_the_list(message: Outgoing, *, give_up_after: int) -> None:
    """Hand over by leaving a line in the file."""


@dataclass(frozen=True)
class _Handed:
    """Opens names and addresses at the door of disclosures, once the door of messages said yes."""

    one: Campaign
    opened: dict[UUID, tuple[str, str]]

    def __call__(self, people: Collection[UUID]) -> Mapping[UUID, Mapping[str, Any]]:
        plan, names, houses = self.one.whom, dict[UUID, str](), dict[UUID, str]()
        try:
            with disclose(
                plan.purpose, to=HOUSE, brand=plan.brand, people=people, actor=plan.actor, given=plan.given,
                items=["identity.name", "contact.home_address"], channel=plan.channel, topic=plan.topic,
            ) as d:  # fmt: skip
                for row in Profile.objects.of(people).order_by("id"):
                    if row.person_id not in d.refused:
                        names[row.person_id] = d.open(row.name) or ""
                for where in Identifier.objects.of(people).filter(kind="postal").order_by("id"):
                    if where.person_id not in d.refused:
                        houses.setdefault(where.person_id, d.open(where.value))
        except Refused:  # of one person alone
            return {}
        made = {person: {"name": names.get(person, ""), "address": houses[person]} for person in houses}
        self.opened.update({person: (one["name"], one["address"]) for person, one in made.items()})
        return made


def invitation(one: Campaign, person: UUID, *, home: str = "") -> Mapping[str, Any] | None:
    """Return the words that invite somebody who is here now, if they may be invited; shown once."""
    shown = Shown()
    went = fetch(one, shown, most=1, person=person, home=home)
    return shown.message.content if went and shown.message else None
