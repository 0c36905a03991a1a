"""Why did I get this, and for staff the mirror question: why did somebody not get it (R72)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from troth.choices.models import Event
from troth.doors import policies
from troth.doors.contact import ADDRESS
from troth.doors.mailing import Wave
from troth.doors.models import Message
from troth.doors.use import use
from troth.policy import Compiled, Decision, Reason
from troth.vault.models import KINDS

from . import audience
from .campaign_models import Campaign
from .template_check import FIELD


@dataclass(frozen=True)
class Permission:
    """The yes that a message rests on: when it was said, where, and in which words."""

    at: datetime
    kind: str
    place: str
    wording: str


@dataclass(frozen=True)
class Why:
    """Why one person got one message, or would have."""

    reason: Reason
    allowed: bool
    state: str  # of the message: sent, queued, refused …; nothing if there is no record of it any more
    sent_at: datetime | None
    items: tuple[str, ...]  # what was used, as the policy names it
    permission: Permission | None


def got(one: Campaign, person: UUID, at: datetime, *, actor: str = "person") -> Why | None:
    """Explain a message to whoever got it. None where there is no record of it, or none any more."""
    row = Message.objects.filter(once=Wave(one.pk, "", "", "").key(person), person_id=person).first()
    if row is None:
        return None
    allowed, because, digest, _ = row.verdict
    compiled = _by_digest(digest) or policies.archive().in_force(policies.today())
    when = row.sent_at or row.not_before
    permission = _permission(one, compiled, person, when, at, actor)
    return Why(Reason(*because), allowed, row.state, row.sent_at, items(one, compiled), permission)


def not_got(one: Campaign, person: UUID) -> Decision | None:
    """Tell why somebody did not get a message. None if they did. For who of us has a case of theirs."""
    row = Message.objects.filter(once=Wave(one.pk, "", "", "").key(person), person_id=person).first()
    if row is None:
        return _never_met(one, person)
    if row.state == "refused":
        allowed, because, policy, _ = row.verdict
        return Decision(allowed, (Reason(*because),), policy)
    return _no(row.state, STATES[row.state]) if row.state in STATES else None


def _never_met(one: Campaign, person: UUID) -> Decision:
    """Tell why there is no message at all: they were not on the list, or it has not come to them."""
    if one.audience is None:
        return _no("not_frozen", "Its list was not made yet.")
    if person in one.audience:
        return _no("not_yet", "They are on its list, and it has not come to them.")
    found = audience.answer(one.whom, person, one.audience.at)
    # What they said until then may have allowed it, and something that has no history did not.
    return _no("not_listed", "They were not on its list when it was frozen.") if found.allowed else found


def _no(code: str, say: str) -> Decision:
    policy = policies.archive().in_force(policies.today()).digest
    return Decision(allowed=False, reasons=(Reason(code, "", "", say),), policy=policy)


STATES = {
    "queued": "It waits: for an hour at which we write, for another try, or for whoever rings or prints.",
    "failed": "Their mailbox or number did not take it.",
    "doubt": "We do not know whether it went, and what is in doubt is not sent again.",
    "stopped": "The campaign was stopped before it came to them.",
}


def items(one: Campaign, compiled: Compiled) -> tuple[str, ...]:
    """Return what was used to write a message and to choose whom to, as the policy says it."""
    plan = one.whom
    wanted = {item for act in plan.acts(compiled) for item in act.items}
    if kind := ADDRESS.get(plan.channel):
        wanted.add(KINDS[kind])
    if any(name == "name" for name, _ in FIELD.findall(one.subject + one.text)):
        wanted.add("identity.name")
    labels = compiled.book.labels
    return tuple(sorted(labels[item].say for item in wanted if item in labels))


def _permission(
    one: Campaign, compiled: Compiled, person: UUID, when: datetime, at: datetime, actor: str
) -> Permission | None:
    """Return the yes that was in force when it went, in the words that were shown."""
    meant, plan = compiled.book.meant, one.whom
    made = compiled.policy.purposes.get(plan.purpose)
    wanted = 0
    for name in made.choice if made else ():
        for pattern in (f"{name}:{plan.brand}:{plan.channel}:{plan.topic}", f"{name}:{plan.brand}:{plan.channel}"):
            if mask := meant(pattern):
                wanted |= mask
                break
    said = Event.objects.filter(person_id=person, kind__in=("consent", "soft"), at__lte=when).order_by("-at")
    found = next((event for event in said if meant(event.pattern) & wanted), None)
    if found is None:
        return None
    with use("proof", brand=plan.brand, person=person, actor=actor, given=["inspection"], at=at) as u:
        return Permission(found.at, found.kind, found.place, u.open(found.wording) or "")


def _by_digest(digest: str) -> Compiled | None:
    """Return the policy a decision was made by."""
    return next((one for one in policies.archive().versions if one.digest == digest), None)
