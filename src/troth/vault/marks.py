"""Marks: what an identifier is looked up by. A keyed hash that recognises a value shown to it, and tells no more."""

from __future__ import annotations

import hmac

from . import keys
from .normal import normalise


def keyed_hash(key: bytes, message: bytes) -> bytes:
    """Return the 32-byte HMAC-SHA-256 of a message (RFC 2104).

    `hmac.digest` hands the interpreter to another thread, who keeps it for milliseconds: ten times at every checkout.
    """
    return hmac.new(key, message, "sha256").digest()


def mark(kind: str, normal: str) -> bytes:
    """Return the 32-byte mark of a normalised value. The kind is part of it: a handle is no mailbox."""
    # One mailbox rings in one pocket: a number given as phone and as mobile is the same number.
    family = "phone" if kind == "mobile" else kind
    return keys.house_hash(keys.MARKS, f"{family}:{normal}".encode())


def mark_of(kind: str, value: str, region: str = "GB") -> bytes:
    """Return the mark of a value as it was given. Raises BadIdentifier."""
    return mark(kind, normalise(kind, value, region))
