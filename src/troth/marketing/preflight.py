"""What somebody sees before a campaign goes, and what stands in its way. It writes nothing and opens nothing.

How many may receive it and why not the others, some people with the whole answer, hours, caps, lists, transfers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Count

from troth.doors import limits, policies
from troth.policy import Act, Compiled, Decision, Standing
from troth.vault.models import Person

from . import audience, screening
from .campaign_models import Campaign, Screening

CARRIES: Final = {"email": "email_sender", "sms": "email_sender", "post": "mailing_house", "phone": "call_provider"}
MINORS: Final = ("too_young", "no_parent")


@dataclass(frozen=True)
class Preflight:
    """It adds up: total == outside + may + excluded, and `lines` are the last two."""

    total: int
    outside: int
    may: int
    excluded: int
    lines: tuple[audience.Line, ...]
    samples: tuple[Decision, ...]  # some people from all over the list, without who they are
    resting: tuple[tuple[str, int], ...]  # zone and how many there it is too early or late for now
    too_often: int  # of the list: had as much as the policy allows
    lists: tuple[Screening, ...]  # those that were read, the newest of each
    minors: int
    signals: int
    transfers: tuple[str, ...]  # who carries it, and under what
    blocked: tuple[str, ...]  # what must be mended first


def preflight(one: Campaign, at: datetime) -> Preflight:
    """Look at a campaign whose list is frozen. Raises Undeclared outside a page or job that declares its purpose."""
    assert one.audience is not None  # noqa: S101 -- the state is "ready" or later
    compiled = policies.archive().in_force(policies.today())
    counts: Mapping[str, Any] = one.audience.counts
    lines = tuple(audience.Line(*line) for line in counts["lines"])
    places = _places(one)
    kinds = {code: sum(line.people for line in lines if line.code == code) for code in (*MINORS, "signal")}
    carried, stuck = _transfers(one, compiled, places, at)
    newest = {made.kind: made for made in Screening.objects.order_by("dated")}
    return Preflight(
        counts["total"], counts["outside"], counts["may"], sum(line.people for line in lines if not line.allowed),
        lines, tuple(decision for _, decision in audience.sample(one.whom, 5, at)), _resting(one, compiled, places, at),
        _too_often(one, compiled, at), tuple(newest.values()), sum(kinds[code] for code in MINORS), kinds["signal"],
        carried, (*blocking(one, at, places), *stuck),
    )  # fmt: skip


def blocking(one: Campaign, at: datetime, places: Counter[tuple[str, str]] | None = None) -> list[str]:
    """Return what keeps a campaign from going: a list that is not there or too old."""
    where = {residence for residence, _ in (places or _places(one))}
    return screening.missing(one.whom.channel, where, at.date())


def _places(one: Campaign) -> Counter[tuple[str, str]]:
    """Return how many of the list are where: residence and time zone."""
    found: Counter[tuple[str, str]] = Counter()
    for people in one.audience.people() if one.audience else ():
        rows = Person.objects.filter(pk__among=people).order_by().values_list("residence", "zone")
        for residence, zone, count in rows.annotate(n=Count("pk")):
            found[residence, zone] += count
    return found


def _resting(
    one: Campaign, compiled: Compiled, places: Counter[tuple[str, str]], at: datetime
) -> tuple[tuple[str, int], ...]:
    found: Counter[str] = Counter()
    for (residence, zone), count in places.items():
        act = _act(one)._replace(hour=at.astimezone(ZoneInfo(zone)).hour)
        decision = compiled.decide(act, Standing(residence, compiled.layout), at.date())
        if limits.resting(compiled, act) or any(reason.code == "hours" for reason in decision.reasons):
            found[zone] += count
    return tuple(found.most_common())


def _too_often(one: Campaign, compiled: Compiled, at: datetime) -> int:
    chunks = one.audience.people() if one.audience else ()
    return sum(len(limits.too_often(compiled, _act(one), people, at)) for people in chunks)


def _transfers(
    one: Campaign, compiled: Compiled, places: Counter[tuple[str, str]], at: datetime
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return who carries it where, and what is against it: for everybody's own law."""
    to, plan = CARRIES.get(one.whom.channel, ""), one.whom
    recipient = compiled.policy.recipients.get(to)
    if recipient is None:
        return (), ()
    said = f"{recipient.say}, in {', '.join(recipient.countries)}, under contract {_contract(recipient)}"
    act = Act(
        "disclose", plan.purpose, plan.brand, to=to, actor=plan.actor, given=plan.given, channel=plan.channel,
        topic=plan.topic,
    )  # fmt: skip
    stuck = set()
    for residence in {where for where, _ in places}:
        decision = compiled.decide(act, Standing(residence, compiled.layout), at.date())
        against = [reason for reason in decision.reasons if reason.code in ("no_safeguard", "ended", "not_covered")]
        stuck |= {f"{recipient.say}: {reason.say} ({reason.line})" for reason in against}
    return (said[:1].upper() + said[1:],), tuple(sorted(stuck))


def _contract(recipient: Any) -> str:  # noqa: ANN401 -- the policy's own shape
    contract = recipient.contract
    return f"{contract.ref} until {contract.until:%d %B %Y}" if contract and contract.until else "none"


def _act(one: Campaign) -> Act:
    plan = one.whom
    return Act(
        "contact", plan.purpose, plan.brand, channel=plan.channel, topic=plan.topic, actor=plan.actor, given=plan.given,
        hour=audience.NOON,
    )  # fmt: skip
