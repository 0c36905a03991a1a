"""A policy and its law packs with everything looked up that does not depend on the question asked."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property, lru_cache, partial

from .law import Applied, LawPack, protecting
from .load import PolicyFile, sha256
from .nouns import Brand, Choice, Dated, Item, Policy, Property, Purpose, Recipient, Shield, in_force

STRICTEST = "in"  # what an unanswered or unsettled question counts as


class Book:
    """One policy version under one set of law packs: items, slots, dates and who is protected by what."""

    def __init__(self, file: PolicyFile, packs: Mapping[str, LawPack]) -> None:
        self.file, self.policy, self.digest = file, file.policy, file.digest
        self.every_pack = tuple(packs)
        self.packs = {name: packs[name] for name in file.policy.about.laws if name in packs}
        self._applied: dict[str, tuple[Applied, ...]] = {}

    # -- items ---------------------------------------------------------------------------------------------------

    @cached_property
    def labels(self) -> dict[str, Item]:
        """Every item by its full name, e.g. "contact.email"."""
        return {
            f"{name}.{item}": made for name, data in self.policy.data.items() for item, made in items_of(data.items)
        }

    @cached_property
    def _sets(self) -> dict[str, frozenset[str]]:
        sets = {full.partition(".")[2]: frozenset([full]) for full in self.labels}
        sets |= {full: frozenset([full]) for full in self.labels}
        sets |= {c: frozenset(f"{c}.{i}" for i, _ in items_of(d.items)) for c, d in self.policy.data.items()}
        return sets | {"*": frozenset(self.labels)}

    def items(self, names: Iterable[str]) -> frozenset[str]:
        """Return the full names of items meant by categories, items or "*". Raises KeyError for an unknown one."""
        return frozenset().union(*(self._sets[name] for name in names))

    def knows(self, name: str) -> bool:
        """Tell whether `name` is a category, an item or "*"."""
        return name in self._sets

    # -- purposes and recipients -----------------------------------------------------------------------------------

    @cached_property
    def kinds(self) -> dict[str, frozenset[str]]:
        """What the law would call each purpose: what the policy says, and what its choice shows."""
        return {name: frozenset(p.kind) | self._implied(p) for name, p in self.policy.purposes.items()}

    def _implied(self, purpose: Purpose) -> set[str]:
        asked = [self.policy.choices[name] for name in purpose.choice]
        marketing = any(choice.topics for choice in asked)
        adverts = any(choice.signal for choice in asked)
        return (
            ({"marketing"} if marketing else set())
            | ({"adverts"} if adverts else set())
            | ({"storage"} if any(not cookie.exempt for cookie in purpose.cookies.values()) else set())
        )

    def receives(self, purpose: Purpose, recipient: str) -> frozenset[str] | None:
        """Return the items `recipient` may get for `purpose`, or None if it may get nothing."""
        if recipient not in purpose.recipients:
            return None
        narrowed = purpose.recipients[recipient] if isinstance(purpose.recipients, dict) else purpose.uses
        return self.items(narrowed) & self.items(purpose.uses)

    def let_through(self, items: frozenset[str], purpose: str) -> frozenset[str]:
        """Leave out what walls keep from a purpose anyway: "*" means all that they let through."""
        data = self.policy.data
        walls = {
            name
            for name, made in data.items()
            if purpose in made.never or (made.only_for and purpose not in made.only_for)
        }
        return frozenset(item for item in items if item.partition(".")[0] not in walls)

    def who(self, name: str) -> Recipient:
        return self.policy.recipients[name]

    # -- slots -------------------------------------------------------------------------------------------------------

    @cached_property
    def slots(self) -> dict[str, int]:
        """The number of every slot a person can say yes or no to.

        "news:skerry" is a choice for one brand as a whole, "news:skerry:email:offers" one cell of it, and
        "personalise:skerry" the brake on a purpose that rests on no choice.
        """
        return {name: number for number, name in enumerate(self._slot_names())}

    def _slot_names(self) -> Iterator[str]:
        for brand in self.policy.brands:
            for name, choice in self.policy.choices.items():
                yield f"{name}:{brand}"
                yield from (f"{name}:{brand}:{cell}" for cell in cells(choice))
            yield from (f"{name}:{brand}" for name, purpose in self.policy.purposes.items() if not purpose.choice)

    @cached_property
    def layout(self) -> str:
        """A short name of the slot numbering: bits made under another layout are never read."""
        return sha256("\n".join(self.slots).encode())[:16]

    @cached_property
    def meant(self) -> Callable[[str], int]:
        """What returns the bits of all slots a pattern means, or 0; each is looked for among the hundreds only once."""
        return lru_cache(maxsize=4096)(partial(matching, self.slots))

    def mask(self, pattern: str) -> int:
        """Return the bits of all slots meant by "news", "news:skerry", "news:*:sms", "personalise" or "*".

        Raises KeyError if there is none.
        """
        bits = self.meant(pattern)
        if not bits:
            raise KeyError(pattern)
        return bits

    @cached_property
    def groups(self) -> tuple[tuple[int, int], ...]:
        """For each choice and brand that has cells: the bit of the whole, and the bits of its cells."""
        made = []
        for brand in self.policy.brands:
            for name, choice in self.policy.choices.items():
                bits = sum(1 << self.slots[f"{name}:{brand}:{cell}"] for cell in cells(choice))
                if bits:
                    made.append((1 << self.slots[f"{name}:{brand}"], bits))
        return tuple(made)

    @cached_property
    def signalled(self) -> int:
        """The slots a device signal says no to: where the policy says so or any law pack might."""
        listening = [set(rule.kinds) for pack in self.packs.values() for rule in pack.rules if rule.signal]
        bits = 0
        for name, purpose in self.policy.purposes.items():
            heard = any(not kinds or kinds & self.kinds[name] for kinds in listening)
            if heard or any(self.policy.choices[c].signal for c in purpose.choice):
                for slot in purpose.choice or (name,):
                    bits |= self.mask(slot)
        return bits

    # -- law and time --------------------------------------------------------------------------------------------------

    def protecting(self, residence: str) -> tuple[Applied, ...]:
        """Return the packs that protect someone of `residence`, after what the policy says it treats them as."""
        if residence not in self._applied:
            treated = "+".join(map(self._treated, residence.split("+")))
            self._applied[residence] = protecting(treated, self.packs)
        return self._applied[residence]

    def _treated(self, residence: str) -> str:
        """Return whom the policy treats this residence as: besides its own law where it has one, never instead."""
        country = residence.partition("-")[0]
        other = self.policy.about.treat.get(residence) or self.policy.about.treat.get(country)
        covered = any({residence, country} & set(pack.head.covers) for pack in self.packs.values())
        return residence if not other else f"{residence}+{other}" if covered else other

    def asked(self, asks: str | Mapping[str, str], laws: tuple[Applied, ...]) -> str:
        """Return how a question is asked of someone under `laws`: their own line, else the default, else "in".

        Under several laws the strictest wins: in, each, then out.
        """
        if isinstance(asks, str):
            return asks
        found = [asks.get(pack.name, asks.get(pack.head.within, asks.get("default", STRICTEST))) for pack, _ in laws]
        return strictest(found)

    @cached_property
    def turning(self) -> tuple[date, ...]:
        """Every day on which some answer may change: between two of them all days are alike."""
        p = self.policy
        dated: list[Dated] = [*p.sources.values(), *p.purposes.values(), *p.brands.values(), *p.recipients.values()]
        dated += [*p.about.entities.values(), *(place for b in p.brands.values() for place in b.properties.values())]
        days = {day for part in dated for day in (part.begin, part.end)}
        for recipient in p.recipients.values():
            named = (shield for many in recipient.shield.values() for shield in many)
            shields = [shield.until for shield in named if isinstance(shield, Shield) and shield.until]
            contract = [recipient.contract.until] if recipient.contract and recipient.contract.until else []
            days.update([*shields, *contract])
        for pack in self.packs.values():
            days.update(day for rule in pack.rules for day in rule.days())
            days.update([pack.ages.begin] if pack.ages else [])
            if pack.transfers:
                grounds: list[Dated] = [pack.transfers, *pack.transfers.adequate, *pack.transfers.shields.values()]
                days.update(day for ground in grounds for day in (ground.begin, ground.end))
        return tuple(sorted(days))

    def epoch(self, day: date) -> int:
        """Return the number of the stretch of days `day` lies in."""
        return bisect_right(self.turning, day)


def matching(slots: Mapping[str, int], pattern: str) -> int:
    """Return the bits of the numbered slots a pattern means; 0 if none.

    >>> bin(matching({"news:tarn": 0, "news:tarn:email": 1, "news:holm:email": 2}, "news:*:email"))
    '0b110'
    """
    wanted = pattern.split(":")
    bits = 0
    for name, number in slots.items():
        parts = name.split(":")
        if len(wanted) <= len(parts) and all(w in ("*", p) for w, p in zip(wanted, parts, strict=False)):
            bits |= 1 << number
    return bits


def strictest(asks: Iterable[str]) -> str:
    """Return the strictest of several ways to ask; "use" is never an answer, so it counts as unanswered."""
    return min(asks, key=("use", "in", "each", "out").index, default=STRICTEST)


def items_of(items: tuple[str, ...] | Mapping[str, Item]) -> list[tuple[str, Item]]:
    """Return a category's items with what is said of each; a bare name speaks for itself."""
    pairs = items.items() if isinstance(items, Mapping) else ((name, Item()) for name in items)
    return [(name, item if item.say else Item(name.replace("_", " "), item.dpv)) for name, item in pairs]


