"""Millions of made-up customers: where they live, how old they are, what they said to each brand, channel and topic.

Skewed as customers are: most in a few countries, most known by email, some brands and channels far dearer than others,
half of those who say yes to a channel say yes to all of it. A column a fact, eight topics a byte; and the same as sets.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from troth.marketing.bitmaps import ALL, KIND, place_name
from troth.policy import Compiled, Standing
from troth.policy.acts import ERASING, LISTED_PHONE, LISTED_POST, PARENT, RESTRICTED, UNKNOWN_AGE

CHUNK = 1_000_000
HOMES = (
    ("GB", "Europe/London", 0.52), ("US-CA", "America/Los_Angeles", 0.10), ("US-TX", "America/Chicago", 0.07),
    ("US-NY", "America/New_York", 0.06), ("FR", "Europe/Paris", 0.07), ("DE", "Europe/Berlin", 0.07),
    ("IE", "Europe/Dublin", 0.04), ("IT", "Europe/Rome", 0.03), ("JP", "Asia/Tokyo", 0.02),
    ("*", "Europe/London", 0.02),
)  # fmt: skip
BRANDS = {"tarn": 0.35, "holm": 0.2, "skerry": 0.5}
CHANNELS = {"email": 0.6, "sms": 0.25, "phone": 0.04, "chat": 0.08, "post": 0.3}
KINDS = {"email": 0.97, "mobile": 0.55, "phone": 0.35, "postal": 0.7}
SAID = ("yes", "no", "stop", "soft")
Bytes, Truths = npt.NDArray[np.uint8], npt.NDArray[np.bool_]


@dataclass
class Everybody:
    """Columns by name, a value a person; person number 1 is the first. `CELLS` columns hold a bit a topic."""

    number: int
    topics: tuple[str, ...]
    columns: dict[str, npt.NDArray[np.generic]] = field(default_factory=dict)


def cells() -> list[tuple[str, str]]:
    return [(brand, channel) for brand in BRANDS for channel in CHANNELS]


def everybody(number: int, compiled: Compiled, seed: int = 2026) -> Everybody:
    """Return that many people. The same number and seed, the same people."""
    made = Everybody(number, compiled.policy.choices["news"].topics)
    dice = np.random.default_rng(seed)
    parts = [_some(dice, min(CHUNK, number - start)) for start in range(0, number, CHUNK)]
    for name in list(parts[0]):
        made.columns[name] = np.concatenate([part.pop(name) for part in parts])
    return made


def _some(dice: np.random.Generator, size: int) -> dict[str, npt.NDArray[np.generic]]:
    homes = dice.choice(len(HOMES), size, p=[share for *_, share in HOMES]).astype(np.uint8)
    ages = dice.choice([UNKNOWN_AGE, 12, 14, 15, 16, 17, 19, 21], size, p=[0.62, *[0.01] * 5, 0.03, 0.3])
    core = ages.astype(np.int16)
    for flag, share in (
        (RESTRICTED, 0.002),
        (ERASING, 0.001),
        (PARENT, 0.02),
        (LISTED_PHONE, 0.15),
        (LISTED_POST, 0.06),
    ):
        core |= np.where(dice.random(size, np.float32) < share, np.int16(flag), np.int16(0))
    kinds = np.zeros(size, np.uint8)
    for place, share in enumerate(KINDS.values()):
        kinds |= (dice.random(size, np.float32) < share).astype(np.uint8) << place
    found: dict[str, npt.NDArray[np.generic]] = {"home": homes, "core": core, "kinds": kinds}
    quiet = dice.random(size, np.float32) < 0.03  # asked us to stop altogether
    for brand, dear in BRANDS.items():
        known = dice.random(size, np.float32) < dear
        bought = known & (dice.random(size, np.float32) < 0.4)
        for channel, share in CHANNELS.items():
            said = _cell(dice, known, bought, quiet, channel, share)
            found |= {f"{brand}_{channel}_{name}": bits for name, bits in said}
    return found


def _cell(
    dice: np.random.Generator, known: Truths, bought: Truths, quiet: Truths, channel: str, share: float
) -> Iterator[tuple[str, Bytes]]:
    """Yield what everybody said about one brand and channel, as the fold would leave it: a no beats a yes."""
    size, chance = len(known), dice.random(len(known), np.float32)
    asked = known & (chance < share)
    some = dice.integers(0, 256, size, np.uint8) & dice.integers(0, 256, size, np.uint8)
    yes = np.where(asked, np.where(dice.random(size, np.float32) < 0.5, np.uint8(255), some), np.uint8(0))
    left = dice.random(size, np.float32)
    no = np.where(known & (left < 0.08), np.uint8(255), np.where(known & (left < 0.11), some, np.uint8(0)))
    stop = np.where(quiet, np.uint8(255), np.uint8(0))
    soft = np.where(bought, np.uint8(255), np.uint8(0)) if channel == "email" else np.zeros(size, np.uint8)
    yield "yes", yes & ~(no | stop)
    yield "no", no
    yield "stop", stop
    yield "soft", soft & ~(no | stop)


def sets_of(people: Everybody, compiled: Compiled) -> Iterator[tuple[str, BitMap]]:
    """Yield the same people as the named sets the index keeps."""
    yield ALL, BitMap(range(1, people.number + 1))
    home, core = people.columns["home"], people.columns["core"]
    for place, (residence, zone, _) in enumerate(HOMES):
        yield place_name(residence, zone), numbers(home == place)
    for age in range(UNKNOWN_AGE):
        yield f"age:{age}", numbers(core & 31 == age)
    for bit in range(5, 11):
        yield f"core:{bit}", numbers(core >> bit & 1 != 0)
    for place, kind in enumerate(KINDS):
        yield KIND + kind, numbers(people.columns["kinds"] >> place & 1 != 0)
    for brand, channel in cells():
        for name in SAID:
            bits = people.columns[f"{brand}_{channel}_{name}"]
            for place, topic in enumerate(people.topics):
                slot = compiled.book.slots[f"news:{brand}:{channel}:{topic}"]
                yield f"{name}:{slot}", numbers(bits >> place & 1 != 0)


def numbers(flags: npt.NDArray[np.bool_]) -> BitMap:
    made = array("I")
    made.frombytes((np.flatnonzero(flags) + 1).astype(np.uint32).tobytes())
    return BitMap(made)


class Standings:
    """The same people one by one, as the scalar engine takes them."""

    def __init__(self, people: Everybody, compiled: Compiled, some: npt.NDArray[np.int64]) -> None:
        self.layout = compiled.layout
        columns = people.columns
        self.homes = [HOMES[home][0] for home in columns["home"][some].tolist()]
        self.cores, self.kinds = columns["core"][some].tolist(), columns["kinds"][some].tolist()
        spread = {cell: _spread(people, compiled, *cell) for cell in cells()}
        self.bits = {
            name: [(columns["_".join((*cell, name))][some].tolist(), slots) for cell, slots in spread.items()]
            for name in SAID
        }

    def __getitem__(self, place: int) -> Standing:
        said = {name: sum(spread[values[place]] for values, spread in cells_) for name, cells_ in self.bits.items()}
        return Standing(self.homes[place], self.layout, self.cores[place], **said)


def _spread(people: Everybody, compiled: Compiled, brand: str, channel: str) -> list[int]:
    """Return the bits of the slots that each of 256 bytes of topics stands for."""
    slots = [1 << compiled.book.slots[f"news:{brand}:{channel}:{topic}"] for topic in people.topics]
    return [sum(bit for place, bit in enumerate(slots) if byte >> place & 1) for byte in range(256)]
