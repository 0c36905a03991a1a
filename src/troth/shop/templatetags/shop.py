"""Words for the shops' templates: ways to pages, and addresses of files that change when the file does."""

from __future__ import annotations

from django import template
from django.forms import BaseForm
from django.forms.boundfield import BoundField
from django.template.context import Context
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from troth.accounts import files
from troth.shop import rules
from troth.shop.forms import FILL, PARTS
from troth.shop.models import Picture

register = template.Library()
register.filter("tag", rules.tag)


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
    return files.address(name)


# -- forms -----------------------------------------------------------------------------------------------------------


@register.inclusion_tag("shop/field.html")
def field(field: BoundField, hint: str = "", *, optional: bool = False, rows: int = 2) -> dict[str, object]:
    """Show one field of a form: its label, its hint, what was typed, and what is wrong with it."""
    name = field.id_for_label
    told = [f"{name}-{part}" for part, there in (("hint", hint), ("error", field.errors)) if there]
    described = format_html(' aria-describedby="{}"', " ".join(told)) if told else ""
    if field.errors:
        described += SafeString(' aria-invalid="true"')
    choices = getattr(field.field, "choices", None)
    kind = "select" if choices else "lines" if getattr(field.field, "lines", False) else _kind(field.name)
    return {
        "field": field, "hint": hint, "optional": optional, "rows": rows, "kind": kind, "choices": choices,
        "fill": getattr(field.field, "fill", FILL.get(field.name.partition("_")[2], "off")),
        "given": "" if field.value() is None else field.value(), "described": described,
    }  # fmt: skip


def _kind(name: str) -> str:
    return "email" if name.endswith("email") else "tel" if name == "mobile" else "text"


@register.inclusion_tag("shop/question.html")
def question(field: BoundField, legend: str = "", hint: str = "") -> dict[str, object]:
    """Show a question with a few answers side by side, each as near as the other."""
    choices = list(field.field.choices)  # type: ignore[attr-defined]
    return {"field": field, "legend": legend or field.label, "hint": hint, "choices": choices, "given": field.value()}


@register.inclusion_tag("shop/address_fields.html")
def address(form: BaseForm, prefix: str) -> dict[str, object]:
    """Show the parts of an address. Which a country has differs, and without a script the form shows them all."""
    return {"fields": [(form[f"{prefix}_{part}"], part == "area") for part in PARTS]}
