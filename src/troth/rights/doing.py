"""What a right comes to once it is clear who asks: most are done at once, some wait for one of us, erasure a week."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from troth.doors import erasing, policies, restricting
from troth.doors.collect import choose
from troth.doors.errors import Refused
from troth.laws import exemptions
from troth.policy import Compiled
from troth.policy.acts import ERASING
from troth.vault.models import Person

from . import actions, agents, blacking, letters, passing_on, rules, seeing
from .errors import NotNow
from .models import Note, PassedOn, Request

KINDS: Final = {  # by right: the kinds of purpose it stops; "" for all that rests on our interest
    "stop": frozenset({"marketing", "survey"}),
    "optout": frozenset({"sale", "adverts", "profiling", "matching"}),
    "limit": frozenset({"location"}),
    "object": frozenset({""}),
}
TOLD: Final = {
    "stop": "It counts from this moment, for all our brands. Messages about what you ordered still come.",
    "optout": "It counts from this moment: no sale, no sharing, no targeted adverts, no profile, from any of our "
    "brands. We do not ask you again for twelve months.",
    "limit": "It counts from this moment: we learn and use your location for nothing any more, and sensitive facts "
    "only for what you asked us to see to with them.",
    "object": "It counts from this moment: nothing that rests on our own interest is done with your data any more.",
    "restrict": "It counts from this moment: we keep what we hold and use it for nothing, not even for orders. You "
    "lift it yourself, on the page below.",
}


def proceed(found: Request, at: datetime) -> Request:
    """Do what can be done without one of us; what cannot is confirmed, and lies on the officer's desk. Repeatable."""
    if found.state in rules.OVER:
        return found
    if found.right in KINDS and (found.state == "open" or found.right in rules.NO_PROOF):
        say_no(found, at)
        return _done(found, at)
    if found.right == "restrict" and found.state == "open":
        restricting.restrict(found.person_id, found.brand, at)
        passing_on.plan(found, "restrict", at)
        return _done(found, at)
    if found.right in rules.COPIES and found.state == "open" and not _must_look(found, at):
        return hand_out(found, at)
    if found.state == "open" and found.right != "erase":
        actions.acknowledge(found, at)
    return found


def patterns(right: str, compiled: Compiled) -> Iterator[str]:
    """Yield the slots that a no of this right is about, from the kinds of the policy's purposes."""
    wanted, seen = KINDS[right], set()
    for name, purpose in compiled.policy.purposes.items():
        hit = purpose.basis == "interest" if "" in wanted else wanted & compiled.book.kinds[name]
        for slot in (purpose.choice or (name,)) if hit and (purpose.choice or purpose.basis == "interest") else ():
            if slot not in seen:
                seen.add(slot)
                yield slot


def say_no(found: Request, at: datetime) -> None:
    """Have a no count from now: once it returns, no message begins or ends that it forbids. Raises StillSending."""
    compiled = policies.archive().in_force(policies.today())
    say = compiled.policy.rights[found.right].say
    choose(
        "objection", *patterns(found.right, compiled), person=found.person_id, brand=found.brand, place="request",
        wording=f"Request {found.number}: {say}", actor="person" if found.known_at else "system", at=at,
    )  # fmt: skip


def lift(found: Request, brand: str, at: datetime) -> None:
    """Lift a restriction, as its person says; whoever was told of it is told of that too. Raises NotNow."""
    if found.right != "restrict" or not restricting.restricted(found.person_id):
        raise NotNow("There is no restriction to lift.")
    restricting.lift(found.person_id, brand, at)
    actions.note(found, "lift", at)
    passing_on.plan(found, "lift", at)


def _done(found: Request, at: datetime) -> Request:
    found = actions.step(found, "answer", at, words={"told": TOLD[found.right]})
    letters.write(found, "done", at, told=TOLD[found.right])
    return found


def _must_look(found: Request, at: datetime) -> bool:
    """Tell whether one of us reads an answer before it goes: something in it may be about somebody else (R75)."""
    held = seeing.see(found.person_id, at, actor="system", brand=found.brand)
    decided = blacking.decided(found.person_id)
    return any(one.place not in decided for one in blacking.suspects(held))


def hand_out(found: Request, at: datetime, *, by: UUID | None = None, answer: str = "") -> Request:
    """Have a copy lie ready for a fortnight, and say so. It is made when it is fetched: no file lies about."""
    cut = blacking.withheld(found.person_id)
    found = actions.step(found, "answer", at, by=by, copy_until=at + rules.COPY)
    codes = sorted({one.code for one in cut.values()})
    grounds = [{"code": code} | exemptions()[code] for code in codes]
    letters.write(found, "copy", at, answer=answer, withheld=grounds, agent=found.agent_id is not None)
    agents.hand_out(found, at)
    return found


