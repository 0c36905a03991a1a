"""The key that signs the log's heads. From the environment, or a file made on first use."""

from __future__ import annotations

import base64
import os
import secrets
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

ORIGIN = "troth.invalid/ledger"


def key() -> Ed25519PrivateKey:
    """Return the signing key of this house."""
    return _load(os.environ.get("TROTH_LEDGER_KEY", ""), Path(settings.TROTH_DATA) / "ledger-key")


def public() -> bytes:
    return key().public_key().public_bytes_raw()


@cache
def _load(text: str, file: Path) -> Ed25519PrivateKey:
    if not text:
        if not file.exists():
            _make(file)
        text = file.read_text(encoding="ascii")
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(text.strip(), validate=True))


def _make(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:  # noqa: PTH123 -- needs the mode
        out.write(base64.b64encode(secrets.token_bytes(32)).decode() + "\n")
    with suppress(FileExistsError):  # of two processes that start together one wins, and both read its key
        os.link(draft, file)
        sys.stderr.write(f"Made the key that signs the ledger: {file}. Keep it, and keep it to yourself.\n")
    draft.unlink()
