"""Words for the shops' templates: ways to pages, and addresses of files that change when the file does."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from django import template
from django.contrib.staticfiles import finders
from django.template.context import Context
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from troth.shop.models import Picture

register = template.Library()


@register.simple_tag(takes_context=True)
def to(context: Context, name: str, **parts: object) -> str:
    """Return the address of one of this shop's pages: `{% to "product" slug=card.product.slug %}`."""
    way: str = context["shop"].to(name, **parts)
    return way


@register.simple_tag(takes_context=True)
def to_kind(context: Context, kind: str) -> str:
    way: str = context["shop"].to("shelf", {"kind": kind})
    return way


@register.simple_tag
def picture(shown: Picture, sizes: str = "100vw", *, late: bool = True, plain: bool = False) -> SafeString:
    """Return a picture with its size known, so that nothing moves when it comes. `plain`: its neighbour says it all."""
    large, small = (
        f"{static(f'shop/pictures/{name}')}?{shown.digest}" for name in (shown.file, shown.small or shown.file)
    )
    html = '<img src="{}" srcset="{}" sizes="{}" width="{}" height="{}" alt="{}" loading="{}" decoding="async"{}>'
    choice = f"{small} 480w, {large} {shown.width}w" if shown.small else f"{large} {shown.width}w"
    return format_html(
        html, large, choice, sizes, shown.width, shown.height, "" if plain else shown.seen,
        "lazy" if late else "eager", "" if late else SafeString(' fetchpriority="high"'),
    )  # fmt: skip


@register.simple_tag
def file(name: str) -> str:
    """Return the address of a static file, with its digest, so that it can be kept for good."""
    return f"{static(name)}?{_digest(name)}"


@cache
def _digest(name: str) -> str:
    found = finders.find(name)
    if not isinstance(found, str):
        raise FileNotFoundError(name)
    return hashlib.sha256(Path(found).read_bytes()).hexdigest()[:12]
