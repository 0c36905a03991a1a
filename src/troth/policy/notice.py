"""What a form says of itself, from the policy alone: what it asks, what for, until when, and the lines behind it."""

from __future__ import annotations

from typing import NamedTuple

from .engine import Compiled
from .wording import listed


class Line(NamedTuple):
    """One sentence, and where it stands in the policy file."""

    say: str
    clause: str
    number: int


class Notice(NamedTuple):
    """The notice of one form. `version` is the day of the policy it was printed from."""

    title: str
    lines: tuple[Line, ...]
    version: str


def notice(compiled: Compiled, source: str, form: str, also: tuple[str, ...] = ()) -> Notice:
    """Return the notice of a form. `also`: purposes that what comes of the form serves, such as a machine's check.

    Raises KeyError if the policy has no such form. Source: R18; GDPR art. 13.
    """
    book, policy = compiled.book, compiled.policy
    made, clause = policy.sources[source].forms[form], f"sources.{source}.forms.{form}"

    def line(say: str, clause: str) -> Line:
        return Line(say, clause, book.file.line(clause) or 1)

    def named(names: tuple[str, ...]) -> str:
        return listed([book.labels[item].say for item in sorted(book.items(names), key=list(book.labels).index)])

    lines = [line(f"We ask for: {named(made.asks)}.", clause)]
    if made.may:
        lines.append(line(f"Only if you like: {named(made.may)}.", clause))
    for name in (*made.purposes, *also):
        purpose = policy.purposes[name]
        lines.append(line(f"What for: to {purpose.say}.", f"purposes.{name}"))
        if purpose.shows:
            lines.append(
                line(f"What others may then see: {named(purpose.shows)}. Nothing else.", f"purposes.{name}.shows")
            )
        if purpose.logic:
            lines.append(line(f"A computer decides first: {purpose.logic}.", f"purposes.{name}.logic"))
    asked = book.items((*made.asks, *made.may))
    for category in dict.fromkeys(item.partition(".")[0] for item in sorted(asked)):
        data = policy.data[category]
        lines.append(line(f"Kept: {data.say}, {data.keep.say()}.", f"data.{category}.keep"))
    return Notice(made.say, tuple(lines), policy.about.version.isoformat())


def wider(compiled: Compiled, source: str, form: str, items: frozenset[str]) -> frozenset[str]:
    """Return what a form of ours asks for and the policy's form does not; everything, if there is no such form."""
    made = compiled.policy.sources.get(source)
    known = made.forms.get(form) if made else None
    return items - compiled.book.items((*known.asks, *known.may)) if known else items
