"""A crawl told twice: as JSON for a machine, and as one page with its pictures that needs nothing else."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from django.template import Context, Engine

from troth.front.render import style
from troth.policy.engine import Compiled

from .rules import Finding, Line, days, line_of
from .seeing import SAID, STAGES, Seen, Trace, bare

HERE = Path(__file__).parent
KINDS = ("cookie", "storage", "worker", "script", "pixel", "frame", "request")


class Row(NamedTuple):
    """One thing in the table of what was seen."""

    kind: str
    name: str
    host: str
    life: str
    stages: tuple[tuple[str, bool], ...]  # each stage in words, and whether it was there
    line: Line | None


def as_json(seen: Seen, found: Sequence[Finding], declared: Sequence[Line], compiled: Compiled) -> dict[str, Any]:
    """Return everything but the pictures."""
    return {
        "format": "troth-crawl-1", "site": bare(seen.start), "policy": compiled.digest, "clean": not found,
        "findings": [asdict(one) for one in found], "pages": seen.pages, "notes": seen.notes,
        "seen": [
            {
                "kind": row.kind, "name": row.name, "host": row.host, "life": row.life,
                "stages": [stage for stage, (_, there) in zip(STAGES, row.stages, strict=True) if there],
                "clause": row.line.clause if row.line else "",
            }
            for row in table(seen.traces, declared)
        ],
    }  # fmt: skip


def table(traces: Sequence[Trace], declared: Sequence[Line]) -> list[Row]:
    """Return what was left on the device or spoken to, each thing once; not the site's own scripts and pictures."""
    things: dict[tuple[str, str, str], list[Trace]] = {}
    for trace in traces:
        if not trace.ours or trace.kind in ("cookie", "storage", "worker"):
            things.setdefault((trace.kind, trace.name, trace.host), []).append(trace)
    return [_row(some, declared) for _, some in sorted(things.items(), key=lambda one: KINDS.index(one[0][0]))]


def _row(some: Sequence[Trace], declared: Sequence[Line]) -> Row:
    one = some[0]
    lives = [trace.life for trace in some if trace.life is not None]
    life = f"for {days(max(lives))}" if lives else "until the browser closes"
    stages = tuple((SAID[stage], any(trace.stage == stage for trace in some)) for stage in STAGES)
    return Row(one.kind, one.name, one.host, life if one.kind == "cookie" else ", ".join(one.facts), stages,
               line_of(one, declared))  # fmt: skip


def as_page(seen: Seen, found: Sequence[Finding], declared: Sequence[Line], compiled: Compiled, on: date) -> str:
    """Return the report as one document: no script, nothing from elsewhere, no value of a cookie or an address."""
    pictures = [
        (SAID[stage], f"data:image/jpeg;base64,{base64.b64encode(seen.pictures[stage]).decode()}")
        for stage in STAGES if stage in seen.pictures
    ]  # fmt: skip
    context = {
        "site": bare(seen.start), "on": on, "pages": seen.pages, "notes": seen.notes, "pictures": pictures,
        "findings": [(one, [SAID[stage] for stage in one.stages], _number(one, compiled)) for one in found],
        "rows": table(seen.traces, declared), "stages": list(SAID.values()), "style": style(),
        "version": compiled.policy.about.version, "digest": compiled.digest, "policy": compiled.policy.about.name,
    }  # fmt: skip
    return _engine().get_template("crawl/report.html").render(Context(context, use_l10n=False, use_tz=False))


def _number(one: Finding, compiled: Compiled) -> int | None:
    return compiled.book.file.line(one.clause) if one.clause else None


@cache
def _engine() -> Engine:
    return Engine(dirs=[str(HERE / "templates")], libraries={"house": "troth.front.templatetags.house"})
