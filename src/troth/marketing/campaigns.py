"""The life of a campaign: written, checked, its list frozen, agreed to by a second person, sent, paused, stopped.

    made = draft("Winter coats", plan, subject=…, text=…, by=agent, at=now)
    check(made, by=agent, at=now)        # raises BadTemplate
    freeze(made, by=agent, at=now)       # the list, as of now; `preflight` says what it comes to
    approve(made, by=other, at=now)      # above SECOND_LOOK people, by somebody else
    send(made, by=agent, at=now)         # from here on `release.advance` sends it, batch by batch

Each step is one in the table of `states`, taken by whoever is first, and recorded in the ledger.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count
from django.db.models.fields.json import KT

from troth.doors import policies
from troth.doors.contact import LEASE
from troth.doors.handling import cards_in
from troth.doors.models import Message
from troth.ledger import actions as ledger
from troth.ledger.entry import Entry
from troth.policy import Compiled

from . import audience, preflight, states, template_check
from .audience import Plan
from .campaign_models import Campaign, Step
from .errors import BadTemplate, NotFit, SecondEyes
from .template_check import Draft

SECOND_LOOK: Final = 1_000  # people above whom somebody else agrees first
PATIENCE: Final = 35.0  # seconds a stop waits for the hand-overs that are under way
GOING: Final = "releasing"
STATE: Final = "SELECT state FROM marketing_campaign WHERE id = %s"
STATE_SHARED: Final = f"{STATE} FOR SHARE"


def draft(
    name: str, plan: Plan, *, subject: str = "", text: str, trigger: str = "", by: UUID, at: datetime
) -> Campaign:
    """Write a new one. Raises BadTemplate for words that hold a card number, which are stored nowhere."""
    _no_cards(name, subject, text)
    with transaction.atomic():
        made = Campaign.objects.create(
            name=name.strip()[:80] or "A campaign", plan=plan.said, subject=subject.strip()[:120], text=text,
            trigger=trigger, made_by=by, made_at=at,
        )  # fmt: skip
        _note(made, "draft", by, at)
    return made


def edit(one: Campaign, *, subject: str, text: str, by: UUID, at: datetime) -> None:
    """Change its words: whatever was checked or approved before counts no more. Raises NotNow, BadTemplate."""
    _no_cards(subject, text)
    _step(one, "edit", by, at, subject=subject.strip()[:120], text=text, approved_by=None, audience=None)


def check(one: Campaign, *, by: UUID, at: datetime) -> None:
    """Check its words. Raises BadTemplate with everything that is wrong, NotNow."""
    if wrong := template_check.problems(draft_of(one, policies.archive().in_force(policies.today()))):
        raise BadTemplate(wrong)
    _step(one, "check", by, at)


def draft_of(one: Campaign, compiled: Compiled) -> Draft:
    plan = one.whom
    marketing = "marketing" in compiled.book.kinds.get(plan.purpose, frozenset())
    return Draft(plan.channel, marketing, one.subject, one.text, one.trigger)


def freeze(one: Campaign, *, by: UUID, at: datetime) -> None:
    """Freeze whom it may reach, as of now; a plan, never a permission. Raises NotNow, NoSuchFact."""
    states.after(one.state, "freeze")
    plan = one.whom
    _step(one, "freeze", by, at, audience=audience.freeze(plan, at), approved_by=None)


def approve(one: Campaign, *, by: UUID, at: datetime) -> None:
    """Agree to it, as somebody who did not write it. Raises SecondEyes, NotNow."""
    if by == one.made_by:
        raise SecondEyes(_size(one), SECOND_LOOK)
    _step(one, "approve", by, at, approved_by=by)


def send(one: Campaign, *, by: UUID, at: datetime) -> None:
    """Let it go out. Raises SecondEyes above the size that needs a second person, NotFit, NotNow."""
    one.refresh_from_db()
    states.after(one.state, "send")
    if against := preflight.blocking(one, at):
        raise NotFit(tuple(against))
    if one.state == "ready" and _size(one) > SECOND_LOOK:
        raise SecondEyes(_size(one), SECOND_LOOK)
    _step(one, "send", by, at)


def pause(one: Campaign, *, by: UUID, at: datetime) -> None:
    """Hold it; once this returns no hand-over is under way. Raises NotNow."""
    _step(one, "pause", by, at)
    _wait(one)


def resume(one: Campaign, *, by: UUID, at: datetime) -> None:
    _step(one, "resume", by, at)


def stop(one: Campaign, *, by: UUID, at: datetime) -> None:
    """End it for good; once this returns no hand-over is under way, and none begins. Raises NotNow."""
    _step(one, "stop", by, at, ended_at=at)
    _wait(one)
    _close(one)


def finish(one: Campaign, at: datetime) -> None:
    """Note that everybody on its list was reached or refused."""
    _step(one, "finish", None, at, ended_at=at)
    _close(one)


def goes_on(pk: UUID) -> bool:
    """Tell whether a campaign is being sent. Inside a transaction a step waits until that transaction ends."""
    shared = connection.in_atomic_block and connection.vendor == "postgresql"
    key = pk if connection.features.has_native_uuid_field else pk.hex
    with connection.cursor() as cursor:  # asked before every single message
        cursor.execute(STATE_SHARED if shared else STATE, [key])
        return bool(cursor.fetchone() == ("sending",))


# -- what it comes to --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Progress:
    """How far it is. It adds up: size == sent + waiting + refused + failed + doubt + gone + left."""

    size: int
    sent: int = 0
    waiting: int = 0  # queued: for another hour, another try, or whoever rings or prints
    refused: int = 0
    failed: int = 0
    doubt: int = 0  # we do not know whether it went, so it is not sent again
    gone: int = 0  # erased since the list was frozen
    left: int = 0  # not come to yet, or never, where it was stopped
    because: tuple[tuple[str, str, int], ...] = ()  # of those refused: code, sentence, how many

    @property
    def said(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "because"} | {
            "because": [list(one) for one in self.because]
        }


def progress(one: Campaign) -> Progress:
    """Return how far a campaign is: counted while it goes, as it was reported once it is over."""
    if one.report:
        return Progress(**one.report | {"because": tuple((a, b, n) for a, b, n in one.report["because"])})
    size = _size(one)
    mine = Message.objects.filter(group=one.pk)
    states_ = Counter(dict(mine.order_by().values_list("state").annotate(n=Count("pk"))))
    why: Counter[tuple[str, str]] = Counter()
    told = mine.filter(state="refused").order_by().values_list(KT("verdict__1__0"), KT("verdict__1__3"))
    for code, say, n in told.annotate(n=Count("pk")):
        why[code, say] += n
    known, unsent = sum(states_.values()), states_["stopped"]
    come = max(min(one.place, size), known)  # how many of the list were come to; those without a message are erased
    return Progress(
        size, states_["sent"], states_["queued"] + states_[GOING], states_["refused"], states_["failed"],
        states_["doubt"], come - known, size - come + unsent,
        tuple((code, say, n) for (code, say), n in why.most_common()),
    )  # fmt: skip


def steps(one: Campaign) -> list[Step]:
    return list(one.steps.order_by("pk"))


# -- how ---------------------------------------------------------------------------------------------------------------


def _size(one: Campaign) -> int:
    return one.audience.size if one.audience else 0


def _no_cards(*texts: str) -> None:
    if any(cards_in(text) for text in texts):
        raise BadTemplate(("A card number seems to stand in it. We never keep those: take it out.",))


def _step(one: Campaign, what: str, by: UUID | None, at: datetime, **changes: Any) -> None:  # noqa: ANN401 -- columns
    """Take a step of the table, if nobody took another one meanwhile. Raises NotNow."""
    with transaction.atomic():
        state = Campaign.objects.select_for_update().values_list("state", flat=True).get(pk=one.pk)
        after = states.after(state, what)
        Campaign.objects.filter(pk=one.pk).update(state=after, **changes)
        _note(one, what, by, at)
    one.refresh_from_db()


def _note(one: Campaign, what: str, by: UUID | None, at: datetime) -> None:
    plan, compiled = one.whom, policies.archive().in_force(policies.today())
    entry = Entry(
        at=at, verb="contact", purpose=plan.purpose, brand=plan.brand, channel=plan.channel, topic=plan.topic,
        actor=plan.actor, code="campaign", clause=f"purposes.{plan.purpose}", policy=compiled.digest,
        facts={"campaign": str(one.pk), "step": what} | ({"by": str(by)} if by else {}),
    )  # fmt: skip
    Step.objects.create(campaign=one, what=what, at=at, by=by, entry=ledger.record(entry))


def _wait(one: Campaign) -> None:
    """Wait until what was being handed over when the step was taken is over; of a sender that died, its lease."""
    until = time.monotonic() + PATIENCE
    pause_ = 0.002
    while time.monotonic() < until and _under_way(one):
        time.sleep(pause_)
        pause_ = min(pause_ * 1.5, 0.05)


def _under_way(one: Campaign) -> bool:
    alive = policies.now() - timedelta(seconds=LEASE)
    return Message.objects.filter(group=one.pk, state=GOING, not_before__gt=alive).exists()


def _close(one: Campaign) -> None:
    """Write down what it came to; what waited for another try is waited for no more."""
    Message.objects.filter(group=one.pk, state="queued").update(state="stopped")
    one.report = None
    now = progress(one)
    Campaign.objects.filter(pk=one.pk).update(report=now.said)
    one.refresh_from_db()
