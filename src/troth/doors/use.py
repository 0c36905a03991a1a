"""The door by which what is held is used: read by staff, printed on a label, fed to a calculation.

with use("order", person=order.person_id, brand="tarn", actor="care", given=["open case", ...]) as u:
    name, street = u.open(parcel.recipient, parcel.line1)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from uuid import UUID

from troth.policy import Act

from .opening import Opening, opening


def use(
    purpose: str,
    *,
    brand: str,
    person: UUID | None = None,
    people: Collection[UUID] = (),
    items: Iterable[str] = (),
    actor: str = "system",
    given: Iterable[str] = (),
    form: str = "plain",
    at: datetime | None = None,
) -> AbstractContextManager[Opening]:
    """Use data of one `person`; or `items` of many `people`, with one recorded act and the list it reached.

    Raises Refused when a value is opened that the decision does not cover. Source: policy [purposes].uses;
    GDPR art. 5(1)(b), 6.
    """
    act = Act("use", purpose, brand, actor=actor, given=frozenset(given), form=form)
    return opening(act, person, people, items, at)
