"""A million random interleavings of sending and saying no, and whether anybody is written to late, or twice.

    nice -n 19 python benchmarks/reaching/interleavings.py [--people 1000000] [--seconds 3000] [--seed 1]

Real is all that decides: `mailing.reach`, `contact.settle`, `collect.choose`, their leases, transactions, records and
unique keys, in a real SQLite database. Senders and people who answer are processes that take turns in one thread, as
chance will have it: a turn ends where another process could come between, which with writers that stand in line is
between two transactions, and in the middle of a hand-over. Made up are the clock, which each process sees its own way
and which jumps; the network, which takes a letter, or not, or leaves us in doubt; and death: a process killed gets no
more turns. What no fence can catch is not played: a hand-over takes no longer than `LONGEST`, and no two clocks differ
by more than `SKEW`. Anywhere else a process may stop for half a minute.

Each schedule is a list of `PEOPLE`, two to four senders (one begins where a killed one stopped, or from a stale list),
and people who say no meanwhile. An interleaving is what one person meets of it. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import sys
import tempfile
import time as clock
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from greenlet import getcurrent, greenlet

sys.path.insert(0, str(Path(__file__).parents[1]))

from reaching.people import address, readers, started

PEOPLE: Final = 24
NOON: Final = datetime(2026, 11, 26, 12, tzinfo=UTC)
SKEW: Final = 4.0  # seconds by which two clocks differ at most
LONGEST: Final = 15.0  # seconds a hand-over takes at most: a line to a mail server has given up by then


@dataclass
class World:
    """One schedule: who takes turns, what time it is, and what came of it."""

    chance: random.Random
    at: float = 0.0  # seconds since noon, truly
    step: int = 0
    skews: dict[greenlet, float] = field(default_factory=dict)
    alive: list[greenlet] = field(default_factory=list)
    dead: list[greenlet] = field(default_factory=list)
    handing: dict[greenlet, float] = field(default_factory=dict)  # until when a transport must have given up
    began: dict[str, list[int]] = field(default_factory=dict)
    ended: dict[str, list[int]] = field(default_factory=dict)
    said: dict[str, int] = field(default_factory=dict)
    kills: int = 0
    waits: int = 0

    def begin(self, work: Callable[[], None]) -> None:
        made = greenlet(work)
        self.skews[made] = self.chance.uniform(-SKEW / 2, SKEW / 2)
        self.alive.append(made)

    def play(self, killing: float) -> None:
        """Let everybody take turns until nobody is left, or only the dead."""
        while self.alive:
            self.step += 1
            self._pass()
            one = self._next()
            if len(self.alive) > 1 and self.chance.random() < killing and one in self.senders:
                self.alive.remove(one)
                self.dead.append(one)
                self.handing.pop(one, None)
                self.kills += 1
                continue
            one.switch()
            if one.dead:
                self.alive.remove(one)

    senders: set[greenlet] = field(default_factory=set)

    def _next(self) -> greenlet:
        """Return whose turn it is: a transport's, where it is time to give up."""
        due = [one for one, until in self.handing.items() if until <= self.at + 0.5]
        return due[0] if due else self.chance.choice(self.alive)

    def _pass(self) -> None:
        """Let time pass: milliseconds, sometimes seconds; and let a clock be set, but never far from the others."""
        roll = self.chance.random()
        most = min([until - self.at for until in self.handing.values()], default=60.0)
        self.at += min(most, 0.003 if roll < 0.9 else self.chance.uniform(0, 3) if roll < 0.995 else 31.0)
        if roll > 0.97:
            self.skews[self.chance.choice(self.alive)] = self.chance.uniform(-SKEW / 2, SKEW / 2)

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.at + self.skews.get(getcurrent(), 0.0))


class Clock:
    """What the rooms take for the time: nobody sets `monotonic`, and who sleeps gives the others a turn."""

    def __init__(self, of: Callable[[], World]) -> None:
        self._of = of

    def monotonic(self) -> float:
        return self._of().at

    def sleep(self, seconds: float) -> None:
        del seconds
        self._of().waits += 1
        turn()


def turn() -> None:
    """Let others come between, unless a transaction stands in line for us."""
    from django.db import connection

    if not connection.in_atomic_block and (up := getcurrent().parent) is not None:
        up.switch()