def copy_lies_ready(found: Request, at: datetime) -> bool:
    """Tell whether a copy can be fetched now: not too late, and not of what a duty keeps of somebody who was erased."""
    if found.state != "answered" or found.copy_until is None or at >= found.copy_until:
        return False
    return not Person.objects.filter(pk=found.person_id, flags=F("flags").bitor(ERASING)).exists()


# -- erasure -----------------------------------------------------------------------------------------------------------


def erased_on(person: UUID, at: datetime) -> date:
    """Return the day an erasure runs that is confirmed now, where the person is."""
    return at.astimezone(actions.zone_of(person)).date() + rules.GRACE


def plan(found: Request, at: datetime) -> Request:
    """Take the yes to an erasure: it runs after the days of grace, and can be called off till then. Raises Refused."""
    erasing.refuse_held([found.person_id], policies.archive().in_force(policies.today()))
    found = actions.step(found, "plan", at, planned_on=erased_on(found.person_id, at))
    letters.write(found, "planned", at)
    return found


def certificate(lines: Any, at: datetime, entry: int = 0) -> dict[str, Any]:  # noqa: ANN401 -- erasing.Line
    """Return what an erasure did as a request keeps it: items, counts and clauses."""
    return {
        "at": at.date().isoformat(), "entry": entry,
        "lines": [
            {"items": list(one.items), "rows": one.rows, "kept": one.kept, "why": one.why, "say": one.say,
             "until": one.until.isoformat() if one.until else None}
            for one in lines
        ],
    }  # fmt: skip


def erase(found: Request, at: datetime) -> bool:
    """Run a planned erasure. It can stop anywhere and run again. Returns whether it is done; not while a hold stands.

    The certificate is written down before, and who is to be told of it, because afterwards nobody is there to write to
    or to look up; neither names anybody. They are told once it is done.
    """
    them = Person.objects.filter(pk=found.person_id).first()
    if them and not them.flags & ERASING:
        try:
            _run(found, at)
        except Refused:
            passing_on.call_off(found)
            letters.write(found, "held", at)
            return False
    _over(found, at)
    return True


def _run(found: Request, at: datetime) -> erasing.Certificate:
    lines = erasing.preview(found.person_id, at)
    told = {"to": passing_on.plan(found, "erase", at, lines=lines, state="planned")}
    Request.objects.filter(pk=found.pk).update(certificate=certificate(lines, at) | told)
    done = erasing.erase(found.person_id, at=at)
    Request.objects.filter(pk=found.pk).update(certificate=certificate(done.lines, at, done.entry) | told)
    return done


def _over(found: Request, at: datetime) -> None:
    """Have the recipients told, and end all requests of whoever was erased: there is nobody left to answer."""
    passing_on.go(found, at)
    remnant = Request.objects.values_list("person_id", flat=True).get(pk=found.pk)
    with transaction.atomic():
        Note.objects.filter(person_id=remnant, event_at=None).update(event_at=at)
        theirs = Request.objects.filter(person_id=remnant, state__in=rules.LIVE)
        theirs.exclude(pk=found.pk).update(state="ended", event_at=at)
        theirs.filter(pk=found.pk).update(state="answered", event_at=at)


def erase_at_once(person: UUID, at: datetime, home: str) -> erasing.Certificate:
    """Erase somebody as one of us says so at the command line. Raises Refused.

    A request is noted only where somebody else has to be told: what they are told hangs on it.
    """
    compiled = policies.archive().in_force(policies.today())
    erasing.refuse_held([person], compiled)
    if not passing_on.received(person, compiled):
        return erasing.erase(person, at=at)
    found = actions.begin(
        person, "erase", brand=next(iter(compiled.policy.brands)), home=home, way="care", words="", at=at, known=True,
        once=uuid4().hex, checks={"how": "said at the command line"},
    )  # fmt: skip
    done = _run(found, at)
    _over(found, at)
    return done


# -- an officer's answer -----------------------------------------------------------------------------------------------


def draft(  # noqa: PLR0913 -- what an officer's form brings
    found: Request, outcome: str, text: str, at: datetime, *, by: UUID, code: str = "", fee: int = 0, fee_why: str = ""
) -> Request:
    """Write an answer down, to be read once more before it goes. Raises NotNow for one that lacks its ground."""
    if outcome == "refuse" and exemptions().get(code, {}).get("for") not in ("all", "both"):
        raise NotNow("A refusal names the ground of the law it rests on.")
    if fee and not (fee_why and code in ("unfounded", "excessive")):
        raise NotNow("A fee needs its reason: manifestly unfounded or excessive, and why. Else it is nought.")
    name = "redraft" if found.state == "answering" else "draft"
    today = at.astimezone(actions.zone_of(found.person_id)).date().isoformat()
    return actions.step(
        found, name, at, by=by, words={"fee": fee_why} if fee else None, outcome=outcome, code=code, fee=fee,
        drafted_by=by, approved_by=None, pauses=actions.ended(found.pauses, today), answer=text,
    )  # fmt: skip


