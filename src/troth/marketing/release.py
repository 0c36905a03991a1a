"""Sending: down a campaign's list, a batch at a time, each person decided on at that moment. Safe to run again.

`advance` is what a timer calls, in one process or in several: where two come to the same person, one of them writes
and the other passes on. What waits for an hour, for another try or for somebody who rings is come back to.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.db.models.functions import Greatest

from troth.doors import policies
from troth.doors.contact import Outgoing, Transport, settle
from troth.doors.declare import job
from troth.doors.errors import Refused
from troth.doors.mailing import BATCH, BUDGET, Reached, Wave, Written, reach
from troth.doors.models import Message
from troth.doors.use import use
from troth.policy import Compiled
from troth.vault.models import Profile

from . import campaigns, links, template_check
from .campaign_models import Campaign
from .channels import CHANNELS, SENT
from .errors import NotNow
from .template_check import FIELD

PASS: Final = 60.0  # seconds one pass may take before the next campaign has its turn
SHORT: Final = 0.005
ASIDE: Final = 16  # batches that may be put aside
LEAST: Final = 10


@dataclass(frozen=True)
class Letters:
    """What each person gets of a campaign: its words, with their name and their own links."""

    one: Campaign
    compiled: Compiled
    home: str = ""

    def __call__(self, people: Collection[UUID]) -> Mapping[UUID, Mapping[str, Any]]:
        names = self._names(people) if any(name == "name" for name, _ in FIELD.findall(self._words)) else {}
        return {person: self.to(person, names.get(person, "")) for person in people}

    @property
    def _words(self) -> str:
        return self.one.subject + self.one.text

    def to(self, person: UUID, name: str) -> Mapping[str, Any]:
        """Return one person's message."""
        plan, channel = self.one.whom, CHANNELS[self.one.whom.channel]
        marketing = campaigns.draft_of(self.one, self.compiled).marketing
        stop = self._link("stop", links.STOP, person) if marketing else ""
        values = {
            "name": template_check.called(name),
            "sender": template_check.sender(self.compiled, plan.brand, plan.sender),
            "address": template_check.address(self.compiled, plan.brand),
            "stop": channel.way_out(stop, self.compiled.policy.brands[plan.brand].care) if stop else "",
            "why": self._link("why", links.WHY, person),
            "choices": stop,
        }
        filled = template_check.filled
        return channel.message(filled(self.one.subject, values), filled(self.one.text, values), stop)

    def _link(self, page: str, salt: str, person: UUID) -> str:
        return links.way(self.compiled, self.one.whom.brand, page, links.key(salt, self.one.pk, person), self.home)

    def _names(self, people: Collection[UUID]) -> Mapping[UUID, str]:
        """Open names for greetings: a use of its own. Whoever must not be named is greeted without."""
        plan, found = self.one.whom, dict[UUID, str]()
        rows = Profile.objects.of(people).order_by("id")
        try:
            with use(
                plan.purpose, brand=plan.brand, people=people, items=["identity.name"], actor=plan.actor,
                given=plan.given,
            ) as u:  # fmt: skip
                for row in rows:
                    if row.person_id not in u.refused and (name := u.open(row.name)):
                        found[row.person_id] = name
        except Refused:  # of one person alone
            return found
        return found


def wave_of(one: Campaign) -> Wave:
    plan = one.whom
    log = {"campaign": one.name, "subject": one.subject}
    return Wave(one.pk, plan.purpose, plan.brand, plan.channel, plan.topic, plan.actor, frozenset(plan.given), log)


def advance(ways: Mapping[str, Transport], *, home: str = "", seconds: float = PASS) -> int:
    """Go on with every campaign that is being sent. Returns how many messages were handed over."""
    settle(policies.now())
    count = 0
    for one in Campaign.objects.filter(state="sending").order_by("made_at"):
        count += run(one, ways.get(one.whom.channel), home=home, seconds=seconds)
    return count


def run(one: Campaign, way: Transport | None, *, home: str = "", seconds: float = PASS) -> int:
    """Go on with one campaign, until its list is through, its time is over or somebody stops it.

    A channel that somebody fetches from (telephone, post, chat) is only queued. Returns how many were handed over.
    """
    if one.whom.channel in SENT and way is None:
        return 0  # there is no company that carries these: they wait
    sending = _Sending(one, way if one.whom.channel in SENT else None, home, time.monotonic() + seconds)
    with job(one.whom.purpose):
        if sending.down() and sending.waiting() and not _open(one):
            try:
                campaigns.finish(one, policies.now())
            except NotNow:  # somebody else did, or stopped it meanwhile
                one.refresh_from_db()
    return sending.count


