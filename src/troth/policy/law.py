"""What a jurisdiction demands, as dated data. Packs only tighten: a rule can take a yes away, never give one.

The packs themselves are TOML files in `troth.laws`; this module is their shape and the question which of them
protect a person on a day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date

from .nouns import (
    BEGIN,
    CARES,
    CHANNELS,
    COUNTRY,
    DAY,
    END,
    FLAG,
    KINDS,
    PROVENANCES,
    RIGHTS,
    ROLES,
    TEXT,
    VERBS,
    Shield,
    in_force,
)  # fmt: skip
from .period import Length
from .plain import Plain
from .shapes import LENGTH_TEXT, Many, OneOf, Record, Table, Text, Whole, key

TRUST = OneOf(("v", "k", "u"))  # verified in public sources, own knowledge, unsettled
NEEDS = ("objection", "consent | soft", "consent")  # each stricter than the one before
STATE = re.compile("[A-Z]{2}")
ANYWHERE = "*"  # a residence nobody knows: every pack applies, the strictest rule wins


class LawRule(Plain):
    """One rule that can change a decision. Every condition given must match; an empty one matches all."""

    id: str = key(Text(60), "its name in the pack")
    cite: str = key(TEXT, "the law")
    say: str = key(TEXT, "what it asks, in plain words")
    trust: str = key(TRUST, "how sure we are")
    verbs: tuple[str, ...] = key(Many(OneOf(VERBS)), "acts; all but keep unless said", ())
    kinds: tuple[str, ...] = key(Many(OneOf(KINDS)), "kinds of purpose", ())
    unless: tuple[str, ...] = key(Many(OneOf(KINDS)), "kinds of purpose it leaves alone", ())
    channels: tuple[str, ...] = key(Many(OneOf(CHANNELS)), "channels", ())
    care: tuple[str, ...] = key(Many(OneOf(CARES)), "delicate data", ())
    roles: tuple[str, ...] = key(Many(OneOf(ROLES)), "roles of the recipient", ())
    provenance: tuple[str, ...] = key(Many(OneOf(PROVENANCES)), "kinds of source", ())
    regions: dict[str, date] = key(
        Table(DAY, names=Text(3)), "the sub-regions it holds in, each since its day", {}, called="in"
    )
    begin: date = key(DAY, BEGIN, date.min, called="from")
    end: date = key(DAY, END, date.max, called="until")
    need: str = key(OneOf(NEEDS), "what the person must have said", "")
    ban: bool = key(FLAG, "never allowed", default=False)
    under: int = key(Whole(1, 21), "never for people known to be younger", 0)
    parent: int = key(Whole(1, 21), "a parent agrees for people known to be younger", 0)
    evidence: str = key(TEXT, "the fact that must be stated", "")
    hours: tuple[int, ...] = key(Many(Whole(0, 24)), "only between these local hours", ())
    listed: str = key(OneOf(("tps", "mps", "dnc")), "never for people on this list, unless they said yes", "")
    signal: str = key(OneOf(("gpc",)), "the device signal is a no", "")

    def in_force(self, day: date, region: str) -> bool:
        """Tell whether it holds on `day` for someone in `region`; an unknown region ("") meets every rule."""
        if not self.begin <= day < self.end:
            return False
        if not self.regions:
            return True
        since = self.regions.get(region) if region else min(self.regions.values())
        return since is not None and since <= day

    def days(self) -> Iterable[date]:
        """Return every day on which it may begin or cease to hold."""
        return self.begin, self.end, *self.regions.values()


class Demand(Plain):
    """A demand on the policy as a whole."""

    id: str = key(Text(60), "its name in the pack")
    check: str = key(TEXT, "the check that answers it")
    cite: str = key(TEXT, "the law")
    say: str = key(TEXT, "what it asks, in plain words")
    trust: str = key(TRUST, "how sure we are")
    rights: tuple[str, ...] = key(Many(OneOf(RIGHTS)), "the rights it asks for", ())
    regions: dict[str, date] = key(
        Table(DAY, names=Text(3)), "the sub-regions it holds in, each since its day", {}, called="in"
    )
    begin: date = key(DAY, BEGIN, date.min, called="from")
    end: date = key(DAY, END, date.max, called="until")

    def in_force(self, day: date) -> bool:
        since = min(self.regions.values(), default=self.begin)
        return max(since, self.begin) <= day < self.end


class Clock(Plain):
    """A deadline as data."""

    start: str = key(OneOf(("receipt", "request and identity", "awareness", "data received")), "what starts it")
    length: Length = key(LENGTH_TEXT, "how long")
    cite: str = key(TEXT, "the law")
    trust: str = key(TRUST, "how sure we are")
    acknowledge: Length | None = key(LENGTH_TEXT, "by when receipt is confirmed", None)
    extend: Length | None = key(LENGTH_TEXT, "how much longer it may take", None)
    told: Length | None = key(LENGTH_TEXT, "by when an extension is told", None)
    pause: tuple[str, ...] = key(Many(OneOf(("clarification", "identity", "police"))), "what stops it meanwhile", ())
    calendar: str = key(OneOf(("working day",)), "where it may not end", "")
    say: str = key(TEXT, "what it asks, in plain words", "")
    begin: date = key(DAY, BEGIN, date.min, called="from")
    end: date = key(DAY, END, date.max, called="until")


class Ages(Plain):
    """The age from which a young person answers alone."""

    by: dict[str, int] = key(Table(Whole(10, 21), names=COUNTRY), "by country")
    cite: str = key(TEXT, "the law")
    otherwise: int = key(Whole(10, 21), "where not listed", 16)
    trust: str = key(TRUST, "how sure we are", "k")
    begin: date = key(DAY, BEGIN, date.min, called="from")

    def at(self, region: str) -> int:
        """Return the age in a country; the highest of all where the country is not known."""
        return self.by.get(region, self.otherwise) if region else max([*self.by.values(), self.otherwise])


class Adequate(Plain):
    """Countries found to protect data as well as home."""

    to: tuple[str, ...] = key(Many(COUNTRY), "the countries")
    cite: str = key(TEXT, "the law")
    trust: str = key(TRUST, "how sure we are")
    scope: str = key(TEXT, "whom it covers", "")
    begin: date = key(DAY, BEGIN, date.min, called="from")
    end: date = key(DAY, END, date.max, called="until")


class Safeguard(Plain):
    """A safeguard this jurisdiction accepts for transfers."""

    to: tuple[str, ...] = key(Many(COUNTRY), "the countries; * for all")
    cite: str = key(TEXT, "the law")
    trust: str = key(TRUST, "how sure we are")
    assess: bool = key(FLAG, "a transfer assessment must be attached", default=False)
    say: str = key(TEXT, "what it is, in plain words", "")
    begin: date = key(DAY, BEGIN, date.min, called="from")
    end: date = key(DAY, END, date.max, called="until")


class Transfers(Plain):
    """Where data may go."""

    home: tuple[str, ...] = key(Many(COUNTRY), "countries that are no transfer at all")
    cite: str = key(TEXT, "the law")
    say: str = key(TEXT, "what it asks, in plain words", "")
    adequate: tuple[Adequate, ...] = key(Many(Record(Adequate)), "countries found adequate", ())
    shields: dict[str, Safeguard] = key(Table(Record(Safeguard), names=Text(40)), "safeguards it accepts", {})
    begin: date = key(DAY, BEGIN, date.min, called="from")
    end: date = key(DAY, END, date.max, called="until")

    def ground(self, country: str, shields: Iterable[Shield], day: date) -> str:
        """Return the law line under which data may go to `country` on `day`, or "" if there is none.

        `shields` are the safeguards the policy names for it; one without a day it ends does not hold.
        """
        return self.explained(country, shields, day)[0]

    def explained(self, country: str, shields: Iterable[Shield], day: date) -> tuple[str, str]:
        """Return the ground as `ground` does, and what it comes to in plain words."""
        if country in self.home or not in_force(self, day):
            return self.cite, "no border is crossed"
        for ruling in self.adequate:
            if country in ruling.to and in_force(ruling, day):
                return ruling.cite, "its law was found to protect data as well as ours"
        for shield in shields:
            if self._accepts(shield, country, day):
                accepted = self.shields[shield.scheme]
                return accepted.cite, accepted.say or shield.scheme
        return "", "nothing, so nothing goes there"

    def _accepts(self, shield: Shield, country: str, day: date) -> bool:
        accepted = self.shields.get(shield.scheme)
        if accepted is None or shield.until is None or day >= shield.until or not in_force(accepted, day):
            return False
        return (country in accepted.to or "*" in accepted.to) and (bool(shield.assessed) or not accepted.assess)


class PackHead(Plain):
    """Which jurisdiction a pack is for."""

    name: str = key(Text(20), "its code, e.g. us-ca")
    say: str = key(TEXT, "its name")
    covers: tuple[str, ...] = key(Many(Text(6)), "the residences it protects")
    read: date = key(DAY, "the day its sources were last read")
    within: str = key(Text(20), "the pack it stands inside", "")
    authority: dict[str, str] = key(Table(TEXT), "where one may complain", {})


class LawPack(Plain):
    """The law of one jurisdiction, as far as it bears on a retailer's use of personal data."""

    head: PackHead = key(Record(PackHead), "which jurisdiction", called="pack")
    rules: tuple[LawRule, ...] = key(Many(Record(LawRule)), "rules that change decisions", (), called="rule")
    demands: tuple[Demand, ...] = key(Many(Record(Demand)), "demands on the policy", (), called="demand")
    clocks: dict[str, Clock] = key(Table(Record(Clock)), "deadlines", {})
    ages: Ages | None = key(Record(Ages), "ages of consent", None)
    transfers: Transfers | None = key(Record(Transfers), "rules on sending data abroad", None)

    @property
    def name(self) -> str:
        return self.head.name


