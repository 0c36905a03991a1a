"""The door by which something of a person's becomes public. It opens only what the policy's purpose shows.

with publish("comments", person=comment.person_id, brand="holm", channel="online") as p:
    name, text = p.open(comment.username, comment.text)     # the email would be refused

What stays on a page is published once, and shown again each time the page is asked for:

    comment.entry = p.entry
    for comment, values in on_show("comments", comments, brand="holm", channel="online"): ...
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from troth.policy import Act
from troth.vault import covers
from troth.vault.models import HeldRow

from . import policies
from .errors import NotPublished, Refused
from .opening import Opening, opening

Row = TypeVar("Row", bound=HeldRow)


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


class _Standing(Opening):
    """What was published before, shown again: decided on anew for each person, covered by the entry it has."""

    def begin(self, cover: covers.Cover, items: Iterable[str]) -> None:
        del items
        self.cover, self.refused = cover, {}

    def _allow_one(self, person: UUID, items: frozenset[str]) -> None:
        decision = self.decide(person, items)
        if not decision.allowed:
            raise Refused(decision)


def on_show(
    purpose: str,
    rows: Sequence[Row],
    *,
    brand: str,
    channel: str,
    given: Iterable[str] = (),
    at: datetime | None = None,
) -> Iterator[tuple[Row, dict[str, Any]]]:
    """Yield published rows with their values, for a page that is asked for often: a fixed number of queries, no entry.

    Each row says in `entry` which act of `publish` made it public. Whoever has said no since, or is gone, is left out.
    Nothing is kept in the clear between two views, so that a destroyed key ends them all. Raises NotPublished.
    """
    if unpublished := next((row for row in rows if not getattr(row, "entry", 0)), None):
        raise NotPublished(type(unpublished).__name__)
    at, people = at or policies.now(), {row.person_id for row in rows}
    cover = covers.Cover("publish", frozenset(), at)
    showing = _Standing(Act("publish", purpose, brand, channel=channel, given=frozenset(given)), people, at)
    showing.begin(cover, ())
    try:
        cover.fetch(people)
        for row in rows:
            if row.person_id in cover.ring and showing.decide(row.person_id, _items(row)).allowed:
                yield row, showing.open_row(row)
    finally:
        cover.ring.clear()


def _items(row: HeldRow) -> frozenset[str]:
    return frozenset(label.of(row) for label in row.labels().values())
