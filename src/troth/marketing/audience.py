"""Choosing people: permission is part of the question, never a filter afterwards.

    plan = Plan("news", "tarn", "email", "offers", (Condition("orders", ">=", 1, "tarn"), Condition("age", ">=", 25)))
    counted = count(plan)          # who may receive it, and everybody else by the reason why not; adds up to the total
    frozen = freeze(plan)          # the list, kept, with its digest in the ledger
    for ids in frozen.people():    # by the thousand, memory flat
        ...
    answer(plan, person)           # why one person is on the list, or not

The same compiled rules decide as at the doors; see `bitmaps`. A list is a plan, never a permission: everybody on it is
decided on again at the moment of release. Ask outside any transaction.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from pyroaring import BitMap

from troth.choices.actions import standings
from troth.doors import policies
from troth.doors.contact import ADDRESS
from troth.doors.declare import must_declare
from troth.doors.errors import Refused
from troth.doors.periods import today
from troth.doors.use import use
from troth.ledger import actions as ledger
from troth.ledger.entry import Entry
from troth.policy import Act, Compiled, Decision, Reason
from troth.policy.book import group
from troth.vault.models import Identifier, Person

from . import segments
from .audiences import CHUNK, Audience, Numbered, digest_of, named, people_of
from .bitmaps import ALL, KIND, NOBODY, Reach, Sorting, days_at, first
from .following import Index, held, replayed, tend
from .segments import Condition

__all__ = ["Again", "Audience", "Condition", "Counts", "Line", "Plan", "answer", "as_of", "count", "freeze", "sample"]

NOON: Final = 12  # quiet hours are asked about at release, by the clock where each person is
MARKETER: Final = "marketer"
CAMPAIGN: Final = frozenset({"campaign"})


@dataclass(frozen=True)
class Plan:
    """Whom to write to, and about what. Names are those of the policy.

    `sender`: one of its companies, if not the brand's own.
    """

    purpose: str
    brand: str
    channel: str
    topic: str = ""
    segment: Sequence[Condition] = ()
    sender: str = ""
    actor: str = MARKETER
    given: frozenset[str] = CAMPAIGN

    def acts(self, compiled: Compiled) -> list[Act]:
        """Return what everybody on the list must have said yes to, or not no: the message, and being chosen so.

        What the campaign's own purpose uses, its message may be chosen by. Anything else a segment looks at is a use
        of its own, for the purpose its fact names. Raises NoSuchFact.
        """
        segments.check(self.segment)
        book, wanted = compiled.book, [segments.fact(one.fact) for one in self.segment]
        purpose = compiled.policy.purposes.get(self.purpose)
        uses = book.items(purpose.uses) if purpose else frozenset()
        own: set[str] = set()
        others: dict[str, set[str]] = {}
        for fact in wanted:
            (own if fact.items <= uses else others.setdefault(fact.purpose, set())).update(fact.items)
        contact = Act(
            "contact", self.purpose, self.brand, frozenset(own),
            channel=self.channel, topic=self.topic, actor=self.actor, given=self.given, hour=NOON,
        )  # fmt: skip
        return [contact, *(self._chosen(compiled, name, frozenset(items)) for name, items in sorted(others.items()))]

    def _chosen(self, compiled: Compiled, purpose: str, items: frozenset[str]) -> Act:
        made = compiled.policy.purposes.get(purpose)
        form = made.form if made else "plain"
        return Act("use", purpose, self.brand, items, actor=self.actor, given=self.given, form=form or "plain")

    @property
    def said(self) -> dict[str, Any]:
        """Return the plan as JSON; `Plan.read` reads it again."""
        segment = [[one.fact, one.op, _plain(one.value), one.brand] for one in self.segment]
        return {
            "purpose": self.purpose, "brand": self.brand, "channel": self.channel, "topic": self.topic,
            "segment": segment, "sender": self.sender, "actor": self.actor, "given": sorted(self.given),
        }  # fmt: skip

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Plan:
        segment = tuple(Condition(*one) for one in said["segment"])
        return cls(**{**said, "segment": segment, "given": frozenset(said["given"])})


def _plain(value: Any) -> Any:  # noqa: ANN401 -- whatever a condition compares with
    return value.isoformat() if isinstance(value, date) else list(value) if isinstance(value, tuple) else value


@dataclass(frozen=True)
class Line:
    """How many people get one answer, and why: a stable code, the line of the policy and of the law, a sentence."""

    people: int
    allowed: bool
    code: str
    clause: str
    law: str
    say: str


@dataclass(frozen=True)
class Counts:
    """Everybody, by whether they may receive it and why; `outside` the segment nothing was asked.

    It adds up: total == outside + may + excluded, and the lines are the last two.
    """

    total: int
    outside: int
    lines: tuple[Line, ...]  # those who may first, then by how many
    policy: str = ""
    at: datetime | None = None

    @property
    def may(self) -> int:
        return sum(line.people for line in self.lines if line.allowed)

    @property
    def excluded(self) -> int:
        return sum(line.people for line in self.lines if not line.allowed)

    @property
    def said(self) -> dict[str, Any]:
        """Return them as JSON."""
        lines = [[line.people, line.allowed, line.code, line.clause, line.law, line.say] for line in self.lines]
        return {"total": self.total, "outside": self.outside, "may": self.may, "lines": lines}


@dataclass(frozen=True)
class Again:
    """What a frozen list comes to when it is derived again for its moment, from events and the policy of then."""

    same: bool  # the digest is the one in the ledger
    gone: BitMap = field(repr=False)  # numbers on the list that are not derived now: erased since, or facts changed
    new: BitMap = field(repr=False)  # derived now and not on the list


def count(plan: Plan, at: datetime | None = None) -> Counts:
    """Count who may receive it and who may not, by reason. Raises NoSuchFact, Undeclared."""
    compiled, at = _ready(plan, at)
    with held(compiled, at) as index:
        return _counted(plan, index, at)


def listed(plan: Plan, at: datetime | None = None) -> BitMap:
    """Return the numbers of everybody who may receive it. Raises NoSuchFact, Undeclared."""
    compiled, at = _ready(plan, at)
    with held(compiled, at) as index:
        return _listed(plan, index, at)


def as_of(plan: Plan, at: datetime) -> Iterator[list[UUID]]:
    """Yield the ids of everybody who was allowed to receive it at a past moment.

    By what they had said until then, and the policy of that day. Who was erased since is left out.
    """
    compiled, at = _ready(plan, at)
    with replayed(compiled, at) as index:
        who = _listed(plan, index, at)
    yield from people_of(who)


def freeze(plan: Plan, at: datetime | None = None) -> Audience:
    """Freeze the list of everybody who may receive it; its digest and the policy's are in the ledger.

    Where people are chosen by what they did, that is a use of its own: recorded at its door, with the list of those it
    reached. Not idempotent: each list is one of its moment. Raises NoSuchFact, Undeclared.
    """
    compiled, at = _ready(plan, at)
    with held(compiled, at) as index:
        counts, who = _counted(plan, index, at), _listed(plan, index, at)
    with transaction.atomic():
        for act in plan.acts(compiled)[1:]:
            _use(act, who, at)
        made = Audience(
            plan=plan.said, at=at, policy=compiled.digest, counts=counts.said, size=len(who), digest=digest_of(who),
            who=who.serialize(),
        )  # fmt: skip
        made.entry = ledger.record(_entry(plan, made))
        made.save(force_insert=True)
    tend(compiled)
    return made


def again(audience: Audience) -> Again:
    """Derive a frozen list once more for its moment, and tell how it differs. Raises Undeclared."""
    plan, was = Plan.read(audience.plan), audience.numbers()
    compiled, at = _ready(plan, audience.at)
    with replayed(compiled, at) as index:
        now = _listed(plan, index, at)
    return Again(digest_of(now) == bytes(audience.digest), was - now, now - was)


def answer(plan: Plan, person: UUID, at: datetime | None = None) -> Decision:
    """Tell why one person may receive it, or why not: every reason of the act that refuses. By the scalar engine.

    Raises NoSuchFact, Undeclared.
    """
    compiled, at = _ready(plan, at)
    them = Person.objects.filter(pk=person, merged_into=None).first()
    if them is None:
        return _no(compiled, Reason("unknown", "unknown.person", "", "We know no such person."))
    with held(compiled, at) as index:
        chosen = index.facts.meeting(plan.segment, at.date())
    number = Numbered.objects.filter(person=person).values_list("pk", flat=True).first()
    if chosen is not None and (number is None or number not in chosen):
        return _no(compiled, Reason("not_chosen", "", "", "The segment does not mean them."))
    if strange := _stranger(plan, compiled, at):
        return _no(compiled, strange)
    stood, day = standings([them], compiled, at)[person], today(them, at)
    decisions = [compiled.decide(act, stood, day) for act in plan.acts(compiled)]
    refused = next((decision for decision in decisions if not decision.allowed), None)
    kind = ADDRESS.get(plan.channel)
    if refused is None and kind and not Identifier.objects.filter(person_id=person, kind=kind).exists():
        return _no(compiled, _no_address(plan))
    return refused or decisions[0]


def sample(plan: Plan, size: int = 5, at: datetime | None = None) -> list[tuple[UUID, Decision]]:
    """Return some people from all over the list, each with the whole answer."""
    who = listed(plan, at)
    step = max(1, len(who) // max(1, size))
    picked = BitMap([who[place] for place in range(0, len(who), step)][:size])
    return [(person, answer(plan, person, at)) for _, person in named(picked)]


# -- how ---------------------------------------------------------------------------------------------------------------


def _ready(plan: Plan, at: datetime | None) -> tuple[Compiled, datetime]:
    """Return the policy in force and the moment, in UTC, as the doors take them."""
    must_declare(plan.purpose)
    at = (at or policies.now()).astimezone(UTC)
    return policies.in_force(at), at


def sorting(plan: Plan, index: Index, at: datetime) -> Sorting:
    """Return the question a plan puts of everybody in the segment: the policy, then whether we can reach them."""
    within, compiled = index.facts.meeting(plan.segment, at.date()), index.compiled
    kind = ADDRESS.get(plan.channel)
    reach = Reach(index.sets.get(KIND + kind, NOBODY), _no_address(plan)) if kind else None
    return Sorting(compiled, index.sets, plan.acts(compiled), days_at(at), within, reach, index.memo)


def _counted(plan: Plan, index: Index, at: datetime) -> Counts:
    question = sorting(plan, index, at)
    everybody = index.sets.get(ALL, NOBODY)
    answers: Iterable[tuple[Decision, int]] = question.counted()
    if strange := _stranger(plan, index.compiled, at):
        within = question.within
        answers = [(_no(index.compiled, strange), len(everybody if within is None else everybody & within))]
    found: dict[tuple[bool, Reason], int] = {}
    for decision, people in answers:
        key = (decision.allowed, decision.because)
        found[key] = found.get(key, 0) + people
    lines = [Line(people, allowed, *why) for (allowed, why), people in found.items() if people]
    ordered = tuple(sorted(lines, key=lambda line: (not line.allowed, -line.people, line.code)))
    outside = len(everybody) - sum(line.people for line in lines)
    return Counts(len(everybody), outside, ordered, index.compiled.digest, at)


def _listed(plan: Plan, index: Index, at: datetime) -> BitMap:
    return BitMap() if _stranger(plan, index.compiled, at) else sorting(plan, index, at).free()


def _stranger(plan: Plan, compiled: Compiled, at: datetime) -> Reason | None:
    """Refuse a sender that is not of the brand's group on that day (R65)."""
    about, brand = compiled.policy.about, compiled.policy.brands.get(plan.brand)
    if not plan.sender or brand is None:
        return None
    home = brand.controller or about.controller
    day = policies.house_day(at)
    if home in about.entities and plan.sender in group(compiled.policy, home, day):
        return None
    return Reason("sender", "policy.entities", "", "The sender is not a company of our group on that day.")


