"""Audiences at our advert agency: counted, handed over, and taken back in time."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from troth.care.errors import NoCase
from troth.doors import policies
from troth.marketing import adverts, audience
from troth.marketing.errors import NotFit
from troth.marketing.models import Advert

from . import planning
from .errors import Unusable
from .views import Here, staff

PURPOSES = (adverts.PURPOSE, "marketing_plans")
MOST = 50


@staff(*PURPOSES, role="marketer")
def listed(request: HttpRequest, here: Here) -> HttpResponse:
    """Show what is at the agency; count whom another audience would mean, and hand it over."""
    compiled, sent = policies.archive().in_force(policies.today()), request.POST
    there = [(one, adverts.waiting(one)) for one in Advert.objects.order_by("-made_at")[:MOST]]
    context: dict[str, Any] = planning.offered(compiled) | {"today": policies.today(), "sent": sent}
    wrong = planning.Wrong()
    problems: tuple[str, ...] = ()
    if request.method == "POST":
        segment, wrong = planning.segment_of(sent, compiled)
        if sent.get("brand", "") not in compiled.policy.brands:
            wrong["brand"] = "Choose one of these."
        if not sent.get("name", "").strip():
            wrong["name"] = "Give it a name, so that you find it again."
        if not wrong:
            plan = adverts.matching(sent["brand"], segment)
            if sent.get("do") == "hand":
                try:
                    _, file = adverts.hand_over(sent["name"], plan, by=here.agent, at=here.at)
                    return _file(file, "audience.csv")
                except NotFit as no:
                    problems = no.problems
            counts = audience.count(plan, here.at)
            bar = [(line.people, line.allowed) for line in counts.lines]
            context |= {"counts": counts, "bar": [*bar, (counts.outside, None)]}
    context |= {"wrong": wrong, "problems": problems, "rows": planning.rows_of(sent, wrong), "there": there}
    status = 400 if wrong else 409 if problems else 200
    return render(request, "desk/marketer/adverts.html", context, status=status)


@staff(*PURPOSES, role="marketer", post=True)
def step(request: HttpRequest, here: Here, pk: UUID) -> HttpResponse:
    """Take people out of an audience: fetch the removal file, note that it was confirmed, or end all of it."""
    one, what = Advert.objects.filter(pk=pk).first(), request.POST.get("do", "")
    if one is None:
        raise NoCase
    if what == "remove":
        try:
            return _file(adverts.removal_file(one, here.at), "removals.csv")
        except NotFit as no:
            raise Unusable(str(no)) from None
    if what == "end":
        adverts.end(one, here.at)
    elif what == "confirm":
        adverts.confirmed(one, here.at)
    else:
        raise Unusable("Use the buttons of the page. Nothing was done.")
    return redirect("desk:adverts")


def _file(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
