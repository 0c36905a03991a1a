"""What the door that is open now allows. Only `troth.doors` opens one; rows look here before they change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from . import keys
from .errors import NoKey
from .seal import PersonKey


@dataclass
class Cover:
    """One act in progress: which door, whose data, which items (full names), and when."""

    verb: str
    items: frozenset[str]
    at: datetime
    source: str = ""
    people: frozenset[UUID] | None = None  # None: the door decides person by person, as the rows come
    ring: dict[UUID, PersonKey] = field(default_factory=dict, repr=False)
    touched: set[str] = field(default_factory=set)  # items really written or opened, for the ledger

    def allows(self, verb: str, person: UUID, items: frozenset[str]) -> bool:
        return self.verb == verb and items <= self.items and (self.people is None or person in self.people)

    def key(self, person: UUID) -> PersonKey:
        """Return a person's key, fetched once an act. Raises NoKey."""
        key = self.ring.get(person)
        if key is None:
            self.ring.update(keys.fetch([person]))
            if (key := self.ring.get(person)) is None:
                raise NoKey
        return key

    def fetch(self, people: Mapping[UUID, object] | set[UUID]) -> None:
        """Fetch many keys at once."""
        self.ring.update(keys.fetch([person for person in people if person not in self.ring]))


_current: ContextVar[Cover | None] = ContextVar("cover", default=None)


def current() -> Cover | None:
    return _current.get()


@contextmanager
def opened(cover: Cover) -> Iterator[Cover]:
    """Let rows be touched as `cover` allows, until the block ends. Keys are forgotten with it."""
    token = _current.set(cover)
    try:
        yield cover
    finally:
        _current.reset(token)
        cover.ring.clear()
