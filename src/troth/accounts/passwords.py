"""Passwords as Argon2id keeps them (RFC 9106). A wrong address costs as much as a wrong password."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

HASHER = PasswordHasher()  # RFC 9106, second recommended: 64 MiB, three passes
PREFIX = "argon2"  # how the door knows a secret that has been made ready


def hashed(password: str) -> str:
    return PREFIX + HASHER.hash(password)


def right(stored: str | None, password: str) -> bool:
    """Tell whether a password is the one that was hashed. Without one, the same work is done for nothing."""
    try:
        HASHER.verify((stored or _nobodys()).removeprefix(PREFIX), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def grown_old(stored: str) -> bool:
    """Tell whether a password was hashed with other parameters than today's."""
    return HASHER.check_needs_rehash(stored.removeprefix(PREFIX))


@cache
def _nobodys() -> str:
    return hashed("nobody's")
