"""Addresses of static files, for the pages of every room."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.templatetags.static import static


def address(name: str) -> str:
    """Return the address of a static file, with its digest: it can be kept for good. Raises FileNotFoundError."""
    return f"{static(name)}?{_digest(name)}"


@cache
def _digest(name: str) -> str:
    found = finders.find(name)
    if not isinstance(found, str):
        raise FileNotFoundError(name)
    return hashlib.sha256(Path(found).read_bytes()).hexdigest()[:12]
