"""The page of a form from an event or a contest: filled in without a script, every box empty at first."""

from __future__ import annotations

import re
import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from troth.accounts.forms import AGES
from troth.accounts.pages import from_here
from troth.accounts.sessions import person_of
from troth.doors import policies
from troth.doors.declare import purpose
from troth.doors.errors import CardNumber, Refused
from troth.doors.handling import cards_in
from troth.vault.errors import BadIdentifier
from troth.vault.normal import normalise

from . import capture
from .capture_models import CaptureForm, CaptureWording
from .errors import NotNow
from .views import Around, _say, _unkept

MOST_GUESTS = 9
KINDS = {"email": "email", "mobile": "tel"}
FILL = {"email": "email", "mobile": "tel", "name": "name"}


@csrf_exempt  # a page without a cookie has no token: whether it was sent from here, the browser itself says
@purpose("events", "contests", "proof")
@require_http_methods(["GET", "HEAD", "POST"])
def form(request: HttpRequest, brand: str, key: str, around: Around, **_: object) -> HttpResponse:
    """Show a form; take in what somebody filled in."""
    return _unkept(_form(request, brand, key, around(request, brand, "", "") or {}))


def _form(request: HttpRequest, brand: str, key: str, frame: dict[str, Any]) -> HttpResponse:
    one = CaptureForm.objects.filter(key=key, brand=brand).first()
    if one is None:
        return _say(request, frame, "There is no such form", "The link may have been cut short.", status=404)
    said = _wording(one, request.POST.get("version", ""))
    if not capture.is_open(one, said):
        return _say(request, frame, "This form is closed", "Nothing can be sent by it any more.", status=410)
    if request.method != "POST":
        return _shown(request, frame, one, said, {})
    return _sent(request, frame, one, said)


def _sent(request: HttpRequest, frame: dict[str, Any], one: CaptureForm, said: CaptureWording) -> HttpResponse:
    if not from_here(request):
        words = "So we did nothing. Open the form anew and send it from there."
        return _say(request, frame, "This did not come from one of our pages", words, status=403)
    what, wrong = read(request, one, said)
    if wrong:
        return _shown(request, frame, one, said, wrong, status=400)
    try:
        capture.fill(one, said, what, person_of(request), at=policies.now())
    except (Refused, BadIdentifier, CardNumber, NotNow) as no:
        words = no.because.say if isinstance(no, Refused) else str(no)
        return _shown(request, frame, one, said, {"": words}, status=403 if isinstance(no, Refused) else 409)
    return render(request, "marketing/form_done.html", frame | {"title": said.title, "ticked": bool(what.yes)})


def _wording(one: CaptureForm, version: str) -> CaptureWording:
    """Return the words a page showed, or the newest."""
    if re.fullmatch("[0-9]{1,4}", version) and (found := one.wordings.filter(version=int(version)).first()):
        return found
    return capture.wording_of(one)


def read(request: HttpRequest, one: CaptureForm, said: CaptureWording) -> tuple[capture.Answers, dict[str, str]]:
    """Return what was filled in, and a sentence for each thing that cannot be used."""
    compiled = policies.archive().in_force(policies.today())
    spec, sent, wrong, given = capture.spec_of(one, said), request.POST, dict[str, str](), dict[str, str]()
    once = sent.get("once", "")
    if not re.fullmatch(r"[A-Za-z0-9_-]{20,64}", once):
        wrong[""] = "This page had grown old. Please look over it once more, and send it again."
    for item, needed in capture.fields(spec, compiled):
        text = " ".join(sent.get(item, "").split())
        if say := _wrong(item, text, needed=needed):
            wrong[item] = say
        elif text:
            given[item] = text
    yes = frozenset(box.name for box in capture.boxes(spec, compiled) if sent.get(box.name) == "yes")
    return capture.Answers(once, given, yes), wrong


def _wrong(item: str, text: str, *, needed: bool) -> str:
    if not text:
        return "Please fill this in." if needed else ""
    if len(text) > (320 if item == "email" else 100) or not text.isprintable() or cards_in(text):
        return "This is too long, or holds what does not belong here."
    if item == "age_band":
        return "" if text in AGES else "Please choose one of these."
    if item == "event_guests":
        return "" if text in [str(n) for n in range(MOST_GUESTS + 1)] else f"Please write 0 to {MOST_GUESTS}."
    try:
        normalise(item, text)
    except BadIdentifier as problem:
        return str(problem)
    return ""


def _shown(
    request: HttpRequest, frame: dict[str, Any], one: CaptureForm, said: CaptureWording, wrong: dict[str, str],
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    once = request.POST.get("once", "")
    context = frame | shown(one.brand, capture.spec_of(one, said), request.POST, wrong)
    context |= {"version": said.version, "once": once if len(once) >= 20 else secrets.token_urlsafe(24)}
    return render(request, "marketing/form.html", context, status=status)


def shown(brand: str, spec: capture.Spec, typed: Any, wrong: dict[str, str]) -> dict[str, Any]:  # noqa: ANN401 -- a form's values
    """Return what a form's page shows: also before it is published."""
    compiled = policies.archive().in_force(policies.today())
    rows = [
        {"item": item, "label": capture.FIELDS[item], "needed": needed, "given": typed.get(item, "")[:320],
         "wrong": wrong.get(item, ""), "kind": KINDS.get(item, "text"), "fill": FILL.get(item, "off"),
         "ages": list(AGES.items()) if item == "age_band" else []}
        for item, needed in capture.fields(spec, compiled)
    ]  # fmt: skip
    asked = [(box, typed.get(box.name) == "yes") for box in capture.boxes(spec, compiled)]
    return {
        "spec": spec, "rows": rows, "boxes": asked, "problem": wrong.get("", ""), "wrong": wrong, "brand": brand,
        "notice": policies.notice(spec.source, spec.form.partition(".")[2]),
    }  # fmt: skip
