"""People to act on, and a moment to act at."""

from datetime import UTC, date, datetime

import pytest

from troth.doors.collect import collect
from troth.doors.declare import job
from troth.vault import keys
from troth.vault.models import Identifier, Person

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def someone(residence="GB", **facts):
    person = Person(residence=residence, last_seen=facts.pop("last_seen", date(2026, 11, 1)), **facts)
    keys.make([person.pk.bytes])
    person.save()
    return person


def known_by(person, kind, value, at=NOON):
    with job("account"), collect("account", source="register", brand="tarn", person=person.pk, at=at) as c:
        return c.save(Identifier(person_id=person.pk, kind=kind, mark=f"{kind}:{value}".encode()[:32], value=value))


@pytest.fixture
def ada(databases):
    return someone()


@pytest.fixture
def bob(databases):
    return someone()


@pytest.fixture
def databases(transactional_db):
    """Both databases, with real transactions."""
