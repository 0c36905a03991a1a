"""Words for templates: days as people write them, and addresses that change when a file does."""

import re
from datetime import date

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from troth.accounts import files
from troth.front.reading import Mark
from troth.policy.wording import say_day, sentence

register = template.Library()
register.filter("sentence", sentence)
WAY = re.compile(r"([\w.+-]+@[\w-]+(?:\.[\w-]+)+|\+\d[\d ]{6,18}\d)")


@register.filter
def day(value: date) -> str:
    return say_day(value)


@register.filter
def plain(words: str) -> str:
    """Return a sentence without its full stop, for where it stands alone as a heading."""
    return words.removesuffix(".")


@register.filter
def linked(words: str) -> SafeString:
    """Return a sentence in which an email address or a telephone number can be followed.

    >>> linked("Call +44 20 7946 0001.")
    'Call <a href="tel:+442079460001">+44 20 7946 0001</a>.'
    """
    parts = WAY.split(words)  # words, way, words, way, words
    return format_html_join("", "{}", ((_way(part) if number % 2 else part,) for number, part in enumerate(parts)))


def _way(way: str) -> SafeString:
    address = f"mailto:{way}" if "@" in way else f"tel:{way.replace(' ', '')}"
    return format_html('<a href="{}">{}</a>', address, way)


@register.simple_tag
def mark(found: Mark | None) -> SafeString | str:
    """Return the sign that leads to the line a sentence rests on. On paper, and until wanted, it is out of sight."""
    if not found:
        return ""
    html = '<a class="mark" href="{}" title="{}"><span aria-hidden="true">§</span><span class="unseen">{}</span></a>'
    return format_html(html, found.address, found.clause, found.name)


@register.simple_tag
def asset(name: str) -> str:
    return files.address(name)