Applied = tuple[LawPack, str]  # a pack, and the sub-region in it: "CA", "FR"; "" where that is not known


def protecting(residence: str, packs: Mapping[str, LawPack]) -> tuple[Applied, ...]:
    """Return the packs that protect someone of this residence, each with the sub-region that is known.

    `residence` is an ISO 3166-1 country, a US state ("US-CA"), a pack's code for anyone under it ("eu"), several of
    these joined by "+", or "*" for unknown. Someone unknown, mixed, or of a country no pack covers is protected by the
    strictest: all that could apply do.
    """
    found: dict[str, set[str]] = {}
    for one in residence.split("+"):
        for name, region in _one(one, packs):
            found.setdefault(name, set()).add(region)
    return tuple(
        (packs[name], "" if len(regions) > 1 else next(iter(regions))) for name, regions in sorted(found.items())
    )


def _one(residence: str, packs: Mapping[str, LawPack]) -> list[tuple[str, str]]:
    """Return the packs, with their sub-region, for one place a person may live in."""
    if residence in packs:
        return [(name, "") for name in _chain(residence, packs)]
    country, dash, state = residence.partition("-")
    if dash and not STATE.fullmatch(state):
        return _one(ANYWHERE, packs)  # no such state: it could be any place
    found: list[tuple[str, str]] = []
    for name, pack in packs.items():
        many = len(pack.head.covers) > 1  # then its sub-regions are countries or listed states; else its own states
        if residence in pack.head.covers:
            region = state or (country if many else "")
            found += [(one, region) for one in _chain(name, packs)]
            # A whole country: any pack inside it may apply ("US": in which state?).
            found += [(inner, "") for inner, inside in packs.items() if inside.head.within == name and not state]
        elif dash and country in pack.head.covers and not pack.head.within:
            found.append((name, country if many else state))  # without a pack of its own, its country's law alone
    return found or [(name, "") for name in packs]


def _chain(name: str, packs: Mapping[str, LawPack]) -> list[str]:
    """Return a pack and those it stands inside."""
    parent = packs[name].head.within
    return [name, *(_chain(parent, packs) if parent in packs and parent != name else [])]
