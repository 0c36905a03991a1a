"""What data an act reaches, and who gets it: what the registers are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import groupby
from typing import NamedTuple

from .acts import Act
from .engine import Compiled
from .law import ANYWHERE
from .nouns import Dated, Purpose, Recipient, Source, in_force
from .view import View

OTHERS = ("controller", "joint")  # third parties, as against those who work for us
SOLD = {"adverts", "sale"}  # sale, or sharing for adverts elsewhere (Cal. Civ. Code 1798.140(ad), (ah))


class Flow(NamedTuple):
    """What one recipient gets for one purpose, once the walls are up."""

    purpose: str
    to: str
    who: Recipient
    items: frozenset[str]


def anywhere(compiled: Compiled, on: date) -> View:
    """Return a view of no one place, for what is the same everywhere. Raises ValueError without a brand."""
    brand = next((name for name, made in compiled.policy.brands.items() if in_force(made, on)), "")
    brand = brand or next(iter(compiled.policy.brands), "")
    if not brand:
        raise ValueError("a policy without a brand has no registers")
    return View(compiled, brand, ANYWHERE, on)


def through(view: View, verb: str, purpose: str, names: Iterable[str], to: str = "") -> frozenset[str]:
    """Return the items an act reaches once the engine has put up its walls: "*" means all they let through."""
    kept: list[str] = []
    wanted = view.compiled.book.items(names)
    for _, group in groupby(sorted(wanted), key=lambda item: item.partition(".")[0]):
        items = frozenset(group)
        rule = view.compiled.rule(Act(verb, purpose, view.brand, items, to=to), ANYWHERE, view.on)
        if not rule.refusal or all(reason.code != "wall" for reason in rule.refusal.reasons):
            kept += items
    return frozenset(kept)


def flows(view: View, purposes: Mapping[str, Purpose], since: date) -> list[Flow]:
    """Return every disclosure the purposes make to recipients in force at some time from `since` to the day."""
    found = []
    for name, purpose in purposes.items():
        for to in purpose.recipients:
            who = view.policy.recipients[to]
            may = view.compiled.book.receives(purpose, to) or frozenset()
            if lately(who, since, view.on) and (items := through(view, "disclose", name, may, to)):
                found.append(Flow(name, to, who, items))
    return found


def bringing(view: View, items: frozenset[str]) -> dict[str, Source]:
    """Return the sources that may bring any of the items."""
    found = view.policy.sources.items()
    return {name: made for name, made in found if view.compiled.book.items(made.takes) & items}


def lately(part: Dated, since: date, on: date) -> bool:
    return part.begin <= on and part.end > since


def categories(view: View, items: frozenset[str]) -> list[str]:
    used = {item.partition(".")[0] for item in items}
    return [name for name in view.policy.data if name in used]


def said(view: View, items: Iterable[str]) -> tuple[str, ...]:
    return tuple(view.compiled.book.labels[item].say for item in sorted(items))
