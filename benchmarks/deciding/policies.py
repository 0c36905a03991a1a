"""Random policies in our own language, as the text of a file: any number of lines that permit or forbid something.

A rule is one such line: a purpose, a choice, a source, or a wall of a data category or a recipient. All kinds are
covered: bases and choices, uses and who may receive them, only_to, only_for and never, channels and topics, ways to
ask, staff, facts to state, forms, ages and dates. Names carry no meaning: p12 is a purpose, d3 a data category.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random

from troth.policy.nouns import CHANNELS

BRANDS = ("b0", "b1", "b2", "b3")
TOPICS = tuple(f"t{number}" for number in range(8))
FACTS = ("notice", "reason", "open case", "announcement", "legal basis")
STAFF = ("care", "marketer", "officer", "analyst")
ASKS = ("in", "in", "out", "each")  # as often as policies ask so
Line = dict[str, object]

HEAD = """
[policy]
name = "A random policy"
version = 2026-01-01
controller = "Nobody Ltd"
officer = "nobody@example.org"
laws = []
"""


@dataclass
class Draft:
    """A policy in the making."""

    rules: int
    dice: Random
    data: dict[str, Line] = field(default_factory=dict)
    sources: dict[str, Line] = field(default_factory=dict)
    recipients: dict[str, Line] = field(default_factory=dict)
    purposes: dict[str, Line] = field(default_factory=dict)
    choices: dict[str, Line] = field(default_factory=dict)

    def some(self, names: Sequence[str], least: int, most: int) -> list[str]:
        return self.dice.sample(list(names), min(len(names), self.dice.randint(least, most)))

    def often(self, share: float) -> bool:
        return self.dice.random() < share


def random_policy(rules: int, seed: int) -> bytes:
    """Return a policy file with `rules` lines that permit or forbid something. The same seed gives the same file."""
    draft = Draft(rules, Random(f"{rules}/{seed}"))
    walls, choices, sources = rules // 4, max(1, rules // 16), max(1, min(8, rules // 8))
    _data(draft, walls)
    roles = ("processor", "processor", "controller", "joint")
    draft.recipients = {f"r{n}": {"role": draft.dice.choice(roles), "in": ["GB"]} for n in range(2 + walls // 2)}
    for number in range(choices):
        draft.choices[f"c{number}"] = _choice(draft)
    for number in range(rules - walls - choices - sources):
        draft.purposes[f"p{number}"] = _purpose(draft, number)
    for number in range(sources):
        draft.sources[f"s{number}"] = _source(draft)
    _walls(draft, walls)
    return _text(draft).encode()


def _data(draft: Draft, walls: int) -> None:
    draft.data["contact"] = {"items": ["email", "phone", "mobile", "home_address"], "keep": "account + 30 days"}
    for number in range(3 + walls):
        items = [f"d{number}_{letter}" for letter in "wxyz"[: draft.dice.randint(1, 4)]]
        draft.data[f"d{number}"] = {"items": items, "keep": "order + 7 years"}


def _choice(draft: Draft) -> Line:
    line: Line = {}
    if draft.often(0.5):
        channels = draft.some(CHANNELS[:6], 2, 5)
        if draft.often(0.6):
            line["channels"] = {channel: draft.dice.choice(ASKS) for channel in channels}
        else:
            line |= {"channels": channels, "ask": draft.dice.choice(ASKS)}
        if draft.often(0.5):
            line["soft"] = draft.some(channels, 1, 2)
    else:
        line["ask"] = draft.dice.choice(ASKS)
    if draft.often(0.4):
        line["topics"] = draft.some(TOPICS, 1, 4)
    if draft.often(0.3):
        line["signal"] = "gpc"
    return line


def _purpose(draft: Draft, number: int) -> Line:
    uses = _uses(draft)
    line: Line = {"say": "do this", "uses": uses} | _ground(draft, number)
    recipients = draft.some(list(draft.recipients), 1, 3)
    if draft.often(0.5):
        line["to"] = recipients
    elif draft.often(0.4):
        line["to"] = {recipient: draft.some(uses, 1, 2) for recipient in recipients}
    if draft.often(0.3):
        line["shows"] = draft.some(uses, 1, 2)
    if draft.often(0.45):
        line["channels"] = draft.some(CHANNELS[:6], 2, 5)
    if draft.often(0.3):
        staff = draft.some(STAFF, 1, 2)
        line["roles"] = staff if draft.often(0.5) else {role: draft.some(FACTS, 1, 1) for role in staff}
    return line | _limits(draft, uses)


def _uses(draft: Draft) -> list[str]:
    uses = ["contact"] if draft.often(0.4) else []
    for category in draft.some(list(draft.data)[1:], 1, 3):
        items: list[str] = draft.data[category]["items"]  # type: ignore[assignment]  # written so by _data
        uses += [category] if draft.often(0.7) else draft.some(items, 1, 2)
    return uses


def _ground(draft: Draft, number: int) -> Line:
    """Return what a purpose rests on: more than half on what the person said, as in a shop's policy."""
    dice = draft.dice.random()
    if dice < 0.3:
        return {"basis": draft.dice.choice(("contract", "contract", "law", "vital", "public task"))}
    if dice < 0.55:
        return {"basis": "interest"}
    if dice < 0.60:
        return {"basis": "use"} if number % 2 else {}
    if dice < 0.62:
        return {"basis": "none"}
    return {"choice": draft.some(list(draft.choices), 1, 1 if draft.often(0.8) else 2)}


