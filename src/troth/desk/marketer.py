"""The marketer's desk: campaigns planned, checked, sent and watched; calls rung; the health of what people allowed.

Only staff in the role "marketer". Nobody is named here but the one whose call is next, for as long as it rings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import get_random_string

from troth.care import actions as care
from troth.care.errors import NoCase
from troth.doors import policies
from troth.marketing import campaigns, fetching, preflight, states, template_check, why
from troth.marketing.channels import SENT
from troth.marketing.channels.phone import OUTCOMES
from troth.marketing.errors import BadTemplate, NotFit, NotNow, SecondEyes
from troth.marketing.models import Campaign
from troth.policy.sections_yours import CHANNEL_NAMES
from troth.vault import identity
from troth.vault.errors import BadIdentifier

from . import planning
from .errors import Unusable
from .views import Here, staff

PURPOSES: Final = ("news", "group_news", "partner_news", "marketing_plans")
FETCHED: Final = {"phone": "call", "post": "print"}
STEPS: Final[dict[str, Callable[..., None]]] = {
    "check": campaigns.check, "freeze": campaigns.freeze, "approve": campaigns.approve, "send": campaigns.send,
    "pause": campaigns.pause, "resume": campaigns.resume, "stop": campaigns.stop,
}  # fmt: skip
SAY: Final = {
    "check": "Check the words", "freeze": "Freeze the list", "approve": "I agree: it may go", "send": "Send it",
    "pause": "Pause", "resume": "Go on", "stop": "Stop for good", "edit": "Change the words",
}  # fmt: skip
DONE: Final = {
    "draft": "begun", "edit": "words changed", "check": "words checked", "freeze": "list frozen",
    "approve": "agreed to by a second person", "send": "sending begun", "pause": "paused", "resume": "gone on with",
    "stop": "stopped for good", "finish": "through with its list",
}  # fmt: skip
START: Final = {
    "email": "Dear {name|reader},\n\n\n\n{sender}, {address}\nNo more of these: {stop}\nWhy you got this: {why}\n",
    "sms": "{sender}:  {stop}",
    "phone": "Good day, this is {sender}. {stop}\n\n",
    "post": "Dear {name|reader},\n\n\n\n{sender}, {address}\n{stop}\nWhy you got this: {why}\n",
    "chat": "{sender}:  {stop}",
}
GROUPS: Final = (
    ("On their way", ("sending", "paused")), ("Being made", ("draft", "checked", "ready", "approved")),
    ("Over", states.OVER),
)  # fmt: skip
SURE: Final = {  # what cannot be taken back, and what it means
    "send": "It begins to leave at once. You can pause or stop it at any moment; what has left has left.",
    "stop": "Nobody else gets it, and it cannot go on again. Those who had it keep it.",
}
MOST: Final = 100  # campaigns on the list
A_FEW: Final = 3  # people who share a number
REFUSED: Final = (BadTemplate, NotFit, NotNow, SecondEyes)


@staff(*PURPOSES, role="marketer")
def listed(request: HttpRequest, _: Here) -> HttpResponse:
    """List campaigns by where they stand, the newest first."""
    newest = list(Campaign.objects.order_by("-made_at")[:MOST])
    groups = [
        (title, [(one, states.SAY[one.state], campaigns.progress(one)) for one in newest if one.state in group])
        for title, group in GROUPS
    ]
    return render(request, "desk/marketer/campaigns.html", {"groups": groups, "some": bool(newest)})


@staff(*PURPOSES, role="marketer")
def new(request: HttpRequest, here: Here) -> HttpResponse:
    """Begin a campaign: for whom, about what and how it goes. Its words come next, by the rules of its channel."""
    compiled = policies.archive().in_force(policies.today())
    sent, wrong = request.POST, planning.Wrong()
    if request.method == "POST":
        plan, wrong = planning.plan_of(sent, compiled, policies.today())
        if not sent.get("name", "").strip():
            wrong["name"] = "Give it a name, so that you find it again."
        if not wrong:
            text = START[plan.channel]
            made = campaigns.draft(sent["name"], plan, text=text, by=here.agent, at=here.at)
            return redirect("desk:campaign", pk=made.pk)
    context = planning.offered(compiled) | {"rows": planning.rows_of(sent, wrong), "sent": sent, "wrong": wrong}
    return render(request, "desk/marketer/new.html", context, status=400 if wrong else 200)


@staff(*PURPOSES, "proof", "administration", role="marketer")
def campaign(request: HttpRequest, here: Here, pk: UUID) -> HttpResponse:
    """Show a campaign, and take the next step of it; what cannot be taken back is asked about once more."""
    one = _get(pk)
    problems: tuple[str, ...] = ()
    if request.method == "POST":
        what = request.POST.get("step", "")
        if what in SURE and what in states.may(one.state) and request.POST.get("sure") != "yes":
            context = {"one": one, "what": what, "say": SAY[what], "sure": SURE[what], "now": campaigns.progress(one)}
            return render(request, "desk/marketer/sure.html", context)
        try:
            _take(request, one, here, what)
            return redirect("desk:campaign", pk=pk)
        except REFUSED as no:
            problems = getattr(no, "problems", (str(no),))
            one.refresh_from_db()
    context = _shown(one, here) | {"problems": problems}
    return render(request, "desk/marketer/campaign.html", context, status=409 if problems else 200)


@staff(*PURPOSES, "administration", "proof", role="marketer", post=True)
def asked(request: HttpRequest, here: Here, pk: UUID) -> HttpResponse:
    """Say why somebody did not get a campaign: the decision and nothing of them, not even whether they are right.

    The question is a look at somebody: it opens a case of theirs with its reason, and closes it. They see both.
    """
    one, sent = _get(pk), request.POST
    who, once = " ".join(sent.get("who", "").split()), sent.get("once", "")
    if not 20 <= len(once) <= 64 or not once.isalnum():
        raise Unusable("This page had grown old. Open the campaign anew.")
    kind = "email" if "@" in who else "phone"
    try:
        people = sorted(identity.owners(kind, who))
    except BadIdentifier as problem:
        raise Unusable(str(problem)) from None
    answers = []
    for number, person in enumerate(people[:A_FEW], 1):
        made = care.open_case(
            here.agent, person, brand=one.whom.brand, about="else", why=sent.get("why", ""), once=f"{once}{number}",
            at=here.at,
        )  # fmt: skip
        care.close(made, here.at)
        answers.append(why.not_got(one, person))
    context = {"one": one, "answers": answers, "several": len(answers) > 1}
    return render(request, "desk/marketer/asked.html", context)


@staff(*PURPOSES, "proof", "administration", role="marketer", post=True)
def call(request: HttpRequest, here: Here, pk: UUID) -> HttpResponse:
    """Write down what came of the last call, and hand out the next number."""
    one = _get(pk)
    if one.whom.channel != "phone":
        raise NoCase
    if last := request.POST.get("message", ""):
        try:
            outcome, note = request.POST.get("outcome", ""), request.POST.get("note", "")
            fetching.called(one, UUID(last), outcome, note=note, by=here.agent, at=here.at)
        except (NotNow, ValueError):
            raise Unusable("Say what came of the call: press one of the buttons.") from None
        if request.POST.get("then") == "rest":
            return redirect("desk:campaign", pk=pk)
    context = {"one": one, "next": fetching.next_call(one), "outcomes": OUTCOMES}
    return render(request, "desk/marketer/call.html", context)


@staff(*PURPOSES, role="marketer", post=True)
def prints(request: HttpRequest, _: Here, pk: UUID) -> HttpResponse:
    """Hand out letters ready to print, or the mailing house's file. What is in it is released by this."""
    one = _get(pk)
    if one.whom.channel != "post":
        raise NoCase
    if request.POST.get("for") == "house":
        table, count = fetching.for_mailing_house(one)
        body, kind, name = table.encode(), "text/csv; charset=utf-8", "mailing-house.csv"
    else:
        body, count = fetching.printed(one)
        kind, name = "application/pdf", "letters.pdf"
    if not count:
        raise Unusable("There is no letter to print now.")
    response = HttpResponse(body, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _get(pk: UUID) -> Campaign:
    found = Campaign.objects.filter(pk=pk).first()
    if found is None:
        raise NoCase
    return found


def _take(request: HttpRequest, one: Campaign, here: Here, what: str) -> None:
    if what == "edit":
        text = request.POST.get("text", "").replace("\r\n", "\n")
        campaigns.edit(one, subject=request.POST.get("subject", ""), text=text, by=here.agent, at=here.at)
    elif what in STEPS:
        STEPS[what](one, by=here.agent, at=here.at)
    else:
        raise Unusable("There is no such step.")


def _shown(one: Campaign, here: Here) -> dict[str, Any]:
    """Return what the page of a campaign shows: its words, what may be done, and how it stands."""
    compiled, now, plan = policies.archive().in_force(policies.today()), campaigns.progress(one), one.whom
    steps = [(what, SAY[what]) for what in states.may(one.state) if what not in ("edit", "finish")]
    second = now.size > campaigns.SECOND_LOOK
    if one.state == "ready":  # the one or the other
        steps = [step for step in steps if step[0] != ("send" if second else "approve")]
    shares = (("sent", now.sent), ("waiting", now.waiting), ("refused", now.refused), ("failed", now.failed),
              ("in doubt", now.doubt), ("erased since", now.gone), ("not come to", now.left))  # fmt: skip
    context: dict[str, Any] = {
        "one": one, "plan": plan, "stands": states.SAY[one.state], "now": now, "steps": steps,
        "edits": "edit" in states.may(one.state), "shares": [(say, n) for say, n in shares if n],
        "done": round(100 * (now.size - now.left - now.waiting) / now.size) if now.size else 0,
        "history": [(step.at, DONE.get(step.what, step.what), step.by) for step in campaigns.steps(one)],
        "fetched": FETCHED.get(plan.channel, "") if one.state == "sending" else "",
        "by": CHANNEL_NAMES.get(plan.channel, plan.channel), "fields": template_check.FIELDS.items(),
        "wrong": _beside(template_check.problems(campaigns.draft_of(one, compiled))) if one.state == "draft" else {},
        "segment": planning.said(plan, compiled), "sender": template_check.sender(compiled, plan.brand, plan.sender),
        "brand": compiled.policy.brands[plan.brand].say or plan.brand.title(), "once": get_random_string(32),
        "over": one.state in states.OVER, "eyes": second, "most": campaigns.SECOND_LOOK,
        "mine": one.made_by == here.agent, "by_itself": plan.channel in SENT,
    }  # fmt: skip
    if one.state in ("ready", "approved"):
        context["flight"] = flight = preflight.preflight(one, here.at)
        context["bar"] = [(line.people, line.allowed) for line in flight.lines] + [(flight.outside, None)]
    return context


def _beside(problems: tuple[str, ...]) -> dict[str, list[str]]:
    """Return what is wrong with a draft by the field it is about."""
    found: dict[str, list[str]] = {}
    for say in problems:
        found.setdefault("subject" if " subject" in say else "text", []).append(say)
    return found
