"""For pages of other rooms: what is said about what they show."""

from __future__ import annotations

from django import template

from troth.community.showing import ON_A_PRODUCT, Voices, said
from troth.doors import policies
from troth.doors.declare import job

register = template.Library()


@register.simple_tag
def voices(brand: str, about: str) -> Voices:
    """Return the newest reviews of a style: `{% voices shop.brand.slug card.product.style as voices %}`.

    The tag declares its purpose itself, so that a page with nothing else personal on it need not.
    """
    with job("comments"):
        return said(brand, about, "review", at=policies.now(), most=ON_A_PRODUCT)
