"""The fold: what all that a person said comes to, for one policy and one moment. Pure.

A no, a stop or a withdrawal yields only to a later yes of equal or narrower scope; a wider stop beats every earlier
narrower yes; a signal yields only to a yes given in sight of it; at the same instant no beats yes (REQUIREMENTS §1).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from troth.policy import Compiled, Standing
from troth.policy.book import matching

YES: Final = ("consent", "soft")
NO: Final = ("refusal", "withdrawal", "objection", "signal", "signal_off")
KINDS: Final = YES + NO
SIGNALS: Final = ("signal", "signal_off")
NOS: Final = {"refusal": "no", "withdrawal": "no", "objection": "stop"}


@dataclass(frozen=True, slots=True)
class Said:
    """One thing a person said: the slots by pattern ("news", "news:skerry", "news:*:sms", "*")."""

    kind: str
    pattern: str
    at: datetime
    sighted: bool = False  # a yes given while being told of the signal against it
    expires: datetime | None = None


@dataclass(slots=True)
class _Brake:
    """A no in force: what it was said of, and what later narrower yeses have left of it."""

    scope: int
    left: int


def in_order(events: Iterable[Said]) -> list[Said]:
    """Return events as they count: by time, a yes before a no of the same instant."""
    return sorted(events, key=lambda said: (said.at, said.kind in NO))


def fold(events: Iterable[Said], compiled: Compiled, at: datetime, residence: str = "*", core: int = 0) -> Standing:
    """Return the standing of someone who said all this, as of `at`. Slots the policy no longer has are dropped."""
    brakes: dict[str, list[_Brake]] = {"no": [], "stop": [], "signal": []}
    yes = soft = 0
    for said in in_order(events):
        if said.at > at or (said.expires is not None and said.expires <= at):
            continue
        mask = matching(compiled.book.slots, said.pattern)
        if said.kind == "consent":
            yes |= mask
            for name in ("no", "stop", *(["signal"] if said.sighted else [])):
                _yield_to(brakes[name], mask)
        elif said.kind == "soft":
            soft |= mask
        elif said.kind == "signal":
            brakes["signal"] = [_Brake(compiled.book.signalled, compiled.book.signalled)]
        elif said.kind == "signal_off":
            brakes["signal"] = []
        else:
            yes, soft = yes & ~mask, soft & ~mask
            brakes[NOS[said.kind]].append(_Brake(mask, mask))
    no, stop, signal = (_left(brakes[name]) for name in ("no", "stop", "signal"))
    return compiled.fold(residence, core, yes & ~(no | stop), no, stop, signal, soft & ~(no | stop))


def _yield_to(brakes: list[_Brake], mask: int) -> None:
    for brake in brakes:
        if mask & ~brake.scope == 0:  # of equal or narrower scope
            brake.left &= ~mask


def _left(brakes: Iterable[_Brake]) -> int:
    bits = 0
    for brake in brakes:
        bits |= brake.left
    return bits


def lapses(events: Iterable[Said], at: datetime) -> datetime | None:
    """Return the next moment at which something said lapses by itself."""
    return min((said.expires for said in events if said.expires and said.expires > at), default=None)
