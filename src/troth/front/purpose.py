"""Every page says what it needs personal data for, or that it needs none. A test walks all addresses for it."""

from collections.abc import Callable
from typing import TypeVar

from django.http import HttpResponse
from django.views.decorators.http import require_safe

NOTHING_PERSONAL = "none: no personal data"
Page = TypeVar("Page", bound=Callable[..., HttpResponse])


def purpose(name: str) -> Callable[[Page], Page]:
    """Declare what a page is for: a purpose of the policy, or NOTHING_PERSONAL, which also makes it read-only."""

    def declare(page: Page) -> Page:
        served = require_safe(page) if name == NOTHING_PERSONAL else page
        served.purpose = name  # type: ignore[attr-defined]
        return served

    return declare
