"""The three shops on a Sunday in November, with everything on their shelves."""

from datetime import date

import pytest

from troth.shop.actions import load_catalogue

SUNDAY = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def today(settings):
    settings.TROTH_TODAY = SUNDAY
    return SUNDAY


@pytest.fixture
def shelves(db):
    return load_catalogue()
