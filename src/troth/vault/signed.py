"""Keys in links that name one thing as long as it is there: its id and a signature of ours, kept nowhere."""

from __future__ import annotations

from uuid import UUID

from django.core.signing import BadSignature, Signer


def key(salt: str, one: UUID, sep: str = ":") -> str:
    """Return what a link names a thing by. `salt` says what it is for: a key for one use opens nothing else."""
    return Signer(salt=salt, sep=sep).sign(one.hex)


def read(salt: str, text: str, sep: str = ":") -> UUID | None:
    """Return which thing a key is of; None for one that we did not make."""
    try:
        return UUID(hex=Signer(salt=salt, sep=sep).unsign(text))
    except (BadSignature, ValueError):
        return None
