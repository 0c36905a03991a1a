"""Killed at any moment: what was acknowledged is there, what was not is whole or absent, and a start mends the rest."""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from . import houses

KILLS = int(os.environ.get("TROTH_KILLS", "240")) if os.environ.get("TROTH_LONG") else 24
SEED = int(os.environ.get("TROTH_SEED", "7"))
WORK = ("collect", "seal", "rotate", "import", "erase")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[houses.House]:
    with houses.opened(tmp_path_factory.mktemp("house")) as made:
        made.did("migrate")
        yield made


class Oracle:
    """All that was acknowledged over the house's life, and what was begun."""

    def __init__(self) -> None:
        self.people: dict[str, int] = {}
        self.begun: set[str] = set()
        self.said: set[str] = set()
        self.leaving: set[str] = set()
        self.gone: set[str] = set()
        self.checkpoint = ""

    def hear(self, said: houses.Said) -> None:
        for kind, *words in said:
            if kind == "begins":
                self.begun.add(words[0])
            elif kind == "collected":
                self.people[words[0]] = words[1]
            elif kind == "said":
                self.said.add(words[0])
            elif kind == "erasing":
                self.leaving |= set(words)
            elif kind == "erased":
                self.gone |= set(words)
            elif kind == "sealed":
                self.checkpoint = words[0]

    def judge(self, found: houses.Said, newest: int) -> None:
        one = {kind: words for kind, *words in found if kind != "holds"}
        holds: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        for _, who, model, values in (line for line in found if line[0] == "holds"):
            holds.setdefault(who, []).append((model, values))
        people, keys, rows = set(one["people"][0]), set(one["keys"][0]), one["rows"][0]

        assert one["log"] == [0, []], "an entry is unsealed, or the log does not hold"
        assert one["stand"] == [[]], "somebody stands elsewhere than their answers say"
        assert one["roots"] == [newest, [[newest]]], "a key is not readable under exactly the newest root key"
        assert set(one["stones"][0].values()) <= {"done"}, "an erasure is half done"
        assert not self.gone & (people | keys | rows.keys()), "somebody erased is back"
        nobodys = {who: models for who, models in rows.items() if who not in people}
        assert nobodys == {}, "rows are left of nobody"
        assert people <= keys, "a person has no key"
        for who in self.begun & people:
            self._whole(who, holds.get(who, []))
        lost = self.people.keys() - people - self.leaving
        assert lost == set(), "somebody acknowledged is lost"

    def _whole(self, who: str, rows: list[tuple[str, dict[str, Any]]]) -> None:
        """Everything a person gave, or, where that was not acknowledged, nothing."""
        given = sorted(
            (values.get("value") or values["name"]) for model, values in rows if model in ("Identifier", "Profile")
        )
        if who not in self.people and not given:
            return
        number = self.people.get(who, given and int(given[0].removeprefix("C")))
        assert given == [f"C{number}", f"Person {number}", f"p{number}@post.example"], "half of an act is there"
        assert who not in self.said or any(model == "Event" for model, _ in rows), "an acknowledged answer is lost"


def test_no_kill_loses_what_was_acknowledged_or_leaves_half_of_anything(house: houses.House) -> None:
    chance, oracle, when = random.Random(SEED), Oracle(), Counter[str]()  # noqa: S311 -- moments, not secrets
    oracle.hear(house.did("collect", 10_000_000, 20))
    for turn in range(KILLS):
        work = WORK[turn % len(WORK)]
        house.roots += work == "rotate"
        arguments = {
            "collect": [turn * 10_000],
            "seal": [turn * 10_000],
            "rotate": [2],
            "import": [turn * 10_000, chance.choice([1, 4, 20])],
            "erase": [chance.choice([1, 2, 5])],
        }
        running = house.start(work, *arguments[work])
        _wait_a_moment(running, chance, patient=work in ("collect", "seal", "import"))
        oracle.hear(said := running.killed())
        when[f"{work} {'after an acknowledgement' if said else 'before any'}"] += 1
        if work == "import":  # a file that is brought in again goes on where it was
            oracle.judge(house.did("settle", oracle.checkpoint), house.roots)
            oracle.hear(said := house.did(work, *arguments[work]))
            assert len({who for _, who, _ in said}) == 60
        oracle.judge(house.did("settle", oracle.checkpoint), house.roots)
    sys.stdout.write(f"{KILLS} kills: {dict(when)}; {len(oracle.people)} people, {len(oracle.gone)} erased\n")
    assert oracle.people
    if not oracle.gone:  # a slow machine: every kill came before the first of a batch was through
        oracle.hear(house.did("erase", 2))
        oracle.judge(house.did("settle", oracle.checkpoint), house.roots)
    assert oracle.gone


def _wait_a_moment(running: houses.Process, chance: random.Random, *, patient: bool) -> None:
    """Until some random moment, mostly counted from the first thing it said: before that it only opens the files."""
    if patient or chance.random() < 0.7:
        until = time.monotonic() + 10
        while not running.said() and time.monotonic() < until:
            time.sleep(0.002)
    time.sleep(chance.random() * (0.3 if patient else chance.choice([0.02, 0.6])))
