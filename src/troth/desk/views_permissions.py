"""The health of what people allowed, and the words they were asked in. Counts alone, and no small ones."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from troth.doors import policies
from troth.marketing import health as figures
from troth.policy.sections_yours import CHANNEL_NAMES
from troth.policy.wording import MONTHS, say_day

from .views import Here, staff


@staff("proof", role="marketer")
def health(request: HttpRequest, here: Here) -> HttpResponse:
    """Plot how permissions grow, age and end."""
    archive = policies.archive()
    compiled = archive.in_force(policies.today())
    found = figures.health(compiled, frozenset(one.digest for one in archive.versions), here.at)
    brands = {name: brand.say or name.title() for name, brand in compiled.policy.brands.items()}
    growth = [
        {"brand": brands.get(one.brand, one.brand or "Every brand"), "yes": one.yes, "no": one.no,
         "channel": CHANNEL_NAMES.get(one.channel, one.channel) if one.channel else "every channel"}
        for one in found.growth
    ]  # fmt: skip
    months = [f"{MONTHS[month.month - 1]} {month.year}" for month in found.months]
    context = {"it": found, "growth": growth, "months": months, "ages": [count for _, count in found.ages]}
    return render(request, "desk/marketer/health.html", context)


@staff("proof", role="marketer")
def wordings(request: HttpRequest, _: Here) -> HttpResponse:
    """List the words of each question by the days they were in force."""
    versions = policies.archive().versions
    rows = [
        (name.replace("_", " "), [(say_day(one.since), _last(one.until), one.say, one.answers) for one in told])
        for name, told in figures.wordings(versions).items()
    ]
    return render(request, "desk/marketer/wordings.html", {"rows": rows})


def _last(until: date | None) -> str:
    return say_day(until - timedelta(days=1)) if until else ""
