"""The columnar twin: one act decided for millions of people at once, from the same Rule as the scalar engine.

A person's slots are bytes in planes: plane p holds slots 8p to 8p+7 of everybody. Each chunk of people becomes one
small number each (what the rule can see of them), and the answers are looked up in a table that `Rule.answer` fills
for the numbers that occur. No precedence is written here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np

from .acts import SETS, Act, Decision, Reason, Standing
from .engine import Compiled
from .rules import Rule

if TYPE_CHECKING:
    import numpy.typing as npt

CHUNK: Final = 1 << 16  # people at a time: a chunk's working set fits the second-level cache
UNSEEN: Final = 255
MOST_CELLS: Final = 1 << 28  # one byte each: what a table of answers may take


@dataclass(frozen=True)
class Columns:
    """Standings by column. Arrays of one length; planes may be shared with, or read from, any column store.

    `core` is uint16; `residence` is uint8 or uint16, an index into `residences`; each of SETS maps a plane number to a
    uint8 array, and a plane that is not there is all zeros.
    """

    layout: str
    residences: tuple[str, ...]
    residence: npt.NDArray[np.uint8 | np.uint16]
    core: npt.NDArray[np.uint16]
    planes: Mapping[str, Mapping[int, npt.NDArray[np.uint8]]]

    def __len__(self) -> int:
        return len(self.core)


@dataclass(frozen=True)
class Verdicts:
    """The answer for each person: an index into `outcomes`, decisions with one reason each."""

    codes: npt.NDArray[np.uint8]
    outcomes: tuple[Decision, ...] = field(repr=False)

    @property
    def allowed(self) -> npt.NDArray[np.bool_]:
        """True where the act is allowed."""
        table = np.zeros(256, dtype=bool)
        table[: len(self.outcomes)] = [outcome.allowed for outcome in self.outcomes]
        return table[self.codes]

    def counts(self) -> dict[tuple[bool, str, str], int]:
        """Return how many people got each (allowed, reason code, line); the numbers add up to everybody."""
        many = np.bincount(self.codes, minlength=len(self.outcomes))
        counted: dict[tuple[bool, str, str], int] = {}
        for outcome, number in zip(self.outcomes, many, strict=False):
            if number:
                why = (outcome.allowed, outcome.because.code, outcome.because.line)
                counted[why] = counted.get(why, 0) + int(number)
        return counted


def to_columns(standings: Iterable[Standing]) -> Columns:
    """Turn standings into columns. Raises ValueError if they were folded under different slot layouts."""
    people = list(standings)
    layouts = {person.layout for person in people}
    if len(layouts) > 1:
        raise ValueError("standings of different policy versions do not fit one table; fold them again")
    residences = tuple(dict.fromkeys(person.residence for person in people))
    index = {residence: number for number, residence in enumerate(residences)}
    number: type[np.uint8 | np.uint16] = np.uint8 if len(residences) <= 256 else np.uint16
    planes = {}
    for name in SETS:
        bits = [getattr(person, name) for person in people]
        width = max((value.bit_length() for value in bits), default=0) + 7 >> 3
        packed = np.frombuffer(b"".join(value.to_bytes(width, "little") for value in bits), np.uint8)
        planes[name] = {p: np.ascontiguousarray(packed.reshape(-1, width)[:, p]) for p in range(width)}
    core = np.array([person.core for person in people], np.uint16)
    where: npt.NDArray[np.uint8 | np.uint16] = np.array([index[person.residence] for person in people], number)
    return Columns(layouts.pop() if layouts else "", residences, where, core, planes)


def decide_columns(compiled: Compiled, act: Act, people: Columns, at: date) -> Verdicts:
    """Decide one act for everybody. Equal, person by person, to `Compiled.decide`.

    Raises ValueError if the columns were folded under another slot layout, or see too much for one table.
    """
    if people.layout != compiled.layout and len(people):
        raise ValueError("these columns were folded for another version of the policy; fold them again")
    table = _Table([compiled.rule(act, residence, at) for residence in people.residences])
    codes = np.empty(len(people), np.uint8)
    for start in range(0, len(people), CHUNK):
        part = slice(start, start + CHUNK)
        codes[part] = table.look_up(table.seen(people, part))
    return Verdicts(codes, tuple(table.outcomes))


class _Table:
    """The answers of a few rules, one a residence, by what they can see of a person.

    What can be seen is packed as: residence | core | signal | stop | no | a soft and a yes bit for each slot.
    """

    def __init__(self, rules: list[Rule]) -> None:
        self.rules = rules
        self.outcomes: list[Decision] = []
        self._numbers: dict[tuple[bool, Reason], int] = {}
        asked = slots = signals = core = 0
        for rule in rules:
            asked, slots = asked | rule.asked, slots | rule.slots
            signals, core = signals | rule.signals, core | rule.core_mask
        self.asked, self.core = _places(asked), core
        wholes = (("signal", signals), ("stop", slots), ("no", slots))
        self.sets = [(name, _by_plane(_places(bits))) for name, bits in wholes]
        self.sets += [(name, _by_plane([slot])) for slot in self.asked for name in ("soft", "yes")]
        self.base = len(self.sets)
        self.width = self.base + core.bit_length()
        if len(rules) << self.width > MOST_CELLS:
            raise ValueError("too many choices or residences to decide for all at once; decide for parts of the people")
        self.codes = np.full(len(rules) << self.width, UNSEEN, np.uint8)
        # The narrowest numbers that hold it: a chunk of bytes is worked through several times faster than one of words.
        self.small = np.dtype(np.uint8 if self.base <= 8 else np.uint32)
        self.wide = np.dtype(np.uint16 if self.width + (len(rules) - 1).bit_length() <= 16 else np.uint32)

    def seen(self, people: Columns, part: slice) -> npt.NDArray[np.uint16 | np.uint32]:
        """Return, for each person of a chunk, all that the rules can see of them as one small number."""
        core = people.core[part]
        said = np.zeros(len(core), self.small)
        for name, planes in self.sets:
            said += said  # makes room for one more bit
            for plane, mask in planes.items():
                if plane in people.planes[name]:
                    said |= ((people.planes[name][plane][part] & np.uint8(mask)) != 0).view(np.uint8)
        seen = (core & np.uint16(self.core)).astype(self.wide, copy=False)
        seen <<= self.wide.type(self.base)
        seen |= said
        if len(self.rules) > 1:
            seen |= people.residence[part].astype(self.wide) << self.wide.type(self.width)
        return seen

    def look_up(self, seen: npt.NDArray[np.uint16 | np.uint32]) -> npt.NDArray[np.uint8]:
        found = self.codes.take(seen)
        if found.max(initial=0) == UNSEEN:
            for value in np.unique(seen[found == UNSEEN]):
                self.codes[value] = self._code(int(value))
            found = self.codes.take(seen)
        return found

    def _code(self, seen: int) -> int:
        rule = self.rules[seen >> self.width]
        core = seen >> self.base & (1 << self.width - self.base) - 1
        signal, stop, no = (seen >> self.base - place & 1 for place in (1, 2, 3))
        pairs = [(slot, seen >> 2 * place & 3) for place, slot in enumerate(reversed(self.asked))]
        yes, soft = (sum(1 << slot for slot, pair in pairs if pair >> which & 1) for which in (0, 1))
        # Of no, stop and signal it is known whether any slot has one: that is all a rule that looks at them asks.
        decision = rule.answer(rule.see(core, yes, -no, -stop, -signal, soft))
        number = self._numbers.setdefault((decision.allowed, decision.because), len(self.outcomes))
        if number == len(self.outcomes):
            self.outcomes.append(decision._replace(reasons=(decision.because,)))
        return number


def _by_plane(slots: list[int]) -> dict[int, int]:
    """Return the bits of some slots by the plane they stand in."""
    planes: dict[int, int] = {}
    for slot in slots:
        planes[slot >> 3] = planes.get(slot >> 3, 0) | 1 << (slot & 7)
    return planes


def _places(bits: int) -> list[int]:
    """Return the numbers of the bits that are set.

    >>> _places(0b1010)
    [1, 3]
    """
    return [place for place in range(bits.bit_length()) if bits >> place & 1]
