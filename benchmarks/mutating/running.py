"""Which tests run which lines of the policy engine, how long each takes, and a pytest that runs a choice of them."""

from __future__ import annotations

import functools
import gc
import multiprocessing
import os
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage, CoverageData
from hypothesis import Phase, settings

from .changes import SOURCE, Mutant

OPTIONS = (
    "-q", "--noconftest", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:django",
    "-o", "addopts=--import-mode=importlib --doctest-modules --strict-markers",
    "-W", "ignore::pytest.PytestConfigWarning",  # pytest-django's settings, while it is switched off
    "-W", "ignore::pytest.PytestAssertRewriteWarning",  # plugins imported beforehand
)  # fmt: skip
PASSED, NONE_FOUND = pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED
CACHE = type(functools.cache(len))
FORK = multiprocessing.get_context("fork")
Lines = Mapping[str, frozenset[int]]  # by module


@dataclass(frozen=True)
class Tests:
    """One test file, or one module's doctests, as it ran by itself on unbroken code."""

    path: str
    seconds: Mapping[str, float]  # of each test that passes
    lines: Mapping[str, Lines]  # that each test runs; "" stands for reading the file
    failing: frozenset[str]  # tests that fail anyhow

    def that_run(self, mutant: Mutant) -> dict[str, float]:
        """Return the tests that run a mutant's lines, with their times; all of them if reading the file does.

        Doctests of other modules count only if they run the lines themselves.
        """
        if self.reads(mutant) and (self.own(mutant) or not self.path.startswith("src")):
            return dict(self.seconds)
        return {name: seconds for name, seconds in self.seconds.items() if self._runs(name, mutant)}

    def reads(self, mutant: Mutant) -> bool:
        """Tell whether reading the file runs a mutant's lines: then tests read beforehand may not see it."""
        return self._runs("", mutant)

    def own(self, mutant: Mutant) -> bool:
        return Path(self.path).stem in (f"test_{mutant.module}", mutant.module)

    def _runs(self, test: str, mutant: Mutant) -> bool:
        return not self.lines.get(test, {}).get(mutant.module, frozenset()).isdisjoint(mutant.lines)


class Chosen:
    """A pytest plugin that runs chosen tests of a file in their order, and any not seen before; it tells what fails."""

    def __init__(self, chosen: Sequence[str], others: Collection[str], out: Connection) -> None:
        self.order, self.others = {name: number for number, name in enumerate(chosen, 1)}, others
        self.out = out

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        kept = [item for item in items if item.nodeid not in self.others]
        items[:] = sorted(kept, key=lambda item: self.order.get(item.nodeid, 0))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.out.send(report.nodeid)


class Notes:
    """A pytest plugin that notes of each test how long it takes and whether it fails."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.failing: set[str] = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        started = time.process_time()  # of the processor: whatever else the machine does meanwhile does not count
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = time.process_time() - started

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failing |= {report.nodeid} if report.failed else set()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.failing |= {report.nodeid} if report.failed else set()


class Covered(Notes):
    """A pytest plugin that has coverage tell apart the lines that each test runs."""

    def __init__(self, measure: Coverage) -> None:
        super().__init__()
        self.measure, self.caches = measure, list[Any]()

    def pytest_collection_finish(self) -> None:
        found = [one for one in gc.get_objects() if isinstance(one, CACHE)]
        self.caches = [one for one in found if str(one.__module__).startswith(("troth", "tests"))]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        for one in self.caches:  # a test that finds things made runs their making, too
            one.cache_clear()
        self.measure.switch_context(item.nodeid)
        try:
            return (yield)
        finally:
            self.measure.switch_context("")


def clean(paths: Iterable[str], jobs: int) -> Iterator[Tests]:
    """Run every file by itself on unbroken code."""
    with FORK.Pool(jobs, maxtasksperchild=1) as pool:
        for code, tests in pool.imap(_run, paths):
            if code not in (PASSED, NONE_FOUND) and not tests.failing:
                raise SystemExit(f"{tests.path} does not run on unbroken code: pytest ended with {code}")
            yield tests


def _run(path: str) -> tuple[int, Tests]:
    """Be a child: run one file twice, for the lines and for the time, and return what it runs and what fails."""
    silence()
    measure = Coverage(data_file=None, config_file=False, include=[f"{SOURCE}/*"])
    measure.start()
    pytest.main([*OPTIONS, path], plugins=[Covered(measure)])
    measure.stop()
    notes = Notes()
    code = int(pytest.main([*OPTIONS, path], plugins=[notes]))
    passing = {name: seconds for name, seconds in notes.seconds.items() if name not in notes.failing}
    return code, Tests(path, passing, dict(_lines(measure.get_data())), frozenset(notes.failing))


def _lines(data: CoverageData) -> Iterator[tuple[str, Lines]]:
    for context in data.measured_contexts():
        data.set_query_context(context)
        files = {Path(file).stem: frozenset(data.lines(file) or ()) for file in data.measured_files()}
        yield context, {module: lines for module, lines in files.items() if lines}


def draw_fewer() -> None:
    """Have Hypothesis draw a third of its usual examples, the same each time, and stop at the first that fails."""
    phases = [Phase.explicit, Phase.generate]
    settings.register_profile("mutants", derandomize=True, deadline=None, database=None, max_examples=33, phases=phases)
    settings.load_profile("mutants")


def silence() -> None:
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
