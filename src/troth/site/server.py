"""A server for the demonstration and for small houses: pages, style sheet and pictures at one address."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from multiprocessing.connection import wait

import waitress  # type: ignore[import-untyped]

LARGEST = 16 * 1024 * 1024  # of one request; the pages take less, and say so
WAITING = 1024  # connections that may wait to be answered
# A process for each processor: one alone uses one, whatever the number of its threads. And few threads, which hand
# the interpreter around less: eight clients are answered in little more than half the time (benchmarks/shop.py).
PROCESSES, THREADS = 4, 2  # of the first at most, of the second in each


def serve(host: str, port: int) -> None:
    """Serve until stopped, by Ctrl-C or SIGTERM. Raises OSError where nothing can listen.

    Exits as soon as one of its processes ends by itself, which says why: as when there is no valid policy.
    """
    with ExitStack() as stack:
        doors = [stack.enter_context(door) for door in _doors(host, port)]
        afresh = multiprocessing.get_context("spawn")  # a copy of this process would share what only one may have
        some = [afresh.Process(target=_work, args=(doors,), daemon=True) for _ in range(_processes())]
        for one in some:
            one.start()
        try:
            first = wait([one.sentinel for one in some])[0]
            ended = next(one for one in some if one.sentinel == first)
            ended.join()
            sys.exit(1 if ended.exitcode else 0)
        except KeyboardInterrupt:
            pass  # the others have heard it too
        finally:
            for one in some:
                one.terminate()
            for one in some:
                one.join()


def _doors(host: str, port: int) -> Iterator[socket.socket]:
    """Yield sockets that listen at every address a host name has."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    for family, _, _, _, where in found:
        yield socket.create_server(where[:2], family=family, backlog=WAITING)


def _processes() -> int:
    """Return how many processes are worth their memory here."""
    ours = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(ours, PROCESSES)


def _work(doors: Sequence[socket.socket]) -> None:
    """Answer who comes, until told to stop, or until nobody is left to tell."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # what has been begun is answered first
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    from .wsgi import application  # noqa: PLC0415 -- reads the policy, so not before somebody wants to serve

    waitress.serve(
        application,
        sockets=doors,
        threads=THREADS,
        ident=None,
        max_request_header_size=64 * 1024,
        max_request_body_size=LARGEST,
        inbuf_overflow=LARGEST,  # beyond it, what is sent would wait in a file: a photograph with its place and time
        clear_untrusted_proxy_headers=True,
    )


def _stop_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        signal.raise_signal(signal.SIGTERM)