def must_be_seen(found: Request) -> bool:
    return rules.needs_second(
        found.outcome, list(blacking.withheld(found.person_id) if found.right in rules.COPIES else ()), found.fee
    )


def approve(found: Request, at: datetime, *, by: UUID, alone: bool = False, why: str = "") -> None:
    """Agree with a draft: another one of us than who wrote it, and with what it was when they read it. Raises NotNow.

    `alone`: the house has no other officer. No law asks for two: they agree with their own draft once it has lain for a
    day, or sooner and say why it cannot wait. It is noted as what it is, where whoever asked reads it.
    """
    if found.state != "answering":
        raise NotNow
    if by != found.drafted_by:
        actions.note(found, "approve", at, by=by, approved_by=by)
        return
    if not alone:
        raise NotNow("Somebody else agrees with it than who wrote it. Ask another officer.")
    if not why and at < may_alone(found):
        raise NotNow("You are the only officer here. Read it once more tomorrow, or say why it cannot wait.")
    actions.note(found, "agree alone", at, by=by, approved_by=by, words={"why": why} if why else None)


def may_alone(found: Request) -> datetime:
    """Return when an only officer may agree with their own draft without saying why it cannot wait."""
    drafts = found.notes.filter(what__in=("draft", "redraft", "withhold")).order_by("at").values_list("at", flat=True)
    newest: datetime = drafts.last() or found.received_at
    return newest + rules.ALONE


def send(found: Request, text: str, at: datetime, *, by: UUID) -> Request:
    """Send a draft as it stands: `text` is its answer, opened. Raises NotNow while a second look is wanting."""
    if found.state != "answering":
        raise NotNow
    if must_be_seen(found) and not found.approved_by:
        raise NotNow("This answer withholds, refuses or costs something: a second officer agrees first.")
    if found.outcome == "refuse":
        found = actions.step(found, "refuse", at, by=by, words={"ground": found.code})
        letters.write(found, "refused", at, answer=text, code=found.code)
        return found
    if found.right in rules.COPIES:
        return hand_out(found, at, by=by, answer=text)
    found = actions.step(found, "answer", at, by=by)
    letters.write(found, "answered", at, answer=text)
    return found


# -- what runs by itself -----------------------------------------------------------------------------------------------


def upkeep(at: datetime) -> dict[str, int]:
    """Run erasures whose day has come, close what nobody proved, confirm what lies unconfirmed. Safe to run again."""
    told = {"erased": 0, "held": 0, "lapsed": 0, "recipients told": 0, "letters to write": 0}
    for one in list(Request.objects.filter(state="planned")):
        if one.planned_on <= at.astimezone(actions.zone_of(one.person_id)).date():
            told["erased" if erase(one, at) else "held"] += 1
    for one in list(Request.objects.filter(state="identifying", received_at__lt=at - rules.PROOF)):
        actions.step(one, "lapse", at)
        told["lapsed"] += 1
    passed = passing_on.deliver(at)
    told |= {"recipients told": passed["told"], "letters to write": passed["letters"]}
    settle(at)
    return told


# -- corrections that their person made themselves ---------------------------------------------------------------------

BY_ITSELF = "corrected:"  # how `once` of such a request begins: nothing but telling others is left of it
ALL_TOLD: Final = "Everyone who had got what stood there before has been told."


def corrected(
    person: UUID, items: Collection[str], *, brand: str, home: str, words: str, entry: int, at: datetime
) -> list[str]:
    """Have everyone told who got what was corrected. Returns whom, as the policy names them; a request only for them.

    It ends by itself when all of them were told; one who needs a letter keeps it on the officer's desk.
    """
    compiled, wanted = policies.archive().in_force(policies.today()), set(items)
    got = passing_on.received(person, compiled)
    if not any(wanted & one.items for one in got.values()):
        return []
    made = actions.begin(
        person, "correct", brand=brand, home=home, way="account", words=words, once=f"{BY_ITSELF}{entry}", at=at,
        known=True, checks={"how": "they were signed in"},
    )  # fmt: skip
    told = passing_on.plan(made, "correct", at, items=wanted)
    proceed(made, at)
    return told


def settle(at: datetime) -> None:
    """End each request that was only about telling others, once all of them were told."""
    open_ = PassedOn.objects.filter(request=OuterRef("pk"), told_at=None).exclude(state="overtaken")
    done = Request.objects.filter(once__startswith=BY_ITSELF, state="open", drafted_by=None)
    for one in list(done.exclude(Exists(open_))):
        actions.step(one, "answer", at, words={"told": ALL_TOLD})
        letters.write(one, "done", at, told=ALL_TOLD)
