"""Answers in plain words, which no machine may guess at: what waits, and what one of us found it to mean.

A plain refusal counts as one from when it is read; the law lets people say it in any reasonable way, so somebody reads
each. Source: 47 CFR 64.1200(a)(10); PECR reg 22(3)(c); policy [choices].exits.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from troth.choices.actions import suppress
from troth.doors import policies
from troth.doors.collect import choose
from troth.doors.contact import ADDRESS
from troth.doors.use import use
from troth.policy import Compiled
from troth.vault.models import Identifier
from troth.vault.normal import normalise

from . import stopping
from .campaign_models import Reply
from .errors import NotNow

NUMBERS, ALL, NOTHING = "numbers", "all", "nothing"
MEANS: Final = {
    NUMBERS: "They want no more texts or calls", ALL: "They want no more news in any way",
    NOTHING: "Nothing is to be stopped",
}  # fmt: skip
WORDS: Final = {
    NUMBERS: "in their own words: no more texts or calls", ALL: "in their own words: no more news in any way",
}  # fmt: skip
PLACE: Final = "an answer, read by us"


def waiting() -> list[Reply]:
    """Return what nobody has read yet, the oldest first. Nothing of it is opened."""
    return list(Reply.objects.filter(read_at=None).order_by("seen_at", "id"))


def settle(row: Reply, means: str, *, at: datetime, given: frozenset[str]) -> bool:
    """Write down what an answer means, and take the no in it. Settled again, nothing more is done: False.

    `given`: what the look of whoever reads it can show. For a page that declares "proof", "care" and "stop_list".
    Raises NotNow, StillSending.
    """
    if means not in MEANS:
        raise NotNow("settle", "an answer means one of three things")
    if row.read_at:
        return False
    compiled = policies.archive().in_force(policies.today())
    if means != NOTHING:
        wanted = stopping.all_by_number(compiled) if means == NUMBERS else _all_news(compiled)
        choose(
            "objection", *wanted, person=row.person_id, brand=row.brand, place=PLACE, wording=WORDS[means], at=at
        )  # fmt: skip
        _off_the_list(row, at, given)
    return bool(Reply.objects.filter(pk=row.pk, read_at=None).update(read_at=at))


def _all_news(compiled: Compiled) -> list[str]:
    """Return every question by which we write to sell."""
    purposes, kinds = compiled.policy.purposes, compiled.book.kinds
    sells = {name for purpose, made in purposes.items() if "marketing" in kinds[purpose] for name in made.choice}
    return [
        name for name, choice in compiled.policy.choices.items() if name in sells and ADDRESS.keys() & choice.channels
    ]


def _off_the_list(row: Reply, at: datetime, given: frozenset[str]) -> None:
    """Put their numbers on the stop list, as STOP does: it outlives what else we know of them."""
    numbers = Identifier.objects.filter(person_id=row.person_id, kind__in=("mobile", "phone"), event_at=None)
    with use("care", brand=row.brand, person=row.person_id, actor="care", given=given, at=at) as u:
        opened = [(one.kind, u.open(one.value)) for one in numbers]
    for kind, number in opened:
        suppress(kind, normalise(kind, number), because="stop", at=at)
