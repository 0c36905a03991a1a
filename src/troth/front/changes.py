"""What changed between two versions, sorted by what it asks of the reader."""

from __future__ import annotations

from typing import NamedTuple

from troth.policy.diff import Change, diff
from troth.policy.engine import Compiled
from troth.policy.wording import listed

from .reading import Mark, marker

SIGNS = {"wider": "We may do more", "narrower": "We may do less", "other": "Neither more nor less"}
SHELVES = {
    "asked": ("You are asked again", "An earlier yes does not cover these. Until you answer, they stay off."),
    "told": ("You are told beforehand", "These let us do more, or you less."),
    "less": ("We promise more", "These take something away from us, or give you more."),
    "rest": ("Everything else", "New wording, new addresses, new examples."),
}


class Told(NamedTuple):
    """One change as a reader meets it."""

    say: str
    direction: str
    sign: str
    tell: str
    ask: str  # the questions that are put again
    mark: Mark | None


class Shelf(NamedTuple):
    """Changes of one weight."""

    anchor: str
    title: str
    lead: str
    changes: tuple[Told, ...]


def between(old: Compiled, new: Compiled) -> tuple[Shelf, ...]:
    """Return the changes from `old` to `new`, those that matter most first; nothing where nothing changed."""
    kept: dict[str, list[Told]] = {name: [] for name in SHELVES}
    for change in diff(old, new):
        kept[_shelf(change)].append(_told(change, old, new))
    return tuple(Shelf(name, *SHELVES[name], tuple(changes)) for name, changes in kept.items() if changes)


def material(old: Compiled, new: Compiled) -> tuple[Told, ...]:
    """Return the changes people are told of before they take effect (GDPR art. 13(3))."""
    return tuple(one for shelf in between(old, new) if shelf.anchor in ("asked", "told") for one in shelf.changes)


def _shelf(change: Change) -> str:
    if change.material:
        return "asked" if change.ask else "told"
    return "less" if change.direction == "narrower" else "rest"


def _told(change: Change, old: Compiled, new: Compiled) -> Told:
    asked = [new.policy.choices[name].say or name for name in change.ask if name in new.policy.choices]
    again = listed([f"“{question}”" for question in asked]) if asked else ""
    mark = marker(new if _stands(change.clause, new) else old)(change.clause)
    return Told(change.say, change.direction, SIGNS[change.direction], change.tell, again, mark)


def _stands(clause: str, compiled: Compiled) -> bool:
    """Tell whether the part of the policy a clause belongs to is still in the file."""
    table, name = [*clause.split("."), ""][:2]
    return table == "policy" or name in getattr(compiled.policy, table, {})
