"""Pages and jobs declare what they need personal data for. A door opens for no other purpose.

The purpose never comes from a request: it stands above the view, where a reader and a test find it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from .errors import Undeclared

NOTHING_PERSONAL = "none: no personal data"
Page = TypeVar("Page", bound=Callable[..., HttpResponse])
_declared: ContextVar[frozenset[str]] = ContextVar("declared", default=frozenset())


def purpose(*names: str) -> Callable[[Page], Page]:
    """Declare what a page is for: purposes of the policy, or NOTHING_PERSONAL, which also makes it read-only."""

    def declare(page: Page) -> Page:
        if names == (NOTHING_PERSONAL,):
            served = require_safe(page)
        else:

            @wraps(page)
            def served(*arguments: Any, **named: Any) -> HttpResponse:  # noqa: ANN401 -- whatever the page takes
                with job(*names):
                    return page(*arguments, **named)

        served.purpose = names  # type: ignore[attr-defined]
        return served

    return declare


@contextmanager
def job(*names: str) -> Iterator[None]:
    """Declare what a command or background job is for."""
    token = _declared.set(frozenset(names))
    try:
        yield
    finally:
        _declared.reset(token)


def must_declare(name: str) -> None:
    """Raise Undeclared unless the page or job that runs now declares this purpose."""
    if name not in (declared := _declared.get()):
        raise Undeclared(name, declared)
