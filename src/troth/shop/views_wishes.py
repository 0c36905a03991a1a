"""The page of what somebody wishes for. Whoever is not signed in is asked to, and comes back to where they were."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from troth.accounts.pages import SeeOther
from troth.accounts.sessions import person_of
from troth.doors import policies
from troth.doors.errors import Refused

from . import wishes as wished
from .errors import Unfit
from .models import Product
from .pages import card, personal, say, shop
from .views_buying import said

SLUG = re.compile(r"[a-z0-9-]{1,80}")


@personal("account")
def wishes(request: HttpRequest, brand: str) -> HttpResponse:
    """Show the list; put something on it, take it off again."""
    here, person, at = shop(request, brand), person_of(request), policies.now()
    slug = request.POST.get("slug", "")
    if request.method == "POST" and not SLUG.fullmatch(slug):
        return say(request, brand, 400, "Nothing done", "Please use the buttons of the page.", here.to("shelf"))
    if person is None:
        onward = here.to("product", slug=slug) if slug else here.to("wishes")
        return SeeOther(here.to("sign_in", {"next": onward}))
    if request.method == "POST":
        gone = request.POST.get("do") == "remove"
        try:
            (wished.remove if gone else wished.add)(person, brand, slug, at)
        except (Unfit, Refused) as no:
            return say(request, brand, 409, "That cannot be done now", said(no), here.to("wishes"))
        return SeeOther(here.to("wishes", {"gone": slug} if gone else {}))
    slugs = wished.of(person, brand, at)
    found = {one.slug: one for one in Product.objects.for_sale(brand).filter(slug__in=slugs).with_cover().with_stock()}
    taken = Product.objects.for_sale(brand).filter(slug=request.GET.get("gone", "")[:80]).first()
    context: dict[str, Any] = {
        "shop": here, "cards": [card(here, found[slug]) for slug in slugs if slug in found],
        "gone": taken if taken and taken.slug not in slugs else None,
    }  # fmt: skip
    return render(request, "shop/wishes.html", context)
