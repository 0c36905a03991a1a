"""The columnar twin: one act decided for millions of people at once, from the same grounds as the scalar engine.

Everything known of everybody stands in bitmaps, one bit a person: a bitmap for each slot, for each bit of age and
flags, and for each bit of the number of their residence. A ground is then a few ANDs and ORs, 64 people to a word, and
precedence is the order of a rule's grounds: whoever met one leaves those that are still asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from typing import TYPE_CHECKING, Final

import numpy as np

from .acts import AGE, SETS, Act, Decision, Standing
from .engine import Compiled
from .grounds import AGED, Ground, Look
from .rules import ALLOWED, DENIED, Rule

if TYPE_CHECKING:
    import numpy.typing as npt

    Words = npt.NDArray[np.uint64]

CHUNK: Final = 1 << 14  # words at a time, a million people: a chunk's bitmaps fit the caches
Counts = dict[tuple[bool, str, str], int]  # people by (allowed, reason code, line)


@dataclass(frozen=True)
class Columns:
    """Standings by column, as bitmaps of one length: person p is bit p % 64 of word p // 64. See `bitmap`.

    Bitmaps may be shared with, or read from, any column store; one that is not there is all zeros, and bits beyond the
    last person do not matter.
    """

    layout: str
    number: int  # of people
    residences: tuple[str, ...]
    residence: Mapping[int, Words]  # by bit of an index into `residences`
    core: Mapping[int, Words]  # by bit of `Standing.core`
    said: Mapping[str, Mapping[int, Words]]  # for each of SETS, by slot

    def __len__(self) -> int:
        return self.number


@dataclass(frozen=True)
class Verdicts:
    """The answer for each person: who got each of `outcomes`, decisions with one reason each."""

    outcomes: tuple[Decision, ...]
    who: tuple[Words, ...] = field(repr=False)  # one bitmap an outcome; everybody is in exactly one
    number: int

    @property
    def allowed(self) -> npt.NDArray[np.bool_]:
        """True where the act is allowed, person by person."""
        allowed = [who for outcome, who in zip(self.outcomes, self.who, strict=True) if outcome.allowed]
        return _unpacked(reduce(np.bitwise_or, allowed), self.number) if allowed else np.zeros(self.number, np.bool_)

    @property
    def codes(self) -> npt.NDArray[np.uint16]:
        """An index into `outcomes`, person by person."""
        codes = np.zeros(self.number, np.uint16)
        for code, who in enumerate(self.who):
            codes[_unpacked(who, self.number)] = code
        return codes

    def counts(self) -> Counts:
        """Return how many people got each answer; the numbers add up to everybody."""
        return _added((outcome, _count(who)) for outcome, who in zip(self.outcomes, self.who, strict=True))


def bitmap(flags: npt.NDArray[np.bool_]) -> Words:
    """Return truth values, one a person, as a bitmap.

    >>> bitmap(np.array([True, False, True])).tolist()
    [5]
    """
    packed = np.packbits(flags, bitorder="little")
    return np.frombuffer(packed.tobytes() + bytes(-len(packed) % 8), np.dtype("<u8")).astype(np.uint64, copy=False)


def to_columns(standings: Iterable[Standing]) -> Columns:
    """Turn standings into columns. Raises ValueError if they were folded under different slot layouts."""
    people = list(standings)
    layouts = {person.layout for person in people}
    if len(layouts) > 1:
        raise ValueError("standings of different policy versions do not fit one table; fold them again")
    residences = tuple(dict.fromkeys(person.residence for person in people))
    index = {residence: number for number, residence in enumerate(residences)}
    return Columns(
        layouts.pop() if layouts else "",
        len(people),
        residences,
        dict(_bitmaps([index[person.residence] for person in people])),
        dict(_bitmaps([person.core for person in people])),
        {name: dict(_bitmaps([getattr(person, name) for person in people])) for name in SETS},
    )


def _bitmaps(values: list[int]) -> Iterator[tuple[int, Words]]:
    """Yield a bitmap for each bit that any of the values has set."""
    width = max((value.bit_length() for value in values), default=0) + 7 >> 3
    packed = np.frombuffer(b"".join(value.to_bytes(width, "little") for value in values), np.uint8)
    for place in _places(reduce(int.__or__, values, 0)):
        yield place, bitmap(packed.reshape(-1, width)[:, place >> 3] >> (place & 7) & 1 != 0)


def decide_columns(compiled: Compiled, act: Act, people: Columns, at: date) -> Verdicts:
    """Decide one act for everybody. Equal, person by person, to `Compiled.decide`.

    Raises ValueError if the columns were folded under another slot layout.
    """
    found: dict[Decision, Words] = {}
    for part, outcome, who in _decided(compiled, act, people, at):
        if outcome not in found:
            found[outcome] = np.zeros(people.number + 63 >> 6, np.uint64)
        found[outcome][part] |= who
    return Verdicts(tuple(found), tuple(found.values()), people.number)


def count_columns(compiled: Compiled, act: Act, people: Columns, at: date) -> Counts:
    """Return how many people get each answer, as `Verdicts.counts` does, without keeping who they are."""
    return _added((outcome, _count(who)) for _, outcome, who in _decided(compiled, act, people, at))


def count_allowed(compiled: Compiled, act: Act, people: Columns, at: date) -> int:
    """Return how many people an act is allowed for. No reason is looked for, so precedence does not matter."""

    def looks(rule: Rule) -> object:
        return bool(rule.refusal), frozenset(ground.looks for ground in rule.against)

    groups = _groups(compiled, act, people, at, looks)
    return sum(_count(chunk.free(rule, numbers)) for chunk in _chunks(people) for rule, numbers in groups)


def _decided(compiled: Compiled, act: Act, people: Columns, at: date) -> Iterator[tuple[slice, Decision, Words]]:
    """Yield who gets which answer, chunk by chunk. Everybody is in it exactly once."""
    groups = _groups(compiled, act, people, at, lambda rule: (rule.refusal, rule.against, rule.grants, rule.duties))
    for chunk in _chunks(people):
        for rule, numbers in groups:
            for outcome, who in chunk.sorted_out(rule, numbers):
                yield chunk.part, outcome, who


def _groups(
    compiled: Compiled, act: Act, people: Columns, at: date, alike: Callable[[Rule], object]
) -> list[tuple[Rule, list[int]]]:
    """Return a rule of each kind, with the numbers of the residences that have one like it."""
    if people.layout != compiled.layout and people.number:
        raise ValueError("these columns were folded for another version of the policy; fold them again")
    groups: dict[object, tuple[Rule, list[int]]] = {}
    for number, residence in enumerate(people.residences):
        rule = compiled.rule(act, residence, at)
        groups.setdefault(alike(rule), (rule, []))[1].append(number)
    return list(groups.values())


def _chunks(people: Columns) -> Iterator[_Chunk]:
    words = people.number + 63 >> 6
    for start in range(0, words, CHUNK):
        yield _Chunk(people, slice(start, min(start + CHUNK, words)))


class _Chunk:
    """Some people, with what has been looked at already."""

    def __init__(self, people: Columns, part: slice) -> None:
        self.people, self.part = people, part
        self.nobody = np.zeros(part.stop - part.start, np.uint64)
        self.everybody = ~self.nobody
        self.everybody[-1:] >>= np.uint64(max(0, 64 * part.stop - people.number))
        self._seen: dict[Look | tuple[Look, ...], Words] = {}

    def sorted_out(self, rule: Rule, numbers: list[int]) -> Iterator[tuple[Decision, Words]]:
        """Yield each answer of a rule with those who get it: whoever meets a ground is out of reach of the next."""
        left = self.living_in(numbers)
        if rule.refusal:
            yield rule.refusal._replace(reasons=rule.refusal.reasons[:1]), left
            return
        for allowed, grounds in ((DENIED, rule.against), (ALLOWED, rule.grants)):
            for ground in grounds:
                who = left & self.meeting(ground)
                left = left ^ who
                yield rule.decided(allowed, ground.reason), who

    def free(self, rule: Rule, numbers: list[int]) -> Words:
        """Return those a rule has nothing against."""
        if rule.refusal:
            return self.nobody
        return self.living_in(numbers) & ~reduce(np.bitwise_or, map(self.meeting, rule.against), self.nobody)

    def living_in(self, numbers: list[int]) -> Words:
        """Return those whose residence is one of these."""
        if len(numbers) == len(self.people.residences):
            return self.everybody
        bits = range((len(self.people.residences) - 1).bit_length())
        each = ([self._bit(self.people.residence, bit, number >> bit & 1) for bit in bits] for number in numbers)
        return reduce(np.bitwise_or, (reduce(np.bitwise_and, one, self.everybody) for one in each))

    def meeting(self, ground: Ground) -> Words:
        """Return those for whom all of a ground is true, wherever they live."""
        found = self._seen.get(ground.looks)
        if found is None:
            found = self._seen[ground.looks] = reduce(np.bitwise_and, map(self._look, ground.looks), self.everybody)
        return found

    def _look(self, look: Look) -> Words:
        found = self._seen.get(look)
        if found is None:
            found = self._younger(look.bits) if look.part == AGED else self._set(look)
            found = self._seen[look] = found if look.wanted else ~found
        return found

    def _set(self, look: Look) -> Words:
        where = self.people.core if look.part == "core" else self.people.said[look.part]
        bits = [self._bit(where, place, 1) for place in _places(look.bits)]
        return reduce(np.bitwise_and, bits, self.everybody) if look.every else reduce(np.bitwise_or, bits, self.nobody)

    def _younger(self, age: int) -> Words:
        """Return those whose age is below this: compare bit by bit, the lowest first."""
        below = self.nobody
        for place in range(AGE.bit_length()):
            older = self._bit(self.people.core, place, 0)
            below = below | older if age >> place & 1 else below & older
        return below

    def _bit(self, where: Mapping[int, Words], place: int, wanted: int) -> Words:
        found = where[place][self.part] if place in where else self.nobody
        return found if wanted else ~found


def _count(who: Words) -> int:
    return int(np.bitwise_count(who).sum())


def _unpacked(who: Words, number: int) -> npt.NDArray[np.bool_]:
    packed = who.astype(np.dtype("<u8"), copy=False).view(np.uint8)
    return np.unpackbits(packed, count=number, bitorder="little").view(np.bool_)


def _added(counted: Iterable[tuple[Decision, int]]) -> Counts:
    counts: Counts = {}
    for outcome, number in counted:
        if number:
            why = (outcome.allowed, outcome.because.code, outcome.because.line)
            counts[why] = counts.get(why, 0) + number
    return counts


def _places(bits: int) -> list[int]:
    """Return the numbers of the bits that are set.

    >>> _places(0b1010)
    [1, 3]
    """
    return [place for place in range(bits.bit_length()) if bits >> place & 1]
