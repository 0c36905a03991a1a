"""What `troth policy …` does. Each command prints, and returns its exit code: 0 holds, 1 does not, 2 bad input."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

from troth.laws import access, country, packs
from troth.policy.archive import Archive
from troth.policy.asking import Answer, ask
from troth.policy.check import Report, check
from troth.policy.diff import Change, diff
from troth.policy.dpv import graph
from troth.policy.engine import Compiled
from troth.policy.errors import TrothError
from troth.policy.labels import label_tables
from troth.policy.load import load
from troth.policy.page import Atlas, compile_page
from troth.policy.reference import markdown
from troth.policy.registers import data_map, disclosure_categories, ropa
from troth.policy.rows import Line, to_csv, to_json, to_table
from troth.policy.schema import json_schema, pack_schema
from troth.policy.slots import choices_grid, cookie_table
from troth.policy.wording import say_day

HOLDS, FAILS, BAD = 0, 1, 2
TABLES = {
    "choices": "Grid of choices",
    "cookies": "Cookies and storage",
    "apple": "App Store label",
    "google": "Google Play label",
    "disclosures": "Categories disclosed in the last twelve months",
    "map": "Data map",
    "dpv": "W3C Data Privacy Vocabulary",
}
ATLAS = Atlas(country, access)


class BadInput(TrothError):
    """The command was given something it cannot use. Says what, and what to write instead."""


# -- what the commands share -----------------------------------------------------------------------------------------


def today() -> date:
    """Return the day commands speak of: TROTH_TODAY where it is set, for tests and rehearsals, else the calendar's."""
    return read_day(os.environ["TROTH_TODAY"]) if os.environ.get("TROTH_TODAY") else date.today()  # noqa: DTZ011 -- a calendar day


def policies() -> Path:
    """Return the folder of published policies."""
    return Path(os.environ.get("TROTH_POLICIES", "policies"))


def read_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f'"{text[:20]}" is not a day; write it as 2026-11-01.') from None


def version_of(name: str | None, on: date) -> Compiled:
    """Return a policy by its file or its version day; without a name, the one in force."""
    if name and Path(name).suffix == ".toml":
        return Compiled(load(Path(name)), packs())
    archive = Archive.read(policies(), packs())
    try:
        return archive.version(read_day(name)) if name else archive.in_force(on)
    except KeyError:
        known = ", ".join(str(v.policy.about.version) for v in archive.versions)
        raise BadInput(f"No version {name or 'in force on ' + str(on)}. There are: {known}.") from None


def one_of(value: str, known: Iterable[str], what: str) -> str:
    if value not in (names := list(known)):
        raise BadInput(f'There is no {what} "{value[:40]}". There are: {", ".join(names)}.')
    return value


def print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2, default=_plain, allow_nan=False))