def _limits(draft: Draft, uses: list[str]) -> Line:
    line: Line = {}
    if draft.often(0.15):
        line["kind"] = draft.dice.choice(("marketing", "claims", "rights", "survey"))
    if draft.often(0.15):
        verbs = {draft.dice.choice(("use", "disclose", "publish")): draft.some(FACTS, 1, 2)}
        line["needs"] = verbs if draft.often(0.5) else draft.some(FACTS, 1, 2)
    if draft.often(0.1):
        line["form"] = draft.dice.choice(("hashed", "pseudonymous"))
    if draft.often(0.1):
        line["not_under"] = draft.dice.choice((13, 16, 18))
    if draft.often(0.15):
        line["retains"] = draft.some(uses, 1, 2)
    if draft.often(0.03):
        line["from"] = date(2026, 12, 1)
    elif draft.often(0.05):
        line["until"] = draft.dice.choice((date(2026, 6, 1), date(2027, 6, 1)))
    return line


def _source(draft: Draft) -> Line:
    many = max(3, len(draft.data) // 2)
    line: Line = {"takes": ["contact", *draft.some(list(draft.data)[1:], many, many)]}
    if draft.often(0.3):
        line["parent"] = True
    if draft.often(0.3):
        line["needs"] = draft.some(FACTS, 1, 1)
    return line


def _walls(draft: Draft, number: int) -> None:
    """Wall in two thirds as many data categories as asked for, and recipients for the rest."""
    for name in draft.some(list(draft.data)[1:], data := number - number // 3, data):
        kind = draft.dice.choice(("only_to", "only_for", "never"))
        if kind == "only_to":
            draft.data[name][kind] = draft.some(list(draft.recipients), 1, 3)
        elif kind == "only_for":
            draft.data[name][kind] = _users(draft, name)
        else:
            never = draft.some(("disclose", "publish", "contact", "collect"), 1, 2)
            draft.data[name][kind] = never if draft.often(0.6) else draft.some(list(draft.purposes), 1, 2)
    for name in draft.some(list(draft.recipients), number // 3, number // 3):
        draft.recipients[name] |= _recipient_wall(draft, name)


def _recipient_wall(draft: Draft, name: str) -> Line:
    kind = draft.dice.choice(("only_for", "needs", "at_least", "form"))
    if kind == "only_for":
        return {kind: _receivers(draft, name)}
    if kind == "needs":
        return {kind: draft.some(FACTS, 1, 1)}
    return {kind: 20} if kind == "at_least" else {kind: "pseudonymous"}


def _users(draft: Draft, category: str) -> list[str]:
    """Return most of the purposes that use a category, so that its wall is neither empty nor pointless."""
    items = {category, *draft.data[category]["items"]}  # type: ignore[misc]  # a list, written by _data
    users = [p for p, line in draft.purposes.items() if items & set(line["uses"])]  # type: ignore[call-overload]
    return draft.some(users[:-1] or list(draft.purposes), 1, 40)


def _receivers(draft: Draft, recipient: str) -> list[str]:
    users = [p for p, line in draft.purposes.items() if recipient in line.get("to", ())]  # type: ignore[operator]
    return draft.some(users[:-1] or list(draft.purposes), 1, 40)


def _text(draft: Draft) -> str:
    tables: dict[str, Mapping[str, Line]] = {
        "brands": {brand: {} for brand in BRANDS},
        "data": draft.data,
        "sources": draft.sources,
        "recipients": draft.recipients,
        "purposes": draft.purposes,
        "choices": draft.choices,
        "rights": {"see": {"by": ["account"]}},
    }
    parts = [HEAD]
    for table, lines in tables.items():
        parts += [f"\n[{table}]\n", *(f"{name} = {_value(line)}\n" for name, line in lines.items())]
    return "".join(parts)


def _value(value: object) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{name} = {_value(one)}' for name, one in value.items())} }}" if value else "{}"
    return value.isoformat() if isinstance(value, date) else json.dumps(value)
