"""`contact` for a whole list: a batch at a time is claimed, decided on, recorded and handed over.

    wave = Wave(campaign.pk, purpose="news", brand="tarn", channel="email", topic="offers", actor="marketer", ...)
    for people in audience.people(size=BATCH):
        done = reach(wave, people, smtp, written=letters, on=campaign_goes_on)

The list is a plan and never a permission: each person is decided on at the moment of release, under their lease, in
one transaction with the record. Each gets one message of a group at most: its key is the group and the person.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F

from troth.choices import lease
from troth.choices.actions import suppress, suppressed_among
from troth.policy import Act, Decision, Reason
from troth.vault import covers
from troth.vault.held import reveal
from troth.vault.models import Identifier
from troth.vault.normal import normalise
from troth.vault.storing import store_all

from . import limits, policies
from .acting import Acting
from .contact import (
    ADDRESS,
    BOUNCED,
    GIVE_UP,
    ITEM,
    LEASE,
    MOST_TRIES,
    NeverTaken,
    NotTaken,
    Outgoing,
    Transport,
    _row,
    listed,
    verdict,
)  # fmt: skip
from .models import Message

BATCH: Final = 100  # people at a time: an opt-out waits for one batch at most
BUDGET: Final = 1.0  # seconds a batch may take: what is left of it then is claimed anew
Written = Callable[[Collection[UUID]], Mapping[UUID, Mapping[str, Any]]]


@dataclass(frozen=True)
class Wave:
    """What everybody on a list is sent the same of. `log`: what the record of messages keeps of it."""

    group: UUID
    purpose: str
    brand: str
    channel: str
    topic: str = ""
    actor: str = "system"
    given: frozenset[str] = frozenset()
    log: Mapping[str, Any] = field(default_factory=dict)

    def key(self, person: UUID) -> str:
        """Return the key that makes this at most one message a person."""
        return f"{_short(self.group)}:{_short(person)}"

    @property
    def act(self) -> Act:
        return Act(
            "contact", self.purpose, self.brand, channel=self.channel, topic=self.topic, actor=self.actor,
            given=self.given,
        )  # fmt: skip


def _short(one: UUID) -> str:
    return base64.urlsafe_b64encode(one.bytes).decode().rstrip("=")


@dataclass
class Reached:
    """What became of a batch. `left`: people for whom nothing was done yet, and who are to be tried once more."""

    rows: list[Message] = field(default_factory=list)
    left: list[UUID] = field(default_factory=list)
    ended: bool = False  # somebody stopped it


def reach(
    wave: Wave, people: Collection[UUID], way: Transport | None, *, written: Written, on: Callable[[], bool]
) -> Reached:
    """Decide for everybody of a batch, record it, and hand over. Without a way: queue it for whoever fetches it.

    `on` is asked inside the deciding transaction, which it makes whoever stops the campaign wait for, and once more
    before each hand-over. `written` gives what each person gets. Repeating it does nothing twice. Enter it outside any
    transaction. Source: policy [choices]; DESIGN §10.1 and 9.
    """
    begun = time.monotonic()
    fence = lease.claim_free(people, at=policies.now(), seconds=LEASE)
    done = Reached(left=[person for person in people if person not in fence.people])
    try:
        batch = _Batch(wave, fence, way is None, begun)
        with transaction.atomic():
            if not on():
                done.ended = True
                return done
            done.rows = batch.decided()
        if way is not None:
            done.ended = not batch.handed_over(way, written, on)
    finally:
        lease.release(fence)
    return done


@dataclass
class _Batch:
    """Some people of one wave, claimed."""

    wave: Wave
    fence: lease.Fence
    waits: bool  # for somebody who fetches it
    begun: float  # by the clock that nobody sets
    at: datetime = field(default_factory=policies.now)
    to: dict[UUID, str] = field(default_factory=dict)
    go: list[Message] = field(default_factory=list)

    def decided(self) -> list[Message]:
        """Decide for everybody who has no message of this group yet, or one that waits; store and record it."""
        keys = {self.wave.key(person): person for person in self.fence.people}
        known = {keys[row.once]: row for row in Message.objects.select_for_update().filter(once__in=list(keys))}
        waiting = {who for who, row in known.items() if row.state == "queued" and row.not_before <= self.at}
        people = (self.fence.people - known.keys()) | (waiting if not self.waits else set())
        if not people:
            return []
        cover = covers.Cover("collect", ITEM, self.at, "messages", frozenset(people))
        acting = Acting(self.wave.act, people, self.at, locks=True)
        with covers.opened(cover):
            answers = self._answers(acting, cover)
            entries = self._recorded(acting, answers, cover)
            rows = [self._made(acting, who, known.get(who), *answers[who], entries[who]) for who in sorted(answers)]
            store_all([row for row in rows if row._state.adding])
        self.go = [row for row in rows if row.state == "releasing"]
        return rows

    def _answers(self, acting: Acting, cover: covers.Cover) -> dict[UUID, tuple[Decision, datetime]]:
        """Return each person's decision, and when it counts from: later, where it is too early or late there now."""
        there = [person for person in acting.people if person in acting.persons]
        cover.fetch(set(there))
        addresses = _addresses(self.wave.channel, [person for person in there if person in cover.ring], cover)
        marketing = "marketing" in acting.compiled.book.kinds[self.wave.purpose]
        stopped = _stopped(self.wave.channel, addresses) if marketing else set()
        often = limits.too_often(acting.compiled, acting.act, there, self.at)
        found: dict[UUID, tuple[Decision, datetime]] = {}
        for person in there:
            decision, when = self._decision(acting, person)
            why = None
            if person not in addresses and (self.wave.channel in ADDRESS or person not in cover.ring):
                say = f"We have no address of theirs for {self.wave.channel}."
                why = Reason("no_address", f"purposes.{self.wave.purpose}", "", say)
            elif person in stopped:
                kind = ADDRESS[self.wave.channel]
                why = listed(kind, normalise(kind, addresses[person]))
            why = why or often.get(person)
            if decision.allowed and why:
                decision = Decision(allowed=False, reasons=(why,), policy=decision.policy)
            found[person] = decision, when
        self.to = addresses
        return found

    def _decision(self, acting: Acting, person: UUID) -> tuple[Decision, datetime]:
        """Decide for now; where only the hour is against it, for the next hour at which nothing is."""
        zone, now = ZoneInfo(acting.persons[person].zone), None
        for hours in range(25):
            when = self.at + timedelta(hours=hours)
            acting.act = self.wave.act._replace(hour=when.astimezone(zone).hour)
            decision = acting.decide(person, frozenset())
            rest = limits.resting(acting.compiled, acting.act) if decision.allowed else None
            if rest:
                decision = Decision(allowed=False, reasons=(rest,), policy=decision.policy)
            now = now or decision
            if decision.allowed or {reason.code for reason in decision.reasons} != {"hours"}:
                return decision, when.replace(minute=0, second=0, microsecond=0) if hours else self.at
        return now, self.at  # type: ignore[return-value]  # asked at least once

    def _recorded(
        self, acting: Acting, answers: Mapping[UUID, tuple[Decision, datetime]], cover: covers.Cover
    ) -> dict[UUID, int]:
        """Write one entry for everybody who got the same answer, with the list of them."""
        alike: dict[Decision, list[UUID]] = {}
        for person, (decision, _) in sorted(answers.items()):
            if person in cover.ring:
                alike.setdefault(decision, []).append(person)
        entries = dict.fromkeys(answers, 0)
        acting.act = self.wave.act
        acting.facts["campaign"] = str(self.wave.group)
        for decision, people in alike.items():
            entries |= dict.fromkeys(people, acting.record(decision, ITEM, people, cover))
        return entries

    def _made(
        self, acting: Acting, who: UUID, known: Message | None, decision: Decision, when: datetime, entry: int
    ) -> Message:
        """Return a person's message as it stands now; an old one is written at once."""
        row = known or _row(acting.act, who, self.wave.key(who), decision, entry, self.at)
        row.group, row.entry = self.wave.group, entry
        row.not_before = when
        row.verdict = verdict(decision)
        waits = decision.allowed and (self.waits or when > self.at)
        row.state = "queued" if waits else "releasing" if decision.allowed else "refused"
        if known is None:
            if decision.allowed:
                row.content = dict(self.wave.log)
            return row
        columns = ("entry", "not_before", "verdict", "state")
        Message.objects.filter(pk=row.pk).update(**{name: getattr(row, name) for name in columns})
        return row

    def handed_over(self, way: Transport, written: Written, on: Callable[[], bool]) -> bool:
        """Hand over what was allowed, one by one, as long as the fence holds. False if it was stopped meanwhile."""
        goes, over = True, len(self.go)
        texts: Mapping[UUID, Mapping[str, Any]] = {}
        try:
            texts = written([row.person_id for row in self.go]) if self.go else {}
            for place, row in enumerate(self.go):
                goes = on()
                mine = goes and lease.still_mine(self.fence, at=policies.now(), seconds=GIVE_UP)
                # Asked last, of a clock that nobody sets: whatever held us up until here, it is noticed.
                late = time.monotonic() - self.begun > (BUDGET if place else LEASE - GIVE_UP)
                if late or not mine:
                    over = place
                    break
                row.state = self._one(way, row, texts.get(row.person_id))
        except BaseException:
            over = next((i for i, row in enumerate(self.go) if row.state == "releasing"), len(self.go))
            raise
        finally:
            self._settled(over)
        return goes

    def _one(self, way: Transport, row: Message, text: Mapping[str, Any] | None) -> str:
        """Hand one message over. What we do not know to have gone is not sent again: it is marketing."""
        if text is None:  # refused when it was written: nothing was handed over
            return "refused"
        address = self.to.get(row.person_id, "")
        try:
            way(Outgoing(row.channel, row.brand, address, text, row.message_id), give_up_after=GIVE_UP)
        except NeverTaken:
            self._bounced(address)
            return "failed"
        except NotTaken:
            row.tries += 1
            return "queued" if row.tries < MOST_TRIES else "failed"
        except Exception:  # noqa: BLE001 -- whatever it was, we do not know whether the message went
            return "doubt"
        return "sent"

    def _bounced(self, address: str) -> None:
        kind = ADDRESS.get(self.wave.channel, "")
        if kind:
            suppress(kind, normalise(kind, address), because=BOUNCED, at=policies.now())

    def _settled(self, over: int) -> None:
        """Write down what became of them; those behind `over` were not handed over, and wait for another turn."""
        now = policies.now()
        for row in self.go[over:]:
            row.state = "queued" if row.state == "releasing" else row.state
        by: dict[tuple[str, int], list[Message]] = {}
        for row in self.go:
            by.setdefault((row.state, row.tries), []).append(row)
        with transaction.atomic():
            for (state, tries), rows in by.items():
                changes: dict[str, Any] = {"state": state, "tries": tries}
                if state == "sent":
                    changes["sent_at"] = now
                elif state == "queued" and tries:
                    changes["not_before"] = now + timedelta(minutes=2**tries)
                Message.objects.filter(pk__in=[row.pk for row in rows]).update(**changes)


def _addresses(channel: str, people: Collection[UUID], cover: covers.Cover) -> dict[UUID, str]:
    """Return the address of each who has one: the one proved last, or the first they gave."""
    found: dict[UUID, str] = {}
    rows = Identifier.objects.of(people).filter(kind=ADDRESS.get(channel, ""))
    for row in rows.order_by("person_id", F("verified_at").desc(nulls_last=True), "id"):
        if row.person_id not in found:
            found[row.person_id] = reveal(row, cover.key(row.person_id))["value"]
    return found


def _stopped(channel: str, addresses: Mapping[UUID, str]) -> set[UUID]:
    """Return whose address is on the stop list, and who did not say yes since."""
    kind = ADDRESS.get(channel)
    if not kind:
        return set()
    return suppressed_among({person: (kind, normalise(kind, address)) for person, address in addresses.items()})