def _open(one: Campaign) -> bool:
    return Message.objects.filter(group=one.pk, state__in=("queued", campaigns.GOING)).exists()


@dataclass
class _Sending:
    one: Campaign
    way: Transport | None
    home: str
    until: float
    count: int = 0
    some: int = BATCH  # people at a time, as quick as the network is

    def down(self) -> bool:
        """Go on down the list. True once it is through.

        Whom another sender has, or who is answering at this moment, is come back to: so two senders share a list.
        """
        if self.one.audience is None:
            return False
        aside, place = deque[tuple[int, list[UUID]]](), self.one.place
        for people in self.one.audience.people(size=BATCH, after=place):
            if not self._tried(aside, place, people):
                return False
            place += BATCH
            while len(aside) > ASIDE:
                if not self._again(aside):
                    return False
            self._passed(min([place, *(where for where, _ in aside)]))
        while aside:
            if not self._again(aside):
                return False
        self._passed(place)
        return True

    def _tried(self, aside: deque[tuple[int, list[UUID]]], place: int, people: list[UUID]) -> bool:
        """Reach a batch, and put aside who was not free. False if it was stopped, or its time is over."""
        left: list[UUID] = []
        while people:
            some, people = people[: self.some], people[self.some :]
            done = self.reach(some)
            left += done.left
            if done.ended or time.monotonic() > self.until:
                return False
        if left:
            aside.append((place, left))
        return True

    def _again(self, aside: deque[tuple[int, list[UUID]]]) -> bool:
        place, people = aside.popleft()
        before = len(aside)
        goes = self._tried(aside, place, people)
        if len(aside) > before:  # still not free
            time.sleep(SHORT)
        return goes

    def _passed(self, place: int) -> None:
        """Note how far down the list nobody is left; a second sender may be further."""
        if place > self.one.place:
            self.one.place = place
            Campaign.objects.filter(pk=self.one.pk).update(place=Greatest("place", place))

    def waiting(self) -> bool:
        """Try those again that wait for an hour or for another try. True if it was not stopped meanwhile."""
        while self.way is not None:
            due = Message.objects.filter(group=self.one.pk, state="queued", not_before__lte=policies.now())
            people = list(due.order_by("id").values_list("person_id", flat=True)[:BATCH])
            if not people:
                break
            if self.reach(people).ended or time.monotonic() > self.until:
                return False
        return True

    def reach(self, people: Collection[UUID]) -> Reached:
        written, on, begun = letters(self.one, self.home), partial(campaigns.goes_on, self.one.pk), time.monotonic()
        done = reach(wave_of(self.one), people, self.way, written=written, on=on)
        self.count += sum(row.state == "sent" for row in done.rows)
        took = time.monotonic() - begun
        if took > BUDGET / 2:  # a slow network: who waits for a batch's end is to be left waiting no longer
            self.some = max(LEAST, self.some // 2)
        elif took < BUDGET / 4:
            self.some = min(BATCH, self.some * 2)
        return done


def letters(one: Campaign, home: str = "") -> Letters:
    return Letters(one, policies.archive().in_force(policies.today()), home)


# -- channels that somebody fetches from -------------------------------------------------------------------------------


def fetch(
    one: Campaign, way: Transport, *, most: int = BATCH, person: UUID | None = None, home: str = "",
    written: Written | None = None,
) -> list[Message]:  # fmt: skip
    """Hand what waits to whoever rings or prints, each decided on once more at this moment. Returns what went.

    `person`: only theirs. Repeating it hands nothing over twice.
    """
    due = Message.objects.filter(group=one.pk, state="queued", not_before__lte=policies.now())
    due = due.filter(person_id=person) if person else due
    went: list[Message] = []
    with job(one.whom.purpose):
        people = list(due.order_by("id").values_list("person_id", flat=True)[:most])
        for start in range(0, len(people), BATCH):
            done = reach(
                wave_of(one), people[start : start + BATCH], way, written=written or letters(one, home),
                on=partial(campaigns.goes_on, one.pk),
            )  # fmt: skip
            went += [row for row in done.rows if row.state == "sent"]
            if done.ended:
                break
    return went


@dataclass
class Shown:
    """A transport that shows one message to one of us, and keeps nothing."""

    message: Outgoing | None = None

    def __call__(self, message: Outgoing, *, give_up_after: int) -> None:
        del give_up_after
        self.message = message
