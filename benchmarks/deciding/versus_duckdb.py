"""Ten million people, one act: our columns and NumPy, against the same columns in a DuckDB file.

DuckDB has a row a person, in two forms, and SQL written in several ways; the fastest counts. It answers two questions:
how many people the act is allowed for, and how many get each reason. What DuckDB makes of our own form, a row for 64
people, is shown beside it: then the difference is the form and not the engine.
"""

from __future__ import annotations

import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from random import Random

import duckdb
import numpy as np
from deciding.crowd import Crowd, columns, places, planes_of
from deciding.questions import questions
from deciding.timing import alternated

from troth.policy import Act, Compiled, Standing
from troth.policy.acts import AGE, ERASING, FLAGS, HELD, PARENT, RESTRICTED, SETS, UNKNOWN_AGE
from troth.policy.columns import Columns, Counts, Verdicts, count_allowed, count_columns, decide_columns, to_columns
from troth.policy.grounds import AGED, Ground, Look
from troth.policy.rules import OBJECTION, Rule

RESIDENCES = ("GB", "FR", "US-CA", "US-TX")


@contextmanager
def database(crowd: Crowd, ours: Columns) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a DuckDB file, warm, in a folder that goes away, with the same people in three forms.

    `people` has a row a person and eight slots a byte; `truths` has a row a person and a truth value a column; `words`
    has our own form: a row for 64 people, a word a bitmap.
    """
    planes = {f"{name}_{plane}": values for name, found in crowd.planes.items() for plane, values in found.items()}
    tables: dict[str, dict[str, object]] = {
        "people": {"residence": crowd.residence, "core": crowd.core} | planes,
        "truths": {"residence": crowd.residence, "age": (crowd.core & AGE).astype(np.uint8)},
        "words": {f"residence_{bit}": values for bit, values in ours.residence.items()},
    }
    for part, found in {"core": ours.core, **ours.said}.items():
        for bit, values in found.items():
            tables["words"][f"{part}_{bit}"] = values
            tables["truths"][f"{part}_{bit}"] = np.unpackbits(
                values.view(np.uint8), count=len(ours), bitorder="little"
            ).view(np.bool_)
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(Path(folder) / "people.duckdb") as connection:
        for name, arrays in tables.items():
            connection.register("arrays", arrays)
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM arrays")  # noqa: S608 -- three names of our own
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
    truths = Truths().allowed(rules)
    return [
        _sql("count(*)", truths, table="truths"),
        _sql(f"count_if({truths})", table="truths"),
        _sql("count(*)", " OR ".join(f"({way})" for way in ways) or "false"),
        _sql(f"count_if({' OR '.join(f'({way})' for way in ways) or 'false'})"),
        _sql(f"coalesce(sum({' + '.join(f'({way})::UTINYINT' for way in ways) or '0'}), 0)"),
    ]


def _sql(what: str, where: str = "true", end: str = "", table: str = "people") -> str:
    return f"SELECT {what} FROM {table} WHERE {where} {end}"  # noqa: S608 -- numbers and our own columns, nobody's input


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
    return [(plane, bits >> 8 * plane & 255) for plane in planes_of(bits)]


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


class Truths:
    """Grounds as SQL over a row a person and a truth value a column."""

    both, either, no, yes = " AND ", " OR ", "NOT ", "true"

    def look(self, look: Look) -> str:
        if look.part == AGED:
            found = self.younger(look.bits)
        else:
            bits = [f"{look.part}_{place}" for place in places(look.bits)]
            found = (self.both if look.every else self.either).join(bits) or self.yes
        return f"({found})" if look.wanted else f"{self.no}({found})"

    def younger(self, age: int) -> str:
        return f"age < {age}"

    def meeting(self, ground: Ground) -> str:
        return f"({self.both.join(map(self.look, ground.looks)) or self.yes})"

    def free(self, rule: Rule) -> str:
        """Return who has nothing against them."""
        return f"{self.no}({self.either.join(map(self.meeting, rule.against))})"

    def living(self, numbers: list[int], _: int) -> str:
        return f"residence IN ({','.join(map(str, numbers))})"

    def allowed(self, rules: list[Rule]) -> str:
        alike: dict[str, list[int]] = {}
        for number, rule in enumerate(rules):
            if rule.refusal is None:
                alike.setdefault(self.free(rule), []).append(number)
        many = len(rules)
        ways = [f if len(n) == many else f"({self.living(n, many)}{self.both}{f})" for f, n in alike.items()]
        return self.either.join(ways) or f"{self.no}{self.yes}"


class Words(Truths):
    """The same over a row for 64 people and a word a bitmap."""

    both, either, no, yes = " & ", " | ", "~", "18446744073709551615::UBIGINT"

    def younger(self, age: int) -> str:
        below = "0::UBIGINT"
        for place in range(AGE.bit_length()):
            below = f"(~core_{place} {'|' if age >> place & 1 else '&'} {below})"
        return below

    def living(self, numbers: list[int], many: int) -> str:
        bits = range((many - 1).bit_length())
        each = (" & ".join(f"{'' if n >> bit & 1 else '~'}residence_{bit}" for bit in bits) for n in numbers)
        return f"({' | '.join(f'({one})' for one in each)})"


@dataclass(frozen=True)
class Counted:
    """One act decided for everybody, twice. Milliseconds."""

    ours: float  # decide_columns: who gets which answer
    ours_allowed: float  # count_allowed: how many it is allowed for
    ours_reasons: float  # count_columns: how many get each reason
    duckdb_allowed: float  # a row a person, the fastest of several ways
    duckdb_reasons: float
    duckdb_words: float  # our bitmaps as DuckDB's rows: how many it is allowed for
    allowed: int
    agree: bool
    statement: str  # the fastest way
    peak_mib: float  # decide_columns
    counting_peak_mib: float  # count_columns


class Side:
    """Our answers about one act for everybody."""

    def __init__(self, compiled: Compiled, act: Act, columns: Columns, day: date) -> None:
        self.question = compiled, act, columns, day

    def decided(self) -> Verdicts:
        return decide_columns(*self.question)

    def allowed(self) -> int:
        return count_allowed(*self.question)

    def reasons(self) -> Counts:
        return count_columns(*self.question)

    def explained(self) -> dict[tuple[bool, str], int]:
        counted: dict[tuple[bool, str], int] = {}
        for (allowed, code, _), number in self.reasons().items():
            counted[allowed, code] = counted.get((allowed, code), 0) + number
        return counted

    def consistent(self) -> bool:
        """Tell whether the three ways to ask us say the same."""
        decided = self.decided()
        return decided.counts() == self.reasons() and np.count_nonzero(decided.allowed) == self.allowed()


def peak_mib(work: Callable[[], object]) -> float:
    """Return the most memory some work holds at once above what was there before. NumPy reports its arrays."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def count_both(compiled: Compiled, act: Act, crowd: Crowd, day: date) -> Counted:
    """Count by both, in turns: whom the act is allowed for, and how many get each reason."""
    rows_of_64 = columns(crowd, compiled.layout)
    ours = Side(compiled, act, rows_of_64, day)
    rules = [compiled.rule(act, residence, day) for residence in crowd.residences]
    ways, (why, known) = statements(rules), reasons(rules)
    words = _sql(f"sum(bit_count({Words().allowed(rules)}))", table="words")
    with database(crowd, rows_of_64) as connection:

        def rows(sql: str) -> list[tuple[int, ...]]:
            return connection.execute(sql).fetchall()

        # Ten million is a multiple of 64: no row of our bitmaps reaches beyond the last person.
        counts = {ours.allowed(), *(int(rows(way)[0][0]) for way in (words, *ways))}
        explained = {known[number]: many for number, many in rows(why)}
        asking = [partial(rows, sql) for sql in (why, words, *ways)]
        times = alternated(15, ours.decided, ours.allowed, ours.reasons, *asking)
    decided, allowed, explain, theirs, in_words, *count = (seconds * 1e3 for seconds in times)
    agree = len(counts) == 1 and explained == ours.explained() and ours.consistent()
    return Counted(
        decided, allowed, explain, min(count), theirs, in_words, ours.allowed(), agree,
        ways[count.index(min(count))], peak_mib(ours.decided), peak_mib(ours.reasons),
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
