"""One item on "What we hold about you". Put together here: there are many, and a template takes six times as long."""

from __future__ import annotations

from html import escape
from typing import Final

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from troth.accounts.mine import Item

register = template.Library()

ITEM: Final = '<div id="i-%s"><dt>%s%s</dt><dd><ul>%s</ul>%s\n    %s<p class="story">%s</p></dd></div>'
VALUE: Final = '<li dir="auto">%s<small class="quiet" dir="ltr">%s</small></li>'
MORE: Final = '<p><a href="?all=%s#i-%s" aria-label="Show %d more: %s">%d more</a></p>'
STORY: Final = '<p class="story">%s %s.</p>'
WAY: Final = '<a href="%s">%s</a>'


@register.simple_tag(takes_context=True)
def held_item(context: Context, item: Item) -> SafeString:
    """Show one item: its values, who received it, who looked, where to change it, or why that cannot be."""
    say, more, to = escape(item.say), item.more, context["shop"].to
    values = "".join([VALUE % (escape(one.text), one.about) for one in item.values])
    told = (("Kept", item.keep), ("Given to", item.given), ("Looked at by", item.looked))
    ways = ", ".join([WAY % (escape(to(page)), escape(words)) for page, words in item.ways])
    return SafeString(ITEM % (
        item.name, capfirst(say), f' <span class="quiet">({item.count})</span>' if more else "", values,
        MORE % (item.name, item.name, more, say, more) if more else "",
        "".join([STORY % (word, escape(words)) for word, words in told if words]),
        ". ".join(filter(None, [ways, escape(item.why)])),
    ))  # fmt: skip