def _plain(value: object) -> object:
    """Turn what JSON does not know into what it does."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    return str(value)


# -- commands --------------------------------------------------------------------------------------------------------


def run_check(options: argparse.Namespace) -> int:
    on = options.on or today()
    if options.files:
        checked = [Compiled(load(Path(file)), packs()) for file in options.files]
    else:
        checked = list(Archive.read(policies(), packs()).versions)
    reports = [
        (compiled, check(compiled, max(on, compiled.policy.about.version) if not options.on else on))
        for compiled in checked
    ]
    if options.json:
        print_json([_report(compiled, report) for compiled, report in reports])
    else:
        for compiled, report in reports:
            _say_report(compiled, report, on)
    if any(report.broken for _, report in reports):
        return BAD
    return HOLDS if all(report.holds for _, report in reports) else FAILS


def _report(compiled: Compiled, report: Report) -> dict[str, Any]:
    promises = [
        {"name": kept.name, "kept": not kept.problem, "asked": kept.answers, "problem": str(kept.problem or "")}
        for kept in report.promises
    ]
    return {
        "file": compiled.book.file.file,
        "version": compiled.policy.about.version,
        "sha256": compiled.digest,
        "holds": report.holds,
        "problems": [dataclasses.asdict(p) for p in report.problems],
        "promises": promises,
        "overruled": [o._asdict() | {"line": compiled.book.file.line(o.clause)} for o in report.overruled],
        "unchecked_statements": report.unchecked,
    }


def _say_report(compiled: Compiled, report: Report, on: date) -> None:
    file, about = compiled.book.file, compiled.policy.about
    print(f"{file.file}: {about.name}, version {about.version}, sha256 {compiled.digest[:12]}")
    for problem in report.problems:
        print(f"  {problem}")
    for kept in report.promises:
        if kept.problem:
            print(f"  {kept.problem}")
    whole = sum(not kept.problem for kept in report.promises)
    print(
        f"  {whole} of {len(report.promises)} promises kept ({sum(k.answers for k in report.promises):,} answers asked)"
    )
    for clause, overs in groupby(report.overruled, key=lambda over: over.clause):
        print(f"  {file.file}:{file.line(clause)}: {clause} is overruled:")
        for over in overs:
            print(f"    {over.law}: {over.say}")
    if report.unchecked:
        print(f"  not checked by anything built yet: {', '.join(report.unchecked)}")
    laws = ", ".join(compiled.book.packs)
    print(f"  {'holds' if report.holds else 'does not hold'} under {laws} on {say_day(on)}")


def run_ask(options: argparse.Namespace) -> int:
    on = options.on or today()
    compiled = version_of(options.policy, on)
    answers = ask(compiled, " ".join(options.question), on)
    if not answers:
        raise BadInput("No brand is in force on that day, so there is nothing to ask about.")
    if options.json:
        print_json(
            {
                "allowed": all(a.decision.allowed for a in answers),
                "policy": compiled.digest,
                "on": on,
                "answers": [_answer(compiled, a) for a in answers],
            }
        )
    else:
        for decision, group in _grouped(answers):
            _say_answer(compiled, decision, group, len(answers))
    return HOLDS if all(answer.decision.allowed for answer in answers) else FAILS


def _answer(compiled: Compiled, answer: Answer) -> dict[str, Any]:
    lines = [r._asdict() | {"line": compiled.book.file.line(r.clause)} for r in answer.decision.reasons]
    said = {k: v for k, v in answer.act._asdict().items() if v not in ("", frozenset(), -1, 0)}
    return {"act": said, "allowed": answer.decision.allowed, "reasons": lines, "duties": answer.decision.duties}


def _grouped(answers: list[Answer]) -> list[tuple[Answer, list[Answer]]]:
    """Put together the possibilities with one and the same answer."""
    groups: dict[object, list[Answer]] = {}
    for answer in answers:
        groups.setdefault((answer.decision.allowed, answer.decision.reasons, answer.decision.duties), []).append(answer)
    return [(group[0], group) for group in groups.values()]


def _say_answer(compiled: Compiled, answer: Answer, group: list[Answer], total: int) -> None:
    file, decision = compiled.book.file, answer.decision
    which = "" if len(group) == total else f"  ({_which(group)})"
    print(f"{'yes' if decision.allowed else 'no'}{which}")
    for reason in decision.reasons:
        line = file.line(reason.clause)
        where = f"{file.file}:{line} {reason.clause}" if line else reason.clause
        print(f"  {reason.say}")
        print(f"    {reason.code}: {' and '.join(filter(None, (where, reason.law and 'law ' + reason.law)))}")
    for duty in decision.duties:
        print(f"  and then: {duty}")


def _which(group: list[Answer]) -> str:
    brands = dict.fromkeys(a.act.brand for a in group)
    topics = dict.fromkeys(a.act.topic for a in group if a.act.topic)
    channels = dict.fromkeys(a.act.channel for a in group if a.act.channel)
    return "; ".join(", ".join(names) for names in (brands, channels, topics) if names)


def run_page(options: argparse.Namespace) -> int:
    on = options.on or today()
    compiled = version_of(options.policy, on)
    live = [name for name, brand in compiled.policy.brands.items() if brand.begin <= on < brand.end]
    brands = [one_of(options.brand, live, "brand")] if options.brand else live
    regions = [one_of(options.region, compiled.book.packs, "region")] if options.region else list(compiled.book.packs)
    made = [compile_page(compiled, brand, region, on, ATLAS) for brand in brands for region in regions]
    if options.json:
        print_json(made)
        return HOLDS
    from troth.front.render import page_html

    if not options.out:
        print(page_html(made[0], compiled))
        return HOLDS
    for page in made:
        write(Path(options.out) / f"{page.brand}-{page.region}.html", page_html(page, compiled))
    print(f"{len(made)} pages in {options.out}")
    return HOLDS


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(path.suffix + ".part")
        half.write_text(text, encoding="utf-8")
        half.replace(path)
    except OSError as problem:
        raise BadInput(f"Cannot write {path}: {problem.strerror}.") from None


def run_diff(options: argparse.Namespace) -> int:
    on = options.on or today()
    changes = diff(version_of(options.old, on), version_of(options.new, on))
    if options.json:
        print_json([change._asdict() for change in changes])
    else:
        for change in changes:
            _say_change(change)
        material = sum(change.material for change in changes)
        print(f"{len(changes)} changes, {material} of them material" if changes else "Nothing changed.")
    return FAILS if any(change.material for change in changes) else HOLDS


def _say_change(change: Change) -> None:
    mark = {"wider": "+", "narrower": "-", "other": "="}[change.direction]
    tell = f"  tell {change.tell}" if change.tell else ""
    again = f"; ask again: {', '.join(change.ask)}" if change.ask else ""
    print(f"{mark} {change.say}  [{change.clause}]{tell}{again}")


def run_ropa(options: argparse.Namespace) -> int:
    on = options.on or today()
    rows = ropa(version_of(options.policy, on), on)
    return _say_rows(options, "Record of processing", rows)


def run_tables(options: argparse.Namespace) -> int:
    on = options.on or today()
    compiled = version_of(options.policy, on)
    if options.what == "dpv":
        print_json(graph(compiled, on))
        return HOLDS
    brand = one_of(options.brand or next(iter(compiled.policy.brands)), compiled.policy.brands, "brand")
    region = one_of(options.region or next(iter(compiled.book.packs)), compiled.book.packs, "region")
    labels = label_tables(compiled, on) if options.what in ("apple", "google") else None
    rows: dict[str, Callable[[], Sequence[Line]]] = {
        "choices": lambda: choices_grid(compiled, brand, region, on),
        "cookies": lambda: cookie_table(compiled, brand, region, on),
        "apple": lambda: labels.apple if labels else (),
        "google": lambda: labels.google if labels else (),
        "disclosures": lambda: disclosure_categories(compiled, on),
        "map": lambda: data_map(compiled, on),
    }
    return _say_rows(options, TABLES[options.what], rows[options.what]())


def _say_rows(options: argparse.Namespace, title: str, rows: Sequence[Line]) -> int:
    style = "json" if options.json else options.format
    if style == "html":
        from troth.front.render import table_html

        print(table_html(to_table(rows, title)))
    else:
        print((to_json if style == "json" else to_csv)(rows).rstrip("\n"))
    return HOLDS


def run_schema(options: argparse.Namespace) -> int:
    if options.reference:
        print(markdown(), end="")
    else:
        print_json(pack_schema() if options.law else json_schema())
    return HOLDS
