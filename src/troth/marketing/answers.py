"""What people answer to a text: a stop counts at once and is confirmed once, plain words go to a person.

    hear(incoming, at=now)     # "stop", "start", "person" or "again"

Source: FCC 24-24, 47 CFR 64.1200(a)(10)-(12): any reasonable way; one confirmation within five minutes, no promotion.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from troth.choices.actions import suppress
from troth.doors import policies
from troth.doors.collect import choose, collect
from troth.doors.contact import contact
from troth.doors.handling import cards_in
from troth.partners.sms import Incoming
from troth.policy import Compiled
from troth.vault import identity
from troth.vault.errors import BadIdentifier
from troth.vault.normal import normalise

from . import stopping, template_check
from .campaign_models import Heard, Reply
from .channels.sms import PERSON, START, STOP, heard

AGAIN: Final = "again"
PLACE: Final = "text message"
CONFIRMED: Final = (
    "{sender}: you will get no more texts or calls of this kind from any of our brands. Reply START to undo."
)


def hear(what: Incoming, *, at: datetime) -> str:
    """Take what came in, once. A number that nobody of ours has is put on the stop list all the same."""
    mark = hashlib.sha256(what.id.encode()).digest()
    if Heard.objects.filter(mark=mark).exists():
        return AGAIN
    meant, compiled = heard(what.text), policies.archive().in_force(policies.today())
    brand = what.brand if what.brand in compiled.policy.brands else next(iter(compiled.policy.brands))
    try:
        normal = normalise("mobile", what.number)
    except BadIdentifier:
        return PERSON
    people = identity.owners("mobile", what.number)
    if meant == STOP:
        _stopped(compiled, people, normal, brand, mark, at)
    elif meant == START and len(people) == 1:
        _started(compiled, people.pop(), brand, at)
    elif meant == PERSON:
        for person in people:
            keep(person, brand, what.text, at)
    # Last: what was cut short before it is done again, and every step above is one that may be.
    try:
        with transaction.atomic():
            Heard.objects.create(mark=mark, at=at)
    except IntegrityError:
        return AGAIN
    return meant


def _stopped(compiled: Compiled, people: set[UUID], normal: str, brand: str, mark: bytes, at: datetime) -> None:
    """Write the no down for everybody who has this number, and for the number itself; confirm it to one of them."""
    wanted = stopping.all_by_number(compiled)
    new = [person for person in sorted(people) if not stopping.stopped(compiled, person, wanted, at)]
    suppress("mobile", normal, because="stop", at=at)
    for person in new:
        choose("objection", *wanted, person=person, brand=brand, place=PLACE, wording="STOP, as a text message", at=at)
    if new:
        text = template_check.filled(CONFIRMED, {"sender": template_check.sender(compiled, brand)})
        contact(
            new[0], purpose="stop_list", channel="sms", brand=brand, content={"text": text},
            once=f"stop:{mark.hex()[:40]}", at=at,
        )  # fmt: skip


def _started(compiled: Compiled, person: UUID, brand: str, at: datetime) -> None:
    """Take a yes back to texts of one brand's own news: written by them, and no wider than what they can mean."""
    if "sms" in compiled.policy.choices["news"].channels:
        choose(
            "consent", f"news:{brand}:sms", person=person, brand=brand, place=PLACE,
            wording="START, as a text message", at=at,
        )  # fmt: skip


def keep(person: UUID, brand: str, text: str, at: datetime) -> None:
    """Keep what no machine may guess at, until one of us has read it."""
    row = Reply(person_id=person, brand=brand)
    row.words = text if not cards_in(text) else "(a card number stood here: it was not kept)"
    with collect("care", source="care", brand=brand, person=person, actor="person", at=at) as c:
        c.save(row)
