"""Answers to "ask the policy", gathered: what was decided alike for the same reasons is told once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from troth.policy.acts import Act, Reason
from troth.policy.asking import Answer
from troth.policy.engine import Compiled
from troth.policy.sections_yours import CHANNEL_NAMES
from troth.policy.wording import listed

from .reading import Mark, Marker


class Because(NamedTuple):
    """One reason, with where the policy and the law say so."""

    say: str
    policy: Mark | None
    law: Mark | None
    law_name: str


class Outcome(NamedTuple):
    """One answer, its reasons, and the cases it holds for; no cases where it holds for all."""

    allowed: bool
    size: int  # the number of cases
    cases: tuple[str, ...]
    because: tuple[Because, ...]
    duties: tuple[str, ...]


def outcomes(compiled: Compiled, answers: Sequence[Answer], mark: Marker) -> list[Outcome]:
    """Return the distinct answers, those for the most cases first."""
    found: dict[tuple[bool, tuple[Reason, ...], tuple[str, ...]], list[Act]] = {}
    for act, _, decision in answers:
        found.setdefault((decision.allowed, decision.reasons, decision.duties), []).append(act)
    everything = [answer.act for answer in answers]
    return [
        Outcome(
            allowed, len(acts), tuple(cases(compiled, acts, everything)) if len(found) > 1 else (),
            tuple(_because(reason, mark) for reason in reasons), duties,
        )
        for (allowed, reasons, duties), acts in sorted(found.items(), key=lambda one: -len(one[1]))
    ]  # fmt: skip


def verdict(found: Iterable[Outcome]) -> str:
    """Return yes, no or depends."""
    said = {one.allowed for one in found}
    return "depends" if len(said) > 1 else "yes" if True in said else "no"


def _because(reason: Reason, mark: Marker) -> Because:
    rule, _, cite = reason.law.partition(" ")
    law = mark(f"law.{rule}") if rule else None
    return Because(
        reason.say,
        mark(reason.clause) if reason.clause else None,
        law,
        cite.removeprefix("(").removesuffix(")") or rule,
    )


def cases(compiled: Compiled, acts: Sequence[Act], everything: Sequence[Act]) -> Iterable[str]:
    """Say for which brands, channels and topics something holds, in as few lines as tell it exactly."""
    brands = {name: brand.say or name.title() for name, brand in compiled.policy.brands.items()}
    every = {part: {getattr(act, part) for act in everything} for part in ("brand", "channel", "topic")}
    cells: dict[tuple[str, str], set[str]] = {}
    for act in acts:
        cells.setdefault((act.brand, act.channel), set()).add(act.topic)
    by_brand: dict[str, list[tuple[str, frozenset[str]]]] = {}
    for (brand, channel), topics in cells.items():
        by_brand.setdefault(brand, []).append((channel, frozenset(topics)))
    alike: dict[frozenset[tuple[str, frozenset[str]]], list[str]] = {}
    for brand, pairs in by_brand.items():
        alike.setdefault(frozenset(pairs), []).append(brand)
    for same, names in alike.items():
        who = (
            "every brand"
            if set(names) == every["brand"] and len(names) > 1
            else listed([brands.get(n, n) for n in names])
        )
        for about, channels in _by_topics(same).items():
            how = (
                ""
                if set(channels) == every["channel"]
                else f", by {listed([CHANNEL_NAMES.get(c, c) for c in channels], 'or')}"
            )
            what = "" if about == every["topic"] else f", about {listed(sorted(about), 'or')}"
            yield f"{who[:1].upper()}{who[1:]}{how}{what}"


def _by_topics(pairs: Iterable[tuple[str, frozenset[str]]]) -> dict[frozenset[str], list[str]]:
    found: dict[frozenset[str], list[str]] = {}
    for channel, topics in sorted(
        pairs, key=lambda pair: list(CHANNEL_NAMES).index(pair[0]) if pair[0] in CHANNEL_NAMES else -1
    ):
        found.setdefault(topics, []).append(channel)
    return found
