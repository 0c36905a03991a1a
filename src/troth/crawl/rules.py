"""What was seen, held against what the policy declares. Pure.

A cookie, key or foreign request is judged by its line in the policy: none, and it may not be there at all; one that is
not exempt waits for a yes, ends with a no and with the browser's signal, and lives no longer than the line says.
Source: PECR reg 6 and sch. A1; ePrivacy art. 5(3); EDPB 2023/2 on the scope of art. 5(3); R19, R22, R24, R86.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fnmatch import fnmatchcase
from typing import Final
from urllib.parse import urlsplit

from troth.policy.engine import Compiled
from troth.policy.rules import CONSENT, NO_BRAKE
from troth.policy.slots import MODES, OPPOSABLE_MODES, cookie_table

from .seeing import ACCEPTED, BEFORE, REFUSED, SAID, SIGNAL, STAGES, Button, Panel, Seen, Trace, Visit

FOREIGN: Final = ("script", "pixel", "frame", "request")
DECLARED_AS: Final = {
    "cookie": ("cookie",), "storage": ("storage",), "worker": ("script", "storage", "sdk"),
    **dict.fromkeys(FOREIGN, ("script", "pixel", "sdk")),
}  # fmt: skip
LOOSE: Final = ("unsafe-url", "no-referrer-when-downgrade")
SMALLER: Final = 0.7  # of the area of the yes: less is not as near
SLACK = timedelta(minutes=5)  # between a cookie's making and our looking


@dataclass(frozen=True)
class Line:
    """One cookie, key, pixel or script of the policy."""

    pattern: str
    kind: str
    clause: str
    number: int  # in the file
    mode: str
    life: timedelta | None
    ours: bool
    signal: bool  # the browser's signal is a no to it

    def lets(self, stage: str) -> bool:
        """Tell whether it may be there at a stage."""
        if self.mode == MODES[NO_BRAKE]:
            return True
        if self.mode in OPPOSABLE_MODES:
            return stage in (BEFORE, ACCEPTED) or (stage == SIGNAL and not self.signal)
        return self.mode == MODES[CONSENT] and stage == ACCEPTED


@dataclass(frozen=True)
class Finding:
    """One thing that is not as the policy says."""

    code: str
    say: str
    kind: str
    name: str
    stages: tuple[str, ...]
    page: str
    clause: str = ""


def lines(compiled: Compiled, brand: str, region: str, on: date) -> tuple[Line, ...]:
    """Return what the policy declares, as it rests for somebody of a region who said nothing."""
    made = []
    for row in cookie_table(compiled, brand, region, on):
        _, purpose, _, name = row.clause.split(".")
        cookie, choices = compiled.policy.purposes[purpose].cookies[name], compiled.policy.purposes[purpose].choice
        signal = any(compiled.policy.choices[choice].signal for choice in choices)
        life = cookie.keep.after(on) - on if cookie.keep else None
        number = compiled.book.file.line(row.clause) or 0
        made.append(Line(row.name, row.kind, row.clause, number, row.mode, life, cookie.by == "us", signal))
    return tuple(made)


def judge(seen: Seen, declared: Sequence[Line]) -> list[Finding]:
    """Return everything that is not as declared, each thing once, in the order a reader wants it."""
    found = [*_of_traces(seen.traces, declared), *_of_visits(seen.visits), *_of_panels(seen), *_of_identity(seen)]
    if any(line.signal for line in declared) and not seen.says_signal:
        say = "There is no /.well-known/gpc.json that says the browser's signal is obeyed."
        found.append(Finding("gpc unsaid", say, "page", "/.well-known/gpc.json", (SIGNAL,), seen.start))
    return found


# -- cookies, keys and foreign requests --------------------------------------------------------------------------------


def line_of(trace: Trace, declared: Sequence[Line]) -> Line | None:
    """Return the line of the policy that declares a trace."""
    names = _names(trace)
    for line in declared:
        if line.kind in DECLARED_AS[trace.kind] and any(fnmatchcase(name, line.pattern) for name in names):
            return line
    return None


def _names(trace: Trace) -> tuple[str, ...]:
    """Return what a line may call a trace: a request by its host, its whole way, its file or its file's stem."""
    if trace.kind in ("cookie", "storage"):
        return (trace.name,)
    way = urlsplit(trace.name).path
    file = way.rpartition("/")[2]
    return tuple(filter(None, (trace.host, f"{trace.host}{way}", file, file.partition(".")[0])))


def _of_traces(traces: Iterable[Trace], declared: Sequence[Line]) -> Iterator[Finding]:
    things: dict[tuple[str, str, str], list[Trace]] = {}
    for trace in traces:
        things.setdefault((trace.kind, trace.name, trace.host), []).append(trace)
    for some in things.values():
        line = line_of(some[0], declared)
        yield from _undeclared(some) if line is None else _misplaced(some, line)


def _undeclared(some: list[Trace]) -> Iterator[Finding]:
    one = some[0]
    if one.ours and one.kind in FOREIGN:  # our own scripts and pictures: what they leave behind is judged by itself
        return
    whose = "" if one.ours else f" of {one.host}"
    yield _found("undeclared", f"The {one.kind} {one.name}{whose} stands on no line of the policy.", some)


