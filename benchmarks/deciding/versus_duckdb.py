"""Ten million people, one act: our columns and NumPy, against the same columns in a DuckDB file.

DuckDB's SQL is written by hand from the same Rule, in several ways, and the fastest counts. It answers two questions:
how many people the act is allowed for, and, which is what our columns answer, how many get each reason.
"""

from __future__ import annotations

import tempfile
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from random import Random

import duckdb
import numpy as np
from deciding.questions import questions
from deciding.timing import alternated

from troth.policy import Act, Compiled, Standing
from troth.policy.acts import AGE, ERASING, FLAGS, HELD, PARENT, RESTRICTED, SETS, UNKNOWN_AGE
from troth.policy.columns import Columns, Verdicts, decide_columns, to_columns
from troth.policy.rules import OBJECTION, Rule

RESIDENCES = ("GB", "FR", "US-CA", "US-TX")


def people(compiled: Compiled, act: Act, residences: tuple[str, ...], number: int, day: date) -> Columns:
    """Return random standings of that many people, in the columns this act looks at."""
    dice = np.random.default_rng(2026)
    slots = signals = 0
    for residence in residences:
        rule = compiled.rule(act, residence, day)
        slots, signals = slots | rule.slots | rule.asked, signals | rule.signals
    core = dice.choice(np.array([UNKNOWN_AGE] * 6 + [12, 15, 17, 19, 21], np.uint16), number)
    for flag in FLAGS.values():
        core |= np.where(dice.integers(0, 32, number, np.uint8) == 0, np.uint16(flag), np.uint16(0))
    planes = {
        name: {plane: _bits(dice, number, rare=name in ("no", "stop", "signal")) for plane in _planes(bits)}
        for name, bits in {name: signals if name == "signal" else slots for name in SETS}.items()
    }
    where = dice.integers(0, len(residences), number, np.uint8)
    return Columns(compiled.layout, residences, where, core, planes)


def _bits(dice: np.random.Generator, number: int, *, rare: bool) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """Return random bytes: about half of the bits set, or, for what few people say, a sixteenth."""
    made = np.frombuffer(dice.bytes(number), np.uint8).copy()
    for _ in range(3 if rare else 0):
        made &= np.frombuffer(dice.bytes(number), np.uint8)
    return made


def _planes(bits: int) -> list[int]:
    return sorted({place >> 3 for place in range(bits.bit_length()) if bits >> place & 1})


