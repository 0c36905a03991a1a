"""Readers by the thousand: people who said yes to news by email, as the house's own doors leave them in its database.

Each has a key, an address and an answer, sealed and recorded. What somebody's first answer folds to is worked out once
and written beside each; a sample of them is folded again as in production, and must be the same.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
SOME = 5_000
SAID = ("consent", "news:tarn:email")


def started(folder: str, databases: tuple[str, str] = ("", "")) -> None:
    """Set Django up on databases of its own. It must not be set up yet."""
    os.environ |= {"TROTH_DATA": folder, "DJANGO_SETTINGS_MODULE": "troth.site.settings"}
    os.environ |= {"TROTH_DATABASE": databases[0], "TROTH_KEYS": databases[1]}
    import django
    from django.core.management import call_command

    django.setup()
    for alias in ("default", "keys"):
        call_command("migrate", verbosity=0, database=alias)


def address(who: UUID) -> str:
    return f"{who.hex}@post.example"


def _known(who: UUID) -> Any:  # noqa: ANN401 -- Django is loaded by now
    from troth.vault.marks import mark
    from troth.vault.models import Identifier
    from troth.vault.normal import normalise

    where = address(who)
    return Identifier(person_id=who, kind="email", mark=mark("email", normalise("email", where)), value=where)


def readers(size: int) -> list[UUID]:
    """Bring people in; two in three of them by name."""
    people: list[UUID] = []
    while len(people) < size:
        people += _some(min(SOME, size - len(people)))
    _as_in_production(people[:: max(1, size // 20)])
    return people


def _some(size: int) -> list[UUID]:
    from troth.choices import rules
    from troth.choices.models import Event, Folded
    from troth.doors.collect import collect
    from troth.doors.declare import job
    from troth.policy.acts import SETS
    from troth.vault import identity
    from troth.vault.models import Person, Profile
    from troth.vault.storing import store_all

    born = {"residence": "GB", "last_seen": date(2026, 11, 1), "known_age": 40, "known_on": date(2026, 1, 1)}
    some = [person.pk for person in identity.add(Person(**born) for _ in range(size))]
    with job("account"), collect("account", source="register", brand="tarn", people=some) as c:
        c.save_all(_known(who) for who in some)
        c.save_all(Profile(person_id=who, name="Ada Marlow") for who in some if who.int % 3)
    with job("proof"), collect("proof", source="choice", brand="tarn", people=some, at=AT) as c:
        said = [
            Event(
                person_id=who, kind=SAID[0], pattern=SAID[1], at=AT, policy=c.compiled.digest, place="register",
                actor="person", wording="May we write?",
            )
            for who in some
        ]  # fmt: skip
        c.save_all(said)
        folded = rules.fold([said[0].said()], c.compiled, AT)
        bits = {name: f"{getattr(folded, name):x}" for name in SETS}
        store_all(Folded(person_id=who, layout=c.compiled.layout, bits=bits) for who in some)
    return some


def _as_in_production(people: list[UUID]) -> None:
    from troth.choices.actions import refold
    from troth.choices.models import Folded
    from troth.doors import policies

    compiled = policies.archive().in_force(AT.date())
    for who in people:
        before = Folded.objects.get(person_id=who)
        after = refold(who, compiled, AT)
        assert (before.bits, before.layout, before.lapses_at) == (after.bits, after.layout, after.lapses_at)
