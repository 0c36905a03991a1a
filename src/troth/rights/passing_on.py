"""Whoever got something of a person's is told when it is erased, corrected, locked or unlocked (GDPR art. 17(2), 19).

    plan(request, "erase", lines=...)   # from the register of disclosures: a row a recipient, durable before the act
    deliver(at)                         # by each recipient's own wire; without one, a letter for the officer to send

A recipient is told by their own numbers: of an order, of a payment, of a list. So nothing of the person is kept for it,
and it can go on when they are forgotten. Rooms that hand data over say how theirs are told, in `WAYS`.
"""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, Literal, NamedTuple
from uuid import UUID

from django.db.models import Q
from django.template.loader import render_to_string

from troth.doors import erasing, periods, policies
from troth.doors.disclose import notice
from troth.partners.errors import PartnerError
from troth.policy import Compiled
from troth.policy.wording import listed, say_day

from . import seeing
from .errors import NotNow, NoWire
from .models import PassedOn, Request

log = logging.getLogger("troth.rights")
Kind = Literal["erase", "correct", "restrict", "lift"]
NOBODY: Final = frozenset({"public", "authority"})  # roles: figures name nobody, an inquiry is none (GDPR art. 4(9))
LINE: Final = {"erase": "erase", "correct": "correct", "restrict": "restrict", "lift": "restrict"}  # of [rights]
CLAIM: Final = timedelta(minutes=5)  # how long one process has a row to itself
AGAIN: Final = timedelta(hours=1)  # until one who was told is asked whether it is done
MOST_TRIES: Final = 12  # then it becomes a letter; waits double up to a day, so that is about a week
LONGEST_WAIT: Final = timedelta(days=1)


# -- how a recipient is told -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Telling:
    """What a recipient is to be told. `person` is nobody any more where the kind is "erase"."""

    kind: str
    person: UUID
    brand: str
    items: frozenset[str]
    known_by: tuple[str, ...]  # numbers of the recipient's
    once: str  # told again, the same
    at: datetime


class Heard(NamedTuple):
    """What came of it: `waiting` was not handed over yet, `told` was, `confirmed` is done, with their receipt."""

    state: Literal["waiting", "told", "confirmed"]
    receipt: str = ""


class Known(NamedTuple):
    """Under which numbers a recipient knows somebody, and what they hold that no entry of the register says."""

    numbers: tuple[str, ...] = ()
    holds: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Way:
    """How one recipient of the policy is told. Without `tell` there is no wire: the officer writes."""

    known: Callable[[UUID], Known]
    tell: Callable[[Telling], Heard] | None = None  # repeatable; raises PartnerError, NoWire


WAYS: Final[dict[str, Way]] = {}  # by recipient; rooms above this one put theirs in when they are ready


# -- who is to be told -------------------------------------------------------------------------------------------------


@dataclass
class Got:
    """What one recipient got of a person's."""

    items: set[str] = field(default_factory=set)
    days: set[date] = field(default_factory=set)
    numbers: tuple[str, ...] = ()


def received(person: UUID, compiled: Compiled) -> dict[str, Got]:
    """Return who got what: by the register of disclosures, and what recipients hold of themselves. Raises NobodyKnown.

    Whoever the policy does not name (any more) is not there to be told.
    """
    found: dict[str, Got] = {}
    for _, entry in seeing.acts(person):
        if entry["verb"] == "disclose" and entry["allowed"] and entry.get("code") != "told":
            got = found.setdefault(entry["to"], Got())
            got.items |= set(entry["items"])
            got.days.add(datetime.fromisoformat(entry["at"]).date())
    for name, way in WAYS.items():
        known = way.known(person)
        if name in found or known.holds:
            got = found.setdefault(name, Got())
            got.items |= known.holds
            got.numbers = known.numbers
    known_to_us = compiled.policy.recipients
    return {to: got for to, got in sorted(found.items()) if to in known_to_us and known_to_us[to].role not in NOBODY}


def staying(lines: Collection[erasing.Line], compiled: Compiled) -> frozenset[str]:
    """Return the items an erasure leaves here because a duty keeps them: whoever got them may have to keep them too.

    What a row's plain columns say, such as a sum, goes and stays with what the row holds.
    """
    took, kept = ({item for one in lines if one.kept is stays for item in one.items} for stays in (False, True))
    categories = {item.partition(".")[0] for item in kept}
    with_them = {item for item in periods.retained(compiled) if item.partition(".")[0] in categories}
    return frozenset((kept | with_them) - took)


