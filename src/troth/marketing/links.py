"""The links a message holds: its way out, and why it came. Signed, kept nowhere, naming a campaign and a person.

A link outlives the record of its message (24 months): whoever finds an old letter can still say no by it.
"""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache
from typing import Final
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.urls import reverse

from troth.policy import Compiled
from troth.policy.book import home_of

from .errors import Forged

STOP: Final = "troth.marketing.stop"
WHY: Final = "troth.marketing.why"
LONGEST: Final = 120
KEY: Final = "KEY"


def key(salt: str, campaign: UUID, person: UUID) -> str:
    """Return what a link names both by: two random ids, and 256 bits that only we can make."""
    both = base64.urlsafe_b64encode(campaign.bytes + person.bytes).decode().rstrip("=")
    return Signer(salt=salt, sep="~").sign(both)


def read(salt: str, given: str) -> tuple[UUID, UUID]:
    """Return the campaign and the person a link names. Raises Forged."""
    if len(given) > LONGEST:
        raise Forged
    try:
        raw = base64.b64decode(Signer(salt=salt, sep="~").unsign(given) + "=", altchars=b"-_", validate=True)
        return UUID(bytes=raw[:16]), UUID(bytes=raw[16:])
    except (BadSignature, binascii.Error, ValueError):
        raise Forged from None


def way(compiled: Compiled, brand: str, page: str, given: str, home: str = "") -> str:
    """Return the whole address of a page of a brand's: on its own site, or, in a demonstration, at `home`."""
    before, _, after = _around(brand, page, home_of(compiled.policy, brand), home).partition(KEY)
    return f"{before}{given}{after}"


@lru_cache(maxsize=64)
def _around(brand: str, page: str, own: str, home: str) -> str:
    """Return an address with KEY where the key goes, on a brand's own site: looked up once, not for each letter."""
    path = reverse(f"shop:{page}", kwargs={"brand": brand, "key": KEY})
    return f"{home.rstrip('/')}{path}" if home else own + path.removeprefix(f"/{brand}")
