"""The house on a Sunday in November, with the demonstration's own policy."""

from datetime import date

import pytest

from troth.doors import policies
from troth.front.house import House

SUNDAY = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def today(settings):
    settings.TROTH_TODAY = SUNDAY
    return SUNDAY


@pytest.fixture
def house(today):
    return House(policies.archive(), today)