def plan(
    found: Request, kind: Kind, at: datetime, *, items: Collection[str] | None = None,
    lines: Collection[erasing.Line] = (), state: str = "queued",
) -> list[str]:  # fmt: skip
    """Note who is to be told, a row a recipient; noted again, the same. Returns them as the policy names them.

    `items`: those that changed; all of them where it is None. Of an erasure, what a duty keeps here may stay there.
    """
    compiled = policies.archive().in_force(policies.today())
    stays = staying(lines, compiled)
    told = []
    for to, got in received(found.person_id, compiled).items():
        them = got.items & set(items) if items is not None else got.items - stays
        if not them:
            continue
        told.append(to)
        PassedOn.objects.get_or_create(
            once=_once(found, kind, to, them),
            defaults={
                "person_id": found.person_id, "request": found, "to": to, "kind": kind, "items": sorted(them),
                "days": sorted(day.isoformat() for day in got.days), "known_by": list(got.numbers), "state": state,
                "noted_at": at, "not_before": at,
            },
        )  # fmt: skip
    return told


def _once(found: Request, kind: str, to: str, items: Collection[str]) -> str:
    # An erasure is tried until it is done, and what it takes may differ by then; a correction can come twice.
    said = f"{found.pk}|{kind}|{to}|{'' if kind == 'erase' else ' '.join(sorted(items))}"
    return base64.urlsafe_b64encode(hashlib.sha256(said.encode()).digest())[:43].decode()


def go(found: Request, at: datetime) -> None:
    """Let the rows of an erasure go out, now that it is done; what else was on its way about them is overtaken."""
    whose = Request.objects.values_list("person_id", flat=True).get(pk=found.pk)
    PassedOn.objects.filter(request=found, state="planned").update(state="queued", not_before=at)
    overtaken = PassedOn.objects.filter(person_id=whose, state__in=("queued", "letter")).exclude(kind="erase")
    overtaken.update(state="overtaken", known_by=[])


def call_off(found: Request) -> None:
    PassedOn.objects.filter(request=found, state="planned").delete()


# -- telling them ------------------------------------------------------------------------------------------------------


def deliver(at: datetime) -> dict[str, int]:
    """Tell whoever is due to be told, each by their wire. Safe to stop, to repeat and to run twice at once."""
    done = {"told": 0, "letters": 0}
    due = PassedOn.objects.filter(Q(state="queued") | Q(state="told", wired=True), not_before__lte=at)
    for row in list(due.select_related("request").order_by("not_before", "pk")):
        mine = PassedOn.objects.filter(pk=row.pk, state=row.state, not_before=row.not_before)
        if mine.update(not_before=at + CLAIM):
            _tell(row, at, done)
    return done


def _tell(row: PassedOn, at: datetime, done: dict[str, int]) -> None:
    way, telling = WAYS.get(row.to), _telling(row, at)
    try:
        heard = way.tell(telling) if way and way.tell else None
    except NoWire:
        heard = None
    except PartnerError as problem:
        log.warning("A recipient could not be told: %s", type(problem).__name__)
        _later(row, at, done)
        return
    if heard is None:
        done["letters"] += _become(row, "letter", wired=False)
    elif heard.state == "waiting":
        _become(row, "queued", not_before=at + AGAIN)
    elif heard.state == "told":
        done["told"] += _told(row, at)
        _become(row, "told", wired=True, not_before=at + AGAIN)
    else:
        done["told"] += _told(row, at)
        confirm(row, at, receipt=heard.receipt)


def _telling(row: PassedOn, at: datetime) -> Telling:
    return Telling(row.kind, row.person_id, row.request.brand, frozenset(row.items), tuple(row.known_by), row.once, at)


def _later(row: PassedOn, at: datetime, done: dict[str, int]) -> None:
    """Try again later; at last, a letter."""
    tries = row.tries + 1
    if tries >= MOST_TRIES:
        done["letters"] += _become(row, "letter", wired=False, tries=tries)
    else:
        wait = min(timedelta(minutes=5 * 2**tries), LONGEST_WAIT)
        _become(row, row.state, tries=tries, not_before=at + wait)


def _become(row: PassedOn, state: str, **changed: object) -> int:
    """Write down how a row stands; not over one that was overtaken meanwhile. Returns whether it was written."""
    return int(PassedOn.objects.filter(pk=row.pk, state=row.state).update(state=state, **changed))