def _no_address(plan: Plan) -> Reason:
    """Return the reason the contact door gives for want of an address."""
    return Reason("no_address", f"purposes.{plan.purpose}", "", f"We have no address of theirs for {plan.channel}.")


def _no(compiled: Compiled, why: Reason) -> Decision:
    return first(Decision(allowed=False, reasons=(why,), policy=compiled.digest))


def _use(act: Act, who: BitMap, at: datetime) -> None:
    """Record that people were chosen by what they did; whoever is refused at the door after all leaves the list."""
    everyone = who.copy()  # `who` shrinks meanwhile
    for start in range(0, len(everyone), CHUNK):
        number = {person: one for one, person in named(everyone[start : start + CHUNK])}
        refused: set[UUID] = set()
        try:
            with use(
                act.purpose, brand=act.brand, people=list(number), items=act.items, actor=act.actor, given=act.given,
                form=act.form, at=at,
            ) as u:  # fmt: skip
                refused = set(u.refused)
        except Refused:  # there was one person alone
            refused = set(number)
        who -= BitMap([number[person] for person in refused])


def _entry(plan: Plan, made: Audience) -> Entry:
    return Entry(
        at=made.at, verb="use", purpose=plan.purpose, brand=plan.brand, channel=plan.channel, topic=plan.topic,
        actor=plan.actor, code="chosen", clause=f"purposes.{plan.purpose}", policy=made.policy,
        facts={
            "audience": str(made.pk), "people": made.size, "digest": base64.b64encode(made.digest).decode(),
        },
    )  # fmt: skip
