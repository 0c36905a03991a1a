"""Audiences at an advert partner: scrambled addresses for one campaign, and taking people out again in time.

    made, file = hand_over("Winter coats", matching("tarn"), by=agent, at=now)   # a disclosure, in the register
    note(now)                              # a chore: who has to come out, and by when
    removal_file(made, now)                # only the ids the partner knows them by
    confirmed(made, now)                   # the partner has taken those out

Whoever has not said yes, is under age, has a signal against it, or lives where nothing protects data at the partner's
is not on the list: that is the policy's one answer, asked of everybody at once and again as each row is written.
Source: R50, R52; GDPR art. 7(3), 19 and 21(3); the policy's [purposes.audiences] and [recipients.ad_partners].
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Count, Q
from pyroaring import BitMap

from troth.choices.models import Event
from troth.choices.rules import NO, SIGNALS
from troth.doors import policies
from troth.doors.declare import job
from troth.doors.disclose import disclose
from troth.doors.errors import Refused
from troth.ledger import actions as ledger
from troth.ledger.entry import Entry
from troth.policy import Act, Compiled
from troth.vault.models import Identifier

from . import audience, segments
from .advert_models import Advert, AdvertMember
from .audience import Plan
from .audiences import named
from .errors import NotFit
from .segments import Condition

PURPOSE: Final = "audiences"
PARTNERS: Final = "ad_partners"
ITEM: Final = "contact.email"
KIND: Final = "email"
CHUNK: Final = 1_000
# Who is in it was told: the yes it needs is a yes to a question that says just this, and lapses when that says more.
STATED: Final = frozenset({"campaign", "notice"})
HEAD: Final = "member,email_sha256\n"
NO_ONE: Final = "Nobody may be in it now. Count first: the reasons stand beside the numbers."


@dataclass(frozen=True)
class Matching(Plan):
    """Whom to look for at the partner. Permission is that of the disclosure, not of a message."""

    def acts(self, compiled: Compiled) -> list[Act]:
        act = Act(
            "disclose", self.purpose, self.brand, frozenset({ITEM}), to=PARTNERS, actor=self.actor, given=self.given,
            form="hashed",
        )  # fmt: skip
        return [act, *super().acts(compiled)[1:]]


def matching(brand: str, segment: Sequence[Condition] = ()) -> Matching:
    """Return the plan of an audience: `count`, `answer` and `freeze` take it as they take any other."""
    return Matching(PURPOSE, brand, KIND, segment=tuple(segment), given=STATED)


def hand_over(name: str, plan: Matching, *, by: UUID, at: datetime) -> tuple[Advert, str]:
    """Write one audience's file, a row a person, and remember who is in it. Not idempotent: each file is a release.

    Rows are in an order that tells nothing. Raises NotFit where nobody may be in it, NoSuchFact.
    """
    frozen = audience.freeze(plan, at)
    rows: list[tuple[AdvertMember, str]] = []
    with transaction.atomic():
        made = Advert.objects.create(
            name=name.strip()[:80] or "An audience", brand=plan.brand, to=PARTNERS, audience=frozen, made_by=by,
            made_at=at, size=0,
        )  # fmt: skip
        for numbers in _chunks(frozen.numbers()):
            people = {person: number for number, person in named(numbers)}
            for person, scrambled in _opened(plan, list(people), at):
                rows.append((AdvertMember(id=uuid4(), advert=made, number=people[person]), scrambled))
        if not rows:
            raise NotFit((NO_ONE,))
        AdvertMember.objects.bulk_create([member for member, _ in rows], batch_size=CHUNK)
        made.size = len(rows)
        made.save(update_fields=["size"])
    lines = sorted(f"{member.pk},{scrambled}\n" for member, scrambled in rows)
    return made, HEAD + "".join(lines)


def _chunks(numbers: BitMap) -> Iterator[BitMap]:
    for start in range(0, len(numbers), CHUNK):
        yield numbers[start : start + CHUNK]


def _opened(plan: Matching, people: list[UUID], at: datetime) -> Iterator[tuple[UUID, str]]:
    """Yield each person with their scrambled address, decided on once more; whoever is refused now is left out."""
    mailboxes: dict[UUID, Identifier] = {}
    for row in Identifier.objects.filter(person_id__among=people, kind=KIND).order_by("seen_at"):
        mailboxes[row.person_id] = row
    them = list(mailboxes)
    if not them:
        return
    try:
        with disclose(
            plan.purpose, to=PARTNERS, brand=plan.brand, people=them, items=[ITEM], actor=plan.actor,
            given=plan.given, form="hashed", at=at,
        ) as d:  # fmt: skip
            for person, row in mailboxes.items():
                if person not in d.refused:
                    yield person, d.open(row.value)
    except Refused:  # there was one person alone
        return


# -- taking people out -------------------------------------------------------------------------------------------------


def end(one: Advert, at: datetime) -> None:
    """End a campaign: everybody comes out, within the policy's time."""
    Advert.objects.filter(pk=one.pk, ended_at=None).update(ended_at=at)
    one.refresh_from_db()
    _note(one, at)


