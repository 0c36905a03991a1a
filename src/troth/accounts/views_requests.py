"""Asking for a right and complaining: from an account or without one; and the page on which one follows it.

No account is needed for anything here. The form answers the same whether or not we know the address; the page of a
request opens from the link in our letters.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpResponse

from troth.doors import erasing, policies, restricting
from troth.doors.use import use
from troth.ledger.actions import seal
from troth.policy import Compiled
from troth.policy.wording import listed, say_day
from troth.rights import actions as steps
from troth.rights import agents, blacking, clocks, doing, intake, links, packet, passing_on, rules
from troth.rights.errors import NoRequest, NotNow
from troth.rights.models import Note, Request

from . import forms, sessions, throttle
from .errors import BadForm, DeadLink
from .pages import Context, Here, SeeOther, mailbox_key, me, page, steady

MOST: int = 4000  # characters of what one writes
ASKED: tuple[str, ...] = ("rights", "proof")
GREW_OLD = "This page had grown old. Open it anew, and send it once more."
UNUSED = "Please use the buttons of the page. Nothing was changed."


def offered(compiled: Compiled) -> list[tuple[str, str]]:
    """Return the rights the form offers, as the policy says them. All of them to all (R82)."""
    found = compiled.policy.rights.items()
    return [(name, right.say) for name, right in found if rules.ON_FORM in right.by or name in rules.NO_PROOF]


@page(*ASKED)
def ask(here: Here) -> HttpResponse:
    """Take a request: from the account with nothing more asked, else with a link to the mailbox named."""
    compiled = policies.archive().in_force(policies.today())
    choices = offered(compiled)
    context: Context = {
        "rights": choices, "notice": policies.notice("request", "rights_request"), "once": uuid4().hex, "most": MOST,
        "picked": here.request.GET.get("right", ""), "no_proof": rules.NO_PROOF,
    }  # fmt: skip
    if here.request.method != "POST":
        return here.page("rights", context)
    sent = here.request.POST
    try:
        read = forms.read(sent, right=_one_of(dict(choices)), words=_words, once=_once)
        if person := sessions.person_of(here.request):
            made = intake.from_account(
                person, read["right"], read["words"], brand=here.brand, home=here.way("home"), once=read["once"],
                at=policies.now(),
            )  # fmt: skip
            return SeeOther(here.to("request", key=links.key(made.pk)))
        return _from_form(here, read["right"], read["words"], read["once"])
    except (BadForm, NoRequest) as no:
        problems = no.problems if isinstance(no, BadForm) else {"": GREW_OLD}
        typed = {
            name: sent.get(name, "")[:MOST] for name in ("name", "email", "words", "right", "agent", "agent_email")
        }
        more = {"problems": problems, "typed": typed, "picked": typed["right"], "agent": "for_other" in sent}
        return here.page("rights", context | more, status=400)


def _from_form(here: Here, right: str, words: str, once: str) -> HttpResponse:
    """Open a request of whoever is not signed in. Every answer comes after the same time, with the same page."""
    begun, at, sent = time.monotonic(), policies.now(), here.request.POST
    fields: dict[str, forms.Reader] = {"email": forms.email}
    if right != rules.COMPLAINT:
        fields["name"] = forms.line("Please give your name.")
    if agent := "for_other" in sent:
        fields["agent"] = forms.line("Please give your own name too.")
        fields["agent_email"] = forms.email
    read = forms.read(sent, **fields)
    checks: dict[str, Any] = {"name": read.get("name", "")}
    if agent:
        checks["agent"] = {"name": read["agent"], "email": read["agent_email"]}
    if right not in rules.NO_PROOF:
        throttle.enter([mailbox_key("mail", read["email"], "rights"), throttle.network(here.request)], at)
    intake.from_form(
        right, read["email"], words, brand=here.brand, home=here.way("home"), once=once, at=at, checks=checks,
        way="agent" if agent else "form",
    )  # fmt: skip
    steady(begun)
    return SeeOther(here.to("rights_sent", {"no": "1"} if right in rules.NO_PROOF else {}))


@page(*ASKED)
def complain(here: Here) -> HttpResponse:
    """Take a complaint: an electronic way, open to everybody (DPA 2018 s.164A(2))."""
    context: Context = {"notice": policies.notice("request", "complaint"), "once": uuid4().hex, "most": MOST,
                        "authority": policies.archive().in_force(policies.today()).policy.about.authority}  # fmt: skip
    if here.request.method != "POST":
        return here.page("complaint", context)
    try:
        read = forms.read(here.request.POST, words=_words_needed, once=_once)
        if person := sessions.person_of(here.request):
            made = intake.from_account(
                person, rules.COMPLAINT, read["words"], brand=here.brand, home=here.way("home"), once=read["once"],
                at=policies.now(),
            )  # fmt: skip
            return SeeOther(here.to("request", key=links.key(made.pk)))
        return _from_form(here, rules.COMPLAINT, read["words"], read["once"])
    except (BadForm, NoRequest) as no:
        problems = no.problems if isinstance(no, BadForm) else {"": GREW_OLD}
        typed = {name: here.request.POST.get(name, "")[:MOST] for name in ("email", "words")}
        return here.page("complaint", context | {"problems": problems, "typed": typed}, status=400)


@page("rights")
def sent(here: Here) -> HttpResponse:
    return here.page("rights_sent", {"no": here.request.GET.get("no") == "1"})


@page("rights", signed=True)
def mine(here: Here) -> HttpResponse:
    """List the requests of whoever is signed in."""
    rows = Request.objects.filter(person_id=me(here)).order_by("-received_at")
    compiled = policies.archive().in_force(policies.today())
    listed_ = [(_title(row, compiled), here.to("request", key=links.key(row.pk)), rules.SAID[row.state],
                say_day(row.received_at.date())) for row in rows]  # fmt: skip
    return here.page("requests", {"rows": listed_})


# -- one request -------------------------------------------------------------------------------------------------------


@page(*ASKED)
def request(here: Here, key: str) -> HttpResponse:
    """Show how a request stands; take what its asker says to it."""
    found, at = _by(key), policies.now()
    if here.request.method != "POST":
        return here.page("request", _shown(found, here, at, key))
    try:
        after = DOES.get(here.request.POST.get("do", ""), _nothing)(found, here, at)
    except BadForm as no:
        return here.page("request", _shown(_by(key), here, at, key) | {"problems": no.problems}, status=400)
    except NotNow as no:
        return here.page("request", _shown(_by(key), here, at, key) | {"problems": {"": str(no)}}, status=409)
    return SeeOther(here.to("request", key=links.key(after.pk)))


@page("rights", methods="POST")
def copy(_: Here, key: str) -> HttpResponse:
    """Hand over the copy while it lies ready: made at this moment, so that no file lies about."""
    found, at = _by(key), policies.now()
    if not doing.copy_lies_ready(found, at):
        raise DeadLink
    return _packed(found, "download", at)


@page("rights")
def agents_copy(here: Here, key: str) -> HttpResponse:
    """Let whoever asked on somebody's behalf fetch the copy they may have; of the request they see nothing else."""
    found, at = links.read_agents(key), policies.now()
    if found is None or not found.agent_id or not doing.copy_lies_ready(found, at):
        raise DeadLink
    if here.request.method == "POST":
        return _packed(found, "agent takes", at)
    until = say_day(found.copy_until.date()) if found.copy_until else ""
    context = {"number": found.number, "until": until, "way": here.to("agents_copy", key=key)}
    return here.page("agents_copy", context)