def cells(choice: Choice) -> list[str]:
    """Return the cells of a choice below one brand: channel by topic, or whichever of the two it has."""
    rows, columns = list(choice.channels), list(choice.topics)
    return [f"{row}:{column}" for row in rows for column in columns] if rows and columns else rows or columns


def places_of(brand: Brand) -> dict[str, Property | None]:
    """Return a brand's places by name: its properties, and its plain sites, apps and networks, which have no dates."""
    return {**dict.fromkeys((*brand.sites, *brand.apps, *brand.social)), **brand.properties}


def group(policy: Policy, entity: str, on: date) -> list[str]:
    """Return the companies of `entity`'s group on a day: its ultimate parent and all that stand under it.

    Source: R1. Raises KeyError for a company the policy does not name.
    """
    if entity not in policy.about.entities:
        raise KeyError(entity)
    live = {name: one for name, one in policy.about.entities.items() if in_force(one, on)}
    top = entity
    while top in live and live[top].parent in live:
        top = live[top].parent
    under = {top} & live.keys()
    while more := {name for name, one in live.items() if one.parent in under} - under:
        under |= more
    return [name for name in live if name in under]


def home_of(policy: Policy, brand: str) -> str:
    """Return the address of a brand's own site, without a slash at its end."""
    return f"https://{next(iter(policy.brands[brand].sites), 'localhost')}"


def controller_of(policy: Policy, brand: str) -> str:
    """Return the registered name of the company responsible for a brand."""
    about = policy.about
    name = policy.brands[brand].controller or about.controller
    return about.entities[name].say if name in about.entities else name
