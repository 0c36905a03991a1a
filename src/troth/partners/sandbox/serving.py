"""What a partner's process does whatever it sells: keys from a file, an address to listen at, a clean end."""

from __future__ import annotations

import json
import logging
import os
import secrets
import signal
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import waitress  # type: ignore[import-untyped]


def read_secrets(path: Path) -> dict[str, str]:
    """Return the keys in a file, made first if there is none: whole, and by one of two that start together."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        made = json.dumps({"api": secrets.token_urlsafe(32), "notices": secrets.token_urlsafe(32)})
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:  # noqa: PTH123 -- needs the mode
            file.write(made)
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    read = json.loads(path.read_text(encoding="utf-8"))
    return {"api": str(read["api"]), "notices": str(read["notices"])}


def keys_of(path: Path) -> dict[str, str] | None:
    """Return the keys in a file; None where it holds none, having said so."""
    try:
        return read_secrets(path)
    except (OSError, ValueError, KeyError, TypeError):
        sys.stderr.write(f"{path} does not hold the two keys; see --help.\n")
        return None


def listen(app: Any, host: str, port: int, longest: int) -> Any:  # noqa: ANN401 -- waitress has no types
    """Return a server that stops on SIGTERM as on Ctrl-C; None where nothing can listen there, having said so.

    Bodies of at most `longest` bytes stay in memory: above `inbuf_overflow` they would go to a file, card and all.
    """
    signal.signal(signal.SIGTERM, _stop)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a short queue is nothing to tell
    try:
        return waitress.create_server(
            app, host=host, port=port, threads=4, ident=None, max_request_body_size=longest,
            inbuf_overflow=4 * longest, clear_untrusted_proxy_headers=True,
        )  # fmt: skip
    except OSError as problem:
        sys.stderr.write(f"Cannot serve there: {problem.strerror}. Try another --port.\n")
        return None


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def serve(server: Any, says: str) -> None:  # noqa: ANN401 -- as above
    """Say where it listens, and serve until it is stopped."""
    try:
        sys.stdout.write(f"{says}\n")
        sys.stdout.flush()
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        server.close()
