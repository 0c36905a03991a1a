"""Forms for events and contests: built from the policy, shown before they are published, worded anew by versions."""

from __future__ import annotations

import os
from datetime import date
from typing import Any
from uuid import UUID

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString

from troth.care.errors import NoCase
from troth.doors import policies
from troth.marketing import capture, links, views_capture
from troth.marketing.capture import Spec
from troth.marketing.errors import NotFit, NotNow
from troth.marketing.models import CaptureForm
from troth.policy import Compiled
from troth.policy.sections_yours import CHANNEL_NAMES

from .errors import Unusable
from .views import Here, staff

MOST = 50
OPTIONAL = ("mobile", "event_guests", "age_band", "name")
NO_DAY = date.min


@staff("proof", role="marketer")
def listed(request: HttpRequest, _: Here) -> HttpResponse:
    """List the forms, each with how many ticked a box and how many did not."""
    compiled = policies.archive().in_force(policies.today())
    rows = []
    for one in CaptureForm.objects.order_by("-made_at")[:MOST]:
        said = capture.wording_of(one)
        rows.append((one, said, capture.is_open(one, said), capture.answered(one), _where(one, compiled)))
    return render(request, "desk/marketer/forms.html", {"rows": rows})


@staff("proof", role="marketer")
def new(request: HttpRequest, here: Here) -> HttpResponse:
    """Build a form, look at it, and publish it."""
    compiled, sent = policies.archive().in_force(policies.today()), request.POST
    context = offered(compiled) | {"typed": sent, "ticked": _ticked(request), "question": capture.QUESTION}
    if request.method != "POST":
        return render(request, "desk/marketer/form_new.html", context)
    spec = read(request)
    wrong = capture.problems(spec, compiled, policies.today())
    if not wrong and sent.get("do") == "publish":
        made = capture.publish(spec, by=here.agent, at=here.at)
        return redirect("desk:form", pk=made.pk)
    context |= {"problems": wrong, "question": spec.question, "looked": not wrong}
    if not wrong:
        context |= views_capture.shown(spec.brand, spec, {}, {})
    return render(request, "desk/marketer/form_new.html", context, status=400 if wrong else 200)


@staff("proof", role="marketer")
def form(request: HttpRequest, here: Here, pk: UUID) -> HttpResponse:
    """Show a form with its link and its versions; give it new words, or close it."""
    one = CaptureForm.objects.filter(pk=pk).first()
    if one is None:
        raise NoCase
    compiled = policies.archive().in_force(policies.today())
    problems: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            _take(request, one, here)
            return redirect("desk:form", pk=pk)
        except NotFit as no:
            problems = no.problems
        except NotNow as no:
            raise Unusable(str(no)) from None
    said = capture.wording_of(one)
    spec = capture.spec_of(one, said)
    way = links.way(compiled, one.brand, "form", one.key, os.environ.get("TROTH_HOME", ""))
    yes, no_ = capture.answered(one)
    open_ = capture.is_open(one, said)
    context = {
        "one": one, "said": said, "open": open_, "yes": yes, "no": no_, "way": way, "problems": problems,
        "where": _where(one, compiled), "square": _square(way), "typed": request.POST if problems else said,
        "versions": [(w, capture.boxes(capture.spec_of(one, w), compiled)) for w in one.wordings.order_by("-version")],
    }  # fmt: skip
    if open_:
        context |= views_capture.shown(one.brand, spec, {}, {})
    return render(request, "desk/marketer/form.html", context, status=409 if problems else 200)


def _take(request: HttpRequest, one: CaptureForm, here: Here) -> None:
    """Do what a button of the page says. Raises NotFit, NotNow, Unusable."""
    what, sent = request.POST.get("do", ""), request.POST
    if what == "close":
        capture.close(one, here.at)
    elif what == "reword":
        was = capture.spec_of(one, capture.wording_of(one))
        words = {name: " ".join(sent.get(name, "").split()) for name in ("title", "intro", "question")}
        spec = Spec(
            was.name, was.brand, was.where, was.form, was.until, words["title"], words["intro"], words["question"],
            was.may, was.asks, was.topics,
        )  # fmt: skip
        capture.reword(one, spec, by=here.agent, at=here.at)
    else:
        raise Unusable("Use the buttons of the page. Nothing was done.")


def read(request: HttpRequest) -> Spec:
    """Return what was chosen on the page of a new form; what cannot be read is left for `capture.problems` to name."""
    sent = request.POST
    brand, _, where = sent.get("where", "")[:90].partition(":")
    text = {name: " ".join(sent.get(name, "")[:600].split()) for name in ("name", "title", "intro", "question", "form")}
    try:
        until = date.fromisoformat(sent.get("until", ""))
    except ValueError:
        until = NO_DAY
    asks = [(choice, channel) for choice, _, channel in (one.partition(":") for one in sent.getlist("asks"))]
    return Spec(
        text["name"], brand, where, text["form"], until, text["title"], text["intro"], text["question"],
        tuple(sent.getlist("may")), tuple(asks), tuple(sent.getlist("topics")),
    )  # fmt: skip


def offered(compiled: Compiled) -> dict[str, Any]:
    """Return what may be chosen, as pairs of value and words. What does not go together is said when it is chosen."""
    today, policy, made = policies.today(), compiled.policy, capture.forms(compiled)
    where: dict[str, str] = {}
    for brand, told in policy.brands.items():
        for form in made:
            for place, say in capture.places(compiled, brand, form, today).items():
                where.setdefault(f"{brand}:{place}", say if place == capture.SITE else f"{told.say}: {say}")
    offers = dict.fromkeys(name for form in made.values() for name in form.offers if policy.choices[name].channels)
    asks = [
        (f"{name}:{channel}", f"{policy.choices[name].say}, by {CHANNEL_NAMES.get(channel, channel)}")
        for name in offers for channel in policy.choices[name].channels
    ]  # fmt: skip
    return {
        "places": list(where.items()), "kinds": [(name, form.say or name) for name, form in made.items()],
        "optional": [(item, capture.FIELDS[item]) for item in OPTIONAL], "questions": asks,
        "all_topics": list(policy.choices["news"].topics) if "news" in policy.choices else [],
    }  # fmt: skip


def _ticked(request: HttpRequest) -> set[str]:
    return {value for name in ("may", "asks", "topics") for value in request.POST.getlist(name)}


def _where(one: CaptureForm, compiled: Compiled) -> str:
    told = compiled.policy.brands[one.brand]
    there = told.properties.get(one.where)
    return there.at if there else f"{told.say or one.brand.title()}'s own site"


def _square(way: str) -> SafeString:
    """Return a link as a picture for a telephone's camera: black squares, drawn here."""
    drawn = segno.make(way, error="m", micro=False)
    return SafeString(drawn.svg_inline(scale=4, border=4, light="#fff", omitsize=True))
