"""What the officer's case desk shows of a request: its clock as a line, who asks, what was done and withheld."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from troth.care.models import Agent
from troth.doors import policies
from troth.doors.use import use
from troth.laws import exemptions
from troth.policy import Compiled
from troth.policy.wording import say_day
from troth.rights import actions as steps
from troth.rights import blacking, doing, letters, passing_on, rules, seeing
from troth.rights.models import Note, PassedOn, Request
from troth.vault.models import Identifier

SYSTEMS: Final = {  # where something of a person may lie, for the search log (UK GDPR art. 15(1A))
    "house": "All rooms of this system, by person",
    "mailboxes": "Mailboxes of our staff",
    "chat": "Our live chat supplier",
    "telephone": "Our telephone supplier",
    "paper": "Paper files",
    "backups": "Backups",
    "else": "Somewhere else",
}
WIDE: Final = 640  # units of the picture
MOST: Final = 200  # cases on one page


@dataclass(frozen=True)
class Row:
    """A case in the list."""

    number: str
    say: str
    brand: str
    state: str
    received: str
    due: str
    left: str  # in words
    urgency: str  # late, soon, or nothing
    sure: bool


def cases(at: datetime) -> tuple[list[Row], int]:
    """Return the cases that are open, those that are due first in front, and how many are late. Names nobody."""
    compiled = policies.archive().in_force(policies.today())
    found = []
    for one in Request.objects.filter(state__in=rules.LIVE).order_by("due_on", "received_at")[:MOST]:
        due, first, _ = steps.clock_of(one, compiled, at)
        day = due.day if due and due.day else None
        if one.acknowledged_at is None and first and one.state in ("received", "open"):
            day = min(filter(None, (day, first)))
        found.append((day or date.max, one, day))
    found.sort(key=lambda row: (row[0], row[1].received_at))
    rows = [_row(one, day, compiled, at.date()) for _, one, day in found]
    return rows, sum(row.urgency == "late" for row in rows)


def _row(one: Request, day: date | None, compiled: Compiled, today: date) -> Row:
    right = compiled.policy.rights.get(one.right)
    left, urgency = how_long(day, today)
    return Row(
        one.number, right.say if right else one.right, one.brand.title(), rules.SAID[one.state],
        say_day(one.received_at.date()), say_day(day) if day else "not begun", left, urgency, one.sure,
    )  # fmt: skip


def how_long(day: date | None, today: date) -> tuple[str, str]:
    """Say how long is left, and how urgent that is.

    >>> how_long(date(2026, 11, 20), date(2026, 11, 22)), how_long(date(2026, 11, 27), date(2026, 11, 22))
    (('2 days late', 'late'), ('5 days left', 'soon'))
    """
    if day is None:
        return "waits for them to show who they are", ""
    days = (day - today).days
    if days < 0:
        return f"{-days} day{'' if days == -1 else 's'} late", "late"
    return (
        ("today", "soon") if days == 0 else (f"{days} day{'' if days == 1 else 's'} left", "soon" if days <= 7 else "")
    )


def may_look(found: Request, officer: UUID, at: datetime) -> bool:
    """Tell whether an officer said why they look, and not too long ago."""
    looks = found.notes.filter(what="take", by=officer, at__gt=at - rules.LOOK, at__lte=at)
    return bool(looks.exists())


# -- the clock, drawn --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mark:
    """One event on the line: where it stands, in units of the picture."""

    x: float
    say: str
    day: str
    kind: str
    row: int = 0  # labels that stand close take turns above each other


@dataclass(frozen=True)
class Line:
    """The clock of a case as a line, and the same in words."""

    marks: tuple[Mark, ...]
    spans: tuple[tuple[float, float], ...]  # paused, from where and how wide
    words: str


def line(found: Request, at: datetime) -> Line:
    """Return a request's clock as a picture."""
    compiled = policies.archive().in_force(policies.today())
    due, first, last = steps.clock_of(found, compiled, at)
    told = steps.times(found, zone := steps.zone_of(found.person_id))
    today = at.astimezone(zone).date()
    days = {"received": (told.received, "received")}
    if told.identified and told.identified != told.received:
        days["known"] = (told.identified, "known who")
    if first and found.acknowledged_at is None:
        days["first"] = (first, "confirm by")
    if last and not told.extended and not (due and due.day == last):
        days["last"] = (last, "more time until")
    if due and due.day:
        days["due"] = (due.day, "answer by")
    days["today"] = (today, "today")
    begin, end = min(day for day, _ in days.values()), max(day for day, _ in days.values())
    scale = (WIDE - 60) / max(1, (end - begin).days)
    place = {name: 30 + (day - begin).days * scale for name, (day, _) in days.items()}
    marks, before = [], [-999.0, -999.0, -999.0]
    for name in sorted(days, key=lambda name: place[name]):
        row = next((n for n, x in enumerate(before) if place[name] - x > 118), 2)
        before[row] = place[name]
        marks.append(Mark(round(place[name], 1), days[name][1], say_day(days[name][0]), name, row * 34))
    spans = tuple(
        (round(30 + (p.since - begin).days * scale, 1), round(((p.until or today) - p.since).days * scale, 1))
        for p in told.pauses if due and p.why in due.clock.pause
    )  # fmt: skip
    cite = f" ({due.cite})" if due else ""
    words = "; ".join(f"{mark.say}: {mark.day}" for mark in marks) + cite
    return Line(tuple(marks), spans, words)


