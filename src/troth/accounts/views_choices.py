"""Your choices: one row for each thing one may say yes or no to, each answer saved by itself, with its receipt.

Opens for whoever is signed in, and from a signed link without signing in: nobody has to, to say no (R68).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpResponse

from troth.choices.actions import events_of, wished
from troth.choices.rules import OFTEN, PAUSING, Said, fold, paused
from troth.doors import policies
from troth.doors.acting import entries_about
from troth.doors.collect import choose
from troth.policy import Compiled
from troth.policy.wording import say_day
from troth.vault import signed
from troth.vault.models import Person

from . import choosing
from .choosing import Choices, Row
from .errors import DeadLink
from .pages import Context, Here, SeeOther, me, page

SALT = "troth.accounts.choices"
EVERYTHING = "*"
STOP = "Stop everything: no news, no adverts, no profile, from any of our brands"
PAUSES: Final = (30, 90)  # days: [rights.pause]
PAUSE = "Pause: for {days} days no news and no invitation, from any of our brands"
RESUME = "End the pause: from now on all is as it was before"
SIGHTED = " My browser says no to this for me, and I say yes all the same."
UNDO = "Undo what I said just now: as it was before"
UNDONE_WITHIN: Final = timedelta(hours=1)


def key(person: UUID) -> str:
    """Return what a link names somebody by, so that they can choose without signing in."""
    return signed.key(SALT, person, "~")


@page("proof", signed=True)
def choices(here: Here) -> HttpResponse:
    return _page(here, me(here), lambda query: here.to("choices_own", query), ("choices", "account"))


@page("proof")
def choices_by_link(here: Here, key: str) -> HttpResponse:
    person = signed.read(SALT, key, "~")
    if person is None or not Person.objects.filter(pk=person).exists():
        raise DeadLink
    return _page(here, person, lambda query: here.to("choices_link", query, key=key), ("choices",))


@dataclass
class Choosing:
    """Somebody before their choices at one brand."""

    them: Person
    brand: str
    compiled: Compiled
    events: list[Said]
    places: tuple[str, ...]
    at: datetime

    @cached_property
    def shown(self) -> Choices:
        return choosing.choices(
            self.events, wished(self.them.pk, self.brand), self.compiled, brand=self.brand,
            residence=self.them.residence, places=self.places, at=self.at,
        )  # fmt: skip

    def say(self, kind: str, patterns: Iterable[str], words: str, **more: Any) -> int:  # noqa: ANN401 -- as `choose` takes
        """Save an answer, later than every other: of two in one instant the no would count. Returns its entry."""
        newest = max((one.at for one in self.events), default=self.at - timedelta(days=1))
        at = max(more.pop("at", self.at), newest + timedelta(milliseconds=1))
        return choose(
            kind, *patterns, person=self.them.pk, brand=self.brand, place="choices", wording=words, at=at, **more
        )

    @property
    def last(self) -> list[Said]:
        """What was said last, in one act."""
        newest = max((one.at for one in self.events), default=None)
        return [one for one in self.events if one.at == newest]


def _page(here: Here, person: UUID, way: Callable[[dict[str, str]], str], places: Iterable[str]) -> HttpResponse:
    at, compiled = policies.now(), policies.archive().in_force(policies.today())
    asked = here.request.GET.get("of", "")
    brand = asked if asked in compiled.policy.brands else here.brand
    them, events = Person.objects.get(pk=person), events_of([person])[person]
    mine, of = Choosing(them, brand, compiled, events, tuple(places), at), {"of": brand} if brand != here.brand else {}
    if here.request.method != "POST":
        brands = [
            (name, made.say or name.title(), way({"of": name} if name != here.brand else {}))
            for name, made in compiled.policy.brands.items()
        ]
        context = {"parts": mine.shown.parts, "way": way(of), "brands": brands, "of": brand, "pauses": PAUSES}
        return here.page("choices", context | _told(here, mine, signed_in="account" in places))
    about, answer = here.request.POST.get("about", ""), here.request.POST.get("answer", "")
    entry = _done(mine, about, answer)
    if entry is None:
        words = "Please use the buttons of the page. Nothing was changed."
        return here.page("say", {"title": "Nothing done", "words": words}, status=400)
    return SeeOther(f"{way(of | {'saved': str(entry), 'about': about})}#{choosing.place_of(about)}")


def _told(here: Here, mine: Choosing, *, signed_in: bool) -> Context:
    """Return what the page says of a pause, and of what was saved just now: its number in the log, and the time."""
    zone = ZoneInfo(mine.them.zone)
    told: Context = {"until": say_day(mine.shown.until.astimezone(zone).date()) if mine.shown.until else ""}
    number = here.request.GET.get("saved", "")
    entry = dict(entries_about(mine.them.pk)).get(int(number[:18])) if number.isdecimal() else None
    if entry and "said" in entry.get("facts", {}):
        at = datetime.fromisoformat(entry["at"]).astimezone(zone)
        receipt = here.to("receipt", number=number[:18]) if signed_in else ""
        newest = mine.last and abs(mine.last[0].at - at) < timedelta(milliseconds=2)
        told["saved"] = {
            "number": number[:18], "when": f"{at:%H:%M} on {say_day(at.date())}", "receipt": receipt,
            "undo": newest and mine.at - at < UNDONE_WITHIN and any(True for _ in _undoing(mine)),
            "about": here.request.GET.get("about", ""),
        }  # fmt: skip
    return told


# -- what a tap does ---------------------------------------------------------------------------------------------------


def _done(mine: Choosing, about: str, answer: str) -> int | None:
    """Do what a button says, and return its entry in the ledger; None for what the page does not offer."""
    if about == EVERYTHING:
        return mine.say("objection", [EVERYTHING], STOP) if answer == "no" else None
    if about == "pause":
        return _pause(mine, answer)
    if about == "undo":
        return _undo(mine) if answer == "yes" else None
    if about.startswith(f"{OFTEN}:"):
        return _limit(mine, about.partition(":")[2], answer)
    row = next((row for row in mine.shown.rows if row.pattern == about), None)
    return _answer(mine, row, answer) if row else None


def _answer(mine: Choosing, row: Row, answer: str) -> int | None:
    if answer == "no":
        kind = "objection" if row.objects else "withdrawal" if row.stands == "yes" else "refusal"
        return mine.say(kind, [row.pattern], row.say)
    if answer == "yes" and row.may_yes:
        return mine.say("consent", [row.pattern], row.say + (SIGHTED if row.signalled else ""), sighted=row.signalled)
    return None


def _pause(mine: Choosing, answer: str) -> int | None:
    over = choosing.pausing(mine.compiled)
    if answer == "end":
        return mine.say("resume", over, RESUME)
    if answer not in map(str, PAUSES):
        return None
    days = int(answer)
    return mine.say("pause", over, PAUSE.format(days=days), expires=mine.at + timedelta(days=days))


def _limit(mine: Choosing, pattern: str, answer: str) -> int | None:
    asked = {f"{one.name}:{mine.brand}": one for _, _, some in mine.shown.parts for one in some}
    question = asked.get(pattern)
    words = {str(days): say for days, say, _ in question.often} if question else {}
    if question is None or answer not in words:
        return None
    return mine.say(OFTEN, [pattern], f"{question.say} At most: {words[answer]}.", days=int(answer) or None)


# -- undo: the log is only added to, so it says once more what stood before --------------------------------------------


def _undo(mine: Choosing) -> int | None:
    """Say what undoes the last answer. What had not been answered before a no stays a no: silence cannot be said."""
    newest = mine.last[0].at if mine.last else None
    if newest is None or mine.at - newest >= UNDONE_WITHIN:
        return None
    entry = None
    for turn, (kind, patterns, more) in enumerate(_undoing(mine)):
        at = newest + timedelta(milliseconds=2 + turn)
        entry = mine.say(kind, patterns, UNDO, at=max(at, mine.at + timedelta(milliseconds=turn)), **more)
    return entry


def _undoing(mine: Choosing) -> Iterable[tuple[str, list[str], dict[str, Any]]]:
    """Yield the answers that undo the last one: kind, patterns, and when it ends or how often."""
    last = mine.last
    if not last or last[0].kind in ("signal", "signal_off", "soft"):
        return
    kind, patterns, newest = last[0].kind, [one.pattern for one in last], last[0].at
    before = [one for one in mine.events if one.at < newest]
    if kind in PAUSING:
        was = paused(before, newest)
        yield ("pause", patterns, {"expires": was}) if was and was > mine.at else ("resume", patterns, {})
    elif kind == OFTEN:
        yield OFTEN, patterns, {"days": _before(mine, patterns[0], newest)}
    else:
        mask = 0
        for pattern in patterns:
            mask |= mine.compiled.book.meant(pattern)
        stood = fold([one for one in before if one.kind not in PAUSING], mine.compiled, mine.at)
        if kind == "consent":
            yield "withdrawal", patterns, {}
        if back := list(choosing.pieces(mine.compiled, stood.yes & mask)):
            yield "consent", back, {}


def _before(mine: Choosing, pattern: str, at: datetime) -> int | None:
    name, _, brand = pattern.partition(":")
    return wished(mine.them.pk, brand, before=at).get(name) or None
