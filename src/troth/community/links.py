"""The link under which a writer finds a remark again: signed, so that nobody makes one up, and kept nowhere."""

from __future__ import annotations

from uuid import UUID

from django.urls import reverse

from troth.policy import Compiled
from troth.policy.book import home_of
from troth.vault import signed

from .errors import NotThere
from .models import Remark

SALT = "troth.community.remark"


def key(pk: UUID) -> str:
    """Return what the link names a remark by: its id, and 256 bits that only we can make."""
    return signed.key(SALT, pk)


def remark_of(given: str) -> UUID:
    """Return whose link this is. Raises NotThere."""
    found = signed.read(SALT, given)
    if found is None:
        raise NotThere
    return found


def way(remark: Remark) -> str:
    """Return the link's path, as seen from where the request that is served came to."""
    return reverse("shop:remark", kwargs={"brand": remark.brand, "key": key(remark.pk)})


def at_home(remark: Remark, compiled: Compiled) -> str:
    """Return the link on the brand's own site, where its pages stand at the root: for letters written off the pages."""
    return home_of(compiled.policy, remark.brand) + way(remark).removeprefix(f"/{remark.brand}")
