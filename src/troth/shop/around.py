"""What the shop gives to pages of other rooms that stand in it: its frame, and what there is to speak of."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.text import slugify

from .models import Product
from .pages import shop


def around(request: HttpRequest, brand: str, kind: str = "", slug: str = "") -> dict[str, Any] | None:
    """Return what a page's template needs, and the thing it speaks of; None if there is no such thing here.

    A review is of a style, whichever colour's page it was written on; a comment is on a story of the home page.
    """
    here = shop(request, brand)
    told: dict[str, Any] | None = None
    if kind == "review":
        one = Product.objects.for_sale(brand).filter(slug=slug).first()
        if one:
            told = {"about": one.style, "say": one.name, "way": here.to("product", slug=one.slug)}
    elif kind == "comment":
        story = next((story for story in here.house.stories if slugify(story.title) == slug), None)
        if story:
            told = {"about": slug, "say": story.title, "words": story.words, "way": here.to("home")}
    else:
        return {"shop": here}
    return {"shop": here, "subject": {"slug": slug} | told} if told else None