class Play:
    """The rooms, with a turn wherever another process could come between."""

    def __init__(self, seed: int) -> None:
        from troth.choices import lease
        from troth.doors import contact, mailing, policies

        self.chance, self.world = random.Random(seed), World(random.Random(seed))
        self.contact, self.mailing, self.policies, self.lease = contact, mailing, policies, lease
        policies.calendar_now = self._now
        lease.now = self._now
        mailing.time = lease.time = Clock(lambda: self.world)  # type: ignore[assignment]
        for name in ("claim_free", "claim", "release", "still_mine"):
            setattr(lease, name, _between(getattr(lease, name)))
        mailing._Batch._settled = _between(mailing._Batch._settled)  # type: ignore[method-assign]  # noqa: SLF001

    def _now(self) -> datetime:
        return self.world.now()

    def schedule(self, people: list[UUID]) -> World:
        """Play one schedule, and see it to its end."""
        world = self.world = World(random.Random(self.chance.random()))
        chance = world.chance
        wave = self.mailing.Wave(uuid4(), "news", "tarn", "email", "offers", "marketer", frozenset({"campaign"}))
        refusing = chance.sample(people, chance.randint(PEOPLE // 4, PEOPLE // 2))
        for who in refusing[:2] if chance.random() < 0.5 else ():  # the list is stale: they said no since
            self._answer([who])()
        for _ in range(2):
            self._sender(world, wave, people)
        sides = chance.randint(1, 3)
        for side in range(sides):
            world.begin(self._answer(refusing[side::sides]))
        world.begin(self._janitor)
        world.play(killing=0.004)
        for _ in range(3):  # whoever comes next, half a minute and a few tries later
            world.at += 400.0
            self._sender(world, wave, people)
            world.begin(self._janitor)
            world.play(killing=0.0)
        return world

    def _sender(self, world: World, wave: Any, people: list[UUID]) -> None:  # noqa: ANN401 -- Django is loaded by now
        from troth.doors.declare import job

        def work() -> None:
            order, size = people[:], world.chance.randint(3, PEOPLE)
            if world.chance.random() < 0.3:
                world.chance.shuffle(order)
            with job("news"):
                for start in range(0, len(order), size):
                    left = order[start : start + size]
                    for _ in range(6):
                        left = self.mailing.reach(wave, left, self._way, written=_written, on=_on).left
                        if not left:
                            break
                        turn()

        world.begin(work)
        world.senders.add(world.alive[-1])

    def _way(self, message: Any, *, give_up_after: int) -> None:  # noqa: ANN401 -- Django is loaded by now
        world, roll = self.world, self.world.chance.random()
        me, where = getcurrent(), message.address
        del give_up_after
        if roll < 0.04:
            raise self.contact.NotTaken
        world.began.setdefault(where, []).append(world.step)
        world.handing[me] = world.at + LONGEST
        for _ in range(world.chance.choice((0, 1, 1, 3))):
            turn()
        world.handing.pop(me, None)
        world.ended.setdefault(where, []).append(world.step)
        if roll > 0.97:
            raise OSError

    def _answer(self, people: list[UUID]) -> Callable[[], None]:
        from troth.choices.errors import StillSending
        from troth.doors.collect import choose
        from troth.doors.declare import job

        def work() -> None:
            for who in people:
                for _ in range(self.world.chance.randint(0, 12)):
                    turn()
                with job("proof"), contextlib.suppress(StillSending):
                    choose("objection", "news:tarn", person=who, brand="tarn", place="message", wording="No more")
                    self.world.said[address(who)] = self.world.step

        return work

    def _janitor(self) -> None:
        for _ in range(6):
            turn()
            self.contact.settle(self.policies.now())


def _between(real: Callable[..., Any]) -> Callable[..., Any]:
    def played(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 -- whatever it takes
        turn()
        made = real(*arguments, **named)
        turn()
        return made

    return played


def _written(people: Any) -> dict[UUID, dict[str, str]]:  # noqa: ANN401 -- a collection of ids
    turn()
    return {person: {"subject": "Coats", "text": "Coats are in."} for person in people}


def _on() -> bool:
    turn()
    return True


class Reset:
    """Everybody says yes again: what the last schedule left is taken away."""

    def __init__(self) -> None:
        from troth.choices.models import Folded

        self.bits = json.dumps(Folded.objects.values_list("bits", flat=True)[0])

    def __call__(self) -> None:
        from django.db import connection, transaction

        with transaction.atomic(), connection.cursor() as cursor:
            for table in ("doors_message", "choices_lease", "ledger_mention", "ledger_entry", "marketing_changed"):
                cursor.execute(f"DELETE FROM {table}")  # noqa: S608 -- our own words
            cursor.execute("DELETE FROM choices_event WHERE kind = 'objection'")
            cursor.execute("UPDATE choices_event SET event_at = NULL")
            cursor.execute("UPDATE choices_folded SET bits = %s", [self.bits])


def late(world: World) -> int:
    """Return how many hand-overs began or ended after an acknowledged no."""
    return sum(
        step > world.said.get(where, sys.maxsize)
        for steps in (world.began, world.ended)
        for where, some in steps.items()
        for step in some
    )


def explored(wanted: int, seconds: float, seed: int) -> dict[str, float]:
    """Return what came of as many schedules as there was time for. Django must not be set up yet."""
    shm = Path("/dev/shm")  # noqa: S108 -- memory, where there is some: nothing here outlives the run
    with tempfile.TemporaryDirectory(prefix="troth-bench-", dir=shm if shm.is_dir() else None) as folder:
        started(folder)
        people = sorted(readers(PEOPLE))
        play, reset, seen, begun = Play(seed), Reset(), Counter[str](), clock.monotonic()
        while seen["interleavings"] < wanted and clock.monotonic() - begun < seconds:
            world = play.schedule(people)
            seen += Counter(
                interleavings=PEOPLE, schedules=1, turns=world.step, kills=world.kills, waits=world.waits,
                noes=len(world.said), handed=sum(map(len, world.began.values())), late_releases=late(world),
                twice=sum(len(some) > 1 for some in world.began.values()),
                refused_in_time=sum(where not in world.began for where in world.said),
            )  # fmt: skip
            play.world = World(random.Random(0))
            for one in world.dead:  # whatever they still do is swept away with the rest
                with contextlib.suppress(BaseException):
                    one.throw()
            reset()
        names = ("interleavings", "schedules", "turns", "kills", "waits", "noes", "handed", "refused_in_time")
        return {
            **{name: seen[name] for name in names}, "late_releases": seen["late_releases"], "twice": seen["twice"],
            "seed": seed, "seconds": round(clock.monotonic() - begun),
        }  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1_000_000, help="interleavings to see")
    parser.add_argument("--seconds", type=float, default=3000, help="to stop after")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(json.dumps(explored(asked.people, asked.seconds, asked.seed)))
