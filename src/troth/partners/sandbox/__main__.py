"""Start the partner. It prints its address once it listens, and stops cleanly on SIGTERM and Ctrl-C."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from .app import LONGEST, App
from .notices import Teller
from .serving import keys_of, listen, serve
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


def main() -> int:
    options = parser().parse_args()
    keys = keys_of(options.secret_file)
    if keys is None:
        return 2
    store = Store(options.folder, time.time)
    app = App(store, keys["api"], options.own.rstrip("/"))
    server = listen(app, options.host, options.port, LONGEST)
    if server is None:
        store.close()
        return 2
    app.own = app.own or f"http://{options.host}:{server.effective_port}"
    teller = Teller(store, options.tell, keys["notices"]) if options.tell else None
    try:
        if teller:
            teller.start()
        serve(server, f"Pennyfold Payments: {app.own}")
    finally:
        if teller:
            teller.stop()
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
