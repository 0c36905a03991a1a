"""Words for templates: the panel, what this device saw lately, and other companies' scripts, which wait for a yes."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import template
from django.http import HttpRequest
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from troth.accounts import files
from troth.choices.actions import standings
from troth.doors import policies
from troth.policy.wording import listed
from troth.tracking import devices, rules
from troth.tracking.errors import NotOurTag

register = template.Library()


@register.inclusion_tag("tracking/panel.html", takes_context=True)
def panel(context: Context) -> dict[str, Any]:
    """Show the panel until this browser has answered, and its signal's badge. Costs a stranger no query."""
    request, here = context.get("request"), context.get("shop")
    if not isinstance(request, HttpRequest) or here is None:
        return {}
    device = devices.of(request, here.brand.slug)
    if context.get("no_panel") or not device.asks:
        return {}
    choices = device.compiled.policy.choices
    asked = [name for name in rules.asked(device.compiled) if name in device.resting]
    silenced = [name for name in asked if device.silenced(name)]
    on = [name for name in asked if device.resting[name].mode == rules.ON_UNTIL_NO and name not in silenced]
    first = [name for name in asked if name not in (*silenced, *on)]
    return {
        "shop": here, "open": True, "signal": device.signal, "outgrown": _said(choices, list(device.answers.outgrown)),
        "asked": _said(choices, first), "running": _said(choices, on), "silenced": _said(choices, silenced),
    }  # fmt: skip


def _said(choices: Any, names: list[str]) -> str:  # noqa: ANN401 -- the policy's own shape
    return listed([choices[name].say for name in names], "or") if names else ""


# -- other companies' scripts ------------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def third_party(context: Context, purpose: str, to: str, source: str) -> SafeString:
    """Return another company's script, and before it what tells it the answers; nothing without a yes.

    `{% third_party "adverts" "ad_partners" "https://tag.example/tag.js" %}`. Nothing is loaded before the yes ("basic"
    Consent Mode), so the page of somebody who said nothing reaches no other machine. Raises NotOurTag.
    """
    request, here = context["request"], context["shop"]
    device = devices.of(request, here.brand.slug)
    made = device.compiled.policy.purposes.get(purpose)
    if made is None or to not in {one.by for one in made.cookies.values()}:
        raise NotOurTag(purpose, to)
    device.personal = True
    if not _lets(device, purpose):
        return SafeString("")
    parts = urlsplit(source)
    device.hosts.add(f"{parts.scheme}://{parts.netloc}" if parts.netloc else "'self'")
    return format_html('{}<script async src="{}"></script>', _consent_mode(device), source)


def _consent_mode(device: devices.Device) -> SafeString:
    """Return our own script once a page: it tells tags the answers before they run (Google Consent Mode v2)."""
    if device.told:
        return SafeString("")
    device.told = True
    granted = [word for word, purpose in rules.CONSENT_MODE.items() if _lets(device, purpose)]
    file = files.address("tracking/consent-mode.js")
    return format_html('<script src="{}" data-granted="{}"></script>', file, " ".join(granted))


def _lets(device: devices.Device, purpose: str) -> bool:
    """Tell whether this device, and whoever is signed in on it, lets a purpose happen: both."""
    if not device.lets(purpose):
        return False
    them = device.person
    if them is None:
        return True
    where = standings([them], device.compiled, policies.now())[them.pk]
    return rules.allows(device.compiled, purpose, device.brand, where, device.on)


@register.simple_tag
def tracking_file(name: str) -> str:
    """Return the address of a static file, with its digest, so that it can be kept for good."""
    return files.address(name)
