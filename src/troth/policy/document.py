"""The shape of the public page: sections of sentences and tables, each sentence tied to the line that makes it true."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from .wording import sentence


class Sentence(NamedTuple):
    """One sentence of the page and the line of the policy or the law it comes from."""

    say: str
    clause: str  # "purposes.news", or "law.uk.pecr-22"


class Cell(NamedTuple):
    """One cell of a table: one or more short sentences."""

    lines: tuple[Sentence, ...]


Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """A table of the page. The first cell of a row is its heading."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    anchor: str = ""


@dataclass(frozen=True)
class Bullets:
    """A list of sentences under a short lead."""

    lead: str
    lines: tuple[Sentence, ...]


Block = Sentence | Table | Bullets


@dataclass(frozen=True)
class Section:
    """One of the eleven."""

    anchor: str  # one of nouns.SECTIONS
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Page:
    """The policy of one brand, as read by someone in one region, on one day."""

    name: str
    brand: str
    brand_name: str
    controller: str
    region: str  # a law pack's code
    region_name: str
    regions: tuple[tuple[str, str], ...]  # (code, name) of every region one may switch to
    brands: tuple[tuple[str, str], ...]
    locale: str
    version: date
    replaces: date | None
    digest: str
    short: tuple[Sentence, ...]  # the one-minute summary
    sections: tuple[Section, ...]
    questions: tuple[tuple[str, Sentence], ...] = ()  # help pages: question, answer
    clauses: dict[str, int] = field(default_factory=dict)  # line of each policy clause the page rests on

    def sentences(self) -> Iterator[Sentence]:
        """Every sentence of the page, tables included."""
        yield from self.short
        for section in self.sections:
            for block in section.blocks:
                yield from sentences_of(block)
        yield from (answer for _, answer in self.questions)


def sentences_of(block: Block) -> Iterator[Sentence]:
    if isinstance(block, Table):
        yield from (line for row in block.rows for cell in row for line in cell.lines)
    elif isinstance(block, Bullets):
        yield from block.lines
    else:
        yield block


def cell(say: str, clause: str) -> Cell:
    """Return a cell of one line."""
    return cells_of([(say, clause)])


def cells_of(lines: Iterable[tuple[str, str]]) -> Cell:
    """Return a cell of several lines, given as (words, clause). A cell is no sentence: it has no full stop."""
    return Cell(tuple(Sentence(say[:1].upper() + say[1:], clause) for say, clause in lines))


def bullets(lead: str, lines: Iterable[tuple[str, str]]) -> Iterator[Bullets]:
    """Yield a list under its lead, or nothing where there is nothing to list."""
    made = tuple(Sentence(sentence(say), clause) for say, clause in lines)
    if made:
        yield Bullets(lead, made)
