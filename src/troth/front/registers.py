"""The record of processing and the grid of choices, made ready for reading."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from troth.policy.engine import Compiled
from troth.policy.registers import Processing, Slot, choices_grid, ropa
from troth.policy.sections_yours import CHANNEL_NAMES
from troth.policy.wording import listed, say_day, sentence

from .reading import Field, Grid, Line, Mark, Marker

BASES = {
    "contract": "contract", "law": "legal duty", "interest": "our interest", "vital": "vital interest",
    "public task": "public task", "choice": "your yes or no", "use": "your use of it",
}  # fmt: skip


MODE_NAMES = {
    "on until no": "on until you say no", "off until yes": "off until you say yes",
    "on after a sale, until no": "on once you bought something, until you say no", "always": "always on",
}  # fmt: skip


class Entry(NamedTuple):
    """One purpose in the record of processing: its facts under their headings."""

    title: str
    anchor: str
    mark: Mark | None
    facts: tuple[tuple[str, tuple[str, ...]], ...]
    gaps: tuple[str, ...]


class Question(NamedTuple):
    """One choice: what it rests at and the way out, channel by channel or as a whole."""

    title: str
    mark: Mark | None
    grid: Grid | None  # where it has channels
    rests: str  # where it has none
    way: str
    signal: bool
    laws: tuple[str, ...]


@lru_cache(maxsize=8)
def record(compiled: Compiled, on: date, seen: frozenset[str]) -> tuple[Processing, ...]:
    return ropa(compiled, on, seen)


def entries(rows: Sequence[Processing], mark: Marker) -> tuple[Entry, ...]:
    many = len({row.controller for row in rows}) > 1
    return tuple(
        _entry(row, mark, f"{row.purpose}-{number}" if many else row.purpose) for number, row in enumerate(rows)
    )


def _entry(row: Processing, mark: Marker, anchor: str) -> Entry:
    ground = BASES.get(row.basis, row.basis)
    assessed = f"{row.assessed}, read again by {say_day(row.review)}" if row.assessed and row.review else row.assessed
    facts = (
        ("Ground", (f"{ground}: {row.interest}" if row.interest else ground,)),
        ("Data", (listed(row.data),)),
        ("About whom", row.people),
        ("From", ("; ".join(row.sources),) if row.sources else ()),
        ("To", row.recipients or ("no one else",)),
        ("Abroad", tuple(map(str, row.transfers))),
        ("Until", row.erasure),
        ("Guarded by", row.security),
        ("Assessed", (assessed,) if assessed else ()),
        ("Controller", (f"{row.controller}, for {listed(row.brands)}", *row.joint)),
    )
    told = tuple((name, tuple(map(sentence, say))) for name, say in facts if say)
    return Entry(sentence(row.say)[:-1], anchor, mark(row.clause), told, row.gaps)


def questions(compiled: Compiled, brand: str, region: str, on: date, mark: Marker) -> Iterator[Question]:
    """Yield every choice of a brand as it rests for someone a region's law protects, who has said nothing."""
    residence = compiled.book.packs[region].head.covers[0]
    slots = choices_grid(compiled, brand, residence, on)
    for _, group in groupby(slots, key=lambda slot: slot.choice):
        cells = tuple(group)
        yield Question(
            sentence(cells[0].say)[:-1],
            mark(cells[0].clause),
            _grid(cells) if cells[0].channel else None,
            sentence(_mode(cells[0].mode)),
            cells[0].exit,
            any(cell.signal for cell in cells),
            tuple(dict.fromkeys(cell.law for cell in cells if cell.law)),
        )


def _grid(cells: Sequence[Slot]) -> Grid:
    """Return a choice as a table: a row a channel, a column a topic; topics that rest alike share a column."""
    modes: dict[str, dict[str, str]] = {}
    for cell in cells:
        modes.setdefault(cell.topic, {})[cell.channel] = cell.mode
    alike: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for topic, by_channel in modes.items():
        alike.setdefault(tuple(by_channel.items()), []).append(topic)
    heads = ["At rest"] if len(alike) == 1 else [sentence(listed(topics))[:-1] for topics in alike.values()]
    exits = {cell.channel: cell.exit for cell in cells}
    columns = [dict(column) for column in alike]
    rows = tuple(
        (
            _field("By", CHANNEL_NAMES.get(channel, channel)),
            *(_field(head, _mode(column.get(channel, ""))) for head, column in zip(heads, columns, strict=True)),
            _field("The way out", way),
        )
        for channel, way in exits.items()
    )
    return Grid("", "", ("By", *heads, "The way out"), rows)


def _mode(mode: str) -> str:
    return MODE_NAMES.get(mode, mode or "never")


def _field(label: str, say: str) -> Field:
    return Field(label, (Line(sentence(say), None),))
