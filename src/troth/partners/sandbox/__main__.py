"""Start the partner. It prints its address once it listens, and stops cleanly on SIGTERM and Ctrl-C."""

from __future__ import annotations

import argparse
import json
import logging
import os
import secrets
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

import waitress  # type: ignore[import-untyped]

from .app import LONGEST, App
from .notices import Teller
from .store import Store


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="python -m troth.partners.sandbox", description="A payment partner to rehearse with. It moves no money."
    )
    top.add_argument("--port", type=int, required=True, help="0 for any that is free")
    top.add_argument("--host", default="127.0.0.1")
    top.add_argument("--folder", type=Path, required=True, help="where it keeps its books")
    top.add_argument(
        "--secret-file",
        type=Path,
        required=True,
        help='JSON: {"api": "…", "notices": "…"}, the key of the API and the one that signs notices; made if missing',
    )
    top.add_argument("--tell", metavar="ADDRESS", default="", help="where notices are sent; nowhere unless given")
    top.add_argument(
        "--own", metavar="ADDRESS", default="", help="where shoppers reach it; http://HOST:PORT if left out"
    )
    return top


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


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    options = parser().parse_args()
    try:
        keys = read_secrets(options.secret_file)
    except (OSError, ValueError, KeyError, TypeError):
        sys.stderr.write(f"{options.secret_file} does not hold the two keys; see --help.\n")
        return 2
    signal.signal(signal.SIGTERM, _stop)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a short queue is nothing to tell
    store = Store(options.folder, time.time)
    app = App(store, keys["api"], options.own.rstrip("/"))
    try:
        # Bodies stay in memory: above `inbuf_overflow` they would be written to a file, card and all.
        server = waitress.create_server(
            app,
            host=options.host,
            port=options.port,
            threads=4,
            ident=None,
            max_request_body_size=LONGEST,
            inbuf_overflow=4 * LONGEST,
            clear_untrusted_proxy_headers=True,
        )
    except OSError as problem:
        sys.stderr.write(f"Cannot serve there: {problem.strerror}. Try another --port.\n")
        store.close()
        return 2
    app.own = app.own or f"http://{options.host}:{server.effective_port}"
    teller = Teller(store, options.tell, keys["notices"]) if options.tell else None
    try:
        if teller:
            teller.start()
        sys.stdout.write(f"Pennyfold Payments: {app.own}\n")
        sys.stdout.flush()
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        if teller:
            teller.stop()
        server.close()
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
