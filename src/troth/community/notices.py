"""What a form says of itself, from the policy alone: what it asks, what for, until when, and the lines behind it."""

from __future__ import annotations

from typing import NamedTuple

from troth.policy import Compiled
from troth.policy.wording import listed


class Line(NamedTuple):
    """One sentence and where it stands in the policy file."""

    say: str
    clause: str
    number: int


class Notice(NamedTuple):
    """The notice of one form."""

    title: str
    lines: tuple[Line, ...]


def notice(compiled: Compiled, source: str, form: str) -> Notice:
    """Return the notice of a form. Raises KeyError if the policy has no such form. Source: R18; GDPR art. 13."""
    book, policy = compiled.book, compiled.policy
    made, clause = policy.sources[source].forms[form], f"sources.{source}.forms.{form}"

    def line(say: str, clause: str) -> Line:
        return Line(say, clause, book.file.line(clause) or 1)

    def named(names: tuple[str, ...]) -> str:
        return listed([book.labels[item].say for item in sorted(book.items(names), key=list(book.labels).index)])

    lines = [line(f"We ask for: {named(made.asks)}.", clause)]
    if made.may:
        lines.append(line(f"Only if you like: {named(made.may)}.", clause))
    for name in made.purposes:
        lines.append(line(f"What for: to {policy.purposes[name].say}.", f"purposes.{name}"))
        if shows := policy.purposes[name].shows:
            lines.append(line(f"What others may then see: {named(shows)}. Nothing else.", f"purposes.{name}.shows"))
    asked = book.items((*made.asks, *made.may))
    for category in dict.fromkeys(item.partition(".")[0] for item in sorted(asked)):
        data = policy.data[category]
        lines.append(line(f"Kept: {data.say}, {data.keep.say()}.", f"data.{category}.keep"))
    return Notice(made.say, tuple(lines))


def wider(compiled: Compiled, source: str, form: str, items: frozenset[str]) -> frozenset[str]:
    """Return what a form of ours asks for and the policy's form does not; everything, if there is no such form."""
    made = compiled.policy.sources.get(source)
    known = made.forms.get(form) if made else None
    return items - compiled.book.items((*known.asks, *known.may)) if known else items
