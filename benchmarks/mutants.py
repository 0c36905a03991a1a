"""Break src/troth/policy in small ways, one at a time, and see whether the tests notice: `make mutants`.

    make mutants                             every module
    make mutants ARGS="period rules"         some of them
    make mutants ARGS="rules --sample 200"   a random part, the same each time

Our own mutator and not mutmut, for three reasons, tried with mutmut 3.8 on a copy of this project. It leaves every
decorated function alone, and the look-ups of `book.py` are cached properties. It leaves module tables and class bodies
alone, and much of a policy engine is tables. And it imports the tests once and switches mutants on afterwards: what
runs while tests are imported, or is cached for a session (the law packs, policies compiled at the top of a test file),
ran unbroken, so its mutants survive falsely. Here each mutant gets a forked process of its own in which the package has
not been imported yet; pytest, Hypothesis and NumPy have. The source on disk is never touched.

First every test file, and every module's doctests, runs by itself on unbroken code, to learn how long it takes, which
lines it runs and which of its tests fail anyhow. A mutant then meets those that run its lines, its own tests first,
then the quickest. A failure, a crash or five times the usual time is a kill. Words in sentences (f-strings, texts with
spaces), annotations and messages of exceptions are not mutated.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from random import Random
from types import CodeType

import pytest
from coverage import Coverage
from mutating.changes import SOURCE, Mutant, mutants_of

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests" / "policy"
HEAVY = ("hypothesis", "jsonschema", "numpy", "playwright.sync_api")  # what the tests import besides ours
OPTIONS = (
    "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:django",
    "-o", "addopts=--import-mode=importlib --doctest-modules --strict-markers",
    "-W", "ignore::pytest.PytestConfigWarning",  # pytest-django's settings, while it is switched off
    "-W", "ignore::pytest.PytestAssertRewriteWarning",  # plugins imported beforehand
)  # fmt: skip
MEMORY = 4 << 30  # bytes a mutant may take; an endless list is a kill, not an outage
PASSED, NONE_FOUND = pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED
UNUSED = 71  # the exit code of a child whose tests never imported the broken module
FORK = multiprocessing.get_context("fork")


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


class Notes:
    """A pytest plugin that notes which tests fail, and which files cannot even be read."""

    def __init__(self) -> None:
        self.failing: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failing += [report.nodeid] if report.failed else []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.failing += [report.nodeid] if report.failed else []


@dataclass(frozen=True)
class Tests:
    """One test file, or one module's doctests, as it ran by itself on unbroken code."""

    path: str
    seconds: float
    failing: tuple[str, ...]
    lines: Mapping[str, frozenset[int]]  # by module

    def runs(self, mutant: Mutant) -> bool:
        return not self.lines.get(mutant.module, frozenset()).isdisjoint(mutant.lines)

    def without(self) -> list[str]:
        """Return the options that leave out what fails anyhow."""
        return [f"--{'deselect' if '::' in one else 'ignore'}={one}" for one in self.failing]


def try_clean(path: str, out: Connection) -> None:
    """Be a child: run one file, and send what it runs and what fails."""
    os.setpgid(0, 0)
    _silence()
    measure, notes = Coverage(data_file=None, config_file=False, include=[f"{SOURCE}/*"]), Notes()
    measure.start()
    started = time.monotonic()
    code = pytest.main([*OPTIONS, path], plugins=[notes])
    seconds = time.monotonic() - started
    measure.stop()
    data = measure.get_data()
    lines = {Path(file).stem: frozenset(data.lines(file) or ()) for file in data.measured_files()}
    out.send((code, Tests(path, seconds, tuple(notes.failing), lines)))


def try_broken(tests: list[Tests], mutant: Mutant) -> None:
    """Be a child: import the broken module in place of the good one, and run the tests until one fails."""
    os.setpgid(0, 0)  # so that whatever the tests start can be ended with us
    _silence()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    broken = Broken(mutant)
    if any(name.startswith("troth") for name in sys.modules):
        raise RuntimeError("the package was imported before it was broken")
    options = [*OPTIONS, "--exitfirst", *(option for one in tests for option in one.without())]
    code = pytest.main([*options, *(one.path for one in tests)], plugins=[broken])
    sys.exit(code if broken.loader.used or code not in (PASSED, NONE_FOUND) else UNUSED)


def _silence() -> None:
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)


