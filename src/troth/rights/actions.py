"""A request, step by step: each step is one the table allows, is noted beside the request, and stands in the ledger."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from troth.doors import policies
from troth.doors.collect import Collecting, collect
from troth.policy import Compiled
from troth.vault.models import Person

from . import clocks, letters, rules
from .errors import NoRequest, NotNow
from .models import Note, Request

LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that is taken for another


# -- reading -----------------------------------------------------------------------------------------------------------


def get(number: str) -> Request:
    """Return a request by its number. Raises NoRequest."""
    found: Request | None = Request.objects.filter(number=number).first()
    if found is None:
        raise NoRequest
    return found


def zone_of(person: UUID) -> ZoneInfo:
    found = Person.objects.filter(pk=person).values_list("zone", flat=True).first()
    return ZoneInfo(found) if found else policies.house_zone()


def times(found: Request, zone: ZoneInfo) -> clocks.Times:
    """Return what a clock looks at, in days where the person is."""
    pauses = tuple(
        clocks.Pause(why, date.fromisoformat(since), date.fromisoformat(until) if until else None)
        for why, since, until in found.pauses
    )
    return clocks.Times(
        found.received_at.astimezone(zone).date(), found.known_at.astimezone(zone).date() if found.known_at else None,
        pauses, extended=found.extended_at is not None,
    )  # fmt: skip


def clock_of(found: Request, compiled: Compiled, at: datetime) -> tuple[clocks.Due | None, date | None, date | None]:
    """Return a request's deadline, the day receipt is to be confirmed by, and the last day to take more time."""
    them = Person.objects.filter(pk=found.person_id).first()
    zone = ZoneInfo(them.zone) if them else policies.house_zone()
    right = compiled.policy.rights.get(found.right)
    packs = [pack for pack, _ in compiled.book.protecting(them.residence if them else "*")]
    told = times(found, zone)
    running = clocks.applying(right.clock if right else "answer", packs, compiled.book.packs, told.received)
    due = clocks.due(running, told, today := at.astimezone(zone).date())
    return due, clocks.first_word(running, told), clocks.latest_to_extend(due, told, today) if due else None


def live(person: UUID, right: str) -> Request | None:
    found: Request | None = Request.objects.filter(person_id=person, right=right, state__in=rules.LIVE).first()
    return found


# -- steps -------------------------------------------------------------------------------------------------------------


def begin(  # noqa: PLR0913 -- what a form brings
    person: UUID, right: str, *, brand: str, home: str, way: str, words: str, once: str, at: datetime,
    received_at: datetime | None = None, address: UUID | None = None, checks: Mapping[str, Any] | None = None,
    about: UUID | None = None, sure: bool = True, known: bool = False,
) -> Request:  # fmt: skip
    """Open a request. Sent again, it is the same one. `known`: it is clear who asks. Raises Refused, CardNumber."""
    if made := Request.objects.filter(once=once).first():
        return _same(made, person)
    made = Request(
        person_id=person, number="".join(secrets.choice(LETTERS) for _ in range(8)), once=once, right=right, way=way,
        sort="complaint" if right == rules.COMPLAINT else "request", brand=brand, home=home, address_id=address,
        about=about, sure=sure, received_at=received_at or at, known_at=at if known else None,
        state="open" if known else "received",
    )  # fmt: skip
    made.words = words
    if checks:
        made.checks = dict(checks)
    try:
        with transaction.atomic(), collect("rights", source="request", brand=brand, person=person, at=at) as c:
            c.facts |= {"request": made.number, "step": "receive", "right": right}
            made.due_on = _due_on(made, c.compiled, at)
            c.save(made)
    except IntegrityError:
        return _same(Request.objects.get(once=once), person)
    return made


def _same(made: Request, person: UUID) -> Request:
    if made.person_id != person:
        raise NoRequest
    return made


def _due_on(found: Request, compiled: Compiled, at: datetime) -> date | None:
    due = clock_of(found, compiled, at)[0]
    return due.day if due else None


