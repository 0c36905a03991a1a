"""The page of what somebody wishes for. Whoever is not signed in is asked to, and comes back to where they were."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from troth.accounts.pages import SeeOther
from troth.accounts.sessions import person_of
from troth.doors import policies
from troth.doors.errors import Refused

from . import fitting
from . import wishes as wished
from .errors import Unfit
from .models import Product, Variant
from .pages import Shop, card, personal, say, shop
from .views_buying import said

SLUG = re.compile(r"[a-z0-9-]{1,80}")


SWITCH = {"fit": True, "plain": False}


@personal("account", "personalise", "proof")
def wishes(request: HttpRequest, brand: str) -> HttpResponse:
    """Show the list, each piece in the size they had last; put something on it, take it off again."""
    here, person, at = shop(request, brand), person_of(request), policies.now()
    slug, on = request.POST.get("slug", ""), SWITCH.get(request.POST.get("do", ""))
    if request.method == "POST" and on is None and not SLUG.fullmatch(slug):
        return say(request, brand, 400, "Nothing done", "Please use the buttons of the page.", here.to("shelf"))
    if person is None:
        onward = here.to("product", slug=slug) if slug else here.to("wishes")
        return SeeOther(here.to("sign_in", {"next": onward}))
    if request.method == "POST" and on is not None:
        fitting.switch(person, brand, at, on=on)
        return SeeOther(f"{here.to('wishes')}#fit")
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
    fits, why = _fitting(here, person, list(found.values()), at) if found else ({}, {})
    context: dict[str, Any] = {
        "shop": here, "cards": [(card(here, found[slug]), fits.get(slug)) for slug in slugs if slug in found],
        "gone": taken if taken and taken.slug not in slugs else None,
    }  # fmt: skip
    return render(request, "shop/wishes.html", context | why)


def _fitting(
    here: Shop, person: UUID, products: list[Product], at: datetime
) -> tuple[dict[str, Variant], dict[str, bool]]:
    """Return which of these pieces there is in the size somebody had last, and what the page says of that."""
    sizes = fitting.sizes(person, here.brand.slug, at)
    known = [one for one in products if sizes and one.kind in sizes]
    rows = Variant.objects.filter(product__in=known, stock__gt=0).select_related("product") if known else []
    fits = {row.product.slug: row for row in rows if sizes and row.size == sizes[row.product.kind]}
    return fits, {"fitted": sizes is not None, "had": bool(sizes)}