# -- one case ----------------------------------------------------------------------------------------------------------


@dataclass
class Opened:
    """A case as an officer who may look sees it."""

    words: str = ""
    answer: str = ""
    checks: list[tuple[str, str]] = field(default_factory=list)
    ways: list[tuple[str, str]] = field(default_factory=list)
    steps: list[tuple[str, str, list[str]]] = field(default_factory=list)
    searched: list[tuple[str, str, str]] = field(default_factory=list)  # where, whether, why
    withheld: list[tuple[str, str, list[str]]] = field(default_factory=list)  # place, code, passages
    passages: list[blacking.Passage] = field(default_factory=list)


def opened(found: Request, at: datetime) -> Opened:
    """Open what an officer needs, with the entry of their look. Raises Refused."""
    made = Opened()
    with use("rights", brand=found.brand, person=found.person_id, actor="officer", given=["request"], at=at) as u:
        words, checks, answer = u.open(found.words, found.checks, found.answer)
        made.words, made.answer = words or "", answer or ""
        made.checks = [(name, _flat(value)) for name, value in (checks or {}).items() if value]
        for row in Identifier.objects.filter(person_id=found.person_id, kind__in=("email", "mobile", "phone")):
            made.ways.append((row.kind, u.open(row.value)))
        for note in found.notes.order_by("at", "pk"):
            _put(made, note, u.open(note.words))
    if found.right in rules.COPIES and found.state in rules.LIVE - {"identifying"}:
        looked = seeing.see(found.person_id, at, actor="officer", brand=found.brand)
        done = blacking.decided(found.person_id)
        made.passages = [one for one in blacking.suspects(looked) if one.place not in done]
    return made


def _flat(value: object) -> str:
    return ", ".join(map(str, value.values())) if isinstance(value, dict) else str(value)


def _put(made: Opened, note: Note, words: dict[str, Any]) -> None:
    said = [_flat(value) for value in words.values() if value]
    if note.what in ("search", "pass over"):
        made.searched.append((SYSTEMS.get(note.code, note.code), rules.STEP_SAID[note.what], " ".join(said)))
    elif note.what == "withhold":
        made.withheld.append((note.place, note.code, words.get("passages", [])))
    else:
        made.steps.append((say_day(note.at.date()), rules.STEP_SAID[note.what], said))


def preview(found: Request, opened_: Opened, at: datetime) -> tuple[str, str]:
    """Return the letter a draft would be sent as."""
    if found.outcome == "refuse":
        return letters.text(found, "refused", answer=opened_.answer, code=found.code, over=True)
    if found.right in rules.COPIES:
        grounds = [{"code": code} | exemptions()[code] for code in sorted({code for _, code, _ in opened_.withheld})]
        until = say_day((at + rules.COPY).date())
        return letters.text(found, "copy", answer=opened_.answer, withheld=grounds, over=True, copy=until)
    return letters.text(found, "answered", answer=opened_.answer, over=True)


def alone(officer: UUID) -> bool:
    """Tell whether nobody else here may agree with what this officer drafted."""
    return not Agent.objects.filter(role="officer", until=None).exclude(person_id=officer).exists()


def second(found: Request) -> bool:
    return found.state == "answering" and doing.must_be_seen(found)


def grounds(use_: str) -> list[tuple[str, str]]:
    """Return the exemptions for a part of an answer, or for all of a request: code and words."""
    return [
        (code, f"{one['say']} ({one['cite']})") for code, one in exemptions().items() if one["for"] in (use_, "both")
    ]


# -- whoever else has to know ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Letter:
    """What one recipient is written, and the rows it speaks of."""

    who: str
    text: str
    rows: tuple[UUID, ...]
    told: str  # the day it went, where it did


def letter(to: str, rows: list[PassedOn], compiled: Compiled) -> Letter:
    known, went = compiled.policy.recipients.get(to), min((row.told_at for row in rows if row.told_at), default=None)
    text = passing_on.letter(to, rows, compiled)
    return Letter(known.say if known else to, text, tuple(row.pk for row in rows), say_day(went.date()) if went else "")


def had(found: Request, compiled: Compiled) -> list[tuple[str, str]]:
    """Return the items that somebody else got of a person's: name and words."""
    labels = compiled.book.labels
    got = {item for one in passing_on.received(found.person_id, compiled).values() for item in one.items}
    return sorted(((item, labels[item].say) for item in got if item in labels), key=lambda one: one[1])
