"""Two records found to be one person: an act of the officer's, decided, recorded, and reversible (R3, R34)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from troth.choices.actions import refold
from troth.policy import Act
from troth.vault import covers, identity
from troth.vault.models import Join, Person

from .acting import Acting, whole

PURPOSE = "dedupe"


@contextmanager
def _act(people: Iterable[UUID], actor: str, given: Iterable[str], at: datetime, code: str) -> Iterator[Acting]:
    them = list(people)
    brand = ""
    with whole():
        list(Person.objects.select_for_update().filter(pk__in=them).order_by("pk"))
        acting = Acting(Act("use", PURPOSE, brand, actor=actor, given=frozenset(given)), them, at, {"what": code})
        acting.act = acting.act._replace(brand=next(iter(acting.compiled.policy.brands)))
        cover = covers.Cover("keep", frozenset(), at, people=frozenset(them))
        decision = next(iter([acting.must(person, acting.covered(), cover) for person in them]))
        with covers.opened(cover):
            yield acting
            for person in them:
                refold(person, acting.compiled, at)
            acting.entry = acting.record(decision, acting.covered(), them, cover)


def join(kept: UUID, folded: UUID, *, because: str, actor: str, given: Iterable[str], at: datetime) -> Join:
    """Join two people into `kept`. Raises Refused. A no of either side stays a no."""
    with _act([kept, folded], actor, given, at, "join"):
        return identity.join(kept, folded, because=because, at=at)


def part(found: Join, *, actor: str, given: Iterable[str], at: datetime) -> bool:
    """Part two people again who were joined. False if that was done already. Raises Refused."""
    with _act([found.kept, found.folded], actor, given, at, "part"):
        return identity.part(found, at=at)
