"""Your choices: one row for each thing one may say yes or no to, each answer saved by itself, with its receipt.

Opens for whoever is signed in, and from a signed link without signing in: nobody has to, to say no (R68).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.http import HttpResponse

from troth.choices.actions import standings
from troth.doors import policies
from troth.doors.collect import choose
from troth.policy import Compiled, Standing
from troth.policy.book import matching
from troth.policy.nouns import Choice
from troth.policy.sections_yours import CHANNEL_NAMES
from troth.vault.models import Person

from . import signed
from .errors import DeadLink
from .pages import Here, SeeOther, me, page

SALT = "troth.accounts.choices"
ASKED_ELSEWHERE = frozenset({"recording", "needs", "praise"})  # one by one, at the call, the table or the words
EVERYTHING = "*"
STOP = "Stop everything: no news, no adverts, no profile, from any of our brands"


@dataclass(frozen=True)
class Row:
    """One question: the slots it is about, its words, and how it stands: yes, no, or open."""

    pattern: str
    say: str
    stands: str
    by_default: str = ""  # what holds while it is open
    topics: tuple[Row, ...] = field(default=())


def key(person: UUID) -> str:
    """Return what a link names somebody by, so that they can choose without signing in."""
    return signed.key(SALT, person, "~")


@page("proof", signed=True)
def choices(here: Here) -> HttpResponse:
    return _page(here, me(here), here.to("choices_own"))


@page("proof")
def choices_by_link(here: Here, key: str) -> HttpResponse:
    person = signed.read(SALT, key, "~")
    if person is None or not Person.objects.filter(pk=person).exists():
        raise DeadLink
    return _page(here, person, here.to("choices_link", key=key))


def _page(here: Here, person: UUID, way: str) -> HttpResponse:
    at, compiled = policies.now(), policies.archive().in_force(policies.today())
    rows = list(_rows(compiled, person, here.brand, at))
    if here.request.method != "POST":
        saved = here.request.GET.get("saved", "")
        context = {"rows": rows, "saved": saved if saved.isdigit() else "", "stop": STOP, "way": way}
        return here.page("choices", context)
    pattern, answer = here.request.POST.get("about", ""), here.request.POST.get("answer", "")
    every = {one.pattern: one for row in rows for one in (row, *row.topics)}
    if pattern == EVERYTHING and answer == "no":
        entry = _say("objection", EVERYTHING, STOP, person, here.brand, at)
    elif pattern in every and answer in ("yes", "no"):
        row = every[pattern]
        no = "withdrawal" if row.stands == "yes" else "refusal"
        entry = _say("consent" if answer == "yes" else no, pattern, row.say, person, here.brand, at)
    else:
        words = "Please use the buttons of the page. Nothing was changed."
        return here.page("say", {"title": "Nothing done", "words": words}, status=400)
    return SeeOther(f"{way}{'&' if '?' in way else '?'}saved={entry}#c-{pattern.replace(':', '-').replace('*', 'all')}")


def _say(kind: str, pattern: str, words: str, person: UUID, brand: str, at: datetime) -> int:
    return choose(kind, pattern, person=person, brand=brand, place="choices", wording=words, at=at)


def _rows(compiled: Compiled, person: UUID, brand: str, at: datetime) -> list[Row]:
    """Return a row for each choice in force, and for each channel of those that have some."""
    them = Person.objects.get(pk=person)
    standing = standings([them], compiled, at)[person]
    made = []
    for name, choice in compiled.policy.choices.items():
        if name in ASKED_ELSEWHERE:
            continue
        for channel in choice.channels or ("",):
            pattern = f"{name}:{brand}:{channel}" if channel else f"{name}:{brand}"
            say = f"May we {choice.say}" + (f", by {CHANNEL_NAMES[channel]}?" if channel else "?")
            if mask := matching(compiled.book.slots, pattern):
                topics = tuple(_topics(compiled, choice, pattern, standing)) if channel else ()
                made.append(Row(pattern, say, _stands(mask, standing), _default(choice, channel), topics))
    return made


def _topics(compiled: Compiled, choice: Choice, pattern: str, standing: Standing) -> list[Row]:
    found = [(topic, matching(compiled.book.slots, f"{pattern}:{topic}")) for topic in choice.topics]
    return [Row(f"{pattern}:{topic}", topic.capitalize(), _stands(mask, standing)) for topic, mask in found if mask]


def _stands(mask: int, standing: Standing) -> str:
    """Return how all of some slots stand: yes, no, or, where they differ or nothing was said, open."""
    noes = standing.no | standing.stop | standing.signal
    return "no" if mask & noes == mask else "yes" if mask & standing.yes & ~noes == mask else ""


def _default(choice: Choice, channel: str) -> str:
    ask = choice.channels.get(channel, choice.ask) if isinstance(choice.channels, dict) else choice.ask
    return "We do until you say no." if ask == "out" else "We do not unless you say yes."
