"""The pages of this room: what a browser is asked and may answer; what we guess somebody likes.

Each is mounted by the shop, which hands it `around`, what a page of its stands in, and a shelf that knows its goods.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from troth.accounts import sessions
from troth.accounts.pages import Here, SeeOther, from_here, page
from troth.choices.actions import standings
from troth.choices.errors import StillSending
from troth.doors import policies
from troth.doors.collect import choose
from troth.doors.declare import purpose
from troth.doors.errors import Refused
from troth.policy.acts import Standing

from . import actions, devices, interests, rules
from .errors import NotAnswered
from .rules import NO, SIGHTED, YES

Around = Callable[[HttpRequest, str, str, str], "dict[str, Any] | None"]
ELSEWHERE = "This did not come from one of our pages, so we did nothing. Open the page anew and send it from there."
LATER = "A message to you is being handed over at this very moment. Nothing was changed: please send that once more."


@dataclass(frozen=True)
class Question:
    """One question as the page puts it: its words, how it stands, and what a yes would leave on the device."""

    name: str
    say: str
    stands: str  # yes, no, or nothing was said
    on_until_no: bool
    law: str
    silenced: bool  # the browser's signal says no to it
    overruled: bool  # and there was a yes before
    closed: str  # why it is not theirs to choose
    leaves: tuple[Any, ...]  # each thing's name, who leaves it, and its line of the policy


# -- the panel, one by one ---------------------------------------------------------------------------------------------


@csrf_exempt  # by where it comes from, not by a token: a token would need a cookie, and this page is about those
@purpose("proof", "tracking", "profile")
@require_http_methods(["GET", "HEAD", "POST"])
def cookies(request: HttpRequest, brand: str, around: Around, **_: object) -> HttpResponse:
    """Show every question and everything we may leave on a device; take an answer, for which nobody signs in."""
    frame, device = around(request, brand, "", "") or {}, devices.of(request, brand)
    if request.method != "POST":
        return _cookies(request, frame, device)
    if not from_here(request):
        return _cookies(request, frame, device, problem=ELSEWHERE, status=403)
    try:
        said = _said(request, device)
        return _saved(request, device, said)
    except NotAnswered as no:
        return _cookies(request, frame, device, problem=str(no), left=no.left, status=400)
    except StillSending:
        return _cookies(request, frame, device, problem=LATER, status=409)


def _said(request: HttpRequest, device: devices.Device) -> dict[str, str]:
    """Return what a form says. Raises NotAnswered: no button and no silence counts as a yes to what it did not name."""
    compiled, how = device.compiled, request.POST.get("answer", "")
    every = rules.asked_one_by_one(compiled)
    if how == "none":
        return dict.fromkeys(every, NO)
    if how == "all":  # never against the browser's own word: to that one says yes by itself, or not at all
        names = rules.asked(compiled) if request.POST.get("place") == rules.BANNER else every
        return {name: NO if device.silenced(name) or device.closed(name) else YES for name in names}
    given = {name: request.POST.get(name, "") for name in every} if how == "each" else {}
    for name in every:
        if given.get(name) not in (YES, NO):
            raise NotAnswered(name)
    given = {name: NO if device.closed(name) else answer for name, answer in given.items()}
    return {name: SIGHTED if answer == YES and device.silenced(name) else answer for name, answer in given.items()}


def _saved(request: HttpRequest, device: devices.Device, said: Mapping[str, str]) -> HttpResponse:
    """Take an answer down where there is somebody to take it down for, and have the device remember it."""
    at, before, answers = policies.now(), device.answers, device.answers.anew(said)
    signed, known = sessions.person_of(request), actions.of_number(device.number)
    gathers = [name for name in rules.GATHERS if rules.device_allows(
        device.compiled, name, device.brand, answers, device.signal, device.residence, device.on)]  # fmt: skip
    fresh = actions.begin(at) if gathers and not signed and not known else None
    proof = {"button": request.POST.get("answer", ""), "signal": device.signal}
    place = rules.BANNER if request.POST.get("place") == rules.BANNER else "choices"
    told = actions.Said(device.brand, said, before, place, proof)
    entries: list[int] = []
    for person in filter(None, (signed, known, fresh)):
        mine = actions.answer(person, told, device.compiled, at)
        entries = entries or mine
    number = actions.number(fresh, device.brand, gathers[0], at) if fresh else device.number if known else ""
    receipts = f"{entries[0]}-{entries[-1]}" if entries else "0"
    onward = _onward(request, device.brand)
    response = SeeOther(onward or f"{request.path}?saved={receipts}")
    _remember(device, response, answers, number, gathers)
    return response


def _remember(
    device: devices.Device, response: HttpResponse, answers: rules.Answers, number: str, gathers: list[str]
) -> None:
    """Set the cookies that have their yes, and take back those that have it no more."""
    devices.keep_answers(device, response, answers)
    if "tracking" in gathers and number:
        devices.keep_number(device, response, number)
    else:
        devices.drop(device, response, rules.VISIT)
    if "profile" in gathers:
        devices.keep_interest(device, response, rules.Interest(number, device.interest.seen))
    else:
        devices.drop(device, response, rules.INTEREST)
    patch_cache_control(response, private=True, no_store=True)


def _onward(request: HttpRequest, brand: str) -> str:
    """Return the page of ours on which somebody answered the panel; nothing where they came to choose."""
    if request.POST.get("place") != rules.BANNER:
        return ""
    asked, home = request.headers.get("Referer", ""), reverse("shop:home", kwargs={"brand": brand})
    fine = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    parts = urlsplit(asked) if fine and asked.isprintable() and len(asked) < 1000 else None
    return f"{parts.path}?{parts.query}".rstrip("?") if parts and parts.path.startswith(home) else home


def _cookies(
    request: HttpRequest, frame: dict[str, Any], device: devices.Device, *,
    problem: str = "", left: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    saved = request.GET.get("saved", "")
    context = frame | {
        "questions": [_question(device, name) for name in rules.asked_one_by_one(device.compiled)],
        "registry": rules.registry(device.compiled, device.brand, device.residence, device.on),
        "device": device, "problem": problem, "left": left, "signed": bool(device.person),
        "saved": saved if saved.replace("-", "", 1).isdigit() and len(saved) < 40 else "", "no_panel": True,
        "typed": {name: request.POST.get(name, "") for name in rules.asked_one_by_one(device.compiled)},
    }  # fmt: skip
    response = render(request, "tracking/cookies.html", context, status=status)
    patch_cache_control(response, private=True, no_store=True)
    patch_vary_headers(response, ["Cookie"])
    return response


def _question(device: devices.Device, name: str) -> Question:
    compiled, said = device.compiled, device.answers.get(name)
    rest = device.resting.get(name)
    silenced = device.silenced(name) and said != SIGHTED
    stands = "" if not said else NO if said == NO or silenced or _refused(device, name) else YES
    purposes = [made for made in compiled.policy.purposes.values() if name in made.choice]
    return Question(
        name, rules.question(compiled, name), stands, bool(rest and rest.mode == rules.ON_UNTIL_NO),
        rest.law if rest else "", silenced, silenced and said == YES, device.closed(name),
        tuple((m.match or key, _who(device, m.by), m) for one in purposes for key, m in one.cookies.items()),
    )  # fmt: skip


def _who(device: devices.Device, by: str) -> str:
    return "us" if by == "us" else device.compiled.policy.recipients[by].say


def _refused(device: devices.Device, name: str) -> bool:
    """Tell whether whoever is signed in said no elsewhere since: no beats yes."""
    where = _standing(device)
    mask = 1 << device.compiled.book.slots[f"{name}:{device.brand}"]
    return bool(where and (where.no | where.stop | where.signal) & mask)


def _standing(device: devices.Device) -> Standing | None:
    them = device.person
    return standings([them], device.compiled, policies.now())[them.pk] if them else None


# -- what we guess you like --------------------------------------------------------------------------------------------


@page("profile", "account", "proof")
def interests_(here: Here, shelf: interests.Shelf) -> HttpResponse:
    """Show each guess with what it rests on; let one go, or all. Opens for a device that has a number as well."""
    device, at = devices.of(here.request, here.brand), policies.now()
    person = sessions.person_of(here.request) or actions.of_number(device.number)
    if here.request.method == "POST":
        return _changed(here, person, shelf)
    context: dict[str, Any] = {"shop": here.shop, "guesses": [], "unwanted": [], "no_panel": True}
    if person:
        try:
            context["guesses"], context["unwanted"] = interests.mine(person, here.brand, at)
            context["on"] = True
        except Refused as no:
            context["why_not"] = no.because.say
    context |= {"person": person, "said": here.request.GET.get("done", "")}
    return render(here.request, "tracking/interests.html", context)


def _changed(here: Here, person: UUID | None, shelf: interests.Shelf) -> HttpResponse:
    """Do what a button says. Raises Refused."""
    at, typed = policies.now(), here.request.POST
    deed = typed.get("do", "") if person else ""
    done = ""
    if person and deed == "anew":
        interests.infer(person, here.brand, shelf, at)
        done = "anew"
    elif person and deed == "take" and (row := _uuid(typed.get("guess", ""))):
        interests.take_away(person, here.brand, row, at)
        done = "taken"
    elif person and deed == "allow":
        interests.allow_again(person, here.brand, typed.get("style", "")[:80], at)
        done = "allowed"
    elif person and deed == "all":
        interests.take_all_away(person, here.brand, at)
        done = "all"
    elif person and deed == "stop":
        words = rules.question(devices.of(here.request, here.brand).compiled, "profile")
        choose("withdrawal", f"profile:{here.brand}", person=person, brand=here.brand, place="account",
               wording=words, at=at)  # fmt: skip
        done = "stopped"
    if not done:
        return here.page("say", {"title": "Nothing done", "words": "Please use the buttons of the page."}, status=400)
    response = SeeOther(here.to("interests", {"done": done}))
    if done == "stopped":
        device = devices.of(here.request, here.brand)
        devices.keep_answers(device, response, device.answers.anew({"profile": NO}))
        devices.drop(device, response, rules.INTEREST)
    return response


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
