"""The door by which we speak to a person first. What it allows is queued, and decided again at the moment of release.

    answer = contact(them, purpose="news", channel="email", topic="offers", brand="skerry", content=..., once="c7:42")
    for sent in release({"email": smtp}, at=now): ...

No beats yes: a sender holds the person's lease while it hands over, and an opt-out waits for that lease.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import F

from troth.choices import lease
from troth.choices.actions import stop_mark, suppressed
from troth.choices.models import Suppression
from troth.policy import Act, Decision, Reason
from troth.vault import covers
from troth.vault.held import reveal
from troth.vault.models import Identifier, new_id
from troth.vault.normal import normalise
from troth.vault.storing import fresh

from . import limits, policies
from .acting import Acting, Answer
from .models import Message

ADDRESS: Final = {
    "email": "email",
    "sms": "mobile",
    "phone": "phone",
    "post": "postal",
    "push": "app",
    "social": "handle",
}
ITEM: Final = frozenset({"messages.message_log"})
LEASE: Final = 30  # seconds; a transport must give up well before
GIVE_UP: Final = 20
MOST_TRIES: Final = 8
BOUNCED, COMPLAINT = "bounced", "complaint"  # why an address is on the stop list, where nobody said stop
LISTED: Final = {
    "": "This address is on the list of those who said stop.",
    BOUNCED: "What we sent to this address has come back: there is no such mailbox or number.",
    COMPLAINT: "A letter of ours was reported as unwanted at this address.",
}


@dataclass(frozen=True)
class Outgoing:
    """One message as a transport gets it."""

    channel: str
    brand: str
    address: str  # the stored one, never a typed one
    content: Mapping[str, Any]
    message_id: str


class Transport(Protocol):
    """Hands a message to a network. Raises NotTaken if it surely did not go; anything else means: who knows."""

    def __call__(self, message: Outgoing, *, give_up_after: int) -> None: ...


class NotTaken(Exception):
    """The network did not take the message: it may be tried again."""


class NeverTaken(NotTaken):
    """The network says that there is no such address: it is not tried again."""


def contact(
    person: UUID,
    *,
    purpose: str,
    channel: str,
    brand: str,
    content: Mapping[str, Any],
    once: str,
    topic: str = "",
    address: UUID | None = None,
    actor: str = "system",
    given: Iterable[str] = (),
    at: datetime | None = None,
) -> Answer:
    """Ask whether a person may be written to, and if so queue the message. `once`: the same key, the same answer.

    `address`: which of their identifiers to write to, where it is not the usual one: a new mailbox that is to be
    proved, the old one it takes the place of, a child's parent.

    Source: policy [choices]; PECR reg 22; ePrivacy art. 13; CAN-SPAM; R61-R72.
    """
    at = at or policies.now()
    if known := Message.objects.filter(once=once).first():
        return _said(known)
    act = Act("contact", purpose, brand, channel=channel, topic=topic, actor=actor, given=frozenset(given))
    cover = covers.Cover("collect", ITEM, at, "messages", frozenset([person]))
    try:
        with transaction.atomic(), covers.opened(cover):
            acting, decision = _decide(act, person, at, cover, address)
            entry = acting.record(decision, ITEM, [person], cover)
            row = _row(act, person, once, decision, entry, at)
            row.address_id = address
            if decision.allowed:
                row.content = dict(content)
            row.save()
    except IntegrityError:  # somebody else used the key meanwhile: theirs is the answer
        return _said(Message.objects.get(once=once))
    return Answer(decision, entry)


def release(transports: Mapping[str, Transport], *, at: datetime, limit: int = 100) -> Iterator[Message]:
    """Hand over what is due, each message decided on again under its person's lease. Yields what it finished.

    A marketing message of which we do not know whether it went is not sent again; any other is, with the same id.
    What is part of a campaign goes as the campaign goes: see `mailing`.
    """
    due = Message.objects.filter(state="queued", not_before__lte=at, channel__in=transports, group=None)
    for row in list(due.order_by("id")[:limit]):
        begun = time.monotonic()
        fence = lease.claim([row.person_id], at=policies.now(), seconds=LEASE)
        if fence:
            try:
                done = _release(row, transports[row.channel], fence, begun)
            finally:
                lease.release(fence)
            if done:
                yield done


def settle(at: datetime) -> int:
    """Take care of messages whose sender died while handing over: we do not know whether they went."""
    count = 0
    for row in Message.objects.filter(state="releasing", not_before__lte=at - timedelta(seconds=LEASE)):
        _after_doubt(row)
        count += 1
    return count


def _decide(act: Act, person: UUID, at: datetime, cover: covers.Cover, address: UUID | None) -> tuple[Acting, Decision]:
    """Decide, the hour being the one where the person is. No address, or a suppressed one, is a no."""
    acting = Acting(act, [person], at, locks=True)
    them = acting.persons.get(person)
    if them:
        acting.act = act._replace(hour=at.astimezone(ZoneInfo(them.zone)).hour)
    decision = acting.decide(person, frozenset())
    why = decision.allowed and (_unreachable(acting, person, cover, address) or _restrained(acting, person))
    if why:
        decision = Decision(allowed=False, reasons=(why,), policy=decision.policy)
    return acting, decision


def _restrained(acting: Acting, person: UUID) -> Reason | None:
    """Return why a person who may be written to is left in peace for now ([choices].most)."""
    resting = limits.resting(acting.compiled, acting.act)
    return resting or limits.too_often(acting.compiled, acting.act, [person], acting.at).get(person)


def _unreachable(acting: Acting, person: UUID, cover: covers.Cover, which: UUID | None) -> Reason | None:
    act = acting.act
    address = _address(act.channel, person, cover, which)
    if act.channel in ADDRESS and address is None:
        return Reason("no_address", f"purposes.{act.purpose}", "", f"We have no address of theirs for {act.channel}.")
    if address and "marketing" in acting.compiled.book.kinds[act.purpose]:
        kind = ADDRESS[act.channel]
        if suppressed(kind, normalise(kind, address), person):
            return listed(kind, normalise(kind, address))
    return None


def listed(kind: str, normal: str) -> Reason:
    """Return why an address that is on the stop list is not marketed to."""
    because = Suppression.objects.filter(mark=stop_mark(kind, normal)).values_list("because", flat=True).first()
    return Reason("suppressed", "purposes.stop_list", "", LISTED.get(because or "", LISTED[""]))


def _address(channel: str, person: UUID, cover: covers.Cover, which: UUID | None) -> str | None:
    """Return the address named, or the one proved last, or the first they gave."""
    theirs = Identifier.objects.filter(person_id=person)
    theirs = theirs.filter(pk=which) if which else theirs.filter(kind=ADDRESS.get(channel, ""))
    row = theirs.order_by(F("verified_at").desc(nulls_last=True), "id").first()
    return reveal(row, cover.key(person))["value"] if row else None


def _row(act: Act, person: UUID, once: str, decision: Decision, entry: int, at: datetime) -> Message:
    own = new_id()
    return fresh(
        Message, id=own, person_id=person, once=once, purpose=act.purpose, brand=act.brand, channel=act.channel,
        topic=act.topic, actor=act.actor, facts=sorted(act.given), entry=entry,
        state="queued" if decision.allowed else "refused",
        verdict=verdict(decision),
        message_id=f"<{own.hex}@troth.invalid>", not_before=at, source="messages", seen_at=at,
    )  # fmt: skip


def verdict(decision: Decision) -> list[Any]:
    """Return a decision as a row keeps it; `_said` reads it back."""
    return [decision.allowed, list(decision.because), decision.policy, list(decision.duties)]


def _said(row: Message) -> Answer:
    allowed, because, policy, duties = row.verdict
    return Answer(Decision(allowed, (Reason(*because),), policy, tuple(duties)), row.entry)


def act_of(row: Message) -> Act:
    """Return what a message is decided on as; the hour where its person is comes later."""
    return Act(
        "contact", row.purpose, row.brand, channel=row.channel, topic=row.topic, actor=row.actor,
        given=frozenset(row.facts),
    )  # fmt: skip


def _release(row: Message, transport: Transport, fence: lease.Fence, begun: float) -> Message | None:
    """Release one message; None if its person was erased since it was found due."""
    at, act = policies.now(), act_of(row)
    cover = covers.Cover("use", ITEM, at, people=frozenset([row.person_id]))
    with transaction.atomic():
        found = Message.objects.select_for_update().filter(pk=row.pk).first()
        if found is None or found.state != "queued":
            return found
        row = found
        acting, decision = _decide(act, row.person_id, at, cover, row.address_id)
        acting.facts["message"] = row.message_id
        row.entry = acting.record(decision, ITEM, [row.person_id], cover)
        row.state, row.not_before = ("releasing" if decision.allowed else "refused"), at
        row.verdict = verdict(decision)
        row.save()
    if row.state == "releasing":
        _hand_over(row, transport, fence, cover, begun)
    return row


def _hand_over(
    row: Message, transport: Transport, fence: lease.Fence, cover: covers.Cover, begun: float
) -> None:  # fmt: skip
    address = _address(row.channel, row.person_id, cover, row.address_id) or ""
    content = reveal(row, cover.key(row.person_id))["content"]
    mine = lease.still_mine(fence, at=policies.now(), seconds=GIVE_UP)
    if not mine or time.monotonic() - begun > LEASE - GIVE_UP:  # asked last, of a clock that nobody sets
        _set(row, "queued")  # too late to be sure: nothing was handed over
        return
    try:
        transport(Outgoing(row.channel, row.brand, address, content, row.message_id), give_up_after=GIVE_UP)
    except NotTaken as no:
        row.tries += 1
        again = row.tries < MOST_TRIES and not isinstance(no, NeverTaken)
        _set(row, "queued" if again else "failed", wait=2**row.tries)
    except Exception:  # noqa: BLE001 -- whatever it was, we do not know whether the message went
        _after_doubt(row)
    else:
        row.sent_at = policies.now()
        _set(row, "sent")
    finally:
        cover.ring.clear()


def _after_doubt(row: Message) -> None:
    marketing = policies.archive().in_force(policies.today()).book.kinds.get(row.purpose, frozenset()) & {"marketing"}
    row.tries += 1
    _set(row, "doubt" if marketing or row.tries >= MOST_TRIES else "queued", wait=2**row.tries)


def _set(row: Message, state: str, wait: int = 0) -> None:
    row.state = state
    if wait:
        row.not_before = policies.now() + timedelta(minutes=wait)
    columns = ("state", "tries", "sent_at", "not_before")
    Message.objects.filter(pk=row.pk).update(**{name: getattr(row, name) for name in columns})  # unless it is gone
