"""The panel of a chat invitation on a product's page, and the page its answers lead to. Nothing needs a script."""

from __future__ import annotations

import os
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from troth.accounts import sessions
from troth.choices.errors import StillSending
from troth.doors import policies
from troth.doors.models import Message
from troth.marketing import inviting, links, stopping
from troth.marketing.inviting import Waiting
from troth.marketing.models import Campaign
from troth.tracking import devices

from .forms import plain
from .pages import Shop, missing, personal, say, shop

LONGEST = 1_000


def waits(request: HttpRequest, brand: str) -> Waiting | None:
    """Return the invitation that waits for whoever is signed in. A stranger costs no question."""
    if sessions.COOKIE not in request.COOKIES:
        return None
    person = sessions.person_of(request)
    found = inviting.waiting(person, brand, policies.now()) if person else None
    devices.of(request, brand).personal = True  # no store shows it to somebody else
    return found


@personal("news", "care", "proof", "stop_list")
def invited(request: HttpRequest, brand: str, message: UUID) -> HttpResponse:
    """Take the answer to an invitation: a yes shows it, a no stops all of its kind, words go to our care people."""
    here, person = shop(request, brand), sessions.person_of(request)
    found = inviting.of(person, brand, message) if person else None
    if found is None:
        return missing(request, brand)
    if request.method != "POST":
        return say(request, brand, 200, "An invitation", "Open it from the page it stands on.", here.to("shelf"))
    answer = request.POST.get("answer", "")
    if answer == "no":
        return _no(request, here, *found)
    if answer not in ("yes", "words"):
        return say(request, brand, 400, "Nothing done", "Please use the buttons of the page.", here.to("shelf"))
    return _shown(request, here, *found, words=answer == "words")


def _no(request: HttpRequest, here: Shop, one: Campaign, row: Message) -> HttpResponse:
    brand = here.brand.slug
    try:
        inviting.declined(one, row.person_id, policies.now())
    except StillSending:
        words = "It is being handed over at this very moment. Please press that once more."
        return say(request, brand, 503, "Not yet", words, here.to("shelf"))
    words = f"{here.brand.say} invites you to no more chats. It counts from this moment."
    return say(request, brand, 200, "No more of these", words, here.to("shelf"))


def _shown(request: HttpRequest, here: Shop, one: Campaign, row: Message, *, words: bool) -> HttpResponse:
    told = inviting.accepted(one, row, home=os.environ.get("TROTH_HOME", ""))
    if told is None:
        say_ = "There is nothing to tell you any more."
        return say(request, here.brand.slug, 409, "It is over", say_, here.to("shelf"))
    compiled = policies.archive().in_force(policies.today())
    context: dict[str, Any] = {
        "shop": here, "message": row.pk, "told": told["text"], "says": stopping.words(compiled, one),
        "why": links.key(links.WHY, one.pk, row.person_id), "notice": policies.notice("care", "contact"),
    }  # fmt: skip
    if words:
        context |= _words(request, row)
    return render(request, "shop/invited.html", context, status=400 if "wrong" in context else 200)


def _words(request: HttpRequest, row: Message) -> dict[str, Any]:
    typed = request.POST.get("words", "")
    try:
        words = plain(typed[: LONGEST + 1], lines=True)
    except ValidationError as no:
        return {"wrong": no.messages[0], "typed": typed[:LONGEST]}
    if not words or len(words) > LONGEST:
        return {"wrong": f"Please write a few words, at most {LONGEST:,} characters.", "typed": typed[:LONGEST]}
    inviting.written(row, words, policies.now())
    return {"over": True}
