"""The key that signs what we hand out. Made once, kept where only the owner of the process can read it."""

import os
import secrets
import sys
from contextlib import suppress
from pathlib import Path


def secret(path: Path) -> str:
    """Return the key kept at `path`, making one first if there is none. Says so when it does."""
    if not path.exists():
        _make(path)
    return path.read_text(encoding="ascii").strip()


def _make(path: Path) -> None:
    """Write a key whole or not at all: of two processes that start together, one wins and both read its key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:  # noqa: PTH123 -- needs the mode
        file.write(secrets.token_urlsafe(64) + "\n")
    with suppress(FileExistsError):
        os.link(draft, path)
        sys.stderr.write(f"Made a new secret key: {path}. Keep it, and keep it to yourself.\n")
    draft.unlink()
