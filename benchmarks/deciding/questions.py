"""Random questions about a policy: acts that it allows, acts that nearly fit, and the people they concern.

An act names a recipient only to disclose and a source only to collect, as the doors do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from troth.policy import Act, Compiled, Standing
from troth.policy.acts import FLAGS, SETS, UNKNOWN_AGE
from troth.policy.nouns import CHANNELS, FORMS, Policy, Purpose
from troth.policy.rules import REACH

STRANGERS = {word: f"no_such_{word}" for word in ("purpose", "brand", "to", "topic", "source")}


@dataclass(frozen=True)
class Person:
    """What one person said, as the names of slots, with age and flags packed as in a standing."""

    core: int = UNKNOWN_AGE
    said: dict[str, frozenset[str]] = field(default_factory=dict)  # by SETS: slots such as "c1:b0:email:t2"


def standing_of(person: Person, compiled: Compiled, residence: str = "GB") -> Standing:
    """Return a person's standing, with bits where the compiled policy keeps those slots."""
    slots = compiled.book.slots
    bits = [sum(1 << slots[name] for name in person.said[kind]) for kind in SETS]
    return Standing(residence, compiled.layout, person.core, *bits)


def questions(policy: Policy, number: int, seed: int) -> list[tuple[Act, Person]]:
    """Return that many acts, each with the person it concerns. Somewhat less than half of the acts are near misses."""
    dice = Random(f"{seed}")
    asked: list[tuple[Act, Person]] = []
    while len(asked) < number:
        act = _act(policy, dice)
        wrong = _near_miss(policy, act, dice) if dice.random() < 0.4 else act
        asked.append((wrong, _person(policy, act, dice)))
    return asked


def _pick(dice: Random, names: Sequence[str], otherwise: str = "") -> str:
    return dice.choice(names) if names else otherwise


def _act(policy: Policy, dice: Random) -> Act:
    """Return an act a purpose provides for, every precondition stated; walls may still forbid it."""
    name = dice.choice(list(policy.purposes))
    purpose = policy.purposes[name]
    verb = dice.choice(_verbs(purpose))
    items: Sequence[str] = purpose.shows if verb == "publish" else purpose.uses
    to = _pick(dice, list(purpose.recipients)) if verb == "disclose" else ""
    if to and isinstance(purpose.recipients, dict):
        items = purpose.recipients[to]
    leaves = verb in ("contact", "publish") or (to and policy.recipients[to].role != "processor")
    channel, topic = _reach(policy, purpose, verb, dice) if leaves else ("", "")
    if verb == "contact" and REACH.get(channel) and "contact" in purpose.uses:
        items = dice.choice(((), (REACH[channel],)))
    source = dice.choice(list(policy.sources)) if verb == "collect" else ""
    actor = _pick(dice, list(purpose.roles), "system") if dice.random() < 0.3 else "system"
    form = FORMS[max(FORMS.index(purpose.form), FORMS.index(policy.recipients[to].form) if to else 0)]
    touched = frozenset(dice.sample(items, min(len(items), dice.randint(1, 2))))
    return Act(
        verb, name, dice.choice(list(policy.brands)), touched, source, to, channel, topic, actor,
        _facts(policy, purpose, verb, to, source, actor), form,
        size=20 if to else 0, hour=12 if verb == "contact" else -1,
    )  # fmt: skip


def _verbs(purpose: Purpose) -> list[str]:
    disclosing, publishing = bool(purpose.recipients), bool(purpose.shows)
    return ["use", "contact", "keep", "collect"] + ["disclose"] * 2 * disclosing + ["publish"] * publishing


def _reach(policy: Policy, purpose: Purpose, verb: str, dice: Random) -> tuple[str, str]:
    """Return a channel and a topic that the purpose and its choices have in common, if they have any."""
    asked = [policy.choices[name] for name in purpose.choice]
    wanted = [set(c) for c in (purpose.channels, *(choice.channels for choice in asked)) if c]
    free = [] if wanted or verb != "disclose" else [""]
    channels = free or sorted(set(CHANNELS[:6]).intersection(*wanted)) or list(CHANNELS[:6])
    topics = [set(choice.topics) for choice in asked if choice.topics]
    return dice.choice(channels), _pick(dice, sorted(set.intersection(*topics)) if topics else [])