@contextmanager
def database(columns: Columns) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a DuckDB file with these columns, warm, in a folder that goes away."""
    arrays = {"residence": columns.residence, "core": columns.core}
    for name, planes in columns.planes.items():
        arrays |= {f"{name}_{plane}": values for plane, values in planes.items()}
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(Path(folder) / "people.duckdb") as connection:
        connection.execute("CREATE TABLE people AS SELECT * FROM arrays")
        connection.execute("CHECKPOINT")
        yield connection


def statements(rules: list[Rule]) -> list[str]:
    """Return several ways to count in SQL whom these rules, one a residence, allow."""
    alike: dict[str, list[str]] = {}
    for number, rule in enumerate(rules):
        if rule.refusal is None:
            alike.setdefault(" AND ".join(_tests(rule)) or "true", []).append(str(number))
    everybody = len(rules) == 1 or [len(rules)] == [len(where) for where in alike.values()]
    ways = [tests if everybody else f"residence IN ({','.join(where)}) AND {tests}" for tests, where in alike.items()]
    return [
        _sql("count(*)", " OR ".join(f"({way})" for way in ways) or "false"),
        _sql(f"count_if({' OR '.join(f'({way})' for way in ways) or 'false'})"),
        _sql(f"coalesce(sum({' + '.join(f'({way})::UTINYINT' for way in ways) or '0'}), 0)"),
    ]


def _sql(what: str, where: str = "true", end: str = "") -> str:
    return f"SELECT {what} FROM people WHERE {where} {end}"  # noqa: S608 -- numbers and our own columns, nobody's input


def _tests(rule: Rule) -> Iterator[str]:
    """Yield what must be true of a person for a rule to allow them."""
    clear = (0 if rule.claims else RESTRICTED) | (0 if rule.keeps or rule.permit.code == "kept" else ERASING)
    yield from (f"(stop_{plane} | no_{plane}) & {mask} = 0" for plane, mask in _masks(rule.slots))
    yield from (f"signal_{plane} & {mask} = 0" for plane, mask in _masks(rule.signals))
    yield from [_said(rule.need, "yes_{0}")] if rule.need else []
    yield from [_said(rule.open, "(yes_{0} | soft_{0})")] if rule.open else []
    if rule.lists:
        listed = sum({flag for flag, _ in rule.lists})
        yield f"(core & {listed} = 0 OR ({_said(rule.asked, 'yes_{0}')}))"
    if clear:
        yield f"core & {clear} = 0"
    if not rule.keeps and rule.permit.code == "kept":
        yield f"core & {ERASING | HELD} <> {ERASING}"
    if rule.young:
        yield f"core & {AGE} >= {max(age for age, _ in rule.young)}"
    if rule.parents:
        yield f"(core & {AGE} >= {max(age for age, _ in rule.parents)} OR core & {PARENT} <> 0)"


def _said(bits: int, column: str) -> str:
    return " AND ".join(f"{column.format(plane)} & {mask} = {mask}" for plane, mask in _masks(bits)) or "true"


def _masks(bits: int) -> list[tuple[int, int]]:
    return [(plane, bits >> 8 * plane & 255) for plane in _planes(bits)]


def reasons(rules: list[Rule]) -> tuple[str, list[tuple[bool, str]]]:
    """Return SQL that counts people by a small number, and the (allowed, reason code) each number stands for."""
    known: dict[tuple[bool, str], int] = {}
    cases = []
    for rule in rules:
        first = [f"WHEN {test} THEN {known.setdefault(why, len(known))}" for test, why in _precedence(rule)]
        cases.append(f"CASE {' '.join(first)} END")
    if len(set(cases)) == 1:
        case = cases[0]
    else:
        case = f"CASE residence {' '.join(f'WHEN {number} THEN {one}' for number, one in enumerate(cases))} END"
    return _sql(f"({case})::UTINYINT AS why, count(*)", end="GROUP BY why"), list(known)


def _precedence(rule: Rule) -> Iterator[tuple[str, tuple[bool, str]]]:
    """Yield the tests of a rule in order, each with the answer that a person gets who is the first to meet it."""
    if rule.refusal:
        yield "true", (False, rule.refusal.because.code)
        return
    yield from ((f"core & {AGE} < {age}", (False, why.code)) for age, why in rule.young)
    yield from ((f"core & {AGE | PARENT} < {age}", (False, why.code)) for age, why in rule.parents)
    if not rule.claims:
        yield f"core & {RESTRICTED} <> 0", (False, "restricted")
    if not rule.keeps:
        held = HELD if rule.permit.code == "kept" else 0
        yield f"core & {ERASING | held} = {ERASING}", (False, "erasing")
    noes = ("stop", rule.slots, "stopped"), ("signal", rule.signals, "signal"), ("no", rule.slots, "refused")
    for name, bits, code in noes:
        yield from ((f"{name}_{plane} & {mask} <> 0", (False, code)) for plane, mask in _masks(bits))
    yes, opened = _said(rule.asked, "yes_{0}"), _said(rule.open, "(yes_{0} | soft_{0})")
    yield from ((f"core & {flag} <> 0 AND NOT ({yes})", (False, why.code)) for flag, why in rule.lists)
    yield f"NOT ({_said(rule.need, 'yes_{0}')} AND {opened})", (False, "not_asked")
    if rule.level <= OBJECTION or rule.permit.code == "kept":
        yield "true", (True, rule.permit.code)
    else:
        yield yes if rule.open else "true", (True, "consented")
        yield "true", (True, "soft")


@dataclass(frozen=True)
class Counted:
    """One act decided for everybody, twice. Milliseconds."""

    ours: float  # decide_columns alone
    ours_allowed: float  # with the count of whom it allows
    ours_reasons: float  # with the count of each reason
    duckdb_allowed: float
    duckdb_reasons: float
    allowed: int
    agree: bool
    statement: str
    peak_mib: float


class Side:
    """Our answers about one act for everybody."""

    def __init__(self, compiled: Compiled, act: Act, columns: Columns, day: date) -> None:
        self.question = compiled, act, columns, day

    def decided(self) -> Verdicts:
        return decide_columns(*self.question)

    def allowed(self) -> int:
        return int(np.count_nonzero(self.decided().allowed))

    def reasons(self) -> dict[tuple[bool, str], int]:
        counted: dict[tuple[bool, str], int] = {}
        for (allowed, code, _), number in self.decided().counts().items():
            counted[allowed, code] = counted.get((allowed, code), 0) + number
        return counted

    def peak_mib(self) -> float:
        """Return the most memory a decision holds at once above what was there before. NumPy reports its arrays."""
        tracemalloc.start()
        try:
            self.decided()
            return tracemalloc.get_traced_memory()[1] / 2**20
        finally:
            tracemalloc.stop()


def count_both(compiled: Compiled, act: Act, columns: Columns, day: date) -> Counted:
    """Count by both, in turns: whom the act is allowed for, and how many get each reason."""
    ours = Side(compiled, act, columns, day)
    rules = [compiled.rule(act, residence, day) for residence in columns.residences]
    ways, (why, known) = statements(rules), reasons(rules)
    with database(columns) as connection:

        def rows(sql: str) -> list[tuple[int, ...]]:
            return connection.execute(sql).fetchall()

        counts = {ours.allowed(), *(int(rows(way)[0][0]) for way in ways)}
        explained = {known[number]: many for number, many in rows(why)}
        asking = [partial(rows, sql) for sql in (why, *ways)]
        times = alternated(9, ours.decided, ours.allowed, ours.reasons, *asking)
    decided, allowed, explain, theirs, *count = (seconds * 1e3 for seconds in times)
    return Counted(
        decided, allowed, explain, min(count), theirs, ours.allowed(), len(counts) == 1 and explained == ours.reasons(),
        ways[count.index(min(count))], ours.peak_mib(),
    )  # fmt: skip


def twins(compiled: Compiled, acts: int, number: int, day: date) -> tuple[int, int]:
    """Ask both our engines about random people; return how often they differ, and how many were allowed.

    `number` people in all, shared among `acts` random acts. Equal means: the same answer for the same first reason.
    """
    dice = Random(1)
    differ = allowed = 0
    for act, _ in questions(compiled.policy, acts, 7):
        someone = [_somebody(compiled, act, dice, day) for _ in range(number // acts)]
        verdicts = decide_columns(compiled, act, to_columns(someone), day)
        for standing, code in zip(someone, verdicts.codes.tolist(), strict=True):
            decision, outcome = compiled.decide(act, standing, day), verdicts.outcomes[code]
            differ += (decision.allowed, decision.because) != (outcome.allowed, outcome.because)
            allowed += decision.allowed
    return differ, allowed


def _somebody(compiled: Compiled, act: Act, dice: Random, day: date) -> Standing:
    residence = dice.choice((*RESIDENCES, "*", "DE", "US", "JP"))
    width, rule = len(compiled.book.slots), compiled.rule(act, residence, day)
    flags = dice.getrandbits(11) & dice.getrandbits(11) & sum(FLAGS.values())
    core = dice.choice((UNKNOWN_AGE, UNKNOWN_AGE, 12, 15, 17, 21)) | flags
    bits = [dice.getrandbits(width) for _ in SETS]
    for number in (1, 2, 3):  # noes are fewer: otherwise nothing would be allowed
        bits[number] &= dice.getrandbits(width) & dice.getrandbits(width)
    if dice.random() < 0.5:
        bits[0] |= rule.need
    return Standing(residence, compiled.layout, core, *bits)
