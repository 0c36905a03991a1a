"""All published versions of a policy, and which one is in force on a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

from .acts import Act, Decision, Standing
from .diff import diff
from .engine import Compiled
from .errors import PolicyError, Problem
from .law import LawPack
from .load import PolicyFile, load


class Archive:
    """Versions of one policy, oldest first. Each replaces the one before; on any day exactly one is in force."""

    def __init__(self, files: Iterable[PolicyFile], packs: Mapping[str, LawPack]) -> None:
        """Raises PolicyError when two versions share a day or the chain of `replaces` is broken."""
        ordered = sorted(files, key=lambda file: file.policy.about.version)
        problems = [problem for pair in pairwise(ordered) for problem in _misfit(*pair)]
        if not ordered:
            problems = [Problem("policies", 0, "", "there is no policy here", "Troth does not start without one.")]
        if problems:
            raise PolicyError(problems)
        self.versions = tuple(Compiled(file, packs) for file in ordered)
        _ask_again(self.versions)

    @classmethod
    def read(cls, folder: Path, packs: Mapping[str, LawPack]) -> Archive:
        """Read every TOML file of a folder. Raises PolicyError with the problems of all of them."""
        files, problems = [], list[Problem]()
        for path in sorted(folder.glob("*.toml")):
            try:
                files.append(load(path))
            except PolicyError as broken:
                problems += broken.problems
        if problems:
            raise PolicyError(problems)
        return cls(files, packs)

    def in_force(self, day: date) -> Compiled:
        """Return the version in force on `day`. Raises KeyError before the first one."""
        found = [version for version in self.versions if version.policy.about.version <= day]
        if not found:
            raise KeyError(day)
        return found[-1]

    def version(self, day: date) -> Compiled:
        """Return the version that came into force on `day`. Raises KeyError if none did."""
        return {version.policy.about.version: version for version in self.versions}[day]

    def decide(self, act: Act, standing: Standing, at: date) -> Decision:
        """Decide under the version in force that day."""
        return self.in_force(at).decide(act, standing, at)


def _ask_again(versions: Sequence[Compiled]) -> None:
    """Tell each version which choices have come to mean more, in it or before it: an old yes does not cover that."""
    days = {version.digest: version.policy.about.version for version in versions}
    grown: list[tuple[date, tuple[str, ...]]] = []
    for number, version in enumerate(versions):
        if number:
            asked = dict.fromkeys(choice for change in diff(versions[number - 1], version) for choice in change.ask)
            grown.append((version.policy.about.version, tuple(asked)))
        masks = [(day, sum(map(version.book.meant, asked))) for day, asked in grown]
        version.ask_again([one for one in masks if one[1]], days)


def _misfit(older: PolicyFile, newer: PolicyFile) -> list[Problem]:
    before, about = older.policy.about, newer.policy.about
    if before.version == about.version:
        return [
            newer.problem(
                "policy.version", f"{about.version} is also the version of {older.file}", "Give each its own day."
            )
        ]
    if about.replaces != before.version:
        return [newer.problem("policy.replaces", f"should be {before.version}, the version in {older.file}")]
    return []
