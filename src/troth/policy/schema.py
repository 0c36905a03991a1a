"""JSON Schema of the policy file and of law packs, for editors: from the declarations the loader reads by.

Whatever the loader accepts, the schema accepts. It cannot see what a name refers to, so the loader refuses more.
Days stand as strings: JSON has no dates, and editors show TOML's as such.
"""

from __future__ import annotations

from typing import Final

from .law import LawPack
from .nouns import Policy
from .period import EVENTS, UNITS
from .shapes import KEEP_TEXT, LENGTH_TEXT, Record, Schema

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_LENGTH: Final = rf"\d{{1,4}} ({'|'.join(UNITS)})s?"
# The grammars in full, with the spaces the loader forgives: a shape's own pattern is only their outline.
PATTERNS: Final = {
    LENGTH_TEXT.pattern: rf"^\s*{_LENGTH}\s*$",
    KEEP_TEXT.pattern: rf"^\s*(until removed|{'|'.join(EVENTS)})\s*(\+\s*{_LENGTH}\s*)?$",
}


def json_schema() -> Schema:
    """Return the schema of a policy file (draft 2020-12)."""
    return _whole("Troth policy", Policy)


def pack_schema() -> Schema:
    """Return the schema of a law pack (draft 2020-12)."""
    return _whole("Troth law pack", LawPack)


def _whole(title: str, of: type) -> Schema:
    made = _sharpened(Record(of).schema())
    return {"$schema": DRAFT, "title": title, **made}


def _sharpened(schema: Schema) -> Schema:
    """Put the full grammars in place of their outlines, all the way down."""
    return {key: _deeper(value) for key, value in schema.items()}


def _deeper(value: object) -> object:
    if isinstance(value, dict):
        return _sharpened(value)
    if isinstance(value, list):
        return [_deeper(one) for one in value]
    return PATTERNS.get(value, value) if isinstance(value, str) else value
