"""Break src/troth/policy in small ways, one at a time, and see whether the tests notice: `make mutants`.

    make mutants                             every module
    make mutants ARGS="period rules"         some of them
    make mutants ARGS="rules --sample 200"   a random part, the same each time
    make mutants ARGS="--again FILE"         those that survived an earlier run, whose output is in a file

Our own mutator and not mutmut, for three reasons, tried with mutmut 3.8 on a copy of this project. It leaves every
decorated function alone, and the look-ups of `book.py` are cached properties. It leaves module tables and class bodies
alone, and much of a policy engine is tables. And it imports the tests once and switches mutants on afterwards: what
runs while tests are imported, or is cached for a session (the law packs, policies compiled at the top of a test file),
ran unbroken, so its mutants survive falsely. The source on disk is never touched.

First every test file, and every module's doctests, runs by itself on unbroken code, to learn how long each test takes,
which lines it runs and whether it fails anyhow. Then each mutant inside a function meets the tests that run its lines,
in a fork of a process that has read all tests and takes the broken function into a package imported before. Mutants of
what runs on import, and survivors that also run then, get a process in which the package has not been imported yet;
pytest, Hypothesis and NumPy have. It meets the files whose tests run its lines, those that kill most in a second first,
and in each of them also the tests that do not seem to run them: what they use may have been made for an earlier one.

Tests that killed a mutant's neighbours come first. All but its own may take a few seconds together (--within); whatever
is left out could only have killed more. A failure, a crash or five times that time of the processor is a kill.
Hypothesis draws a third of its usual examples and does not look for the smallest one that fails. Words in sentences
(f-strings, texts with spaces), annotations and messages of exceptions are not mutated.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

from mutating.changes import SOURCE, Mutant, mutants_of
from mutating.running import FORK, Tests, clean, draw_fewer
from mutating.trials import Trial, Tried, try_all, try_cold, try_warm
from mutating.warm import Warm, read_all

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests" / "policy"
HEAVY = ("hypothesis", "jsonschema", "numpy", "playwright.sync_api")  # what the tests import besides ours


def warmly(mutants: list[Mutant], tried: Tried, jobs: int) -> tuple[list[Mutant], list[Mutant]]:
    """Let the mutants inside functions meet tests read beforehand. Return who survived, and all others."""
    ours, theirs = FORK.Pipe(duplex=False)
    process = FORK.Process(target=_be_warm, args=(mutants, tried, jobs, theirs))
    process.start()
    theirs.close()
    try:
        survivors, left, tried.kills = ours.recv()
    except EOFError:
        raise SystemExit("the tests could not be read all together") from None
    process.join()
    return survivors, left


def _be_warm(mutants: list[Mutant], tried: Tried, jobs: int, out: Connection) -> None:
    survivors, left = list[Mutant](), list[Mutant]()

    def work(warm: Warm) -> None:
        def start(mutant: Mutant) -> Trial | None:
            names = [name for name in tried.names(mutant) if name in warm.items]
            return Trial(mutant, [], tried.within, try_warm, warm, mutant, names) if names else None

        for number, (mutant, trial) in enumerate(try_all(mutants, start, jobs), 1):
            if trial and trial.noticed():
                tried.note(trial)
            elif trial and trial.passed and not any(one.reads(mutant) for one in tried.tests):
                survivors.append(mutant)
                print(f"  survived  {mutant}", flush=True)
            else:
                left.append(mutant)
            if number % 100 == 0:
                print(f"  {number} of {len(mutants)}", flush=True)

    read_all([one.path for one in tried.tests], work)
    out.send((survivors, left, tried.kills))


def coldly(mutants: list[Mutant], tried: Tried, jobs: int) -> list[Mutant]:
    """Return the mutants no test noticed, when each had a process that had imported nothing yet."""

    def start(mutant: Mutant) -> Trial | None:
        rounds = tried.rounds(mutant)
        return Trial(mutant, [path for path, *_ in rounds], tried.within, try_cold, rounds, mutant) if rounds else None

    survivors = list[Mutant]()
    for number, (mutant, trial) in enumerate(try_all(mutants, start, jobs), 1):
        if trial:
            tried.note(trial)
        if not trial or not trial.noticed():
            survivors.append(mutant)
            print(f"  {'survived' if trial else 'no test runs'}  {mutant}", flush=True)
        if number % 50 == 0:
            print(f"  {number} of {len(mutants)}", flush=True)
    return survivors


def main() -> int:
    known = sorted(path.stem for path in SOURCE.glob("*.py") if path.stem != "__init__")
    parser = argparse.ArgumentParser(description="Break the policy engine in small ways and see whether tests notice.")
    parser.add_argument("modules", nargs="*", choices=[*known, []], help="modules of src/troth/policy; all unless said")
    parser.add_argument("--sample", type=int, default=0, help="try only this many, drawn at random")
    parser.add_argument("--again", type=Path, help="try only those that survived in this output of an earlier run")
    parser.add_argument("--within", type=float, default=5, help="seconds of tests a mutant meets at most")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="how many at a time")
    asked = parser.parse_args()
    os.chdir(ROOT)
    for name in HEAVY:
        importlib.import_module(name)
    draw_fewer()
    mutants = [mutant for module in asked.modules or known for mutant in mutants_of(module)]
    if asked.again:
        told = {line.strip() for line in asked.again.read_text(encoding="utf-8").splitlines()}
        mutants = [mutant for mutant in mutants if {f"survived  {mutant}", f"no test runs  {mutant}"} & told]
    if 0 < asked.sample < len(mutants):
        mutants = sorted(Random(1).sample(mutants, asked.sample), key=mutants.index)
    print(f"{len(mutants)} mutants; first every test file on unbroken code", flush=True)
    doctests = [path for path in sorted(SOURCE.glob("*.py")) if ">>>" in path.read_text(encoding="utf-8")]
    tests = list[Tests]()
    files = [path.relative_to(ROOT) for path in [*sorted(TESTS.rglob("test_*.py")), *doctests]]
    for one in clean(map(str, files), asked.jobs):
        tests.append(one)
        for name in one.failing:
            print(f"  left out, it fails anyhow: {name}", flush=True)
    print(f"  {len(tests)} files, {sum(sum(one.seconds.values()) for one in tests):.0f} s", flush=True)
    tried = Tried(tests, asked.within)
    some = sorted(Random(2).sample(mutants, len(mutants)), key=lambda mutant: mutant.module)
    survivors, left = warmly(some, tried, asked.jobs)
    print(
        f"  {len(left)} change what runs on import, or run only then: these have the package imported anew", flush=True
    )
    table(mutants, survivors + coldly(left, tried, asked.jobs))
    return 0


def table(mutants: list[Mutant], survivors: list[Mutant]) -> None:
    """Print who survived, and how many of each module did not."""
    made, left = (Counter(mutant.module for mutant in some) for some in (mutants, survivors))
    print()
    for mutant in survivors:
        print(f"survived  {mutant}")
    print()
    for module, number in made.items():
        print(f"{module:16} {number - left[module]:5} of {number:5}   {1 - left[module] / number:6.1%}")
    killed = len(mutants) - len(survivors)
    print(f"{'all':16} {killed:5} of {len(mutants):5}   {killed / max(1, len(mutants)):6.1%}")


if __name__ == "__main__":
    sys.exit(main())
