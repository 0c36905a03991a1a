"""Asking at events and contests: a form of the policy with a link of its own, and the yeses people tick on it.

    made = publish(spec, by=agent, at=now)       # raises NotFit, with a sentence for each thing that is too wide
    fill(made, wording, answers, person, at=now)   # what was entered is collected, each ticked box is a yes

A form asks no more than its form in the policy does, puts no question that is not offered there, and never depends on a
yes. Each answer holds who asked, in which words of which version, where and when. Source: R9, R18, R63; PECR reg 22.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from troth.choices.actions import say
from troth.choices.models import Event
from troth.doors import policies
from troth.doors.acting import whole
from troth.doors.collect import collect
from troth.policy import Compiled
from troth.policy.nouns import Form, Property
from troth.policy.sections_yours import CHANNEL_NAMES
from troth.policy.wording import listed, say_day
from troth.vault import identity
from troth.vault.models import HeldRow

from .campaign_models import Heard
from .capture_models import Attendance, CaptureForm, CaptureWording, Entry
from .errors import NotFit, NotNow

FIELDS: Final = {  # items a form can ask for, as it asks
    "name": "Your name", "age_band": "Your age", "email": "Email address", "mobile": "Mobile number",
    "event_guests": "How many you bring",
}  # fmt: skip
CAME, ENTERED = "event_attendance", "contest_entries"
BY_ITSELF: Final = (CAME, ENTERED)  # what filling it in tells
SITE: Final = ""
QUESTION: Final = "May {brand} {what} by {channel}?"
NEEDED: Final = ("{brand}", "{what}", "{channel}")
LETTERS: Final = "abcdefghjkmnpqrstuvwxyz"
PLACE: Final = "form {}"


@dataclass(frozen=True)
class Spec:
    """What a marketer chose. `form`: "event.guest_list"; `where`: a property, or nothing for the brand's own site."""

    name: str
    brand: str
    where: str
    form: str
    until: date
    title: str
    intro: str = ""
    question: str = QUESTION
    may: Sequence[str] = ()
    asks: Sequence[tuple[str, str]] = ()
    topics: Sequence[str] = ()

    @property
    def source(self) -> str:
        return self.form.partition(".")[0]


def forms(compiled: Compiled) -> dict[str, Form]:
    """Return the forms of the policy that can be published: they put a question, and ask only what a page can ask."""
    found = {}
    for source, made in compiled.policy.sources.items():
        for name, form in made.forms.items():
            puts = any(compiled.policy.choices[one].channels for one in form.offers)
            if puts and set(form.asks) <= {*FIELDS, *BY_ITSELF} and "consents" not in made.takes:
                found[f"{source}.{name}"] = form
    return found


def places(compiled: Compiled, brand: str, form: str, on: date) -> dict[str, str]:
    """Return where a form may stand on a day: the brand's places of the kinds its source is met at."""
    source, told = compiled.policy.sources[form.partition(".")[0]], compiled.policy.brands[brand]
    found = {SITE: f"{told.say or brand.title()}'s own site"} if "site" in source.at else {}
    open_ = {name: one for name, one in told.properties.items() if one.kind in source.at and one.begin <= on < one.end}
    return found | {name: one.at for name, one in open_.items()}


def problems(spec: Spec, compiled: Compiled, on: date) -> list[str]:
    """Return a sentence for each thing a form asks beyond what the policy lets it, and for what it lacks."""
    return list(_problems(spec, compiled, on))


def _problems(spec: Spec, compiled: Compiled, on: date) -> Iterator[str]:
    form, clause = forms(compiled).get(spec.form), f"[sources.{spec.form.replace('.', '.forms.')}]"
    if spec.brand not in compiled.policy.brands or form is None:
        yield "Choose a brand, and one of the policy's forms."
        return
    there = places(compiled, spec.brand, spec.form, on)
    if spec.where not in there:
        yield f"This form is not met there today. It is met at: {'; '.join(there.values()) or 'no place of the brand'}."
    yield from _times(spec, compiled.policy.brands[spec.brand].properties.get(spec.where), on)
    may = compiled.book.items(form.may)
    for item in spec.may:
        if item not in FIELDS or not compiled.book.items([item]) <= may:
            yield f'The policy\'s form does not ask for "{FIELDS.get(item, item)}": {clause} would have to name it.'
    for choice, channel in spec.asks:
        if choice not in form.offers:
            asked = compiled.policy.choices[choice].say if choice in compiled.policy.choices else choice
            yield f'This form does not put the question "May we {asked}?": {clause}.offers would have to name it.'
        elif channel not in compiled.policy.choices[choice].channels:
            yield f"[choices.{choice}] knows no {CHANNEL_NAMES.get(channel, channel)}."
        elif strange := set(spec.topics) - set(compiled.policy.choices[choice].topics):
            yield f"[choices.{choice}] knows no topic {listed(sorted(strange), 'or')}."
    if not spec.asks:
        yield "Ask at least one thing: without a question it is no form of ours."
    yield from _words(spec)


