"""A server for the demonstration and for small houses: pages, style sheet and pictures from one process."""

import waitress  # type: ignore[import-untyped]

LARGEST = 16 * 1024 * 1024  # of one request; the pages take less, and say so
# As many do the work of eight and hand the interpreter's lock around half as often: an order, which asks much of the
# database, is placed in three quarters of the time, and no page waits longer than that (benchmarks/shop.py).
THREADS = 4


def serve(host: str, port: int) -> None:
    """Serve until stopped. Exits, saying what is wrong, if there is no valid policy."""
    from .wsgi import application  # noqa: PLC0415 -- reads the policy, so not before somebody wants to serve

    waitress.serve(
        application,
        host=host,
        port=port,
        threads=THREADS,
        ident=None,
        max_request_header_size=64 * 1024,
        max_request_body_size=LARGEST,
        inbuf_overflow=LARGEST,  # beyond it, what is sent would wait in a file: a photograph with its place and time
        clear_untrusted_proxy_headers=True,
    )
