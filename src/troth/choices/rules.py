"""The fold: what all that a person said comes to, for one policy and one moment. Pure.

A no, a stop or a withdrawal yields only to a later yes of equal or narrower scope; a wider stop beats every earlier
narrower yes; a signal yields only to a yes given in sight of it; at the same instant no beats yes (REQUIREMENTS §1).
A pause is a stop with an end: it takes no yes away, so that all is as before when it is over (policy [rights.pause]).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from troth.policy import Compiled, Standing

YES: Final = ("consent", "soft")
NO: Final = ("refusal", "withdrawal", "objection", "signal", "signal_off", "pause")
OFTEN: Final = "often"  # how often at most: no answer to whether, so the fold has nothing to do with it
KINDS: Final = (*YES, *NO, "resume", OFTEN)
SIGNALS: Final = ("signal", "signal_off")
PAUSING: Final = ("pause", "resume")
NOS: Final = {"refusal": "no", "withdrawal": "no", "objection": "stop"}


@dataclass(frozen=True, slots=True)
class Said:
    """One thing a person said: the slots by pattern ("news", "news:skerry", "news:*:sms", "*")."""

    kind: str
    pattern: str
    at: datetime
    sighted: bool = False  # a yes given while being told of the signal against it
    expires: datetime | None = None
    policy: str = ""  # digest of the version whose words were shown


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
    brakes: dict[str, list[_Brake]] = {"no": [], "stop": [], "signal": [], "pause": []}
    yes = soft = 0
    for said in in_order(events):
        lapsed = said.expires is not None and said.expires <= at
        if said.at > at or said.kind == OFTEN or (lapsed and said.kind != "pause"):
            continue
        mask = compiled.book.meant(said.pattern)
        if said.kind in YES:  # a yes covers what its choice meant when it was given, and no more (R87)
            mask &= ~compiled.outgrown(said.policy, said.at.date())
        if said.kind in PAUSING:  # another pause takes an earlier one's place, even when it is over sooner
            brakes["pause"] = _paused(brakes["pause"], mask if said.kind == "pause" and not lapsed else 0, mask)
        elif said.kind == "consent":
            yes |= mask
            for name in ("no", "stop", "pause", *(["signal"] if said.sighted else [])):
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
    no, signal = _left(brakes["no"]), _left(brakes["signal"])
    stop = _left([*brakes["stop"], *brakes["pause"]])
    return compiled.fold(residence, core, yes & ~(no | stop), no, stop, signal, soft & ~(no | stop))


def _paused(brakes: list[_Brake], mask: int, scope: int) -> list[_Brake]:
    return [one for one in brakes if one.scope & ~scope] + ([_Brake(mask, mask)] if mask else [])


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


def paused(events: Iterable[Said], at: datetime) -> datetime | None:
    """Return until when the pause in force lasts; None while there is none."""
    told = [said for said in in_order(events) if said.kind in PAUSING and said.at <= at]
    newest = told[-1] if told else None
    return newest.expires if newest and newest.kind == "pause" and newest.expires and newest.expires > at else None