def _times(spec: Spec, there: Property | None, on: date) -> Iterator[str]:
    if spec.until < on:
        yield "Its last day is over already."
    if there and spec.until >= there.end:
        yield f"The place is there only until {say_day(there.end)}: the form cannot be open longer."


def _words(spec: Spec) -> Iterator[str]:
    if not spec.title.strip() or not spec.name.strip():
        yield "Give it a title, and a name by which we find it."
    if lacking := [one for one in NEEDED if one not in spec.question]:
        yield f"The question must say {listed(lacking, 'and')}: nobody says yes to what is not named."
    if any(not text.isprintable() for text in (spec.name, spec.title, spec.intro, spec.question)):
        yield "Please leave out the signs that cannot be seen."
    try:
        spec.question.format(brand="", what="", channel="")
    except (KeyError, IndexError, ValueError):
        yield "In braces the question may hold only {brand}, {what} and {channel}."


def publish(spec: Spec, *, by: UUID, at: datetime) -> CaptureForm:
    """Publish a form: it gets its link and its first words. Raises NotFit."""
    compiled, today = policies.archive().in_force(policies.today()), policies.today()
    if wrong := problems(spec, compiled, today):
        raise NotFit(tuple(wrong))
    source, _, form = spec.form.partition(".")
    with transaction.atomic():
        made = CaptureForm.objects.create(
            key="".join(secrets.choice(LETTERS) for _ in range(10)), name=spec.name.strip()[:80], brand=spec.brand,
            where=spec.where, source=source, form=form, until=spec.until, made_by=by, made_at=at,
        )  # fmt: skip
        _worded(made, spec, 1, by, at)
    return made


def reword(one: CaptureForm, spec: Spec, *, by: UUID, at: datetime) -> CaptureWording:
    """Give a form new words: a version more. The old ones stay, for those who answered them. Raises NotFit, NotNow."""
    if one.closed_at:
        raise NotNow("reword", "the form is closed")
    compiled, newest = policies.archive().in_force(policies.today()), wording_of(one)
    if wrong := problems(spec, compiled, policies.today()):
        raise NotFit(tuple(wrong))
    if spec_of(one, newest) == spec:
        return newest
    with transaction.atomic():
        return _worded(one, spec, newest.version + 1, by, at)


def _worded(one: CaptureForm, spec: Spec, version: int, by: UUID, at: datetime) -> CaptureWording:
    return CaptureWording.objects.create(
        form=one, version=version, title=spec.title.strip()[:80], intro=spec.intro.strip()[:600],
        question=spec.question.strip()[:200], may=list(spec.may), asks=[list(ask) for ask in spec.asks],
        topics=list(spec.topics), made_by=by, made_at=at,
    )  # fmt: skip


def close(one: CaptureForm, at: datetime) -> None:
    """Close a form: its link tells so from then on. Closed again, it stays so."""
    CaptureForm.objects.filter(pk=one.pk, closed_at=None).update(closed_at=at)
    one.refresh_from_db()


def wording_of(one: CaptureForm, version: int | None = None) -> CaptureWording:
    """Return a version of a form's words; the newest unless named. Raises CaptureWording.DoesNotExist."""
    found = one.wordings.order_by("-version")
    made: CaptureWording = (found.filter(version=version) if version else found)[:1].get()
    return made


def spec_of(one: CaptureForm, said: CaptureWording) -> Spec:
    return Spec(
        one.name, one.brand, one.where, f"{one.source}.{one.form}", one.until, said.title, said.intro, said.question,
        tuple(said.may), tuple((choice, channel) for choice, channel in said.asks), tuple(said.topics),
    )  # fmt: skip


def is_open(one: CaptureForm, said: CaptureWording) -> bool:
    """Tell whether a form may be filled in today, by the policy in force today."""
    compiled = policies.archive().in_force(policies.today())
    return one.closed_at is None and not problems(spec_of(one, said), compiled, policies.today())


@dataclass(frozen=True)
class Box:
    """One question with a box beside it, empty at first."""

    name: str
    choice: str
    channel: str
    say: str


def boxes(one: Spec, compiled: Compiled) -> list[Box]:
    """Return the boxes of a form, in the words it puts."""
    brand = compiled.policy.brands[one.brand].say or one.brand.title()
    about = f" about {listed(list(one.topics))}" if one.topics else ""
    made = []
    for choice, channel in one.asks:
        what = compiled.policy.choices[choice].say.replace("this brand's own", "its own") + about
        words = one.question.format(brand=brand, what=what, channel=CHANNEL_NAMES.get(channel, channel))
        made.append(Box(f"yes-{choice}-{channel}", choice, channel, words))
    return made


