"""Which company is our payment partner: said in the environment, and nowhere else.

TROTH_PAYMENTS          the partner's address, such as http://127.0.0.1:8100; or "stripe"
TROTH_PAYMENTS_KEY      our secret key for its API
TROTH_PAYMENTS_NOTICES  the key it signs notices with

Django settings of the same names come first, for tests.
"""

from __future__ import annotations

import os
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from .payments import PaymentPartner
from .pennyfold import Pennyfold


def payment_partner() -> PaymentPartner:
    """Return the adapter for our payment partner. Raises `ImproperlyConfigured`, saying what to set."""
    return _made(_said("TROTH_PAYMENTS"), _said("TROTH_PAYMENTS_KEY"), _said("TROTH_PAYMENTS_NOTICES"))


def _said(name: str) -> str:
    said = str(getattr(settings, name, "") or os.environ.get(name, ""))
    if not said:
        raise ImproperlyConfigured(f"Payments need {name}; docs/partners.md says how to plug in a partner.")
    return said


@lru_cache(maxsize=4)
def _made(which: str, key: str, notices: str) -> PaymentPartner:
    if which == "stripe":
        from .stripe import Stripe  # noqa: PLC0415 -- a large library, for those who use it

        return Stripe(key, notices)
    if not which.startswith(("http://", "https://")):
        raise ImproperlyConfigured('TROTH_PAYMENTS should be an address or "stripe".')
    return Pennyfold(which, key, notices)