def _told(row: PassedOn, at: datetime) -> bool:
    """Note in the ledger that somebody was told, once."""
    if not PassedOn.objects.filter(pk=row.pk, told_at=None).update(told_at=at):
        return False
    notice(
        row.person_id, to=row.to, brand=row.request.brand, items=row.items, clause=f"rights.{LINE[row.kind]}", at=at,
        request=row.request.number, kind=row.kind,
    )  # fmt: skip
    return True


def confirm(row: PassedOn, at: datetime, *, receipt: str = "") -> None:
    """Note that a recipient did it. Their numbers have served, and go."""
    PassedOn.objects.filter(pk=row.pk).exclude(state="overtaken").update(
        state="confirmed", confirmed_at=at, known_by=[], receipt=receipt[:80]
    )


# -- what is said of it ------------------------------------------------------------------------------------------------

SAID: Final = {
    "planned": "told as soon as it is done", "queued": "being told", "letter": "we write to them",
    "told": "told, and not confirmed yet", "confirmed": "told, and they confirmed it",
    "overtaken": "overtaken: all of it was erased, and they are told of that",
}  # fmt: skip
WHAT: Final = {"erase": "erased", "correct": "corrected", "restrict": "locked", "lift": "no longer locked"}


class Shown(NamedTuple):
    """One recipient, as people read what they were told."""

    who: str
    what: str  # the items
    became: str
    stands: str
    told: str  # a day, or nothing
    confirmed: str


def shown(found: Request, compiled: Compiled) -> list[Shown]:
    """Return who was told what of a request, and when. Names nobody."""
    labels, known, made = compiled.book.labels, compiled.policy.recipients, []
    for row in PassedOn.objects.filter(request=found).order_by("noted_at", "to"):
        who = known[row.to].say if row.to in known else row.to
        what = listed([labels[item].say for item in row.items if item in labels])
        made.append(Shown(who, what, WHAT[row.kind], SAID[row.state], _day(row.told_at), _day(row.confirmed_at)))
    return made


def _day(at: datetime | None) -> str:
    return say_day(policies.house_day(at)) if at else ""


def letter(to: str, rows: Collection[PassedOn], compiled: Compiled) -> str:
    """Return the letter that tells a recipient everything that waits for one, by their own numbers."""
    recipient, about, labels = compiled.policy.recipients.get(to), compiled.policy.about, compiled.book.labels
    lines = [
        {
            "what": listed([labels[item].say for item in row.items if item in labels]), "became": WHAT[row.kind],
            "kind": row.kind, "numbers": row.known_by, "case": row.request.number,
            "days": [say_day(date.fromisoformat(day)) for day in row.days],
        }
        for row in rows
    ]  # fmt: skip
    context = {
        "to": listed(recipient.who) if recipient else to, "lines": lines, "officer": about.officer,
        "contract": recipient.contract.ref if recipient and recipient.contract else "",
        "controller": about.entities[about.controller].say if about.controller in about.entities else about.controller,
    }  # fmt: skip
    return render_to_string("rights/letters/recipient.txt", context).strip() + "\n"


# -- by letter ---------------------------------------------------------------------------------------------------------


def to_write() -> Iterator[tuple[str, list[PassedOn]]]:
    """Yield each recipient the officer has to write to, with what stands in that one letter."""
    by: dict[str, list[PassedOn]] = {}
    for row in PassedOn.objects.filter(state="letter").select_related("request").order_by("to", "noted_at", "pk"):
        by.setdefault(row.to, []).append(row)
    yield from by.items()


def unconfirmed() -> dict[str, list[PassedOn]]:
    """Return the recipients who were written to and have not said that it is done."""
    by: dict[str, list[PassedOn]] = {}
    for row in PassedOn.objects.filter(state="told", wired=False).select_related("request").order_by("to", "told_at"):
        by.setdefault(row.to, []).append(row)
    return by


def written(rows: Collection[UUID], at: datetime, *, confirmed: bool = False) -> int:
    """Note that the officer's letter about these went, or that its answer came. Returns how many. Raises NotNow."""
    were = PassedOn.objects.filter(pk__in=list(rows), wired=False, state="told" if confirmed else "letter")
    some = list(were.select_related("request"))
    if not some:
        raise NotNow("That was noted already, or there is no such letter.")
    for row in some:
        if confirmed:
            confirm(row, at)
        else:
            _told(row, at)
            _become(row, "told")
    return len(some)
