"""The same question in SQL, for a table with a row a person: written from the policy's rule, for both databases."""

from __future__ import annotations

from collections.abc import Iterator

from reaching.everybody import HOMES, KINDS, Everybody

from troth.doors.contact import ADDRESS
from troth.marketing.bitmaps import reachable
from troth.policy import Act, Compiled
from troth.policy.acts import AGE
from troth.policy.grounds import AGED, Look
from troth.policy.rules import ALLOWED, DENIED, Rule

Why = tuple[bool, str]  # allowed, reason code


class Asked:
    """One act asked of everybody, in SQL."""

    def __init__(self, compiled: Compiled, act: Act, people: Everybody, day: object) -> None:
        self.act, self.people, self.slots = act, people, compiled.book.slots
        self.known: dict[Why, int] = {}
        alike: dict[object, tuple[Rule, list[int]]] = {}
        for place, (residence, *_) in enumerate(HOMES):
            rule = compiled.rule(act, residence, day)  # type: ignore[arg-type]  # a date
            alike.setdefault((rule.refusal, rule.against, rule.grants), (rule, []))[1].append(place)
        self.groups = list(alike.values())

    def columns(self) -> list[str]:
        """Return the columns the question looks at."""
        cell = f"{self.act.brand}_{self.act.channel}"
        return ["home", "core", "kinds", *(f"{cell}_{name}" for name in ("yes", "no", "stop", "soft"))]

    def reasons(self, table: str = "people") -> str:
        """Return how many get each answer. What can never be reached is left out, as we leave it out ourselves."""
        ways: dict[str, list[int]] = {}
        for rule, homes in self.groups:
            ways.setdefault(f"CASE {' '.join(self._cases(rule))} END", []).extend(homes)
        case = next(iter(ways))
        if len(ways) > 1:
            case = f"CASE {' '.join(f'WHEN home IN ({_listed(homes)}) THEN {one}' for one, homes in ways.items())} END"
        return f"SELECT {case} AS why, count(*) FROM {table} GROUP BY 1"  # noqa: S608 -- made-up people, our own columns

    def listed(self, table: str = "people") -> str:
        ways: dict[str, list[int]] = {}
        for rule, homes in self.groups:
            if rule.refusal is None:
                tests = " AND ".join(f"NOT ({self._looks(looks)})" for looks in _reachable(rule))
                ways.setdefault(tests, []).extend(homes)
        everywhere = sum(map(len, ways.values())) == len(HOMES) and len(ways) == 1
        tests = [test if everywhere else f"(home IN ({_listed(homes)}) AND {test})" for test, homes in ways.items()]
        return f"SELECT id FROM {table} WHERE ({' OR '.join(tests) or 'false'}) AND {self._reached()}"  # noqa: S608

    def _cases(self, rule: Rule) -> Iterator[str]:
        if rule.refusal:
            yield f"WHEN true THEN {self._number(DENIED, rule.refusal.because.code)}"
            return
        for looks, code in _reachable(rule).items():
            yield f"WHEN {self._looks(looks)} THEN {self._number(DENIED, code)}"
        if self._reached() != "true":
            yield f"WHEN NOT ({self._reached()}) THEN {self._number(DENIED, 'no_address')}"
        for ground in rule.grants:
            yield f"WHEN {self._looks(ground.looks)} THEN {self._number(ALLOWED, ground.reason.code)}"

    def _number(self, allowed: bool, code: str) -> int:  # noqa: FBT001 -- a yes or a no
        return self.known.setdefault((allowed, code), len(self.known))

    def _reached(self) -> str:
        kind = ADDRESS.get(self.act.channel)
        return f"(kinds & {1 << list(KINDS).index(kind)}) <> 0" if kind else "true"

    def _looks(self, looks: tuple[Look, ...]) -> str:
        return " AND ".join(self._look(look) for look in looks) or "true"

    def _look(self, look: Look) -> str:
        if look.part == AGED:
            test = f"(core & {AGE}) < {look.bits}"
        elif look.part == "core":
            test = f"(core & {look.bits}) <> 0"
        else:
            test = self._said(look)
        return test if look.wanted else f"NOT ({test})"

    def _said(self, look: Look) -> str:
        mask = 0
        for place, topic in enumerate(self.people.topics):
            slot = f"news:{self.act.brand}:{self.act.channel}:{topic}"
            mask |= (look.bits >> self.slots[slot] & 1) << place
        assert mask.bit_count() == look.bits.bit_count()
        column = f"{self.act.brand}_{self.act.channel}_{look.part}"
        return f"({column} & {mask}) = {mask}" if look.every else f"({column} & {mask}) <> 0" if mask else "false"


def _reachable(rule: Rule) -> dict[tuple[Look, ...], str]:
    """Return the grounds somebody may still meet when they are looked at, each with its code."""
    against = ((ground.looks, rule.decided(DENIED, ground.reason)) for ground in rule.against)
    return {looks: decision.because.code for looks, decision in reachable(against)}


def _listed(homes: list[int]) -> str:
    return ", ".join(map(str, homes))
