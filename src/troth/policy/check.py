"""Holding a policy against the law: which of its lines today's law overrules, and why.

The engine already obeys the stricter law whatever the policy says; this is the list a privacy officer acts on.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from .acts import Act
from .asking import facts
from .demands import DEMANDS, HOUSE, Case
from .engine import Compiled
from .errors import Problem
from .law import LawPack
from .lint import lint
from .nouns import FORMS, Data, in_force
from .promises import Kept, check_promises
from .statements import CHECKS


class Overruled(NamedTuple):
    """A line of the policy that the law, or the house itself, overrules."""

    clause: str
    law: str  # pack and rule with its citation, e.g. "uk.pecr-22 (PECR 2003 reg 22)", or "house" and its demand
    say: str


class Report(NamedTuple):
    """All that `troth policy check` has to say."""

    problems: tuple[Problem, ...]  # the policy is not of one piece
    promises: tuple[Kept, ...]
    overruled: tuple[Overruled, ...]
    unchecked: tuple[str, ...]  # statements whose check nothing runs yet

    @property
    def broken(self) -> bool:
        """The file contradicts itself: it cannot be used."""
        return bool(self.problems) or any(kept.problem for kept in self.promises)

    @property
    def holds(self) -> bool:
        return not self.broken and not self.overruled


def check(compiled: Compiled, on: date) -> Report:
    """Check a policy as of a day: lint, promises, and what the law or the house overrules."""
    checks = {name: CHECKS.get(made.check) for name, made in compiled.policy.statements.items()}
    unchecked = tuple(name for name, known in checks.items() if known and not known.kept)
    return Report(tuple(lint(compiled, on)), tuple(check_promises(compiled, on)), overruled(compiled, on), unchecked)


def overruled(compiled: Compiled, on: date) -> tuple[Overruled, ...]:
    """Return each line some law named by the policy overrules on that day, in the order of the file."""
    every = (*_untrue(compiled, on), *_demanded(compiled, on), *_tightened(compiled, on))
    found = {(one.clause, one.law, one.say): one for one in every}
    return tuple(sorted(found.values(), key=lambda one: (compiled.book.file.line(one.clause), one.clause, one.law)))


def _untrue(compiled: Compiled, on: date) -> Iterator[Overruled]:
    """A statement whose check fails, unless its day has passed: then the page has dropped it already."""
    for name, made in compiled.policy.statements.items():
        known = CHECKS.get(made.check)
        live = made.until is None or on < made.until
        if live and known and known.answer and not known.answer(compiled, made, on):
            yield Overruled(f"statements.{name}", "house", f'its check fails: "{made.check}"')


def _demanded(compiled: Compiled, on: date) -> Iterator[Overruled]:
    for phrase in HOUSE:
        for clause in DEMANDS[phrase](Case(compiled, on)):
            yield Overruled(clause, "house", phrase)
    for pack in compiled.book.packs.values():
        for demand in pack.demands:
            if demand.in_force(on):
                for clause in DEMANDS[demand.check](Case(compiled, on, pack, demand.rights)):
                    yield Overruled(clause, f"{pack.name}.{demand.id} ({demand.cite})", demand.say)


# -- what single acts come to ---------------------------------------------------------------------------------------


def _tightened(compiled: Compiled, on: date) -> Iterator[Overruled]:
    """Compare each act the policy would allow with and without the law, for someone somewhere under each."""
    lawless = Compiled(compiled.book.file, {})
    for act in _acts(compiled, on):
        policy = lawless.rule(act, "", on)
        if policy.refusal:
            continue
        for pack in compiled.book.packs.values():
            own = f"{pack.name}."
            law = compiled.rule(act, pack.name, on)
            for reason in law.refusal.reasons if law.refusal else ():
                if reason.law.startswith(own):
                    yield Overruled(reason.clause, reason.law, reason.say.rstrip("."))
            if law.level > policy.level and law.brake[1].startswith(own):
                yield Overruled(law.brake[0], law.brake[1], _rule_say(pack, law.brake[1]))


def _rule_say(pack: LawPack, line: str) -> str:
    wanted = line.partition(" ")[0].removeprefix(f"{pack.name}.")
    return next(rule.say for rule in pack.rules if rule.id == wanted)


def _acts(compiled: Compiled, on: date) -> Iterator[Act]:
    """Every act the policy speaks of, with all facts stated: what remains refused is refused by a line."""
    policy, items = compiled.policy, compiled.book.items
    brand = next((name for name, made in policy.brands.items() if in_force(made, on)), "")
    given = frozenset(facts(compiled))
    for name, purpose in policy.purposes.items():
        uses = compiled.book.let_through(items(purpose.uses), name)
        act = Act("use", name, brand, uses, given=given, form=purpose.form, hour=12)
        yield act
        choices = [policy.choices[c] for c in purpose.choice]
        topic = next((t for choice in choices for t in choice.topics), "")
        for channel in dict.fromkeys((*purpose.channels, *(c for choice in choices for c in choice.channels))):
            yield act._replace(verb="contact", items=frozenset(), channel=channel, topic=topic)
        for source, made in policy.sources.items():
            if takes := items(made.takes) & uses:
                yield act._replace(verb="collect", items=takes, source=source)
        channel = next((c for choice in choices for c in choice.channels), "")
        act = act._replace(channel=channel, topic=topic)
        if purpose.shows:
            yield act._replace(verb="publish", items=items(purpose.shows))
        for to in purpose.recipients:
            form = max(policy.recipients[to].form, purpose.form, key=FORMS.index)
            gets = (compiled.book.receives(purpose, to) or frozenset()) & uses
            gets = frozenset(i for i in gets if not (only := _data(compiled, i).only_to) or to in only)
            yield act._replace(verb="disclose", items=gets, to=to, form=form, size=10_000)


def _data(compiled: Compiled, item: str) -> Data:
    return compiled.policy.data[item.partition(".")[0]]
