"""Permission over bitmaps: the rule the doors decide by, as operations on compressed sets of people.

There is one set for each bit a rule can look at: a slot somebody said yes to, an age, a flag, a place. A ground of the
rule is then an intersection or two, and precedence is the order of its grounds: whoever met one leaves the rest. No
rule is written here; `troth.policy.rules` and its grounds are all there is, and tests hold the answers equal to the
scalar engine's, person by person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from pyroaring import BitMap

from troth.policy import Act, Compiled, Decision, Reason, Standing
from troth.policy.acts import AGE, SETS, UNKNOWN_AGE
from troth.policy.grounds import AGED, Look
from troth.policy.rules import ALLOWED, DENIED, Rule

ALL: Final = "all"
PLACE: Final = "place:"  # and the residence, a bar, the time zone
KIND: Final = "kind:"  # and the kind of an identifier they have
NOBODY: Final = BitMap()
REACHED: Final = "reached"  # a look of this room's own, beside those of the policy
Looks = tuple[Look, ...]
MOST: Final = 256  # questions whose groups are remembered
Place = tuple[str, str]  # residence, time zone
Days = Callable[[Place], date]


def names_of(standing: Standing) -> Iterator[str]:
    """Yield the names of the sets someone who stands so is in."""
    if (age := standing.core & AGE) != UNKNOWN_AGE:
        yield f"{AGED}:{age}"
    yield from (f"core:{bit}" for bit in _places(standing.core & ~AGE))
    for part in SETS:
        yield from _named(part, getattr(standing, part))


@lru_cache(maxsize=1 << 14)  # most people stand as many others do
def _named(part: str, bits: int) -> tuple[str, ...]:
    return tuple(f"{part}:{bit}" for bit in _places(bits))


def _places(bits: int) -> list[int]:
    return [place for place in range(bits.bit_length()) if bits >> place & 1]


def _place(name: str) -> Place:
    residence, _, zone = name.removeprefix(PLACE).partition("|")
    return residence, zone


def place_name(residence: str, zone: str) -> str:
    return f"{PLACE}{residence}|{zone}"


_zone = lru_cache(maxsize=1024)(ZoneInfo)  # its own memory holds eight


def days_at(at: datetime) -> Days:
    """Return what tells the day it is in a place."""
    by_zone: dict[str, date] = {}

    def day(place: Place) -> date:
        if place[1] not in by_zone:
            by_zone[place[1]] = at.astimezone(_zone(place[1])).date()
        return by_zone[place[1]]

    return day


class Step(NamedTuple):
    """One thing looked at, and the places by the answer that gives; where it is not looked at, a place is in none."""

    looks: Looks
    allowed: bool
    answers: dict[Decision, list[str]]


class Bundle(NamedTuple):
    """Places where the same is looked at in the same order, whatever law gives the reasons."""

    places: list[str]
    steps: list[Step]


class Reach(NamedTuple):
    """Who has an address that can be written to, and the reason for everybody else."""

    who: BitMap
    otherwise: Reason


class Memo:
    """What several questions share: how places group for some acts, and unions of sets until one of them changes."""

    def __init__(self) -> None:
        self.asked: dict[object, list[Bundle]] = {}
        self.sets: dict[object, BitMap] = {}

    def changed(self) -> None:
        self.sets.clear()


@dataclass
class Sorting:
    """Everybody sorted by the answer to some acts: a yes needs a yes to each, and then an address where one is needed.

    `sets` are looked at by name; one that is not there is empty. `within`: only these people, where not everybody.
    """

    compiled: Compiled
    sets: Mapping[str, BitMap]
    acts: Sequence[Act]
    day: Days
    within: BitMap | None = None
    reach: Reach | None = None
    memo: Memo = field(default_factory=Memo)

    def sorted_out(self) -> Iterator[tuple[Decision, BitMap]]:
        """Yield each answer with those who get it. Everybody is in exactly one.

        The reason of a no is the first one of the first act that refuses; that of a yes, the first act's.
        """
        for bundle, left in self._bundles():
            for step in bundle.steps:
                who = self._getting(bundle, step, left)
                left = left - who  # noqa: PLW2901 -- whoever got an answer leaves those that are still asked
                for decision, places in step.answers.items():
                    if found := (who & self._union(places) if len(step.answers) > 1 else who):
                        yield decision, found

    def counted(self) -> Iterator[tuple[Decision, int]]:
        """Yield each answer with how many get it, maybe nobody, without finding out who."""
        for bundle, living in self._bundles():
            left = living.copy()
            for step in bundle.steps:
                if len(step.answers) == 1:
                    before = len(left)
                    self._let_go(bundle, step, left)
                    yield next(iter(step.answers)), before - len(left)
                    continue
                who = self._getting(bundle, step, left)
                for decision, places in step.answers.items():
                    yield decision, who.intersection_cardinality(self._union(places))
                left -= who

    def free(self) -> BitMap:
        """Return everybody whom all acts are allowed for, and who can be reached. No reason is looked for."""
        found = BitMap()
        for bundle, living in self._bundles():
            if bundle.steps[-1].allowed:
                left = living.copy()
                for step in bundle.steps:
                    if not step.allowed:
                        self._let_go(bundle, step, left)
                found |= left
        return found

    def _getting(self, bundle: Bundle, step: Step, left: BitMap) -> BitMap:
        """Return those of `left` who get an answer at a step."""
        who = self._met(left, step.looks)
        places = [name for names in step.answers.values() for name in names]
        return who if len(places) == len(bundle.places) else who & self._union(places)

    def _let_go(self, bundle: Bundle, step: Step, left: BitMap) -> None:
        """Take away from `left` those who get an answer at a step."""
        everywhere = sum(map(len, step.answers.values())) == len(bundle.places)
        if everywhere and len(step.looks) == 1:
            look = step.looks[0]
            if look.wanted:
                left -= self._look(look)
            else:
                left &= self._look(look)
        else:
            left -= self._getting(bundle, step, left)

    def _met(self, left: BitMap, looks: Looks) -> BitMap:
        """Return those of `left` for whom all of some looks are true."""
        for look in looks:
            left = left & self._look(look) if look.wanted else left - self._look(look)
        return left

    # -- who is asked what -----------------------------------------------------------------------------------------

    def _bundles(self) -> Iterator[tuple[Bundle, BitMap]]:
        """Yield bundles of places, with the people who live there."""
        bundles = self._asked()
        for bundle in bundles:
            living = self._all() if len(bundles) == 1 else self._union(bundle.places)
            living = living if self.within is None else living & self.within
            if living:
                yield bundle, living

    def _asked(self) -> list[Bundle]:
        days = {name: self.day(_place(name)) for name in self.sets if name.startswith(PLACE)}
        reach = self.reach.otherwise if self.reach else None
        key = (self.compiled.digest, tuple(self.acts), tuple(days.items()), reach)
        found = self.memo.asked.get(key)
        if found is None:
            if len(self.memo.asked) >= MOST:
                self.memo.asked.clear()
            found = self.memo.asked[key] = bundled(self._by_place(days))
        return found

    def _by_place(self, days: Mapping[str, date]) -> Iterator[tuple[str, Sequence[tuple[Looks, Decision]]]]:
        """Yield each place with what is looked at there, in order, and the answer that gives."""
        known: dict[tuple[int, ...], list[tuple[Looks, Decision]]] = {}  # by the rules themselves, which places share
        for name, day in days.items():
            rules = [self.compiled.rule(act, _place(name)[0], day) for act in self.acts]
            alike = tuple(map(id, rules))
            if alike not in known:
                known[alike] = reachable(self._answers(rules))
            yield name, known[alike]

    def _answers(self, rules: list[Rule]) -> Iterator[tuple[Looks, Decision]]:
        """Yield what the rules come to, in order: what must be so of whoever is left, and the answer they get then."""
        for rule in rules:
            if rule.refusal:
                yield (), first(rule.refusal)
                return
            yield from ((ground.looks, rule.decided(DENIED, ground.reason)) for ground in rule.against)
        if self.reach:
            why = Decision(DENIED, (self.reach.otherwise,), self.compiled.digest)
            yield (Look(REACHED, 0, wanted=False),), why
        yield from ((ground.looks, rules[0].decided(ALLOWED, ground.reason)) for ground in rules[0].grants)

    # -- sets ------------------------------------------------------------------------------------------------------

    def _union(self, names: Sequence[str]) -> BitMap:
        """Return everybody in any of some sets."""
        return self._kept(tuple(names), lambda: self._any(names))

    def _kept(self, key: object, make: Callable[[], BitMap]) -> BitMap:
        found = self.memo.sets.get(key)
        if found is None:
            found = self.memo.sets[key] = make()
        return found

    def _all(self) -> BitMap:
        return self.sets.get(ALL, NOBODY)

    def _look(self, look: Look) -> BitMap:
        """Return those for whom what a look names is so, wanted or not."""
        if look.part == REACHED:
            return self.reach.who if self.reach else NOBODY
        look = look._replace(wanted=True)
        return self._kept(look, lambda: self._found(look))

    def _found(self, look: Look) -> BitMap:
        if look.part == AGED:
            return self._any(f"{AGED}:{age}" for age in range(look.bits))
        names = [f"{look.part}:{bit}" for bit in _places(look.bits)]
        if len(names) == 1:
            return self.sets.get(names[0], NOBODY)
        if look.every:
            return BitMap.intersection(*(self.sets.get(name, NOBODY) for name in names)) if names else self._all()
        return self._any(names)

    def _any(self, names: Iterable[str]) -> BitMap:
        return BitMap.union(NOBODY, *(self.sets[name] for name in names if name in self.sets))


def first(decision: Decision) -> Decision:
    """Return a decision with the reason that decides alone."""
    return decision._replace(reasons=decision.reasons[:1])


def bundled(places: Iterable[tuple[str, Sequence[tuple[Looks, Decision]]]]) -> list[Bundle]:
    """Return places in as few bundles as can be: one whose steps are among another's, in the same order, joins it."""
    alike: dict[tuple[tuple[Looks, bool], ...], list[tuple[str, Sequence[tuple[Looks, Decision]]]]] = {}
    for name, answers in places:
        shape = tuple((looks, decision.allowed) for looks, decision in answers)
        alike.setdefault(shape, []).append((name, answers))
    bundles: list[Bundle] = []
    for shape in sorted(alike, key=len, reverse=True):
        into = next((bundle for bundle in bundles if _fits(shape, bundle.steps)), None)
        if into is None:
            into = Bundle([], [Step(looks, allowed, {}) for looks, allowed in shape])
            bundles.append(into)
        for name, answers in alike[shape]:
            into.places.append(name)
            steps = iter(into.steps)
            for looks, decision in answers:
                step = next(step for step in steps if (step.looks, step.allowed) == (looks, decision.allowed))
                step.answers.setdefault(decision, []).append(name)
    return bundles


def _fits(shape: tuple[tuple[Looks, bool], ...], steps: list[Step]) -> bool:
    left = iter(steps)
    return all(any((step.looks, step.allowed) == one for step in left) for one in shape)


def reachable(answers: Iterable[tuple[Looks, Decision]]) -> list[tuple[Looks, Decision]]:
    """Leave out answers nobody is left for: below thirteen is below sixteen, and whoever that meets is gone by then."""
    kept: list[tuple[Looks, Decision]] = []
    for looks, decision in answers:
        if not any(_follows(looks, earlier) for earlier, _ in kept):
            kept.append((looks, decision))
    return kept


def _follows(looks: Looks, earlier: Looks) -> bool:
    """Tell whether whoever meets some looks meets the earlier ones too."""
    return all(any(_implies(look, other) for look in looks) for other in earlier)


def _implies(look: Look, other: Look) -> bool:
    return look == other or (
        look.part == other.part == AGED and look.wanted and other.wanted and look.bits <= other.bits
    )
