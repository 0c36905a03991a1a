"""The door by which something of a person's becomes public. It opens only what the policy's purpose shows.

with publish("comments", person=comment.person_id, brand="holm", channel="online") as p:
    name, text = p.open(comment.username, comment.text)     # the email would be refused
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from uuid import UUID

from troth.policy import Act

from .opening import Opening, opening


def publish(
    purpose: str,
    *,
    brand: str,
    channel: str,
    person: UUID | None = None,
    people: Collection[UUID] = (),
    items: Iterable[str] = (),
    actor: str = "system",
    given: Iterable[str] = (),
    size: int = 0,
    at: datetime | None = None,
) -> AbstractContextManager[Opening]:
    """Show data to the public, "online" or in "print". Source: policy [purposes].shows; R44, R45."""
    act = Act("publish", purpose, brand, channel=channel, actor=actor, given=frozenset(given), size=size)
    return opening(act, person, people, items, at)
