"""The home address of an account as what post goes to, and what the Mailing Preference Service's file is matched with.

One a person: a new one takes the place of the old, and none lets it go. An order's addresses are not it: a checkout
asks where a parcel goes and who is billed, and its notice says no more (policy [sources.order.forms.checkout]).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from troth.doors import keep
from troth.doors.collect import Collecting
from troth.vault import identity
from troth.vault.marks import mark_of
from troth.vault.models import Identifier

from . import addresses

KIND = "postal"


def line(address: Mapping[str, str]) -> str:
    """Return an address on one line, as preference files write it: of a house in Britain, without the country.

    >>> line({"street": "3 Weir Lane", "city": "BATH", "postcode": "BA1 1AA", "country": "GB"})
    '3 Weir Lane, BATH, BA1 1AA'
    """
    parts = [part.strip(" ,") for part in addresses.lines(address)]
    return ", ".join(parts[:-1] if address["country"] == "GB" else parts)


def moved(c: Collecting, person: UUID, home: Mapping[str, str] | None, at: datetime) -> None:
    """Let post go to somebody's new home, or to none. Inside the `collect` that takes the address in."""
    rows = list(Identifier.objects.filter(person_id=person, kind=KIND).order_by("seen_at", "id"))
    if home is None:
        keep.end(rows, at)
        return
    value = line(home)
    row = rows[-1] if rows else identity.identifier(person, KIND, value)
    row.value, row.mark, row.source, row.evidence = value, mark_of(KIND, value), "", "stated"
    c.save(row)
    keep.end(rows[:-1], at)