def _misplaced(some: list[Trace], line: Line) -> Iterator[Finding]:
    one, named = some[0], f"The {some[0].kind} {some[0].name}"
    for stage, code in ((BEFORE, "early"), (REFUSED, "despite a no"), (SIGNAL, "despite the signal")):
        if (here := [trace for trace in some if trace.stage == stage]) and not line.lets(stage):
            yield _found(code, f"{named} is there {SAID[stage]}; it is {line.mode}.", here, line)
    if not any(line.lets(stage) for stage in STAGES):
        yield _found("forbidden", f"{named} is there; it is {line.mode}.", some, line)
    if line.ours and not one.ours:
        yield _found("not ours", f"{named} is set by {one.host}; the policy says that we set it.", some, line)
    if one.kind == "cookie" and (far := [trace for trace in some if _too_long(trace, line)]):
        longest = max(trace.life or timedelta(0) for trace in far)
        allowed = f"{line.life.days} days" if line.life else "until the browser closes"
        yield _found("too long", f"{named} lives {days(longest)}; the policy says {allowed}.", far, line)


def _too_long(trace: Trace, line: Line) -> bool:
    return trace.life is not None and trace.life > (line.life or timedelta(0)) + SLACK


def days(life: timedelta) -> str:
    """Return how long a cookie lives, as people say it."""
    whole = round(life / timedelta(days=1))
    return f"{whole} days" if whole > 1 else f"{round(life / timedelta(hours=1))} hours"


def _found(code: str, say: str, some: Sequence[Trace], line: Line | None = None) -> Finding:
    stages = tuple(stage for stage in STAGES if any(trace.stage == stage for trace in some))
    return Finding(code, say, some[0].kind, some[0].name, stages, some[0].page, line.clause if line else "")


# -- pages, and the question they put ----------------------------------------------------------------------------------


def _of_visits(visits: Iterable[Visit]) -> Iterator[Finding]:
    told: set[tuple[str, str]] = set()
    for visit in visits:
        if visit.referrer_policy in LOOSE and ("referrer", visit.page) not in told:
            told.add(("referrer", visit.page))
            say = f"The page tells other sites its whole address (Referrer-Policy: {visit.referrer_policy})."
            yield Finding("loose referrer", say, "page", visit.page, (visit.stage,), visit.page)
        for link in visit.outward:
            if link.opener and ("opener", link.address) not in told:
                told.add(("opener", link.address))
                say = f"The link to {link.address} opens a window that can reach back: it lacks rel=noopener."
                yield Finding("opener", say, "link", link.address, (visit.stage,), visit.page)


def _of_panels(seen: Seen) -> Iterator[Finding]:
    told: set[str] = set()
    for visit in seen.visits:
        for code, say, name in _of_panel(visit.panel) if visit.panel else ():
            if code not in told:
                told.add(code)
                yield Finding(code, say, "panel", name, (visit.stage,), visit.page)
    if seen.asked_again:
        yield Finding(
            "asked again", "The panel comes back although it was refused.", "panel", "", (REFUSED,), seen.start
        )
    answered = [visit for visit in seen.visits if visit.stage == REFUSED]
    if answered and not any(visit.back for visit in answered):
        say = "Once answered, no page has a way back to the choices."
        yield Finding("no way back", say, "panel", "", (REFUSED,), seen.start)
    yield from _forgotten(seen)


def _of_panel(panel: Panel) -> Iterator[tuple[str, str, str]]:
    yes, no = panel.accept, panel.refuse
    if yes and not no:
        yield "no refuse", f"One can press “{yes.name}” and nothing that refuses.", yes.name
    elif yes and no and (why := _lesser(yes, no)):
        yield "unequal", f"“{no.name}” is not as near as “{yes.name}”: {why}.", no.name
    for name in panel.ticked:
        yield "ticked", f"The box “{name}” is ticked before anybody did so.", name


def _lesser(yes: Button, no: Button) -> str:
    """Return in what a no is less than its yes; empty if in nothing."""
    if no.role != yes.role:
        return f"it is a {no.role}, not a {yes.role}"
    if no.width * no.height < SMALLER * yes.width * yes.height:
        return "it is smaller"
    return "" if no.look == yes.look else "it looks fainter or different"


def _forgotten(seen: Seen) -> Iterator[Finding]:
    """Yield the cookies that remember a no for less time than a yes (R22)."""
    known = {trace.name for trace in seen.traces if trace.stage == BEFORE and trace.kind == "cookie"}

    def lives(stage: str) -> dict[str, timedelta | None]:
        some = [trace for trace in seen.traces if trace.stage == stage and trace.kind == "cookie"]
        return {trace.name: trace.life for trace in some if trace.name not in known}

    yes, no = lives(ACCEPTED), lives(REFUSED)
    for name in sorted(yes.keys() & no.keys()):
        longer = yes[name]
        if longer is not None and (no[name] or timedelta(0)) < longer - timedelta(days=1):
            say = f"The cookie {name} remembers a yes for {days(longer)}, and a no for less."
            yield Finding("no forgotten", say, "cookie", name, (REFUSED,), seen.start)


def _of_identity(seen: Seen) -> Iterator[Finding]:
    told: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for stage, page, to, what in seen.told:
        told.setdefault((to, what), []).append((stage, page))
    for (to, what), where in told.items():
        stages = tuple(stage for stage in STAGES if any(one == stage for one, _ in where))
        yield Finding(
            "identity", f"The address {to} tells who somebody is: {what}.", "address", to, stages, where[0][1]
        )
