"""Plots for the desk: small, drawn here as inline SVG, each beside a table that says the same in numbers.

Colours and strokes come from the desk's style sheet; a plot is hidden from who hears pages, and the table is not.
"""

from collections.abc import Sequence

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()
FEW = 20  # people or answers below which a figure is not given: it could be told whose it is
WIDE, HIGH = 320, 90


@register.filter
def few(count: int) -> str:
    """Return a count as it may be shown: not the small ones, and to the ten, so that no difference tells one either.

    >>> few(0), few(19), few(1234)
    ('none', 'fewer than 20', 'about 1,230')
    """
    return "none" if not count else f"fewer than {FEW}" if count < FEW else f"about {count // 10 * 10:,}"


def drawn(count: int) -> int:
    """Return where a plot draws a count: every small one at the same height."""
    return 0 if not count else FEW // 2 if count < FEW else count // 10 * 10


@register.simple_tag
def shares(parts: Sequence[tuple[int, bool | None]]) -> SafeString:
    """Return one bar of several parts: those who may, those who may not by reason, those nobody asked about."""
    total, place, made = sum(count for count, _ in parts) or 1, 0.0, []
    for number, (count, allowed) in enumerate(parts):
        width = 1000 * count / total
        made.append((_kind(number, allowed), f"{place:.1f}", f"{width:.1f}"))
        place += width
    rects = format_html_join("", '<rect class="{}" x="{}" y="0" width="{}" height="34"></rect>', made)
    frame = '<svg class="shares" viewBox="0 0 1000 34" preserveAspectRatio="none" aria-hidden="true">{}</svg>'
    return format_html(frame, rects)


@register.simple_tag
def swatch(number: int, allowed: bool | None) -> SafeString:  # noqa: FBT001 -- three answers
    """Return the colour a part of the bar has, for its row of the table."""
    frame = (
        '<svg class="swatch" viewBox="0 0 1 1" aria-hidden="true"><rect class="{}" width="1" height="1"></rect></svg>'
    )
    return format_html(frame, _kind(number, allowed))


def _kind(number: int, allowed: bool | None) -> str:  # noqa: FBT001 -- three answers
    return "outside" if allowed is None else "may" if allowed else f"not n{number % 4}"


@register.simple_tag
def lines(yes: Sequence[int], no: Sequence[int]) -> SafeString:
    """Return two lines over time on one scale: yes drawn full, no drawn in dashes."""
    most = max(1, *(drawn(count) for count in (*yes, *no)))
    paths = format_html_join(
        "", '<polyline class="{}" points="{}"></polyline>',
        ((kind, _points(counts, most)) for kind, counts in (("no", no), ("yes", yes))),
    )  # fmt: skip
    ground = format_html('<line x1="0" y1="{}" x2="{}" y2="{}"></line>', HIGH, WIDE, HIGH)
    frame = '<svg class="plot" viewBox="-4 -6 {} {}" aria-hidden="true">{}{}</svg>'
    return format_html(frame, WIDE + 8, HIGH + 10, ground, paths)


def _points(counts: Sequence[int], most: int) -> str:
    step = WIDE / max(1, len(counts) - 1)
    return " ".join(f"{place * step:.1f},{HIGH * (1 - drawn(count) / most):.1f}" for place, count in enumerate(counts))


@register.simple_tag
def bars(counts: Sequence[int]) -> SafeString:
    """Return upright bars, one a count, in order."""
    most, step = max(1, *(drawn(count) for count in counts)), WIDE / max(1, len(counts))
    made = []
    for place, count in enumerate(counts):
        high = HIGH * drawn(count) / most
        made.append((f"{place * step + 3:.1f}", f"{HIGH - high:.1f}", f"{step - 6:.1f}", f"{high:.1f}"))
    rects = format_html_join("", '<rect class="may" x="{}" y="{}" width="{}" height="{}"></rect>', made)
    ground = format_html('<line x1="0" y1="{}" x2="{}" y2="{}"></line>', HIGH, WIDE, HIGH)
    return format_html(
        '<svg class="plot" viewBox="-4 -6 {} {}" aria-hidden="true">{}{}</svg>', WIDE + 8, HIGH + 10, ground, rects
    )


@register.filter
def at(values: Sequence[int], place: int) -> int:
    """Return one of several values by its place."""
    return values[place]
