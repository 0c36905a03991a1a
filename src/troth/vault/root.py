"""The root keys: what every person's key is wrapped with. From the environment, or a file made on first start.

A ring holds several versions while one replaces another. The newest wraps; any of them unwraps. A check value of each
stands in the keys' database, so that a wrong key is found before it can do anything.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import re
import secrets
import sys
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from . import chance
from .errors import RootKeyProblem

HOW = "Write root keys as VERSION:BASE64, 32 bytes each, with spaces between: 1:… 2:…"
ONE = re.compile(r"([0-9]{1,4}):([A-Za-z0-9+/=]+)")


@dataclass(frozen=True)
class Ring:
    """Root keys by version. Never printed."""

    keys: dict[int, bytes]

    def __repr__(self) -> str:
        return f"<root keys {sorted(self.keys)}>"

    @property
    def newest(self) -> int:
        return max(self.keys)

    @cached_property
    def ciphers(self) -> dict[int, AESGCM]:
        """The ciphers of the keys, made once: making one takes longer than unwrapping."""
        return {version: AESGCM(key) for version, key in self.keys.items()}

    def wrap(self, key: bytes, name: bytes) -> tuple[bytes, int]:
        """Return `key` wrapped for its `name`, and the version that wrapped it."""
        nonce = chance.some()[:12]
        return nonce + self.ciphers[self.newest].encrypt(nonce, key, name), self.newest

    def unwrap(self, wrapped: bytes, version: int, name: bytes) -> bytes:
        """Raises RootKeyProblem if the version is not here or the wrap was made with another key or for another."""
        cipher = self.ciphers.get(version)
        if cipher is None:
            raise RootKeyProblem(f"Root key version {version} is not here, and some keys are wrapped with it. {HOW}")
        try:
            return cipher.decrypt(wrapped[:12], wrapped[12:], name)
        except InvalidTag:
            raise RootKeyProblem(
                f"Root key version {version} is not the one a key was wrapped with. Nothing was changed."
            ) from None

    def check(self, version: int) -> bytes:
        """Return what recognises a version without giving it away."""
        return hmac.digest(self.keys[version], b"troth root key check", "sha256")[:16]


def read(text: str) -> Ring:
    """Return the ring written as "1:BASE64 2:BASE64". Raises RootKeyProblem."""
    keys: dict[int, bytes] = {}
    for part in text.split():
        found = ONE.fullmatch(part)
        try:
            key = base64.b64decode(found[2], validate=True) if found else b""
        except binascii.Error:
            key = b""
        if not found or len(key) != 32 or int(found[1]) in keys:
            raise RootKeyProblem(f"The root keys cannot be read. {HOW}")
        keys[int(found[1])] = key
    if not keys:
        raise RootKeyProblem(f"There is no root key. {HOW}")
    return Ring(keys)


def write(ring: Ring) -> str:
    """Return a ring as it stands in the environment or the file."""
    return " ".join(f"{version}:{base64.b64encode(key).decode()}" for version, key in sorted(ring.keys.items()))


def fresh(version: int = 1) -> Ring:
    """Return a ring of one new random key."""
    return Ring({version: secrets.token_bytes(32)})


def place() -> Path:
    """Return where the root keys lie when the environment does not bring them."""
    return Path(settings.TROTH_DATA) / "root-key"


@cache
def _load(text: str, file: Path | None) -> Ring:
    return read(text or (file.read_text(encoding="ascii") if file else ""))


def ring(*, may_make: bool = False) -> Ring:
    """Return the root keys of this process. `may_make`: nothing was ever wrapped, so a first key may be made.

    Raises RootKeyProblem, saying what to do, if there is none or it cannot be read.
    """
    if settings.TROTH_ROOT_KEY:
        return _load(settings.TROTH_ROOT_KEY, None)
    file = place()
    if not file.exists():
        if not may_make:
            raise RootKeyProblem(
                f"The root key is gone: {file} is not there, and people's keys are wrapped with it. "
                "Put it back, or set TROTH_ROOT_KEY. Nothing was changed."
            )
        save(fresh(), first=True)
    return _load("", file)


def save(made: Ring, *, first: bool = False) -> None:
    """Write root keys to the file, whole or not at all, readable by their owner only. Says so.

    `first`: only if there are none. Of two processes that start together one wins, and both read its key.
    """
    file = place()
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:  # noqa: PTH123 -- needs the mode
        out.write(write(made) + "\n")
        out.flush()
        os.fsync(out.fileno())
    won = True
    if first:
        try:
            os.link(draft, file)
        except FileExistsError:
            won = False
        draft.unlink()
    else:
        draft.replace(file)
    _load.cache_clear()
    if won:
        sys.stderr.write(f"Root key written: {file}. Without it nothing can be opened: keep a copy, to yourself.\n")
