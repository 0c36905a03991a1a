"""A mail company, spoken to through django-anymail: which one, with which keys, all of it from the environment.

    TROTH_MAIL=…                     the company, by django-anymail's name for it
    TROTH_MAIL_KEY="api_key=… …"     its settings, as django-anymail names them, in small letters
    TROTH_MAIL_NOTICES="webhook_secret=user:password …"

Any company's adapter fits that asks for no more than such settings. None of them is told to see who opens or clicks:
nobody was asked about that here, and its notices of it are not read.
"""

from __future__ import annotations

import os
import re
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from anymail.backends.base import AnymailBaseBackend  # type: ignore[import-untyped]
    from anymail.webhooks.base import AnymailCoreWebhookView  # type: ignore[import-untyped]

NAME: Final = re.compile(r"[a-z]+(?:_[a-z]+)*")
SHOWN: Final = "webhook_secret"
SHORTEST: Final = 16
FEATURES: Final = ("metadata", "tags", "track_opens", "track_clicks", "envelope_sender")


def named() -> str:
    """Return which company carries our mail; nothing if none does."""
    return _said("TROTH_MAIL")


def backend(name: str, timeout: float) -> AnymailBaseBackend:
    """Return the way to a company. Raises ImproperlyConfigured, saying what to set."""
    made: AnymailBaseBackend = _module("backends", name).EmailBackend(**_pairs("TROTH_MAIL_KEY"), timeout=timeout)
    return made


def can(way: AnymailBaseBackend) -> frozenset[str]:
    """Return what a company can be told with a letter, of the features we use."""
    from anymail.backends.base import BasePayload  # noqa: PLC0415 -- for those who use one

    (payload,) = [
        one
        for one in vars(import_module(type(way).__module__)).values()
        if isinstance(one, type) and issubclass(one, BasePayload) and one.__module__ == type(way).__module__
    ]
    own = {name for name in FEATURES if getattr(payload, f"set_{name}") is not getattr(BasePayload, f"set_{name}")}
    return frozenset(own)


def webhook(name: str) -> AnymailCoreWebhookView:
    """Return what reads a company's notices. Raises ImproperlyConfigured without a secret long enough to be one."""
    from anymail.signals import tracking  # type: ignore[import-untyped]  # noqa: PLC0415

    keys = _pairs("TROTH_MAIL_NOTICES")
    secret = str(keys.get(SHOWN, ""))
    if ":" not in secret or len(secret) < SHORTEST:
        raise ImproperlyConfigured(
            f"A mail company's notices need TROTH_MAIL_NOTICES: {SHOWN}=user:password, {SHORTEST} signs at least."
        )
    module = _module("webhooks", name)
    (view,) = [
        one
        for one in vars(module).values()
        if isinstance(one, type) and one.__module__ == module.__name__ and vars(one).get("signal") is tracking
    ]
    made: AnymailCoreWebhookView = view(**keys)
    return made


def _module(kind: str, name: str) -> ModuleType:
    try:
        if NAME.fullmatch(name):
            return import_module(f"anymail.{kind}.{name}")
    except ImportError:
        pass
    raise ImproperlyConfigured("TROTH_MAIL should be a company as django-anymail names it, in small letters.")


def _pairs(setting: str) -> dict[str, Any]:
    pairs = [one.partition("=") for one in _said(setting).split()]
    if not pairs or any(not equals or not NAME.fullmatch(name) for name, equals, _ in pairs):
        raise ImproperlyConfigured(f'{setting} should be settings such as "api_key=…", with spaces between them.')
    return {name: value for name, _, value in pairs}


def _said(name: str) -> str:
    return str(getattr(settings, name, "") or os.environ.get(name, ""))