def fields(one: Spec, compiled: Compiled) -> list[tuple[str, bool]]:
    """Return what a form asks for: item, and whether it must be filled in."""
    form = forms(compiled)[one.form]
    return [(item, True) for item in form.asks if item in FIELDS] + [(item, False) for item in one.may]


# -- answers -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answers:
    """What somebody filled in, read and checked. `yes`: the names of the boxes that are ticked."""

    once: str
    given: Mapping[str, str]
    yes: frozenset[str]


def fill(one: CaptureForm, said: CaptureWording, what: Answers, person: UUID | None, *, at: datetime) -> bool:
    """Take in what somebody filled in, and each box they ticked, all or nothing. Sent again it is the same: False.

    Whoever types a mailbox that belongs to somebody we know enters them, and says no yes for them. For a page that
    declares the form's purposes and "proof". Raises Refused, BadIdentifier, NotNow.
    """
    mark = hashlib.sha256(f"form:{one.key}:{what.once}".encode()).digest()
    owner = person or (identity.find("email", what.given["email"]) if what.given.get("email") else None)
    new = owner is None
    try:
        with whole():
            Heard.objects.create(mark=mark, at=at)
            owner = owner or identity.new(on=at.date(), age=_age(what)).pk
            _collected(one, said, what, owner, at, new=new)
            if new or person:
                _agreed(one, said, what.yes, owner, at)
            CaptureForm.objects.filter(pk=one.pk).update(sent=F("sent") + 1)
    except IntegrityError:
        if Heard.objects.filter(mark=mark).exists():
            return False
        raise NotNow("fill in", "somebody else was quicker with this address") from None
    return True


def _age(what: Answers) -> int | None:
    return int(what.given["age_band"]) if what.given.get("age_band") else None


def _collected(
    one: CaptureForm, said: CaptureWording, what: Answers, owner: UUID, at: datetime, *, new: bool
) -> None:  # fmt: skip
    compiled = policies.archive().in_force(policies.today())
    form = forms(compiled)[f"{one.source}.{one.form}"]
    # An address that comes for a yes alone comes in for the proof of it: see `partner_lists`.
    purpose = "proof" if "marketing" in compiled.book.kinds[form.purposes[0]] else form.purposes[0]
    with collect(
        purpose, source=one.source, brand=one.brand, person=owner, actor="person", where=one.where, at=at
    ) as c:  # fmt: skip
        c.facts["form"] = f"{one.form}, {one.key}, {said.version}"
        for kind in ("email", "name", "mobile") if new else ():
            if value := what.given.get(kind):
                made = identity.identifier(owner, kind, value)
                if made.given:
                    c.save(made)
        for item in form.asks:
            if item in BY_ITSELF:
                c.save(_came(one, said, item, what, owner))


def _came(one: CaptureForm, said: CaptureWording, item: str, what: Answers, owner: UUID) -> HeldRow:
    last = datetime.combine(one.until, time(12), tzinfo=policies.house_zone())
    if item == ENTERED:
        entered = Entry(person_id=owner, form=one.pk, wording=said.version, event_at=last)
        entered.entry = said.title
        return entered
    came = Attendance(person_id=owner, form=one.pk, wording=said.version, event_at=last)
    came.event = said.title
    if what.given.get("event_guests"):
        came.guests = int(what.given["event_guests"])
    return came


def _agreed(one: CaptureForm, said: CaptureWording, ticked: frozenset[str], owner: UUID, at: datetime) -> None:
    """Write each ticked box down as a yes, in its words."""
    compiled, spec = policies.archive().in_force(policies.today()), spec_of(one, said)
    asker = compiled.policy.brands[one.brand]
    there = asker.properties.get(one.where)
    proof = {
        "form": one.key, "version": str(said.version), "asked_by": asker.say or one.brand, "medium": "form",
        "where": there.at if there else "site",
    }  # fmt: skip
    with collect("proof", source="choice", brand=one.brand, person=owner, actor="person", at=at) as c:
        for box in boxes(spec, compiled):
            if box.name in ticked:
                whole_ = f"{box.choice}:{one.brand}:{box.channel}"
                say(
                    c.save, owner, "consent", [f"{whole_}:{topic}" for topic in spec.topics] or [whole_],
                    compiled=c.compiled, at=at, place=PLACE.format(one.key), wording=box.say, proof=proof,
                )  # fmt: skip


def answered(one: CaptureForm) -> tuple[int, int]:
    """Return how many ticked a box of a form, and how often it was filled in without one."""
    yes = Event.objects.filter(place=PLACE.format(one.key), kind="consent").values("person_id").distinct().count()
    return yes, max(0, one.sent - yes)
