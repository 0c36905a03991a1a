"""The three shops on a Sunday in November, with everything on their shelves."""

from datetime import date

import pytest
from tests.shop.bank import Bank

from troth.doors.declare import job
from troth.shop import partners
from troth.shop.actions import load_catalogue

SUNDAY = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def today(settings):
    settings.TROTH_TODAY = SUNDAY
    return SUNDAY


@pytest.fixture
def shelves(db):
    return load_catalogue()


@pytest.fixture
def bank(monkeypatch):
    """The payment partner, in memory."""
    made = Bank()
    monkeypatch.setattr(partners, "payments", lambda: made)
    return made


@pytest.fixture
def selling():
    """Declare what the shop's own jobs declare."""
    with job("order", "screen", "keep_card", "rights"):
        yield
