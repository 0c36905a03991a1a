"""A shop with one thing to speak of, and people who speak."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from troth.community import actions, rules
from troth.community.commands import PURPOSES
from troth.doors.declare import job

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
LOUD = "Quokka"  # a word no page says by itself


@pytest.fixture(autouse=True)
def today(settings):
    settings.TROTH_TODAY = date(2026, 11, 26)


@pytest.fixture(autouse=True)
def _declared():
    with job(*PURPOSES):
        yield


def link(remark):
    return f"https://tarn.example/said/{remark.pk}/"


def typed(kind="review", **other):
    told = {"name": "Marigold", "email": "ada@post.example", "words": f"{LOUD} and warm.", "stars": "4"}
    return rules.read(kind, told | other)


def write(kind="review", *, brand="tarn", about="nell", once=None, at=NOON, photos=(), **other):
    """Somebody writes; nobody has read it yet."""
    page = actions.Page(brand, "" if kind == "testimonial" else about, once or uuid4())
    more = {name: other.pop(name) for name in ("person", "bought") if name in other}
    return actions.write(typed(kind, **other), page, link=link, at=at, photos=photos, **more)


def fresh(remark):
    remark.refresh_from_db()
    return remark


def shown(kind="review", **other):
    """Somebody writes, proves their mailbox, and one of us shows it."""
    at = other.get("at", NOON)
    remark = write(kind, **other)
    if remark.state == "unproven":
        actions.prove(remark.pk, at=at)
    actions.show(remark.pk, version=remark.version, link=link, at=at)
    return fresh(remark)
