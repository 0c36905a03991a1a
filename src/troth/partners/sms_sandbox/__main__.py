"""Start it. It prints its address once it listens, and stops cleanly on SIGTERM and Ctrl-C."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from troth.partners.sandbox.serving import keys_of, listen, serve

from .app import LONGEST, Larkpost


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="python -m troth.partners.sms_sandbox", description="Carries texts to no telephone, to rehearse with."
    )
    top.add_argument("--port", type=int, required=True, help="0 for any that is free")
    top.add_argument("--host", default="127.0.0.1")
    top.add_argument("--secret-file", type=Path, required=True, help='JSON: {"api": "…", "notices": "…"}')
    top.add_argument("--tell", metavar="ADDRESS", default="", help="where answers are told; nowhere unless given")
    return top


def main() -> int:
    options = parser().parse_args()
    keys = keys_of(options.secret_file)
    if keys is None:
        return 2
    server = listen(Larkpost(keys["api"], keys["notices"], options.tell), options.host, options.port, LONGEST)
    if server is None:
        return 2
    serve(server, f"Larkpost Messaging: http://{options.host}:{server.effective_port}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
