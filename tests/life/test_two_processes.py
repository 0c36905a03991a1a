"""Two processes at once, on the same people: neither waits for ever, nothing is lost, and once means once."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connections

from . import houses

TURNS = 60
TIMES = 10 if os.environ.get("TROTH_LONG") else 2


@pytest.fixture
def house(tmp_path: Path, transactional_db: None) -> Iterator[houses.House]:
    """A new house: with SQLite files of its own, or in the tests' PostgreSQL databases, emptied."""
    addresses = {}
    if connections["default"].vendor == "postgresql":
        addresses = {"TROTH_DATABASE": address("default"), "TROTH_KEYS": address("keys")}
    with houses.opened(tmp_path, **addresses) as made:
        if not addresses:
            made.did("migrate")
        yield made


def address(alias: str) -> str:
    """Return the address of one of the tests' databases; its socket's folder is an option."""
    at = connections[alias].settings_dict
    return f"postgres://{at['USER']}:@/{at['NAME']}?{urlencode(at['OPTIONS'])}"


def by_kind(*said: houses.Said) -> dict[str, list[list[Any]]]:
    found: dict[str, list[list[Any]]] = defaultdict(list)
    for kind, *words in (line for one in said for line in one):
        found[kind].append(words)
    return found


@pytest.mark.django_db(databases=["default", "keys"], transaction=True)
@pytest.mark.parametrize("seed", range(TIMES))
def test_two_processes_act_on_the_same_people(house: houses.House, seed: int) -> None:
    people = [who for kind, who, *_ in house.did("collect", 0, 6) if kind == "collected"]
    running = [house.start("live", who, 10 * seed + who, people, TURNS, True) for who in (1, 2)]
    heard = by_kind(*[one.ended() for one in running])
    assert len(heard["done"]) == 2
    house.did("settle", "")
    found = by_kind(house.did("tell"))

    alive = set(found["people"][0][0])
    gone = {who for who, _ in heard["erased"]}
    assert gone
    assert found["log"] == [[0, []]]
    assert found["stand"] == [[[]]]
    assert alive == set(people) - gone | (alive - set(people)), "somebody nobody erased is gone"
    assert not gone & (alive | set(found["keys"][0][0]) | found["rows"][0][0].keys()), "somebody erased is there"
    assert found["rows"][0][0].keys() <= alive, "rows are left of nobody"

    holds = {(who, values["value"]) for who, _, values in found["holds"]}
    lost = {(who, given) for who, given in heard["collected"] if who in alive} - holds
    assert lost == set(), "an acknowledged address is lost"
    assert sum(value == "wanted@post.example" for _, value in holds) <= 1, "one mailbox has two people"

    once_means_once(heard)
    no_beats_yes(heard, people)


def once_means_once(heard: dict[str, list[list[Any]]]) -> None:
    """One key, one answer, at most one message handed over."""
    answers: dict[str, set[tuple[bool, int]]] = defaultdict(set)
    for once, allowed, _entry in heard["answered"]:
        answers[once].add((allowed, 0))
    ids = [message for _, message, _ in heard["handed"]]
    keys = [once for once, _, _ in heard["handed"]]
    assert len(ids) == len(set(ids)) == len(set(keys)), "a message was handed over twice"
    assert set(keys) <= answers.keys()


def no_beats_yes(heard: dict[str, list[list[Any]]], people: list[str]) -> None:
    """Nothing is handed over between the acknowledgement of a no and the beginning of a yes that may have come after it.

    Of two answers given at the same time either may be the later one: that is for the database to say.
    """
    for who in people:
        said = [(kind == "consent", begun, done) for one, kind, begun, done in heard["said"] if one == who]
        yes = [(begun, done) for agreed, begun, done in said if agreed]
        stretches = [
            (done, min((start for start, end in yes if end > begun), default=float("inf")))
            for agreed, begun, done in said
            if not agreed
        ]
        stretches += [(at, float("inf")) for one, at in heard["erased"] if one == who]
        mine = [
            at
            for kind in ("hands", "handed")
            for once, _, at in heard[kind]
            if once.startswith(who.replace("-", "")[:12])
        ]
        for at in mine:
            assert not any(begin < at < end for begin, end in stretches), "a message went out after a no"


@pytest.mark.django_db(databases=["default", "keys"], transaction=True)
@pytest.mark.parametrize("turn", range(TIMES))
def test_two_processes_make_a_house_at_the_same_moment(house: houses.House, turn: int) -> None:
    """Both find no root key, no keys of the house, no key to sign with: they end up with the same ones."""
    running = [house.start("collect", number, 4, root_key="") for number in (0, 100)]
    heard = by_kind(*[one.ended() for one in running])
    found = by_kind(house.start("tell", root_key="").ended())
    assert len(heard["collected"]) == 8
    held = {(who, (values or {}).get("value")) for who, _, values in found["holds"]}
    assert {(who, f"p{number}@post.example") for who, number in heard["collected"]} <= held


@pytest.mark.django_db(databases=["default", "keys"], transaction=True)
def test_keys_are_rotated_while_people_come_and_go(house: houses.House) -> None:
    first = [who for kind, who, *_ in house.did("collect", 0, 20) if kind == "collected"]
    house.roots = 2
    running = [
        house.start("rotate", 2),
        house.start("collect", 100, 10),
        house.start("live", 1, 1, first[:4], 45, True),
    ]
    heard = by_kind(*[one.ended() for one in running])
    house.did("rotate", 100)
    found = by_kind(house.did("tell"))
    assert found["roots"] == [[2, [[2]]]]
    assert heard["rotated"]
    gone = {who for who, _ in heard["erased"]}
    came = {who for who, *_ in heard["collected"]} | set(first)
    assert came - gone <= set(found["people"][0][0])
    assert gone & set(found["keys"][0][0]) == set(), "a key that was destroyed is back"
    assert all(values for _, _, values in found["holds"])
