"""A page made ready for reading: sentences with their marks, tables that can be laid out as cards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from django.urls import reverse

from troth.policy.document import Block, Bullets, Cell, Page, Sentence, Table
from troth.policy.engine import Compiled


class Mark(NamedTuple):
    """The quiet sign after a sentence that leads to the line it rests on."""

    address: str
    name: str
    clause: str


class Line(NamedTuple):
    """A sentence and its mark; none where the mark just before says the same."""

    say: str
    mark: Mark | None


class Field(NamedTuple):
    """A cell together with the heading of its column, which becomes its label on a narrow screen."""

    label: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Prose:
    """Sentences that follow each other."""

    kind = "prose"
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Points:
    """Sentences under a lead."""

    kind = "points"
    lead: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Grid:
    """A table."""

    kind = "grid"
    caption: str
    anchor: str
    head: tuple[str, ...]
    rows: tuple[tuple[Field, ...], ...]


class Chapter(NamedTuple):
    """One section."""

    anchor: str
    title: str
    blocks: tuple[Prose | Points | Grid, ...]


Marker = Callable[[str], Mark | None]


def marker(compiled: Compiled, *, alone: bool = False) -> Marker:
    """Return what finds the mark of a clause. A page that stands alone carries the policy but no law."""
    source = "" if alone else reverse("front:source", args=[compiled.policy.about.version.isoformat()])

    def mark(clause: str) -> Mark | None:
        if not clause.startswith("law."):
            line = compiled.book.file.line(clause)
            return Mark(f"{source}#L{line}", f"Policy line {line}", clause) if line else None
        code, _, rule = clause.removeprefix("law.").partition(".")
        return None if alone else Mark(f"{reverse('front:law', args=[code])}#{rule}", f"Law: {code} {rule}", clause)

    return mark


def lines(sentences: Iterable[Sentence], mark: Marker) -> tuple[Line, ...]:
    return tuple(Line(s.say, mark(s.clause)) for s in sentences)


def grid(table: Table, mark: Marker) -> Grid:
    return Grid(table.caption, table.anchor, table.head, tuple(_row(table.head, row, mark) for row in table.rows))


def _row(head: tuple[str, ...], row: tuple[Cell, ...], mark: Marker) -> tuple[Field, ...]:
    """Return a row in which each line of the policy is marked once, so that a row is a stop or two for the keyboard."""
    seen: set[str] = set()

    def once(sentence: Sentence) -> Line:
        found = mark(sentence.clause)
        if not found or found.address in seen:
            return Line(sentence.say, None)
        seen.add(found.address)
        return Line(sentence.say, found)

    return tuple(Field(label, tuple(map(once, cell.lines))) for label, cell in zip(head, row, strict=True))


def _blocks(blocks: Iterable[Block], mark: Marker) -> Iterator[Prose | Points | Grid]:
    for kind, group in groupby(blocks, type):
        if issubclass(kind, Sentence):
            yield Prose(lines((s for s in group if isinstance(s, Sentence)), mark))
            continue
        for block in group:
            if isinstance(block, Table):
                yield grid(block, mark)
            elif isinstance(block, Bullets):
                yield Points(block.lead, lines(block.lines, mark))


def chapters(page: Page, mark: Marker) -> tuple[Chapter, ...]:
    return tuple(Chapter(s.anchor, s.title, tuple(_blocks(s.blocks, mark))) for s in page.sections)