def _packed(found: Request, what: str, at: datetime) -> HttpResponse:
    made = blacking.released(found.person_id, at, brand=found.brand)
    steps.note(found, what, at)
    seal(at)
    response = HttpResponse(packet.as_zip(made), content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="my-data-{at:%Y-%m-%d}.zip"'
    return response


def _by(key: str) -> Request:
    found = links.read(key)
    if found is None:
        raise DeadLink
    return found


def _nothing(found: Request, *_: object) -> Request:
    del found
    raise NotNow(UNUSED)


def _prove(found: Request, here: Here, at: datetime) -> Request:
    return intake.prove(found, at, agent=here.request.POST.get("agent") == "yes")


def _withdraw(found: Request, here: Here, at: datetime) -> Request:
    del here
    return steps.withdraw(found, at)


def _tell(found: Request, here: Here, at: datetime) -> Request:
    return steps.hear_more(found, forms.read(here.request.POST, words=_words_needed)["words"], at)


def _plan(found: Request, here: Here, at: datetime) -> Request:
    if here.request.POST.get("sure") != "yes":
        raise NotNow("Nothing was planned. Tick the box if you are sure.")
    if found.right != "erase":
        raise NotNow
    return doing.plan(found, at)


def _lift(found: Request, here: Here, at: datetime) -> Request:
    doing.lift(found, here.brand, at)
    return found


def _appeal(found: Request, here: Here, at: datetime) -> Request:
    """Open an appeal against an answer one is not content with: nothing more is asked (most US states' acts)."""
    read = forms.read(here.request.POST, words=_words_needed, once=_once)
    if found.state not in ("answered", "refused"):
        raise NotNow("There is no answer yet to appeal against.")
    return intake.from_account(
        found.person_id, "appeal", read["words"], brand=found.brand, home=found.home, once=read["once"], at=at,
        about=found.pk,
    )  # fmt: skip


def _end_agent(found: Request, here: Here, at: datetime) -> Request:
    del here
    agents.take_back(found, at)
    return found


DOES = {
    "agent": _end_agent,
    "prove": _prove,
    "withdraw": _withdraw,
    "tell": _tell,
    "plan": _plan,
    "lift": _lift,
    "appeal": _appeal,
}


def _title(found: Request, compiled: Compiled) -> str:
    right = compiled.policy.rights.get(found.right)
    return right.say if right else found.right


def _shown(found: Request, here: Here, at: datetime, key: str) -> Context:
    compiled = policies.archive().in_force(policies.today())
    due, _, _ = steps.clock_of(found, compiled, at)
    gone = bool(found.certificate) and found.state == "answered"
    ready = found.copy_until if doing.copy_lies_ready(found, at) else None
    context: Context = {
        "it": found, "way": here.to("request", key=key), "copy_way": here.to("request_copy", key=key), "gone": gone,
        "say": _title(found, compiled), "stands": rules.SAID[found.state],
        "received": say_day(found.received_at.date()), "live": (live := found.state in rules.LIVE),
        "due": say_day(due.day) if due and due.day else "", "once": uuid4().hex, "most": MOST,
        "late": bool(live and due and due.day and due.day < at.date()), "paused": _paused(found, due),
        "steps": [] if gone else _steps(found, here, at), "may_withdraw": rules.after(found.state, "withdraw"),
        "planned": say_day(found.planned_on) if found.planned_on else "",
        "copy_until": say_day(ready.date()) if ready else "",
        "restricted": found.right == "restrict" and not live and restricting.restricted(found.person_id),
        "authority": compiled.policy.about.authority, "officer": compiled.policy.about.officer,
        "passed_on": passing_on.shown(found, compiled),
        "agent_may": bool(found.agent_id and ready),
    }  # fmt: skip
    if gone:
        context |= {"lines": certified(found.certificate, compiled), "entry": found.certificate["entry"]}
    elif found.state == "identifying" and agents.may_have(found):
        context["agent"] = agents.of(found, at)
    elif not live:
        context["answer"] = _answer(found, here, at)
    elif found.right == "erase" and found.state == "open":
        lines = erasing.preview(found.person_id, at)
        context |= {"preview": certified(doing.certificate(lines, at), compiled)}
        context |= {
            "orders": here.shop.open_orders(found.person_id),
            "day": say_day(doing.erased_on(found.person_id, at)),
        }
    return context


def _paused(found: Request, due: clocks.Due | None) -> str:
    """Say what a wait for their word does to the clock."""
    if found.state != "waiting" or due is None:
        return ""
    if "clarification" in due.clock.pause:
        return "The days until you answer do not count, so the day above moves with them."
    return "The day above stays, whether you answer or not."


def _answer(found: Request, here: Here, at: datetime) -> str:
    """Return what one of us answered."""
    if found.drafted_by is None:
        return ""
    with use("rights", brand=here.brand, person=found.person_id, at=at) as u:
        return u.open(found.answer) or ""


def _steps(found: Request, here: Here, at: datetime) -> list[tuple[str, str, list[str]]]:
    """Return the steps so far: the day, what was done, and the words that go with it."""
    notes: list[Note] = list(found.notes.exclude(what__in=("withhold", "fine")).order_by("at", "pk"))
    if not notes:
        return []
    with use("rights", brand=here.brand, person=found.person_id, at=at) as u:
        told = [u.open(one.words) for one in notes]
    return [
        (say_day(one.at.date()), rules.STEP_SAID[one.what], _read(words))
        for one, words in zip(notes, told, strict=True)
    ]


def _read(words: Mapping[str, Any]) -> list[str]:
    return [str(word) for name, word in sorted(words.items()) if name in ("asked", "told", "why", "ground")]


def certified(made: Mapping[str, Any], compiled: Compiled) -> list[Context]:
    """Return the lines of a certificate as people read them: what goes, and what stays, why and until when."""
    labels = compiled.book.labels
    return [
        {
            "what": listed([labels[item].say for item in line["items"] if item in labels]) or "what goes with it",
            "kept": line["kept"], "say": line["say"], "rows": line["rows"],
            "until": say_day(date.fromisoformat(line["until"])) if line["until"] else "",
        }
        for line in sorted(made.get("lines", ()), key=lambda line: line["kept"])
    ]  # fmt: skip


# -- what is typed -----------------------------------------------------------------------------------------------------


def _one_of(known: Mapping[str, str]) -> forms.Reader:
    def read(text: str) -> str:
        if text not in known:
            raise ValueError("Please say what you want us to do.")
        return text

    return read


def _words(text: str) -> str:
    return forms.text(text, MOST)


def _words_needed(text: str) -> str:
    return forms.text(text, MOST, "Please write a few words.")


def _once(text: str) -> str:
    try:
        return UUID(text).hex
    except ValueError:
        raise ValueError(GREW_OLD) from None
