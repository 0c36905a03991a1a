"""Ten million random people, as far as one act looks at them: a row a person, and our own bitmaps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from troth.policy import Act, Compiled
from troth.policy.acts import FLAGS, SETS, UNKNOWN_AGE
from troth.policy.columns import Columns, bitmap

CORE = range(11)  # the bits of `Standing.core`
Bitmaps = dict[int, npt.NDArray[np.uint64]]


@dataclass(frozen=True)
class Crowd:
    """Standings, a value a person: age and flags, the number of a residence, and eight slots a byte."""

    residences: tuple[str, ...]
    residence: npt.NDArray[np.uint8]
    core: npt.NDArray[np.uint16]
    planes: dict[str, dict[int, npt.NDArray[np.uint8]]]  # by set; plane p holds the slots 8p to 8p+7
    slots: dict[str, int]  # bits of the slots that are looked at, by set


def people(compiled: Compiled, act: Act, residences: tuple[str, ...], number: int, day: date) -> Crowd:
    """Return random standings of that many people, in the slots this act looks at."""
    dice = np.random.default_rng(2026)
    slots = signals = 0
    for residence in residences:
        rule = compiled.rule(act, residence, day)
        slots, signals = slots | rule.slots | rule.asked, signals | rule.signals
    looked_at = {name: signals if name == "signal" else slots for name in SETS}
    core = dice.choice(np.array([UNKNOWN_AGE] * 6 + [12, 15, 17, 19, 21], np.uint16), number)
    for flag in FLAGS.values():
        core |= np.where(dice.integers(0, 32, number, np.uint8) == 0, np.uint16(flag), np.uint16(0))
    planes = {
        name: {plane: _bits(dice, number, rare=name in ("no", "stop", "signal")) for plane in planes_of(bits)}
        for name, bits in looked_at.items()
    }
    return Crowd(residences, dice.integers(0, len(residences), number, np.uint8), core, planes, looked_at)


def _bits(dice: np.random.Generator, number: int, *, rare: bool) -> npt.NDArray[np.uint8]:
    """Return random bytes: about half of the bits set, or, for what few people say, a sixteenth."""
    made = np.frombuffer(dice.bytes(number), np.uint8).copy()
    for _ in range(3 if rare else 0):
        made &= np.frombuffer(dice.bytes(number), np.uint8)
    return made


def places(bits: int) -> list[int]:
    return [place for place in range(bits.bit_length()) if bits >> place & 1]


def planes_of(bits: int) -> list[int]:
    return sorted({place >> 3 for place in places(bits)})


def columns(crowd: Crowd, layout: str) -> Columns:
    """Return the same people as bitmaps, those of the slots that are looked at."""
    said = {
        name: {slot: bitmap(crowd.planes[name][slot >> 3] >> (slot & 7) & 1 != 0) for slot in places(slots)}
        for name, slots in crowd.slots.items()
    }
    homes = range((len(crowd.residences) - 1).bit_length())
    residence, core = _by_bit(crowd.residence, homes), _by_bit(crowd.core, CORE)
    return Columns(layout, len(crowd.core), crowd.residences, residence, core, said)


def _by_bit(values: npt.NDArray[np.uint8] | npt.NDArray[np.uint16], bits: Iterable[int]) -> Bitmaps:
    return {place: bitmap(values >> place & 1 != 0) for place in bits}
