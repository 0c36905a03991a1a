"""Answers taken down, page views written down, styles guessed and let go: each through its door."""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from troth.accounts import sessions
from troth.choices.models import Event
from troth.doors import policies
from troth.doors.collect import choose, collect
from troth.doors.declare import job
from troth.policy import Compiled
from troth.vault import identity
from troth.vault.marks import mark_of
from troth.vault.models import HeldRow, Identifier

from . import rules
from .models import Looked, PageSeen, Search
from .noting import Note

SIGNAL = "Your browser sent the signal Global Privacy Control (Sec-GPC: 1): do not sell or share."
JOBS = ("tracking", "profile", "proof")


# -- answers -----------------------------------------------------------------------------------------------------------


def new_number() -> str:
    """Return a number for a device: 40 random letters, so that none ever looks like a card's."""
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(40))


def of_number(number: str) -> UUID | None:
    """Return whose number it is."""
    return identity.find("device", number) if number else None


@dataclass(frozen=True)
class Said:
    """What somebody says at one brand, in one go: their answers, what they had said before, and by which button."""

    brand: str
    answers: Mapping[str, str]  # a choice and yes, no or sighted
    before: rules.Answers
    place: str
    proof: Mapping[str, Any]


def answer(person: UUID, said: Said, compiled: Compiled, at: datetime) -> list[int]:
    """Take down each answer, with the words it was put in. Returns their entries in the ledger.

    Noes first: if we are stopped half-way, none of them is missing. Raises StillSending, Refused.
    """
    entries = []
    for choice, given in sorted(said.answers.items(), key=lambda one: one[1] != rules.NO):
        yes, earlier = given != rules.NO, said.before.get(choice)
        kind = "consent" if yes else "withdrawal" if earlier in (rules.YES, rules.SIGHTED) else "refusal"
        entry = choose(
            kind, f"{choice}:{said.brand}", person=person, brand=said.brand, place=said.place, at=at, proof=said.proof,
            wording=rules.question(compiled, choice), sighted=given == rules.SIGHTED,
            expires=rules.until(compiled, choice, at) if yes else None,
        )  # fmt: skip
        entries.append(entry)
    return entries


def begin(at: datetime) -> UUID:
    """Make a record for a device that said yes. Where it is we do not know, so every law protects it."""
    return identity.new(on=policies.house_day(at)).pk


def number(person: UUID, brand: str, purpose: str, at: datetime) -> str:
    """Give a device its number, for a purpose that has its yes. Raises Refused."""
    made = new_number()
    with collect(purpose, source="browse", brand=brand, person=person, actor="person", given=rules.GIVEN, at=at) as c:
        c.save(identity.identifier(person, "device", made, evidence="observed"))
    return made


# -- page views --------------------------------------------------------------------------------------------------------


def note(some: Sequence[Note]) -> None:
    """Write down what some page views leave behind. Signals first: what follows is decided in their light."""
    with job(*JOBS):
        whose = _whose(some)
        known = [(whose[one], one) for one in some if one in whose]
        for person, one in known:
            if one.signal:
                signal(person, one)
        for brand in {one.brand for _, one in known}:
            mine = [(person, one) for person, one in known if one.brand == brand]
            _take("tracking", brand, [_page(*pair) for pair in mine if pair[1].page and pair[1].tracks])
            _take("profile", brand, [row for pair in mine if pair[1].fits for row in _interests(*pair)])


def _whose(some: Iterable[Note]) -> dict[Note, UUID]:
    """Return whose each page view is: of whoever was signed in at that brand, else of the device's own record."""
    tokens = {sessions.mark(one.session): one for one in some if one.session}
    now = max(one.at for one in some)
    rows = sessions.in_force(now).filter(mark__among=tokens, half=False)
    signed = {(bytes(row.mark), row.brand): row.person_id for row in rows} if tokens else {}
    numbers = {one.number: mark_of("device", one.number) for one in some if one.number}
    known = Identifier.objects.filter(kind="device", mark__among=numbers.values()) if numbers else ()
    devices = {bytes(row.mark): row.person_id for row in known}
    found: dict[Note, UUID] = {}
    for one in some:
        person = signed.get((sessions.mark(one.session), one.brand)) if one.session else None
        if person := person or devices.get(numbers.get(one.number, b"")):
            found[one] = person
    return found


def _take(purpose: str, brand: str, rows: Sequence[HeldRow]) -> None:
    """Store rows of those whose standing, at this moment, lets a purpose happen; the others' are dropped."""
    if not rows:
        return
    people = list(dict.fromkeys(row.person_id for row in rows))
    with collect(purpose, source="browse", brand=brand, people=people, actor="person", given=rules.GIVEN) as c:
        c.save_all(rows)


def _page(person: UUID, one: Note) -> PageSeen:
    row = PageSeen(person_id=person, brand=one.brand, source="browse", seen_at=one.at)
    row.page, row.time, row.browser = one.page, one.at.isoformat(timespec="minutes"), one.browser
    if one.referrer:
        row.referrer = one.referrer
    if one.advert:
        row.advert = one.advert
    return row


def _interests(person: UUID, one: Note) -> Iterable[HeldRow]:
    if one.piece:
        row = Looked(person_id=person, brand=one.brand, source="browse", seen_at=one.at)
        row.piece = one.piece
        yield row
    if one.words:
        sought = Search(person_id=person, brand=one.brand, source="browse", seen_at=one.at)
        sought.words = one.words
        yield sought


# -- the browser's signal ----------------------------------------------------------------------------------------------


def signal(person: UUID, one: Note) -> bool:
    """Take down that a browser says no for somebody: at first sight in each session, and at each change.

    A yes given in its sight since stands: it was given knowing of this very signal. Returns whether it was new.
    """
    told = Event.objects.filter(person_id=person)
    last = told.filter(kind__in=("signal", "signal_off")).order_by("-at").first()
    if last and last.kind == "signal":
        since = told.filter(kind="consent", sighted=True, at__gt=last.at)
        if since.exists() or last.at >= _begun(one):
            return False
    choose("signal", "*", person=person, brand=one.brand, place="browser", wording=SIGNAL, at=one.at)
    return True


def _begun(one: Note) -> datetime:
    """Return when a page view's session began: one of a device without a session never ends."""
    row = sessions.find(one.session, one.at) if one.session else None
    return row.seen_at if row else rules.FIRST
