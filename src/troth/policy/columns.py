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

from .acts import FLAGS, SETS, Act, Decision, Reason, Standing
from .engine import Compiled
from .rules import Rule

if TYPE_CHECKING:
    import numpy.typing as npt

CHUNK: Final = 1 << 15  # people at a time: a chunk's working set fits the second-level cache
UNSEEN: Final = 255
CORES: Final = 2 * max(FLAGS.values())  # values `Standing.core` can have


@dataclass(frozen=True)
class Columns:
    """Standings by column. Arrays of one length; planes may be shared with, or read from, any column store.

    `core` is uint16; `residence` is uint8, an index into `residences`; each of SETS maps a plane number to a uint8
    array, and a plane that is not there is all zeros.
    """

    layout: str
    residences: tuple[str, ...]
    residence: npt.NDArray[np.uint8]
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
    planes = {}
    for name in SETS:
        bits = [getattr(person, name) for person in people]
        width = max((value.bit_length() for value in bits), default=0) + 7 >> 3
        packed = np.frombuffer(b"".join(value.to_bytes(width, "little") for value in bits), np.uint8)
        planes[name] = {p: np.ascontiguousarray(packed.reshape(-1, width)[:, p]) for p in range(width)}
    core = np.array([person.core for person in people], np.uint16)
    where = np.array([index[person.residence] for person in people], np.uint8)
    return Columns(layouts.pop() if layouts else "", residences, where, core, planes)


def decide_columns(compiled: Compiled, act: Act, people: Columns, at: date) -> Verdicts:
    """Decide one act for everybody. Equal, person by person, to `Compiled.decide`.

    Raises ValueError if the columns were folded under another slot layout.
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

    What can be seen is packed as: residence | core | signal, stop, no | a soft and a yes bit for each slot.
    """

    def __init__(self, rules: list[Rule]) -> None:
        self.rules = rules
        self.outcomes: list[Decision] = []
        self._numbers: dict[tuple[bool, Reason], int] = {}
        asked = slots = signals = core = 0
        for rule in rules:
            asked, slots = asked | rule.asked, slots | rule.slots
            signals, core = signals | rule.signals, core | rule.core_mask
        self.asked, self.slots, self.signals = _places(asked), _places(slots), _places(signals)
        self.cores = np.array([_squeeze(value, core) for value in range(CORES)], np.uint32)
        self.spread = [value for value in range(CORES) if not value & ~core]  # the inverse of `cores`
        self.base = 2 * len(self.asked) + 3
        self.width = self.base + core.bit_count()
        self.codes = np.full(len(rules) << self.width, UNSEEN, np.uint8)

    def seen(self, people: Columns, part: slice) -> npt.NDArray[np.uint32]:
        """Return, for each person of a chunk, all that the rules can see of them as one small number."""
        seen = self.cores.take(people.core[part])
        seen <<= self.base
        place = 0
        for slot in self.asked:
            for name in ("yes", "soft"):
                _mark(seen, people.planes[name], [slot], part, place)
                place += 1
        for name, slots in (("no", self.slots), ("stop", self.slots), ("signal", self.signals)):
            _mark(seen, people.planes[name], slots, part, place)
            place += 1
        if len(self.rules) > 1:
            seen |= people.residence[part].astype(np.uint32) << self.width
        return seen

    def look_up(self, seen: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint8]:
        found = self.codes.take(seen)
        missing = found == UNSEEN
        if missing.any():
            for value in np.unique(seen[missing]):
                self.codes[value] = self._code(int(value))
            found = self.codes.take(seen)
        return found

    def _code(self, seen: int) -> int:
        rule = self.rules[seen >> self.width]
        core = self.spread[seen >> self.base & len(self.spread) - 1]
        no, stop, signal = (bool(seen >> self.base - 3 + place & 1) for place in range(3))
        yes, soft = (sum(1 << slot for at, slot in enumerate(self.asked) if seen >> 2 * at + s & 1) for s in (0, 1))
        # Of no, stop and signal it is known whether any slot has one: that is all a rule that looks at them asks.
        decision = rule.answer(rule.see(core, yes, -no, -stop, -signal, soft))
        number = self._numbers.setdefault((decision.allowed, decision.because), len(self.outcomes))
        if number == len(self.outcomes):
            self.outcomes.append(decision._replace(reasons=(decision.because,)))
        return number


def _mark(
    seen: npt.NDArray[np.uint32], planes: Mapping[int, npt.NDArray[np.uint8]], slots: list[int], part: slice, place: int
) -> None:
    """Set bit `place` of each person who has any of `slots` in a set."""
    wanted: dict[int, int] = {}
    for slot in slots:
        wanted[slot >> 3] = wanted.get(slot >> 3, 0) | 1 << (slot & 7)
    for plane, mask in wanted.items():
        if plane in planes:
            found = (planes[plane][part] & np.uint8(mask)) != 0
            seen |= found.astype(np.uint32) << place


def _places(bits: int) -> list[int]:
    return [place for place in range(bits.bit_length()) if bits >> place & 1]


def _squeeze(value: int, mask: int) -> int:
    """Return the bits of `value` under `mask`, pushed together.

    >>> _squeeze(0b1010, 0b1110)
    5
    """
    return sum((value >> bit & 1) << place for place, bit in enumerate(_places(mask)))
