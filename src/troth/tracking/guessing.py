"""Which styles somebody may like: what they looked at, looked for, saved and bought, most of all lately. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from troth.policy.wording import listed

WEIGHTS: Final = {"looked at": 1.0, "looked for": 2.0, "saved": 3.0, "bought": 4.0}
SAY: Final = {  # once, and more than once
    "looked at": ("looked at one piece", "looked at {} pieces"),
    "looked for": ("looked for it once", "looked for it {} times"),
    "saved": ("saved one", "saved {}"),
    "bought": ("bought one", "bought {}"),
}
HALVES = 60  # days after which a thing counts half
LEAST, MOST = 2.0, 8  # points a guess takes, and how many there are at most


@dataclass(frozen=True)
class Trace:
    """One thing somebody did, and the styles it speaks for."""

    how: str  # of WEIGHTS
    styles: tuple[str, ...]
    at: datetime


@dataclass(frozen=True)
class Guessed:
    """A style somebody may like, and why we think so: how often they did what."""

    style: str
    points: float
    because: tuple[tuple[str, int], ...]


def say(because: Iterable[tuple[str, int]]) -> str:
    """Return why we guess something, in words.

    >>> say([("looked at", 2), ("saved", 1)])
    'looked at 2 pieces and saved one'
    """
    return listed([SAY[how][count > 1].format(count) for how, count in because])


def guess(traces: Iterable[Trace], unwanted: Collection[str], at: datetime) -> list[Guessed]:
    """Return the likeliest styles, the likeliest first; none of those the person told us not to guess.

    >>> day = datetime(2026, 11, 26)
    >>> guess([Trace("bought", ("coats", "green"), day), Trace("looked at", ("coats",), day)], {"green"}, day)
    [Guessed(style='coats', points=5.0, because=(('looked at', 1), ('bought', 1)))]
    """
    points: dict[str, float] = {}
    counts: dict[str, dict[str, int]] = {}
    for trace in traces:
        weight = WEIGHTS[trace.how] * 0.5 ** (max(0, (at - trace.at).days) / HALVES)
        for style in dict.fromkeys(trace.styles):
            points[style] = points.get(style, 0.0) + weight
            mine = counts.setdefault(style, {})
            mine[trace.how] = mine.get(trace.how, 0) + 1
    found = [
        Guessed(style, round(total, 3), tuple((how, counts[style][how]) for how in WEIGHTS if how in counts[style]))
        for style, total in points.items()
        if total >= LEAST and style not in unwanted
    ]
    return sorted(found, key=lambda one: (-one.points, one.style))[:MOST]