def clean(paths: list[str]) -> list[Tests]:
    """Run every file by itself, one at a time, so that its time means something."""
    found = []
    for path in paths:
        ours, theirs = FORK.Pipe(duplex=False)
        process = FORK.Process(target=try_clean, args=(path, theirs))
        process.start()
        theirs.close()
        try:
            code, tests = ours.recv()
        except EOFError:
            raise SystemExit(f"{path} could not be run at all") from None
        process.join()
        if code not in (PASSED, NONE_FOUND) and not tests.failing:
            raise SystemExit(f"{path} does not run on unbroken code: pytest ended with {code}")
        for name in tests.failing:
            print(f"  left out, it fails anyhow: {name}", flush=True)
        found.append(tests)
    return found


def in_order(mutant: Mutant, tests: list[Tests]) -> list[Tests]:
    """Return the tests that run a mutant's lines: its module's own first, then the quickest."""
    own = (f"test_{mutant.module}", mutant.module)
    return sorted(
        (one for one in tests if one.runs(mutant)), key=lambda one: (Path(one.path).stem not in own, one.seconds)
    )


class Trial:
    """A mutant under test."""

    def __init__(self, mutant: Mutant, tests: list[Tests]) -> None:
        self.mutant = mutant
        self.process = FORK.Process(target=try_broken, args=(tests, mutant))
        self.process.start()
        self.ends = time.monotonic() + 15 + 5 * sum(one.seconds for one in tests)

    def noticed(self) -> bool | None:
        """Return True if the tests noticed, False if all of them passed, None while that is open."""
        if self.process.is_alive():
            if time.monotonic() < self.ends:
                return None
            end(self.process)
        self.process.join()
        if self.process.exitcode == UNUSED:
            raise RuntimeError(f"no test imported the broken module: {self.mutant}")
        return self.process.exitcode not in (PASSED, NONE_FOUND)


def end(process: ForkProcess) -> None:
    assert process.pid
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:  # it ended by itself just now
        process.kill()
    process.join()


def try_all(mutants: list[Mutant], tests: list[Tests], jobs: int) -> list[Mutant]:
    """Return the mutants no test noticed."""
    waiting, trials, survivors = mutants[::-1], list[Trial](), list[Mutant]()
    try:
        while waiting or trials:
            while waiting and len(trials) < jobs:
                mutant = waiting.pop()
                if those := in_order(mutant, tests):
                    trials.append(Trial(mutant, those))
                else:
                    survivors.append(mutant)
                    print(f"  no test runs  {mutant}", flush=True)
            wait([trial.process.sentinel for trial in trials], timeout=0.2)
            for trial in [one for one in trials if one.noticed() is not None]:
                trials.remove(trial)
                _tell(trial, len(mutants) - len(waiting) - len(trials), len(mutants))
                survivors += [] if trial.noticed() else [trial.mutant]
    finally:
        for trial in trials:
            if trial.process.is_alive():
                end(trial.process)
    return survivors


def _tell(trial: Trial, done: int, of: int) -> None:
    if not trial.noticed():
        print(f"  survived  {trial.mutant}", flush=True)
    if done % 50 == 0:
        print(f"  {done} of {of}", flush=True)


def main() -> int:
    known = sorted(path.stem for path in SOURCE.glob("*.py") if path.stem != "__init__")
    parser = argparse.ArgumentParser(description="Break the policy engine in small ways and see whether tests notice.")
    parser.add_argument("modules", nargs="*", choices=[*known, []], help="modules of src/troth/policy; all unless said")
    parser.add_argument("--sample", type=int, default=0, help="try only this many, drawn at random")
    parser.add_argument("--within", type=float, default=0, help="leave out test files that take more seconds than this")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="how many at a time")
    asked = parser.parse_args()
    os.chdir(ROOT)
    for name in HEAVY:
        importlib.import_module(name)
    mutants = [mutant for module in asked.modules or known for mutant in mutants_of(module)]
    if 0 < asked.sample < len(mutants):
        mutants = sorted(Random(1).sample(mutants, asked.sample), key=mutants.index)
    print(f"{len(mutants)} mutants; first every test file on unbroken code", flush=True)
    doctests = [path for path in sorted(SOURCE.glob("*.py")) if ">>>" in path.read_text(encoding="utf-8")]
    tests = clean([str(path.relative_to(ROOT)) for path in [*sorted(TESTS.rglob("test_*.py")), *doctests]])
    tests = [one for one in tests if not asked.within or one.seconds <= asked.within]
    print(f"  {len(tests)} files, {sum(one.seconds for one in tests):.0f} s", flush=True)
    survivors = try_all(mutants, tests, asked.jobs)
    print(f"\nkilled {len(mutants) - len(survivors)} of {len(mutants)}")
    for mutant in survivors:
        print(f"survived  {mutant}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