def _facts(policy: Policy, purpose: Purpose, verb: str, to: str, source: str, actor: str) -> frozenset[str]:
    needs = purpose.needs.get(verb, ()) if isinstance(purpose.needs, dict) else purpose.needs
    staff = purpose.roles.get(actor, ()) if isinstance(purpose.roles, dict) else ()
    recipient = policy.recipients[to].needs if to else ()
    collected = policy.sources[source].needs if source else ()
    each = ["permission"] if purpose.choice else []
    return frozenset([*needs, *staff, *recipient, *collected, *each])


def _near_miss(policy: Policy, act: Act, dice: Random) -> Act:
    """Return an act with one thing about it changed, usually to another name that the policy knows."""
    category = dice.choice(list(policy.data))
    ways: list[dict[str, object]] = [
        {"items": act.items | {category}},
        {"items": frozenset([category])},
        {"given": frozenset()},
        {"actor": dice.choice(("care", "marketer", "analyst"))},
        {"form": "plain"},
        {"purpose": dice.choice(list(policy.purposes))},
        {"brand": STRANGERS["brand"]} if dice.random() < 0.3 else {"purpose": STRANGERS["purpose"]},
        {"items": frozenset(["no_such_item"])},
    ]
    if act.to:
        ways += [{"to": dice.choice([*policy.recipients, STRANGERS["to"]])}, {"size": 3}] * 2
    if act.channel:
        ways += [{"channel": dice.choice(CHANNELS)}] * 2
    if act.channel or act.verb == "use":
        known = sorted({topic for choice in policy.choices.values() for topic in choice.topics})
        ways += [{"topic": dice.choice(["", STRANGERS["topic"], *known])}] * 2
    if act.source:
        ways += [{"source": dice.choice([*policy.sources, STRANGERS["source"]])}]
    return act._replace(**dice.choice(ways))  # type: ignore[arg-type]  # each way names a field with its own type


def _person(policy: Policy, act: Act, dice: Random) -> Person:
    """Return someone who said something about this act, about its neighbours, or about other things."""
    near, far = _slots(policy, act, dice), _slots(policy, _act(policy, dice), dice)
    said = {kind: set[str]() for kind in SETS}
    if dice.random() < 0.7:
        said["yes"] |= set(near[:1]) if dice.random() < 0.2 else set(near)
    for kind in ("no", "stop", "signal", "soft"):
        if dice.random() < 0.12:
            said[kind].add(_pick(dice, near))
        if dice.random() < 0.3:
            said[kind].add(_pick(dice, far))
    core = dice.choice((UNKNOWN_AGE, UNKNOWN_AGE, 12, 15, 17, 18, 21))
    for flag, share in {"restricted": 0.08, "erasing": 0.05, "held": 0.3, "parent": 0.3}.items():
        core |= FLAGS[flag] if dice.random() < share else 0
    return Person(core, {kind: frozenset(filter(None, slots)) for kind, slots in said.items()})


def _slots(policy: Policy, act: Act, dice: Random) -> list[str]:
    """Return the slots where someone may answer for this act; now and then those of the next brand or cell."""
    brand = act.brand if dice.random() < 0.9 else dice.choice(list(policy.brands))
    choices = policy.purposes[act.purpose].choice
    if not choices:
        return [f"{act.purpose}:{brand}"]
    slots = []
    for name in choices:
        choice = policy.choices[name]
        channel = act.channel if act.channel in choice.channels else ""
        topic = act.topic if act.topic in choice.topics else ""
        whole = (choice.channels and not channel) or (choice.topics and not topic)
        cell = "" if whole or dice.random() < 0.03 else ":".join(filter(None, (channel, topic)))
        slots.append(f"{name}:{brand}:{cell}" if cell else f"{name}:{brand}")
    return slots
