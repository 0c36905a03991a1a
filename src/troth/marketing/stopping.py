"""A no that comes by a message: from its link, its button, its answer or its call. At once, and as often as it is sent.

A link already used does nothing more; if a yes was said since, it is a new no, for whoever presses "no more" means it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from troth.choices.actions import known
from troth.doors import policies
from troth.doors.collect import choose
from troth.policy import Compiled, Standing
from troth.policy.sections_yours import CHANNEL_NAMES
from troth.vault.models import Person

from .campaign_models import Campaign
from .channels import CHANNELS

ONE, ALL = "one", "all"
NUMBERED: Final = ("sms", "phone")


def patterns(compiled: Compiled, one: Campaign, how_much: str = ONE) -> list[str]:
    """Return what a no to a campaign covers: its list on its channel, or on every channel."""
    plan = one.whom
    made = compiled.policy.purposes.get(plan.purpose)
    ends = f":{plan.channel}" if how_much == ONE else ""
    wanted = [f"{name}:{plan.brand}{ends}" for name in (made.choice if made else ())]
    return [pattern for pattern in wanted if compiled.book.meant(pattern)]


def words(compiled: Compiled, one: Campaign, how_much: str = ONE) -> str:
    """Return what somebody presses, which is kept as the wording of their no."""
    plan = one.whom
    brand = compiled.policy.brands[plan.brand].say or plan.brand.title()
    made = compiled.policy.purposes[plan.purpose]
    by = f" by {CHANNEL_NAMES.get(plan.channel, plan.channel)}" if how_much == ONE else ", in any way"
    wish = f"{made.say} ".replace("this brand's", "your").replace(" you ", " me ").strip()
    return f"{brand}: do not {wish}{by}"


def whose(person: UUID) -> UUID | None:
    """Return who a link's person is now: the one they were joined to, or nobody once they are erased."""
    for _ in range(8):
        found = Person.objects.filter(pk=person).values_list("merged_into", flat=True)
        if not found:
            return None
        if found[0] is None:
            return person
        person = found[0]
    return None


def stopped(compiled: Compiled, person: UUID, wanted: list[str], at: datetime) -> bool:
    """Tell whether somebody said no to all of it already."""
    return _covered(compiled, known([person], compiled, at)[1][person], wanted)


def _covered(compiled: Compiled, stands: Standing, wanted: list[str]) -> bool:
    mask = 0
    for pattern in wanted:
        mask |= compiled.book.meant(pattern)
    return (stands.no | stands.stop) & mask == mask


def stop(one: Campaign, person: UUID, *, place: str, at: datetime, how_much: str = ONE) -> int:
    """Take somebody's no. Returns its ledger entry, or 0 where it stood already. Raises StillSending."""
    compiled = policies.archive().in_force(policies.today())
    wanted = patterns(compiled, one, how_much)
    if not wanted or stopped(compiled, person, wanted, at):
        return 0
    return choose(
        "objection", *wanted, person=person, brand=one.whom.brand, place=place,
        wording=words(compiled, one, how_much), at=at,
    )  # fmt: skip


def all_by_number(compiled: Compiled) -> list[str]:
    """Return what STOP covers: every brand's marketing by text and by call, for one stop stops all (FCC 24-24)."""
    return [pattern for channel in NUMBERED for pattern in all_by(compiled, channel, "*")]


def all_by(compiled: Compiled, channel: str, brand: str) -> list[str]:
    """Return what a no covers to all of a brand's marketing on one channel."""
    found = []
    for name, choice in compiled.policy.choices.items():
        purposes = [p for p, made in compiled.policy.purposes.items() if name in made.choice]
        if channel in choice.channels and any("marketing" in compiled.book.kinds[p] for p in purposes):
            found.append(f"{name}:{brand}:{channel}")
    return [pattern for pattern in found if compiled.book.meant(pattern)]


def ways(compiled: Compiled, person: UUID, brand: str, at: datetime) -> list[tuple[str, str, bool]]:
    """Return each channel a brand's campaigns go out on: its name, as people call it, and whether they stopped it."""
    stands = known([person], compiled, at)[1][person]
    listed = ((channel, all_by(compiled, channel, brand)) for channel in CHANNELS)
    return [(name, CHANNEL_NAMES[name], _covered(compiled, stands, wanted)) for name, wanted in listed if wanted]


def stop_by_care(person: UUID, brand: str, channel: str, *, case: str, at: datetime) -> int:
    """Write down a no somebody said to our care people, with the case they said it in (R69). Returns as `stop` does.

    Raises KeyError where a brand does not market on the channel; StillSending.
    """
    compiled = policies.archive().in_force(policies.today())
    wanted = all_by(compiled, channel, brand) if channel in CHANNELS else []
    if not wanted:
        raise KeyError(channel)
    if stopped(compiled, person, wanted, at):
        return 0
    said = f"{compiled.policy.brands[brand].say or brand.title()}: no more by {CHANNEL_NAMES[channel]}, told to care"
    return choose(
        "objection", *wanted, person=person, brand=brand, place="care", wording=said, proof={"case": case}, at=at,
    )  # fmt: skip