def note(at: datetime) -> int:
    """Find who has to come out of which audience, and by when. Safe to run again; run it every minute."""
    with job(PURPOSE, segments.PLANS):
        return sum(_note(one, at) for one in Advert.objects.filter(members__due=None).distinct().order_by("made_at"))


def _note(one: Advert, at: datetime) -> int:
    """Note those in an audience whom its own rule would not let in now: a no, a birthday, a move, or forgotten."""
    inside = BitMap(one.members.filter(due=None).values_list("number", flat=True))
    plan = replace(Matching.read(one.audience.plan), segment=())  # whoever leaves a segment has not said no
    gone = inside - (BitMap() if one.ended_at else audience.listed(plan, at))
    said, compiled = _said_no(one, gone, at), policies.archive().in_force(policies.today())
    by_due: dict[date, list[int]] = {}
    for number in gone:
        by_due.setdefault(due(compiled, one.to, said.get(number, one.ended_at or at)), []).append(number)
    for last, numbers in by_due.items():
        for start in range(0, len(numbers), CHUNK):
            one.members.filter(due=None, number__in=numbers[start : start + CHUNK]).update(due=last)
    return len(gone)


def due(compiled: Compiled, to: str, since: datetime) -> date:
    """Return the last day for it: the policy's time, from the day it was said where the house stands."""
    day, recipient = policies.house_day(since), compiled.policy.recipients.get(to)
    return recipient.remove.after(day) if recipient and recipient.remove else day


def _said_no(one: Advert, gone: BitMap, at: datetime) -> Mapping[int, datetime]:
    """Return when each of them first said no to it since: the time runs from there, not from when we noticed."""
    compiled = policies.archive().in_force(policies.today())
    meant, found = compiled.book.meant, dict[int, datetime]()
    wanted = meant(f"{PURPOSE}:{one.brand}") | meant(PURPOSE)
    for numbers in _chunks(gone):
        people = {person: number for number, person in named(numbers)}
        events = Event.objects.filter(person_id__among=list(people), kind__in=NO, at__gt=one.made_at, at__lte=at)
        for person, kind, pattern, when in events.order_by("-at").values_list("person_id", "kind", "pattern", "at"):
            if kind in SIGNALS or meant(pattern) & wanted:
                found[people[person]] = when
    return found


class Waiting(NamedTuple):
    """How many must come out of an audience, and by when the first."""

    people: int
    due: date | None
    told: int  # of these: were in a removal file that the partner has not confirmed


def waiting(one: Advert) -> Waiting:
    rows = one.members.filter(out_at=None).exclude(due=None)
    told = rows.aggregate(n=Count("pk"), told=Count("pk", filter=~Q(told_at=None)))
    return Waiting(told["n"], rows.order_by("due").values_list("due", flat=True).first(), told["told"])


def removal_file(one: Advert, at: datetime) -> str:
    """Return the ids to take out, and note that the partner was told. Repeated until it is confirmed.

    It names nobody: an id is good for this audience alone. Its digest is in the ledger.
    """
    with transaction.atomic():
        rows = one.members.filter(out_at=None).exclude(due=None)
        ids = sorted(str(pk) for pk in rows.values_list("pk", flat=True))
        if not ids:
            raise NotFit(("Nobody has to come out of it now.",))
        rows.update(told_at=at)
        file = "".join(["member\n", *(f"{pk}\n" for pk in ids)])
        _record(one, "removal", at, len(ids), file)
    return file


def confirmed(one: Advert, at: datetime) -> int:
    """Note that the partner took out everybody it was told of; nothing leads from the id to them any more."""
    with transaction.atomic():
        rows = one.members.filter(out_at=None).exclude(told_at=None)
        count = rows.update(out_at=at, number=0)
        if count:
            _record(one, "removed", at, count)
    return count


def _record(one: Advert, code: str, at: datetime, count: int, file: str = "") -> None:
    digest = base64.b64encode(hashlib.sha256(file.encode()).digest()).decode() if file else ""
    compiled = policies.archive().in_force(policies.today())
    facts: dict[str, str | int] = {"audience": str(one.pk), "people": count}
    ledger.record(
        Entry(
            at=at, verb="disclose", purpose=PURPOSE, brand=one.brand, to=one.to, actor="marketer", code=code,
            clause=f"recipients.{one.to}.remove", policy=compiled.digest,
            facts=facts | ({"digest": digest} if digest else {}),
        )
    )  # fmt: skip
