"""Which partners this house works with. One place, so that the rest need not know."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from troth.partners.chosen import payment_partner
from troth.partners.errors import PartnerUnavailable
from troth.partners.payments import PaymentPartner
from troth.partners.screening import Agency, OwnRules, ScreeningPartner


def payments() -> PaymentPartner:
    """Return the payment partner. Raises PartnerUnavailable where none is named: orders wait until there is one."""
    try:
        return payment_partner()
    except ImproperlyConfigured as why:
        raise PartnerUnavailable(str(why)) from None


def screening() -> ScreeningPartner:
    """Return the agency at TROTH_SCREENING, its key in the file TROTH_SCREENING_KEY; else our own rules."""
    address = os.environ.get("TROTH_SCREENING", "")
    return _agency(address, os.environ.get("TROTH_SCREENING_KEY", "")) if address else OwnRules()


@cache
def _agency(address: str, key: str) -> ScreeningPartner:
    return Agency(address, Path(key).read_text(encoding="utf-8").strip())
