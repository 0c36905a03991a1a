"""Promises are tests: an executable example that must stay true, for every brand and under every law."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from .asking import Answer, Unclear, ask_everywhere
from .engine import Compiled
from .errors import Problem, quoted


class Kept(NamedTuple):
    """How one promise fared."""

    name: str
    answers: int  # how many possibilities were asked
    broken: tuple[Answer, ...]  # those that answered otherwise
    problem: Problem | None


def check_promises(compiled: Compiled, on: date) -> list[Kept]:
    """Ask every promise of the policy, in the order they stand."""
    return [_check(compiled, name, on) for name in compiled.policy.promises]


def _check(compiled: Compiled, name: str, on: date) -> Kept:
    promise, file = compiled.policy.promises[name], compiled.book.file
    clause = f"promises.{name}"
    wanted, _, line = (part.strip() for part in promise.answer.partition(":"))
    if wanted not in ("yes", "no"):
        hint = 'Write "yes" or "no", and the line that says so, as in "no: choices.news".'
        return Kept(name, 0, (), file.problem(f"{clause}.get", f"{quoted(promise.answer)} is not an answer", hint))
    if line and not line.startswith("law.") and not file.has(line):
        return Kept(name, 0, (), file.problem(f"{clause}.get", f"{quoted(line)} is not a line of this policy"))
    try:
        answers = ask_everywhere(compiled, promise.act, on)
    except Unclear as unclear:
        return Kept(name, 0, (), file.problem(f"{clause}.try", str(unclear).rstrip(".")))
    broken = tuple(a for a in answers if a.decision.allowed != (wanted == "yes") or not _says(a, line))
    problem = None
    if broken:
        first = broken[0]
        got = "yes" if first.decision.allowed else "no"
        where = f"{first.act.brand}, person in {first.standing.residence}"
        what = f"promised {quoted(promise.answer)}, but the answer is {got}: {first.decision.because.line} ({where})"
        problem = file.problem(clause, what, f"{first.decision.because.say} Mend the rule or the promise.")
    elif not answers:
        problem = file.problem(
            clause, "asks about nothing: no brand is in force", "Name a brand, or give one a later end."
        )
    return Kept(name, len(answers), broken, problem)


def _says(answer: Answer, line: str) -> bool:
    return not line or any(line in (reason.line, reason.clause) for reason in answer.decision.reasons)
