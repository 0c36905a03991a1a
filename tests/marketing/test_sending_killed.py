"""A sender is killed at any moment, again and again, while people say no: nobody gets two, and nobody after their no."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

import pytest
from tests.life import houses

KILLS = 5


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.setattr(houses, "WORKER", Path(__file__).with_name("sender.py"))
    with houses.opened(tmp_path) as made:
        made.did("migrate")
        yield made


def test_no_kill_sends_twice_and_none_sends_after_a_no(house):
    chance = random.Random(11)  # noqa: S311 -- moments, not secrets
    planned = house.did("plan", 48)
    address = {who: where for kind, who, *rest in planned if kind == "person" for where in rest}
    (campaign,) = [said[1] for said in planned if said[0] == "campaign"]
    people = list(address)
    refusing = [house.start("answer", people[side::3], side) for side in (0,)]
    heard = []
    for _ in range(KILLS):
        running = [house.start("send", campaign, 0.01) for _ in range(2)]
        until = time.monotonic() + 10
        while not any(one.said() for one in running) and time.monotonic() < until:
            time.sleep(0.005)
        time.sleep(chance.random() * 0.15)
        heard += running[0].killed() + running[1].killed()
    for one in refusing:
        heard += one.ended()
    heard += house.did("send", campaign, 0.0)
    told = house.did("count", campaign)

    handed = [(where, at) for kind, where, *rest in heard if kind == "handed" for at in rest[1:]]
    began = [(where, at) for kind, where, *rest in heard if kind == "hands" for at in rest[1:]]
    assert max(Counter(where for where, _ in began).values()) == 1, "somebody was handed over twice"
    said = {address[who]: done for kind, who, *rest in heard if kind == "said" for done in rest[1:]}
    late = [where for where, at in began + handed if at > said.get(where, float("inf"))]
    assert late == [], "a message went out after an acknowledged no"
    assert len(said) == 16

    (progress,) = [rest[0] for kind, *rest in told if kind == "progress"]
    parts = ("sent", "waiting", "refused", "failed", "doubt", "gone", "left")
    assert sum(progress[part] for part in parts) == progress["size"] == 48
    assert progress["sent"] + progress["doubt"] >= len(handed)
    states = dict(said[1:] for said in told if said[0] == "state")
    assert len(states) == 48 - progress["left"] - progress["gone"] + progress["waiting"] * 0
    assert handed
