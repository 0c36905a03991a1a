"""Mutants under test: which tests each one meets, and whether they notice."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from functools import cached_property
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from itertools import accumulate
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from types import CodeType

import pytest

from .changes import SOURCE, Mutant
from .running import FORK, NONE_FOUND, OPTIONS, PASSED, Chosen, Tests, silence
from .warm import CANNOT, Warm, in_functions

MEMORY = 4 << 30  # bytes a mutant may take; an endless list is a kill, not an outage
UNUSED = 71  # the exit code of a child whose tests never imported the broken module
TO_START = 0.2  # seconds before a file's first test runs
Target = Callable[..., None]
Start = Callable[[Mutant], "Trial | None"]
Round = tuple[str, list[str], Collection[str]]  # a file, the tests chosen in their order, and those left out


class Broken(MetaPathFinder):
    """Gives the broken module whenever anyone imports it by its name."""

    def __init__(self, mutant: Mutant) -> None:
        self.name, self.path = f"troth.policy.{mutant.module}", str(SOURCE / f"{mutant.module}.py")
        self.loader = BrokenLoader(self.name, self.path, mutant.code())

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        return spec_from_file_location(fullname, self.path, loader=self.loader) if fullname == self.name else None

    def pytest_sessionstart(self) -> None:
        """Come before pytest's own finder, which reads every file named to it from disk."""
        sys.meta_path.insert(0, self)


class BrokenLoader(SourceFileLoader):
    """Loads code that was compiled before."""

    def __init__(self, name: str, path: str, code: CodeType) -> None:
        super().__init__(name, path)
        self.code, self.used = code, False

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 -- the import system's signature
        self.used = True
        return self.code


def try_cold(rounds: list[Round], mutant: Mutant, out: Connection) -> None:
    """Be a child: import the broken module in place of the good one, and run the tests until one fails."""
    broken = Broken(mutant)
    if any(name.startswith("troth") for name in sys.modules):
        raise RuntimeError("the package was imported before it was broken")
    for path, chosen, others in rounds:
        code = pytest.main([*OPTIONS, "--exitfirst", path], plugins=[broken, Chosen(chosen, others, out)])
        if code not in (PASSED, NONE_FOUND):
            sys.exit(1)
    sys.exit(0 if broken.loader.used else UNUSED)


def try_warm(warm: Warm, mutant: Mutant, names: list[str], out: Connection) -> None:
    """Be a child of a pytest that has read all tests: break the function, and run the tests until one fails."""
    warm.exchange(in_functions(mutant))
    warm.run(names, out)


def _alone(seconds: int, target: Target, *args: object) -> None:
    """Be a child that may take some seconds of the processor, whatever else the machine does meanwhile."""
    os.setpgid(0, 0)  # so that whatever the tests start can be ended with us
    silence()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    target(*args)


class Tried:
    """All tests, and how often each file and each test met mutants of a module and killed them."""

    def __init__(self, tests: list[Tests], within: float) -> None:
        self.tests, self.within = tests, within
        self.known = {one.path: one.seconds.keys() | one.failing for one in tests}
        self.kills, self.met = Counter[tuple[str, str]](), Counter[tuple[str, str]]()

    def rounds(self, mutant: Mutant) -> list[Round]:
        """Return the tests a mutant meets: its own, and as many others as fit into `within` seconds.

        The file that most likely kills it in a second comes first, and in each file the tests that killed its
        neighbours, then those that run its lines, then the others.
        """
        module, left, rounds = mutant.module, self.within, list[Round]()
        met = [(one, chosen) for one in self.tests if (chosen := one.that_run(mutant))]
        for one, chosen in sorted(met, key=lambda each: self._rank(mutant, each[0]), reverse=True):
            names = sorted(one.seconds, key=lambda n: (-self.kills[module, n], n not in chosen, one.seconds[n]))
            totals = accumulate(one.seconds[name] for name in names)
            fit = [name for name, total in zip(names, totals, strict=True) if total < left or one.own(mutant)]
            left -= 0.0 if one.own(mutant) else sum(one.seconds[name] for name in fit)
            rounds += [(one.path, fit, self.known[one.path].difference(fit))] if fit else []
        return rounds

    def names(self, mutant: Mutant) -> list[str]:
        """Return the tests that run a mutant's lines: its own, and as many others as fit into `within` seconds.

        Those that killed its neighbours come first.
        """
        module = mutant.module
        found = [(not one.own(mutant), took, name) for one in self.tests for name, took in one.that_run(mutant).items()]
        found.sort(key=lambda each: (-self.kills[module, each[2]], *each))
        totals = accumulate(took if other else 0.0 for other, took, _ in found)
        return [name for (*_, name), total in zip(found, totals, strict=True) if total < self.within]

    def _rank(self, mutant: Mutant, one: Tests) -> tuple[bool, float]:
        """Return how good a file is. What was not tried yet is believed to be good."""
        kills, met = self.kills[mutant.module, one.path], self.met[mutant.module, one.path]
        return one.own(mutant) and not met, (kills + 1) / (met + 1) / (TO_START + sum(one.seconds.values()))

    def note(self, trial: Trial) -> None:
        module, file = trial.mutant.module, trial.killer.partition("::")[0]
        self.kills.update({(module, one) for one in (trial.killer, file) if one})
        for path in trial.paths:
            self.met[module, path] += 1
            if path == file:
                break


class Trial:
    """A mutant under test."""

    def __init__(self, mutant: Mutant, paths: list[str], within: float, target: Target, *args: object) -> None:
        self.mutant, self.paths = mutant, paths
        self.told, out = FORK.Pipe(duplex=False)
        seconds = 10 + 5 * int(within)
        self.process = FORK.Process(target=_alone, args=(seconds, target, *args, out))
        self.process.start()
        out.close()
        self.ends = time.monotonic() + 10 * seconds  # asleep for ever, or the machine is busy

    def noticed(self) -> bool | None:
        """Return True if the tests noticed, False if all of them passed, None while that is open."""
        if self.process.is_alive():
            if time.monotonic() < self.ends:
                return None
            end(self.process)
        self.process.join()
        if self.process.exitcode == UNUSED:
            raise RuntimeError(f"no test imported the broken module: {self.mutant}")
        return self.process.exitcode not in (0, CANNOT)

    @property
    def passed(self) -> bool:
        """All tests ran on broken code, and none noticed."""
        return self.process.exitcode == 0

    @cached_property
    def killer(self) -> str:
        """The test that noticed; "" if it was the clock or a crash."""
        try:
            return str(self.told.recv()) if self.told.poll() else ""
        except EOFError:
            return ""


def end(process: ForkProcess) -> None:
    assert process.pid
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:  # it ended by itself just now
        process.kill()
    process.join()


def try_all(mutants: list[Mutant], start: Start, jobs: int) -> Iterator[tuple[Mutant, Trial | None]]:
    """Yield each mutant with its trial as it ends, or with None where no test runs it."""
    waiting, trials = mutants[::-1], list[Trial]()
    try:
        while waiting or trials:
            while waiting and len(trials) < jobs:
                mutant = waiting.pop()
                if trial := start(mutant):
                    trials.append(trial)
                else:
                    yield mutant, None
            wait([trial.process.sentinel for trial in trials], timeout=0.05)
            for trial in [one for one in trials if one.noticed() is not None]:
                trials.remove(trial)
                yield trial.mutant, trial
    finally:
        for trial in trials:
            if trial.process.is_alive():
                end(trial.process)