def step(
    found: Request, name: str, at: datetime, *, by: UUID | None = None, words: Mapping[str, Any] | None = None,
    **changed: Any,  # noqa: ANN401 -- columns of the request
) -> Request:  # fmt: skip
    """Take a step of the table, and note it. Two at once: the second finds the request as the first left it.

    `by`: which of us took it; `words`: what is to be read of it later. Returns the request as it is now.
    Raises NotNow where the table has no such step from here.
    """
    actor = "officer" if by else "system"
    with collect("rights", source="request", brand=found.brand, person=found.person_id, at=at) as c:
        now: Request = Request.objects.select_for_update().get(pk=found.pk)
        state = rules.after(now.state, name)
        if state is None:
            raise NotNow
        now.state = state
        for column, value in changed.items():
            setattr(now, column, value)
        now.due_on = _due_on(now, c.compiled, at)
        if state in rules.OVER:
            now.event_at = at
        c.facts |= {"request": now.number, "step": name, "by": actor}
        c.save(now)
        _note(c, now, name, at, by=by, words=words)
        if state in rules.OVER:
            now.notes.update(event_at=at)
    return now


def note(
    found: Request, what: str, at: datetime, *, by: UUID | None = None, code: str = "", place: str = "",
    words: Mapping[str, Any] | None = None, **changed: Any,  # noqa: ANN401 -- columns of the request
) -> Note:  # fmt: skip
    """Note something about a live request without moving it. Raises NotNow once it is over."""
    with collect("rights", source="request", brand=found.brand, person=found.person_id, at=at) as c:
        now: Request = Request.objects.select_for_update().get(pk=found.pk)
        if now.state in rules.OVER and what not in rules.STILL:
            raise NotNow
        for column, value in changed.items():
            setattr(now, column, value)
        if changed:
            now.due_on = _due_on(now, c.compiled, at)
            c.save(now)
        c.facts |= {"request": now.number, "step": what, "by": "officer" if by else "system"}
        made = _note(c, now, what, at, by=by, code=code, place=place, words=words)
        if now.state in rules.OVER:
            now.notes.filter(pk=made.pk).update(event_at=now.event_at)
    return made


def _note(  # noqa: PLR0913 -- as `note`
    c: Collecting, found: Request, what: str, at: datetime, *, by: UUID | None, code: str = "", place: str = "",
    words: Mapping[str, Any] | None,
) -> Note:  # fmt: skip
    made = Note(person_id=found.person_id, request=found, what=what, code=code, place=place, by=by, at=at)
    made.words = dict(words or {})
    return c.save(made)


# -- what any request goes through -------------------------------------------------------------------------------------


def acknowledge(found: Request, at: datetime) -> None:
    """Write that we have it, and by when we answer. Once."""
    if Request.objects.filter(pk=found.pk, acknowledged_at=None).update(acknowledged_at=at):
        letters.write(found, "received", at, due=_due_on(found, policies.archive().in_force(policies.today()), at))


def ask_more(found: Request, question: str, at: datetime, *, by: UUID) -> Request:
    """Ask for what is needed to answer. The clock pauses only where the law says so; elsewhere it goes on."""
    today = at.astimezone(zone_of(found.person_id)).date().isoformat()
    pauses = [*found.pauses, ["clarification", today, None]]
    found = step(found, "ask more", at, by=by, words={"asked": question}, pauses=pauses)
    letters.write(found, "more", at, question=question, once=str(len(pauses)))
    return found


def hear_more(found: Request, words: str, at: datetime) -> Request:
    """Take in what they tell us beside; where we waited for it, the clock goes on."""
    if found.state != "waiting":
        note(found, "hear more", at, words={"told": words})
        return found
    today = at.astimezone(zone_of(found.person_id)).date().isoformat()
    return step(found, "hear more", at, words={"told": words}, pauses=ended(found.pauses, today))


def ended(pauses: list[list[str | None]], today: str) -> list[list[str | None]]:
    return [[why, since, until or today] for why, since, until in pauses]


def extend(found: Request, why: str, at: datetime, *, by: UUID) -> Request:
    """Take the longer time the law allows, once, and say why while the first still runs. Raises NotNow."""
    due, _, last = clock_of(found, policies.archive().in_force(policies.today()), at)
    today = at.astimezone(zone_of(found.person_id)).date()
    if found.extended_at or due is None or last is None:
        raise NotNow("The law of this request allows no more time.")
    if today > last:
        raise NotNow("It is too late to take more time: that had to be told while the first still ran.")
    found = step(found, "extend", at, by=by, words={"why": why}, extended_at=at)
    letters.write(found, "longer", at, why=why, due=found.due_on)
    return found


def withdraw(found: Request, at: datetime) -> Request:
    """Take a request back; an erasure that has not run is called off by it."""
    found = step(found, "withdraw", at)
    letters.write(found, "withdrawn", at)
    return found
