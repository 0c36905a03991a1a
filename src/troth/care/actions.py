"""Giving somebody a place at the desk; opening a case, and all that follows from there being one.

Nobody of us sees anything of a customer without a case of their own, open and within its time: `stated` says what a
look can show, and the policy's `roles` say what it must.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from troth.doors.collect import collect
from troth.doors.handling import cards_in

from . import rules
from .errors import NobodyOfUs, NoCase, NoReason
from .models import Agent, Case

LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that is taken for another


def appoint(person: UUID, role: str, at: datetime) -> Agent:
    """Give somebody a place at the desk. One who has it keeps it. Raises ValueError for a role there is not."""
    if role not in rules.ROLES:
        raise ValueError(f"There is no role {role!r}. There are: {', '.join(rules.ROLES)}.")
    made, _ = Agent.objects.get_or_create(person_id=person, role=role, until=None, defaults={"since": at})
    return made


def dismiss(person: UUID, at: datetime) -> int:
    """Take every place of somebody's away, and close their cases: in force with the next request."""
    with transaction.atomic():
        Case.objects.filter(agent=person, closed_at=None).update(closed_at=at)
        return Agent.objects.filter(person_id=person, until=None).update(until=at)


def roles_of(person: UUID | None, at: datetime) -> frozenset[str]:
    """Return the roles somebody has now; none for whoever is not of our staff."""
    if person is None:
        return frozenset()
    now = Agent.objects.filter(Q(until=None) | Q(until__gt=at), person_id=person, since__lte=at)
    return frozenset(now.values_list("role", flat=True))


def must_be(person: UUID | None, role: str, at: datetime) -> UUID:
    """Return who somebody of our staff is. Raises NobodyOfUs."""
    if person is None or role not in roles_of(person, at):
        raise NobodyOfUs
    return person


def reason(why: str) -> str:
    """Return why one of us looks, as it is kept and the customer can read it. Raises NoReason."""
    words = " ".join(why.split())
    if not rules.SHORTEST_REASON <= len(words) <= rules.LONGEST_REASON or not words.isprintable() or cards_in(words):
        raise NoReason
    return words


def open_case(agent: UUID, customer: UUID, *, brand: str, about: str, why: str, once: str, at: datetime) -> Case:
    """Open a case. Sent again, it is the same. Raises NoReason, ValueError for what no case is about."""
    if about not in rules.ABOUT:
        raise ValueError("No case is about that.")
    words = reason(why)
    known: Case | None = Case.objects.filter(once=once, agent=agent).first()
    if known:
        return known
    number = "".join(secrets.choice(LETTERS) for _ in range(8))
    made = Case(
        person_id=customer, number=number, once=once, brand=brand, about=about, agent=agent, until=at + rules.LASTS
    )
    made.look = {"role": "care", "why": words}
    try:
        with transaction.atomic(), collect("administration", source="staff", brand=brand, person=customer, at=at) as c:
            c.facts["case"] = number
            c.save(made)
    except IntegrityError:
        made = Case.objects.get(once=once, agent=agent)
    return made


def case_of(agent: UUID, number: str) -> Case:
    """Return a case of an agent's own, open or over. Raises NoCase."""
    found: Case | None = Case.objects.filter(agent=agent, number=number).first()
    if found is None:
        raise NoCase
    return found


def open_cases(agent: UUID, at: datetime) -> QuerySet[Case]:
    """Return an agent's cases that are open, those that end first in front."""
    mine: QuerySet[Case] = Case.objects.filter(agent=agent, closed_at=None, until__gt=at).order_by("until")
    return mine


def stated(case: Case, at: datetime) -> Collection[str]:
    """Return what a look within a case can show: nothing, once it is closed or its time is over."""
    return rules.STATED if case.closed_at is None and at < case.until else ()


def last_longer(case: Case, at: datetime) -> datetime:
    """Let an open case last longer; return until when."""
    until = rules.may_last(case.seen_at, at)
    Case.objects.filter(pk=case.pk, closed_at=None, until__gt=at, until__lt=until).update(until=until)
    case.refresh_from_db(fields=["until"])
    return case.until


def close(case: Case, at: datetime) -> None:
    Case.objects.filter(pk=case.pk, closed_at=None).update(closed_at=at)
