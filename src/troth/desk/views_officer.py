"""The officer's case desk: requests and complaints by the day they are due, each opened with a reason.

Only staff in the role "officer". Every act names the request it belongs to, and who of us did it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from troth.accounts import forms
from troth.care import actions as care
from troth.care.errors import NoCase
from troth.care.rules import LONGEST_REASON, SHORTEST_REASON
from troth.doors import policies
from troth.laws import exemptions
from troth.policy.wording import say_day
from troth.rights import actions as steps
from troth.rights import agents, doing, intake, passing_on, rules
from troth.rights.errors import NoRequest, NotNow
from troth.rights.models import Request

from . import casework
from .errors import Unusable
from .views import Here, staff

MOST = 4000
PURPOSES = ("rights", "proof")


@staff(*PURPOSES, role="officer")
def requests(request: HttpRequest, here: Here) -> HttpResponse:
    """List what is open, the overdue first. Nobody is named."""
    rows, late = casework.cases(here.at)
    letters = sum(1 for _ in passing_on.to_write())
    return render(request, "desk/requests.html", {"rows": rows, "late": late, "letters": letters})


@staff(*PURPOSES, role="officer")
def recipients(request: HttpRequest, here: Here) -> HttpResponse:
    """Show the letters to recipients that no wire reaches; note that one went, or that its answer came.

    It names nobody, so no reason to look is asked: recipients know people by numbers of their own.
    """
    if request.method == "POST":
        rows = [found for one in request.POST.getlist("row") if (found := _uuid(one))]
        try:
            passing_on.written(rows, here.at, confirmed=request.POST.get("do") == "confirmed")
        except NotNow as no:
            raise Unusable(str(no)) from None
        doing.settle(here.at)
        return redirect("desk:recipients")
    compiled = policies.archive().in_force(policies.today())
    context = {
        "letters": [casework.letter(to, rows, compiled) for to, rows in passing_on.to_write()],
        "waiting": [casework.letter(to, rows, compiled) for to, rows in passing_on.unconfirmed().items()],
    }
    return render(request, "desk/recipients.html", context)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@staff(*PURPOSES, role="officer")
def request(request: HttpRequest, here: Here, number: str) -> HttpResponse:
    """Show a case to an officer who said why they look; do what they say."""
    found = _get(number)
    if request.method == "POST":
        try:
            _do(request, found, here)
        except NotNow as no:
            raise Unusable(str(no)) from None
        return redirect("desk:request", number=number)
    return render(request, "desk/request.html", _shown(found, here))


def _get(number: str) -> Request:
    try:
        return steps.get(number)
    except NoRequest:
        raise NoCase from None


def _shown(found: Request, here: Here) -> dict[str, Any]:
    compiled = policies.archive().in_force(policies.today())
    right, (due, _, last) = compiled.policy.rights.get(found.right), steps.clock_of(found, compiled, here.at)
    today = here.at.astimezone(steps.zone_of(found.person_id)).date()
    left, urgency = casework.how_long(due.day if due else None, today)
    context: dict[str, Any] = {
        "it": found, "say": right.say if right else found.right, "stands": rules.SAID[found.state], "left": left,
        "urgency": urgency, "line": casework.line(found, here.at), "looking": False, "live": found.state in rules.LIVE,
        "shortest": SHORTEST_REASON, "longest": LONGEST_REASON,
    }  # fmt: skip
    context["passed_on"] = passing_on.shown(found, compiled)
    if (bool(found.certificate) and found.state != "planned") or not casework.may_look(found, here.agent, here.at):
        return context
    opened, only, may_alone = casework.opened(found, here.at), casework.alone(here.agent), doing.may_alone(found)
    context |= {
        "looking": True, "only": only, "opened": opened, "most": MOST,
        "systems": casework.SYSTEMS.items(),
        "part": casework.grounds("part"), "whole": casework.grounds("all"), "second": casework.second(found),
        "mine": (mine := found.drafted_by == here.agent), "alone": mine and only,
        "agent_may": agents.may_have(found),
        "may_wait": say_day(may_alone.date()) if here.at < may_alone else "",
        "earlier": Request.objects.filter(pk=found.about).first() if found.about else None,
        "rights": [(name, one.say) for name, one in compiled.policy.rights.items() if rules.ON_FORM in one.by],
        "may_extend": bool(last and today <= last and not found.extended_at and rules.after(found.state, "extend")),
        "last": say_day(last) if last else "",
        "others": casework.had(found, compiled) if found.right == "correct" else [],
        "may": {step.replace(" ", "_") for state, step in rules.MOVES if state == found.state},
    }  # fmt: skip
    if found.state == "answering":
        context["subject"], context["letter"] = casework.preview(found, opened, here.at)
    return context


# -- what an officer does ----------------------------------------------------------------------------------------------


def _do(request: HttpRequest, found: Request, here: Here) -> None:
    act = DOES.get(request.POST.get("do", ""))
    if act is None:
        raise Unusable("Use the buttons of the page. Nothing was done.")
    if act is not _take and not casework.may_look(found, here.agent, here.at):
        raise Unusable("Say first why you look: your last reason is more than half an hour old.")
    act(found, request.POST, here.agent, here.at)


Post = Any  # Django's QueryDict


def _take(found: Request, sent: Post, by: UUID, at: datetime) -> None:
    steps.note(found, "take", at, by=by, words={"why": care.reason(sent.get("why", ""))})


def _search(found: Request, sent: Post, by: UUID, at: datetime) -> None:
    where, done = sent.get("where", ""), sent.get("done", "")
    if where not in casework.SYSTEMS or done not in ("yes", "no"):
        raise Unusable("Say where, and whether it was searched.")
    why = _text(sent, "why", "Say what you looked for there, or why you did not look: the log must stand by itself.")
    steps.note(found, "search" if done == "yes" else "pass over", at, by=by, code=where, words={"why": why})


def _withhold(found: Request, sent: Post, by: UUID, at: datetime) -> None:
    """Black out passages of one value, or all of it. A draft that was agreed with before must be agreed with anew."""
    place, code = sent.get("place", ""), sent.get("code", "")
    known = {one.place for one in casework.opened(found, at).passages}
    if place not in known:
        raise Unusable("There is no such place in this answer any more.")
    if exemptions().get(code, {}).get("for") not in ("part", "both"):
        raise Unusable("Name the ground of the law for it.")
    passages = [text for text in sent.getlist("passage") if text.strip()]
    own = sent.get("also", "").strip()
    passages += [own] if own else []
    if not passages and sent.get("all") != "yes":
        raise Unusable("Say which passages, or that all of it is withheld.")
    words = {"passages": [] if sent.get("all") == "yes" else passages}
    steps.note(found, "withhold", at, by=by, code=code, place=place, words=words, approved_by=None)


def _fine(found: Request, sent: Post, by: UUID, at: datetime) -> None:
    """Note that a passage was read and may stand: it is about nobody else, or they agreed."""
    place = sent.get("place", "")
    if place not in {one.place for one in casework.opened(found, at).passages}:
        raise Unusable("There is no such place in this answer any more.")
    steps.note(found, "fine", at, by=by, place=place)


def _more(found: Request, sent: Post, by: UUID, at: datetime) -> None:
    steps.ask_more(found, _text(sent, "question", "Write what you need to know."), at, by=by)


def _longer(found: Request, sent: Post, by: UUID, at: datetime) -> None:
    steps.extend(found, _text(sent, "why", "Say why: they read it."), at, by=by)


def _known(found: Request, sent: Post, by: UUID, at: datetime) -> None:
    how = _text(sent, "how", "Say how you know that it is them.")
    intake.accept(found, how, at, by=by, agent=sent.get("agent") == "yes")


def _rename(found: Request, sent: Post, by: UUID, at: datetime) -> None:
    right = sent.get("right", "")
    if right not in policies.archive().in_force(policies.today()).policy.rights or right == rules.COMPLAINT:
        raise Unusable("Choose one of the rights.")
    steps.note(found, "rename", at, by=by, words={"told": right}, right=right, sure=True)
    if found.state == "open":
        doing.proceed(steps.get(found.number), at)


def _draft(found: Request, sent: Post, by: UUID, at: datetime) -> None:
    outcome = sent.get("outcome", "")
    if outcome not in ("answer", "refuse"):
        raise Unusable("Say whether it is done or refused.")
    needed = "Write the answer." if outcome == "refuse" or found.right not in rules.COPIES else ""
    fee = sent.get("fee", "").strip() or "0"
    if not (fee.isascii() and fee.isdigit() and len(fee) < 6):
        raise Unusable("A fee is a whole number of pence; nearly always nought.")
    doing.draft(
        found, outcome, _text(sent, "answer", needed), at, by=by, code=sent.get("code", ""), fee=int(fee),
        fee_why=_text(sent, "fee_why", ""),
    )  # fmt: skip


def _pass_on(found: Request, sent: Post, by: UUID, at: datetime) -> None:
    """Have those told who got what was corrected by hand."""
    known = policies.archive().in_force(policies.today()).book.labels
    items = [item for item in sent.getlist("item") if item in known]
    if found.right != "correct" or not items:
        raise Unusable("Say what was corrected.")
    told = passing_on.plan(found, "correct", at, items=items)
    if not told:
        raise Unusable("Nobody had got any of that.")
    steps.note(found, "pass on", at, by=by)


def _approve(found: Request, sent: Post, by: UUID, at: datetime) -> None:
    why = " ".join(_text(sent, "why", "").split())
    doing.approve(found, at, by=by, alone=casework.alone(by), why=why)


def _send(found: Request, sent: Post, by: UUID, at: datetime) -> None:
    del sent
    doing.send(found, casework.opened(found, at).answer, at, by=by)


def _back(found: Request, sent: Post, by: UUID, at: datetime) -> None:
    del sent
    steps.step(found, "drop draft", at, by=by, outcome="", code="", fee=0, drafted_by=None, approved_by=None)


DOES: dict[str, Callable[[Request, Post, UUID, datetime], None]] = {
    "take": _take, "search": _search, "withhold": _withhold, "fine": _fine, "more": _more, "longer": _longer,
    "known": _known, "rename": _rename, "draft": _draft, "approve": _approve, "send": _send, "back": _back,
    "pass_on": _pass_on,
}  # fmt: skip


def _text(sent: Post, name: str, needed: str) -> str:
    try:
        return forms.text(sent.get(name, ""), MOST, needed)
    except ValueError as no:
        raise Unusable(str(no)) from None
