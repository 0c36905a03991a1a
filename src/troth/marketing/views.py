"""The pages a message leads to: its way out, and why it came. Opened from a signed link, without signing in.

Reading changes nothing: mailboxes and scanners fetch every link. A no is sent, by the page's button or by the
mailbox's own (RFC 8058): without cookie, context or token of ours, and answered at once, never by a redirect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from troth.accounts.views_choices import key as choices_key
from troth.choices.errors import StillSending
from troth.doors import policies
from troth.doors.declare import purpose
from troth.policy import Compiled
from troth.rights import telling

from . import links, stopping, why
from .campaign_models import Campaign
from .errors import Forged

Around = Callable[[HttpRequest, str, str, str], "dict[str, Any] | None"]
ONE_CLICK: Final = "One-Click"
PLACE: Final = "message"


@csrf_exempt  # a mailbox's button comes with no cookie and from no page of ours; the link itself is what nobody forges
@purpose("proof", "stop_list")
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, brand: str, key: str, around: Around, **_: object) -> HttpResponse:
    """Show the way out of a message; take a no."""
    return _unkept(_stop(request, brand, key, (around(request, brand, "", "") or {})))


def _stop(request: HttpRequest, brand: str, key: str, frame: dict[str, Any]) -> HttpResponse:
    try:
        one, person = _named(links.STOP, brand, key)
    except Forged as no:
        return _say(request, frame, "This link is not whole", str(no), status=404)
    compiled = policies.archive().in_force(policies.today())
    context = frame | {"says": stopping.words(compiled, one), "all": stopping.words(compiled, one, stopping.ALL)}
    if person is None:
        return _gone(request, frame)
    context["choices"] = frame["shop"].to("choices_link", key=choices_key(person))
    if request.method != "POST":
        context["over"] = stopping.stopped(compiled, person, stopping.patterns(compiled, one), policies.now())
        return render(request, "marketing/stop.html", context)
    return _taken(request, one, person, context)


def _taken(request: HttpRequest, one: Campaign, person: UUID, context: dict[str, Any]) -> HttpResponse:
    button = request.POST.get("List-Unsubscribe") == ONE_CLICK
    answer = "no" if button else request.POST.get("answer", "")
    if answer not in ("no", "all"):
        words = "Please use the buttons of the page. Nothing was changed."
        return _say(request, context, "Nothing done", words, status=400)
    how_much = stopping.ALL if answer == "all" else stopping.ONE
    try:
        entry = stopping.stop(one, person, place=PLACE, how_much=how_much, at=policies.now())
    except StillSending:
        words = "A message to you is being handed over at this very moment. Please send that once more."
        response = _say(request, context, "Not yet", words, status=503)
        response.headers["Retry-After"] = "5"
        return response
    if button:
        return HttpResponse("Done. It counts from this moment.\n", content_type="text/plain; charset=utf-8")
    return render(request, "marketing/stopped.html", context | {"entry": entry, "everything": answer == "all"})


@purpose("proof")
@require_safe
def why_this(request: HttpRequest, brand: str, key: str, around: Around, **_: object) -> HttpResponse:
    """Say which campaign it was, which yes it rests on and what was used; with the no beside it."""
    frame = around(request, brand, "", "") or {}
    try:
        one, person = _named(links.WHY, brand, key)
    except Forged as no:
        return _unkept(_say(request, frame, "This link is not whole", str(no), status=404))
    if person is None:
        return _unkept(_gone(request, frame))
    compiled = policies.archive().in_force(policies.today())
    found = why.got(one, person, policies.now())
    marketing = "marketing" in compiled.book.kinds.get(one.whom.purpose, frozenset())
    context = frame | {"one": one, "why": found, "purpose": _purpose(compiled, one), "marketing": marketing}
    if found:
        context["because"] = telling.WHY.get(found.reason.code, found.reason.say)
    if marketing:
        context["says"] = stopping.words(compiled, one)
        context["stop"] = frame["shop"].to("stop", key=links.key(links.STOP, one.pk, person))
    context["choices"] = frame["shop"].to("choices_link", key=choices_key(person))
    return _unkept(render(request, "marketing/why.html", context))


def _named(salt: str, brand: str, key: str) -> tuple[Campaign, UUID | None]:
    """Return the campaign and the living person a link names; of another brand's it knows nothing. Raises Forged."""
    campaign, person = links.read(salt, key)
    one = Campaign.objects.filter(pk=campaign).first()
    if one is None or one.whom.brand != brand:
        raise Forged
    return one, stopping.whose(person)


def _purpose(compiled: Compiled, one: Campaign) -> str:
    made = compiled.policy.purposes.get(one.whom.purpose)
    say = compiled.policy.brands[one.whom.brand].say or one.whom.brand.title()
    return made.say.replace("this brand's", f"{say}'s") if made else ""


def _gone(request: HttpRequest, frame: dict[str, Any]) -> HttpResponse:
    words = "We hold nothing of yours for this any more, so nothing comes."
    return _say(request, frame, "Nothing more comes", words, status=200)


def _say(request: HttpRequest, frame: dict[str, Any], title: str, words: str, *, status: int) -> HttpResponse:
    return render(request, "marketing/say.html", frame | {"title": title, "words": words}, status=status)


def _unkept(response: HttpResponse) -> HttpResponse:
    """Keep a page that is one person's, and the link it came by, out of every store and every index."""
    patch_cache_control(response, private=True, no_store=True)
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
