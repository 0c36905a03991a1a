"""Killed at any moment: what was acknowledged is there, what was not is whole or absent, and a start mends the rest."""

import base64
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROUNDS = 200 if os.environ.get("TROTH_LONG") else 8
WORKER = Path(__file__).with_name("worker.py")


class House:
    """A folder with databases, and processes that work on it."""

    def __init__(self, folder):
        self.folder, self.roots = folder, 1

    def environment(self):
        ring = " ".join(f"{n}:{base64.b64encode(bytes([n % 250]) * 32).decode()}" for n in range(1, self.roots + 1))
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TROTH_")}
        return kept | {"TROTH_DATA": str(self.folder), "TROTH_ROOT_KEY": ring}

    def start(self, *words):
        return subprocess.Popen(
            [sys.executable, WORKER, *map(str, words)], env=self.environment(), stdout=subprocess.PIPE, text=True
        )

    def killed(self, after, *words):
        """Let a process work until it has said something, and a moment more; return what it said."""
        with self.start(*words) as process:
            assert process.stdout
            first = process.stdout.readline()
            time.sleep(after)
            process.kill()
            rest = process.stdout.read()
        return [line.split() for line in (first + rest).splitlines() if line]

    def settled(self):
        with self.start("settle") as process:
            assert process.stdout
            said = process.stdout.read()
        assert process.returncode == 0
        return [line.split() for line in said.splitlines()]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    made = House(tmp_path_factory.mktemp("house"))
    migrate = "import django; django.setup(); from django.core.management import call_command as c; c('migrate', verbosity=0); c('migrate', database='keys', verbosity=0)"
    environment = made.environment() | {"DJANGO_SETTINGS_MODULE": "troth.site.settings"}
    subprocess.run([sys.executable, "-c", migrate], env=environment, check=True)
    return made


def test_no_kill_loses_what_was_acknowledged_or_leaves_half_of_anything(house):
    chance, collected, erased, begun = random.Random(5), {}, set(), set()  # noqa: S311 -- moments, not secrets
    for turn in range(ROUNDS):
        work = ("collect", "collect", "erase", "rotate")[turn % 4]
        if work == "rotate":
            house.roots += 1
        said = house.killed(chance.random() * 0.15, work, turn * 10_000)
        for kind, *words in said:
            if kind == "collected":
                collected[words[0]] = words[1]
            elif kind == "erasing":
                begun |= set(words)
            elif kind == "erased":
                erased |= set(words)

        found = house.settled()

        (log,) = [words for kind, *words in found if kind == "log"]
        assert log[1:] == ["0", "0"], "an entry is unsealed, or the log does not hold"
        holds = {words[0]: words[1] for kind, *words in found if kind == "holds"}
        knows = {words[0] for kind, *words in found if kind == "knows"}
        assert not erased & knows, "somebody erased is back"
        half = {who for who in begun & knows & collected.keys() if holds.get(who) != collected[who]}
        assert half == set(), "an erasure stopped half way"
        missing = {who for who in collected if who not in begun and holds.get(who) != collected[who]}
        assert missing == set(), "something acknowledged is lost"
        assert holds.keys() <= knows
