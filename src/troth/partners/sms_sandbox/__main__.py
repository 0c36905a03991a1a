"""Start it. It prints its address once it listens, and stops cleanly on SIGTERM and Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

import waitress  # type: ignore[import-untyped]

from troth.partners.sandbox.__main__ import read_secrets

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
    app = Larkpost(keys["api"], keys["notices"], options.tell)
    try:
        server = waitress.create_server(
            app, host=options.host, port=options.port, threads=4, ident=None, max_request_body_size=LONGEST,
            clear_untrusted_proxy_headers=True,
        )  # fmt: skip
    except OSError as problem:
        sys.stderr.write(f"Cannot serve there: {problem.strerror}. Try another --port.\n")
        return 2
    try:
        sys.stdout.write(f"Larkpost Messaging: http://{options.host}:{server.effective_port}\n")
        sys.stdout.flush()
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        server.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
