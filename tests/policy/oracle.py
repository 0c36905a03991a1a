"""A second opinion: `decide` once more, written from REQUIREMENTS §1 and the docstrings as slow, plain ifs and loops.

It shares the dataclasses with the engine and nothing else: people are dictionaries of names, slots are strings, no answer
is kept. Where it and the engine differ, one of them is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypedDict

from troth.policy.acts import Act
from troth.policy.law import LawPack, LawRule
from troth.policy.nouns import ACTORS, CHANNELS, FORMS, VERBS, Choice, Policy, Purpose, Recipient, Shield

ORDER = (  # REQUIREMENTS §1 "Precedence": what decides first; equal numbers are one step
    {"unknown": 0, "ended": 1, "banned": 2, "hours": 2, "no_safeguard": 2}
    | {"wall": 3, "not_covered": 3, "role": 3, "form": 3, "too_small": 3, "unstated": 3}
    | {"too_young": 4, "no_parent": 4, "restricted": 5, "erasing": 6, "stopped": 7, "signal": 8, "refused": 9}
    | {"listed": 10, "not_asked": 11}
)

STRICTER = {"": 0, "objection": 1, "consent | soft": 2, "consent": 3}


class Person(TypedDict, total=False):
    """Somebody as one would describe them; whatever is left out was never said or asked."""

    residence: str
    age: int
    yes: list[str]  # slots, or patterns of slots such as "news" or "news:*:sms"
    no: list[str]
    stop: list[str]
    soft: list[str]
    signal: bool
    flags: list[str]


@dataclass(frozen=True)
class Verdict:
    """Yes or no, and the codes of all reasons, the deciding one first."""

    allowed: bool
    codes: tuple[str, ...]


def decide(policy: Policy, packs: Mapping[str, LawPack], act: Act, person: Person, day: date) -> Verdict:
    return Oracle(policy, packs, act, person, day).verdict()


class Oracle:
    """One question; every method answers one part of it."""

    def __init__(self, policy: Policy, packs: Mapping[str, LawPack], act: Act, person: Person, day: date) -> None:
        self.policy, self.act, self.person, self.day = policy, act, person, day
        self.packs = {name: packs[name] for name in policy.about.laws if name in packs}

    def verdict(self) -> Verdict:
        unknown = list(self.unknown())
        if unknown:
            return Verdict(False, tuple(unknown))
        self.purpose: Purpose = self.policy.purposes[self.act.purpose]
        self.items = self.items_of_act()
        self.kinds = self.kinds_of_purpose()
        self.laws = self.laws_of(self.person.get("residence", "*"))
        self.rules = list(self.rules_that_speak())
        against = list(self.against_anybody()) or list(self.against_this_person())
        return Verdict(False, tuple(against)) if against else Verdict(True, (self.reason_for(),))

    # -- names --------------------------------------------------------------------------------------------------------

    def unknown(self) -> Iterator[str]:
        act, policy = self.act, self.policy
        topics = [topic for choice in policy.choices.values() for topic in choice.topics]
        if act.verb not in VERBS:
            yield "unknown"
        if act.purpose not in policy.purposes:
            yield "unknown"
        if act.brand not in policy.brands:
            yield "unknown"
        places = []
        if act.brand in policy.brands:
            brand = policy.brands[act.brand]
            places = [*brand.sites, *brand.apps, *brand.social, *brand.properties]
        if act.where and act.where not in places:
            yield "unknown"
        if (act.source or act.verb == "collect") and act.source not in policy.sources:
            yield "unknown"
        if (act.to or act.verb == "disclose") and act.to not in policy.recipients:
            yield "unknown"
        if (act.channel or act.verb == "contact") and act.channel not in CHANNELS:
            yield "unknown"
        if act.topic and act.topic not in topics:
            yield "unknown"
        if act.actor not in ACTORS:
            yield "unknown"
        if act.form not in FORMS:
            yield "unknown"
        for name in act.items:
            if not self.meant(name):
                yield "unknown"

    def meant(self, name: str) -> set[tuple[str, str]]:
        """Return the (category, item) pairs a name stands for: "*", a category, "category.item" or a bare item."""
        found = set()
        for category, data in self.policy.data.items():
            for item in data.items:
                if name in ("*", category, item, f"{category}.{item}"):
                    found.add((category, item))
        return found

    def all_meant(self, names: tuple[str, ...] | frozenset[str]) -> set[tuple[str, str]]:
        return {pair for name in names for pair in self.meant(name)}

    def items_of_act(self) -> set[tuple[str, str]]:
        """A contact uses the address of its channel, whatever else it names."""
        if self.act.verb != "contact":
            return self.all_meant(self.act.items)
        address = {"email": "email", "sms": "mobile", "phone": "phone", "autocall": "phone", "post": "home_address"}
        return self.all_meant(self.act.items) | self.meant(address.get(self.act.channel, ""))

    def categories(self) -> set[str]:
        return {category for category, _ in self.items}

    def kinds_of_purpose(self) -> set[str]:
        kinds = set(self.purpose.kind)
        for name in self.purpose.choice:
            if self.policy.choices[name].topics:
                kinds.add("marketing")
            if self.policy.choices[name].signal and "sale" not in self.purpose.kind:
                kinds.add("adverts")
        if any(not cookie.exempt for cookie in self.purpose.cookies.values()):
            kinds.add("storage")
        return kinds

    def recipient(self) -> Recipient | None:
        return self.policy.recipients[self.act.to] if self.act.to else None

    # -- which law ------------------------------------------------------------------------------------------------------

    def laws_of(self, residence: str) -> dict[str, str]:
        """Return the packs that protect this residence, each with the sub-region, "" where that is not known."""
        regions: dict[str, set[str]] = {}
        places = []
        for said in residence.split("+"):
            country = said.partition("-")[0]
            treated = self.policy.about.treat.get(said) or self.policy.about.treat.get(country)
            own = any(said in pack.head.covers or country in pack.head.covers for pack in self.packs.values())
            places += ([said] if own or not treated else []) + (treated.split("+") if treated else [])
        for treated_as in places:
            place = treated_as
            country, _, state = ("", "", "") if place in self.packs else place.partition("-")
            direct = [name for name, pack in self.packs.items() if place in (name, *pack.head.covers)]
            if not direct and state:
                direct = [name for name, pack in self.packs.items() if country in pack.head.covers]
                if any(len(self.packs[name].head.covers) > 1 for name in direct):
                    place, state = country, ""  # a pack of many countries knows countries, not what lies inside one
            if not direct:  # nobody's law covers them: everybody's does
                direct, place, state = list(self.packs), "", ""
            for name in direct:
                members = len(self.packs[name].head.covers) > 1
                region = state or (place if members and place not in self.packs else "")
                for one in self.with_parents(name):
                    regions.setdefault(one, set()).add(region if state or one == name else "")
                if not state and place not in self.packs:
                    for inner, pack in self.packs.items():
                        if pack.head.within == name:
                            regions.setdefault(inner, set()).add("")
        return {name: found.pop() if len(found) == 1 else "" for name, found in regions.items()}

    def with_parents(self, name: str) -> list[str]:
        parent = self.packs[name].head.within
        return [name] + (self.with_parents(parent) if parent in self.packs else [])

    def rules_that_speak(self) -> Iterator[tuple[str, LawRule]]:
        """Yield every law rule that speaks to this act, for this person's residence, on this day."""
        act, recipient = self.act, self.recipient()
        source = self.policy.sources[act.source] if act.source else None
        for name, region in sorted(self.laws.items()):
            for rule in self.packs[name].rules:
                if act.verb not in (rule.verbs or ("collect", "use", "contact", "disclose", "publish")):
                    continue  # one that names no verb speaks to all but keep
                if rule.kinds and not any(kind in rule.kinds for kind in self.kinds):
                    continue
                if any(kind in rule.unless for kind in self.kinds):
                    continue
                if rule.channels and act.channel not in rule.channels:
                    continue
                if rule.care and not any(
                    self.policy.data[category].care in rule.care for category in self.categories()
                ):
                    continue
                if rule.roles and (recipient is None or recipient.role not in rule.roles):
                    continue
                if rule.provenance and (source is None or source.provenance not in rule.provenance):
                    continue
                if self.day < rule.begin or self.day >= rule.end:
                    continue
                if rule.regions and region and (region not in rule.regions or self.day < rule.regions[region]):
                    continue
                if rule.regions and not region and all(self.day < since for since in rule.regions.values()):
                    continue
                yield name, rule

    # -- what no person can change --------------------------------------------------------------------------------------

    def against_anybody(self) -> Iterator[str]:
        yield from self.ended()
        yield from self.forbidden()
        yield from self.nowhere_safe()
        yield from self.walled()
        yield from self.outside()
        yield from self.unreached()
        yield from self.unstaffed()
        yield from self.too_plain()
        yield from self.unstated()

    def ended(self) -> Iterator[str]:
        brand = self.policy.brands[self.act.brand]
        parts: list[Any] = [brand, self.purpose]
        controller = brand.controller or self.policy.about.controller
        if (
            controller in self.policy.about.entities
        ):  # R1, R65: whoever answers for a brand belongs to the group that day
            parts.append(self.policy.about.entities[controller])
        if self.act.to:
            parts.append(self.policy.recipients[self.act.to])
        if self.act.source:
            parts.append(self.policy.sources[self.act.source])
        if self.act.where in brand.properties:
            parts.append(brand.properties[self.act.where])
        for part in parts:
            if self.day < part.begin or self.day >= part.end:
                yield "ended"

    def forbidden(self) -> Iterator[str]:
        for _, rule in self.rules:
            if rule.ban:
                yield "banned"
            if rule.evidence and not self.shown(rule.evidence):
                yield "unstated"
            if rule.hours and (self.act.hour < rule.hours[0] or self.act.hour >= rule.hours[1]):
                yield "hours"

    def shown(self, evidence: str) -> bool:
        recipient = self.recipient()
        if evidence == "contract":
            if recipient is None or recipient.contract is None:
                return False
            return recipient.contract.until is None or self.day < recipient.contract.until
        if evidence == "risk assessment":
            return self.purpose.assessed != ""
        return evidence in self.act.given

    def nowhere_safe(self) -> Iterator[str]:
        recipient = self.recipient()
        if self.act.verb != "disclose" or recipient is None or self.act.form == "statistics":
            return
        if self.act.place and self.act.place not in recipient.countries:
            yield "no_safeguard"
            return
        countries = [self.act.place] if self.act.place else list(recipient.countries)
        if not countries:
            countries = ["*"]  # it says no country: it could be any
        for country in countries:
            for name in self.laws:
                if self.packs[name].transfers and not self.grounded(self.packs[name], recipient, country):
                    yield "no_safeguard"

    def grounded(self, pack: LawPack, recipient: Recipient, country: str) -> bool:
        """R59: home, a country found adequate that day, or an accepted safeguard in force, with its papers."""
        law = pack.transfers
        assert law is not None
        if country in law.home or not law.begin <= self.day < law.end:
            return True
        for ruling in law.adequate:
            if country in ruling.to and ruling.begin <= self.day < ruling.end:
                return True
        for shield in recipient.shield.get(country, ()):
            if not isinstance(shield, Shield) or shield.until is None or self.day >= shield.until:
                continue  # a safeguard has an expiry and a document; a bare word has neither
            accepted = law.shields.get(shield.scheme)
            if accepted is None or not accepted.begin <= self.day < accepted.end:
                continue
            if (country in accepted.to or "*" in accepted.to) and (shield.assessed or not accepted.assess):
                return True
        return False

    def walled(self) -> Iterator[str]:
        recipient = self.recipient()
        for category in self.categories():
            data = self.policy.data[category]
            if self.act.verb == "disclose" and data.only_to and self.act.to not in data.only_to:
                yield "wall"
            if data.only_for and self.act.purpose not in data.only_for:
                yield "wall"
            exported = "export" in data.never and "rights" in self.kinds and self.act.verb != "keep"
            if self.act.verb in data.never or self.act.purpose in data.never or exported:
                yield "wall"
        if recipient and recipient.only_for and self.act.purpose not in recipient.only_for:
            yield "wall"

    def outside(self) -> Iterator[str]:
        uses = self.all_meant(self.purpose.uses)
        if self.act.verb == "keep":
            uses = uses | self.all_meant(self.purpose.retains)
        if not self.items <= uses:
            yield "not_covered"
        if self.act.verb == "collect" and not self.items <= self.all_meant(self.policy.sources[self.act.source].takes):
            yield "not_covered"
        if self.act.verb == "publish" and not (self.purpose.shows and self.items <= self.all_meant(self.purpose.shows)):
            yield "not_covered"
        if self.act.verb == "disclose":
            if self.act.to not in self.purpose.recipients:
                yield "not_covered"
            else:
                narrowed = (
                    self.purpose.recipients[self.act.to]
                    if isinstance(self.purpose.recipients, dict)
                    else self.purpose.uses
                )
                if not self.items <= (self.all_meant(narrowed) & self.all_meant(self.purpose.uses)):
                    yield "not_covered"
        if self.purpose.basis == "none" or not uses:
            yield "not_covered"

    def unreached(self) -> Iterator[str]:
        verb, channel, topic, recipient = self.act.verb, self.act.channel, self.act.topic, self.recipient()
        asked = [self.policy.choices[name] for name in self.purpose.choice]
        if channel and self.purpose.channels and channel not in self.purpose.channels:
            yield "not_covered"
        served = self.purpose.basis in ("contract", "law", "vital")
        if (
            verb == "contact"
            and not self.purpose.channels
            and not served
            and not any(choice.channels for choice in asked)
        ):
            yield "not_covered"  # nobody is reached by a way nobody wrote down
        if topic and not any(choice.topics for choice in asked):
            yield "not_covered"  # R62, R70: a service message is about the service, not about an offer
        leaves = verb in ("contact", "publish") or (
            verb == "disclose" and recipient is not None and recipient.role != "processor"
        )
        for choice in asked:  # a yes was given to a channel and a topic: what leaves us on it names both
            if choice.channels and channel and channel not in choice.channels:
                yield "not_covered"
            if choice.channels and not channel and (leaves or topic):
                yield "unknown"
            if choice.topics and topic not in choice.topics and (leaves or channel):
                yield "unknown"

    def unstaffed(self) -> Iterator[str]:
        if self.act.actor in ("system", "person"):
            return
        if self.act.actor not in self.purpose.roles:
            yield "role"
        elif isinstance(self.purpose.roles, dict):
            yield from self.missing(self.purpose.roles[self.act.actor])

    def too_plain(self) -> Iterator[str]:
        recipient = self.recipient()
        if self.act.verb in ("use", "disclose") and FORMS.index(self.act.form) < FORMS.index(self.purpose.form):
            yield "form"
        if recipient and FORMS.index(self.act.form) < FORMS.index(recipient.form):
            yield "form"
        if recipient and self.act.size < recipient.at_least:
            yield "too_small"

    def unstated(self) -> Iterator[str]:
        if isinstance(self.purpose.needs, dict):
            yield from self.missing(self.purpose.needs.get(self.act.verb, ()))
        else:
            yield from self.missing(self.purpose.needs)
        if self.act.to:
            yield from self.missing(self.policy.recipients[self.act.to].needs)
        if self.act.verb == "collect":
            yield from self.missing(self.policy.sources[self.act.source].needs)
        if self.act.verb == "keep":
            return  # storage is decided by periods, holds and erasure, never by a choice
        for name in self.purpose.choice:
            if self.how_asked(name) == "each" and "permission" not in self.act.given:
                yield "not_asked"

    def missing(self, facts: tuple[str, ...]) -> Iterator[str]:
        for fact in facts:
            if fact not in self.act.given:
                yield "unstated"

    # -- how the person is asked ----------------------------------------------------------------------------------------

    def how_asked(self, name: str) -> str:
        """Return "use", "in", "each" or "out": the line of the channel, else of the choice, for this person's law."""
        choice = self.policy.choices[name]
        if isinstance(choice.channels, dict) and self.act.channel in choice.channels:
            return self.strictest(choice.channels[self.act.channel])
        if isinstance(choice.channels, dict) and not choice.ask and choice.channels:
            answers = [self.strictest(line) for line in choice.channels.values()]
            return next(word for word in ("use", "in", "each", "out") if word in answers)
        return self.strictest(choice.ask or "in")

    def strictest(self, line: str | Mapping[str, str]) -> str:
        """Return a line's answer for the person's laws: a law's own word, else its parent's, else the default, else "in"."""
        if isinstance(line, str):
            return line
        answers = []
        for law in self.laws:
            parent = self.packs[law].head.within
            answers.append(line.get(law) or line.get(parent) or line.get("default") or "in")
        return next((word for word in ("use", "in", "each", "out") if word in answers), "in")

    def questions(self) -> dict[str, list[str]]:
        """Return what is put to the person: for each choice, or for the purpose itself, the slots this act is about."""
        if not self.purpose.choice:
            return {self.act.purpose: [f"{self.act.purpose}:{self.act.brand}"]}
        return {name: self.slots_of(name) for name in self.purpose.choice}

    def slots_of(self, name: str) -> list[str]:
        """Return the one cell of a choice this act is about, or all of them where it names neither channel nor topic."""
        choice: Choice = self.policy.choices[name]
        channels = [c for c in choice.channels if c == self.act.channel] or list(choice.channels)
        topics = [t for t in choice.topics if t == self.act.topic] or list(choice.topics)
        cells = [f"{c}:{t}" for c in channels for t in topics] if channels and topics else channels or topics
        return [f"{name}:{self.act.brand}:{cell}" for cell in cells] or [f"{name}:{self.act.brand}"]

    def said(self, answer: str, slot: str) -> bool:
        """Tell whether this person gave an answer to a slot, by its own name or by a wider one."""
        patterns: list[str] = self.person.get(answer, [])  # type: ignore[assignment]  # the four lists of a person
        parts = slot.split(":")
        for pattern in patterns:
            wanted = pattern.split(":")
            if len(wanted) <= len(parts) and all(w in ("*", p) for w, p in zip(wanted, parts, strict=False)):
                return True
        return False

    def heeds_signals(self) -> bool:
        """Tell whether a device signal is a no here: the choice says so, or a law that protects this person."""
        chosen = any(self.policy.choices[name].signal for name in self.purpose.choice)
        return (chosen and self.act.verb != "keep") or any(rule.signal for _, rule in self.rules)

    def signalled(self) -> bool:
        return self.person.get("signal", False) and self.heeds_signals()

    def taken_away(self, slot: str) -> bool:
        return self.said("no", slot) or self.said("stop", slot) or self.signalled()

    def is_yes(self, slots: list[str]) -> bool:
        """One cell says yes for itself; a choice as a whole is a yes while any cell is one that nothing takes away."""
        if len(slots) == 1:
            return self.said("yes", slots[0])
        return any(self.said("yes", slot) and not self.taken_away(slot) for slot in slots)

    def is_soft(self, slots: list[str]) -> bool:
        if len(slots) == 1:
            return self.said("soft", slots[0])
        return any(self.said("soft", slot) and not self.taken_away(slot) for slot in slots)

    def is_no(self, slots: list[str]) -> bool:
        """A choice as a whole is a no when nothing of it is left."""
        return any(self.said("no", s) for s in slots) and all(self.said("no", s) or self.said("stop", s) for s in slots)

    def is_stop(self, slots: list[str]) -> bool:
        return all(self.said("stop", slot) for slot in slots)

    # -- what this person changes ---------------------------------------------------------------------------------------

    def against_this_person(self) -> Iterator[str]:
        yield from self.too_young()
        flags = self.person.get("flags", [])
        spared = "claims" in self.kinds or "rights" in self.kinds
        own = self.act.actor == "person" and "necessary" in self.kinds  # GDPR art. 18(2): with their consent
        if "restricted" in flags and not spared and not own and self.act.verb != "keep":
            yield "restricted"
        if "erasing" in flags and not spared and not self.must_stay():
            yield "erasing"
        questions = self.questions()
        braked = self.heeds_signals() or any(self.need(name) for name in questions)
        if braked and any(self.is_stop(slots) for slots in questions.values()):
            yield "stopped"
        if self.signalled():
            yield "signal"
        if braked and any(self.is_no(slots) for slots in questions.values()):
            yield "refused"
        if self.on_a_list() and not all(self.is_yes(slots) for slots in questions.values()):
            yield "listed"
        if not all(self.granted(self.need(name), slots) for name, slots in questions.items()):
            yield "not_asked"

    def too_young(self) -> Iterator[str]:
        age, marketing = self.person.get("age"), "marketing" in self.kinds and self.act.verb != "keep"
        if age is None:  # nobody asked; the law says "known"
            return
        if self.act.verb != "keep" and age < self.purpose.not_under:
            yield "too_young"
        for _, rule in self.rules:
            if age < rule.under:
                yield "too_young"
        if "parent" in self.person.get("flags", []):
            return
        registers = self.act.verb == "collect" and self.policy.sources[self.act.source].parent
        if registers or marketing:
            if age < self.policy.about.adult_from:
                yield "no_parent"
            for name, region in self.laws.items():
                if age < self.age_of_consent(self.packs[name], region):
                    yield "no_parent"
        for _, rule in self.rules:
            if age < rule.parent:
                yield "no_parent"

    def age_of_consent(self, pack: LawPack, region: str) -> int:
        """The age of the country lived in; of the strictest country where that is not known."""
        ages = pack.ages
        if ages is None or self.day < ages.begin:
            return 0
        home = region or (pack.head.covers[0] if len(pack.head.covers) == 1 else "")
        if not home:
            return max([*ages.by.values(), ages.otherwise])
        return ages.by.get(home, ages.otherwise)

    def must_stay(self) -> bool:
        """Erasure spares a duty's own acts on what it retains, and keeping while a legal hold lasts."""
        if self.items and self.items <= self.all_meant(self.purpose.retains):
            return True
        return self.act.verb == "keep" and "held" in self.person.get("flags", [])

    def need(self, name: str) -> str:
        """Return how much of a yes one question needs: what the policy asks or what the law asks, the stricter."""
        policy, law = self.need_of_policy(name), self.need_of_law()
        if name in self.purpose.choice and self.how_asked(name) == "each" and self.act.verb != "keep" and law:
            law = "objection"  # the permission for this very item, which must be stated, is the yes
        return max(policy, law, key=lambda need: STRICTER[need])

    def need_of_policy(self, name: str) -> str:
        if self.act.verb == "keep":
            return ""  # storage is decided by periods, holds and erasure
        if not self.purpose.choice:
            return {"interest": "objection", "use": "consent", "": "consent"}.get(self.purpose.basis, "")
        if self.how_asked(name) in ("each", "out"):
            return "objection"
        soft = self.act.verb == "contact" and self.act.channel in self.policy.choices[name].soft
        return "consent | soft" if soft else "consent"

    def need_of_law(self) -> str:
        needs = [rule.need for _, rule in self.rules]
        return next((need for need in ("consent", "consent | soft", "objection") if need in needs), "")

    def granted(self, need: str, slots: list[str]) -> bool:
        if need == "consent":
            return self.is_yes(slots)
        if need == "consent | soft":
            return self.is_yes(slots) or self.is_soft(slots)
        return True

    def on_a_list(self) -> bool:
        lists = {"tps": "listed_phone", "dnc": "listed_phone", "mps": "listed_post"}
        flags = self.person.get("flags", [])
        return any(rule.listed and lists[rule.listed] in flags for _, rule in self.rules)

    # -- why yes ----------------------------------------------------------------------------------------------------------

    def reason_for(self) -> str:
        if self.act.verb == "keep":
            return "kept"
        needed = [
            slots for name, slots in self.questions().items() if STRICTER[self.need(name)] >= STRICTER["consent | soft"]
        ]
        if needed:
            return "consented" if all(self.is_yes(slots) for slots in needed) else "soft"
        return "required" if self.purpose.basis in ("contract", "law", "vital", "public task") else "not_refused"
