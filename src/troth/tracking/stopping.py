"""A no ends what it was said to, at once and whoever took it down: the panel, the account, a link, the care desk."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.signals import post_save

from troth.choices.actions import known
from troth.choices.models import Event
from troth.choices.rules import NOS
from troth.doors import keep, policies
from troth.vault.models import HeldRow, Identifier

from . import rules
from .models import Guess, Looked, PageSeen, Search

SERVES: dict[str, tuple[Any, ...]] = {"tracking": (PageSeen,), "profile": (Looked, Search, Guess)}


def watch() -> None:
    """Look at each answer as it is stored."""
    post_save.connect(_said, sender=Event, dispatch_uid="troth.tracking.stopping")


def _said(instance: Event, **_: Any) -> None:  # noqa: ANN401 -- a signal's signature
    if instance.kind in NOS and instance.pattern.partition(":")[0] in ("*", *SERVES):
        transaction.on_commit(partial(let_go, instance.person_id, instance.at), robust=True)


def let_go(person: UUID, at: datetime) -> int:
    """Let go of everything of a person's that no yes, and no law, stands behind any more. Returns how many rows.

    A device none of whose purposes is left loses its number too: what remains is the record of what it said.
    """
    day = policies.today()
    compiled = policies.archive().in_force(day)
    where = known([person], compiled, at)[1].get(person)
    if where is None:
        return 0

    def open_at(purpose: str, brand: str) -> bool:
        return rules.allows(compiled, purpose, brand, where, day)

    rows: list[HeldRow] = []
    for purpose, models in SERVES.items():
        shut = [brand for brand in compiled.policy.brands if not open_at(purpose, brand)]
        for model in models:
            rows += model._base_manager.filter(person_id=person, brand__in=shut)
    if not any(open_at(purpose, brand) for purpose in SERVES for brand in compiled.policy.brands):
        rows += Identifier.objects.filter(person_id=person, kind="device")
    return keep.end(rows, at) if rows else 0
