"""Who writes to a SQLite file next: the threads of a process in the order they came, and processes by turns.

SQLite lets one writer in at a time and leaves the others to poll, ever more seldom, so that one of eight threads was
seen to wait for seconds, and one of two processes for a tenth of one.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque

if sys.platform != "win32":
    import fcntl


class Queue:
    """A lock that is handed on in the order in which it was asked for."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._busy = False

    def join(self, timeout: float) -> bool:
        """Wait for our turn. False if it did not come within `timeout` seconds."""
        with self._guard:
            if not self._busy:
                self._busy = True
                return True
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=timeout):
            return True
        with self._guard:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return False
        return True  # our turn came while we were giving up

    def leave(self) -> None:
        """Let the next one in."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._busy = False


NEXT, WRITING = 0, 1  # bytes of a line's file that a process locks: it writes next, it writes
SOON, LATER = 0.0005, 0.004  # seconds between two looks whether it is our turn, at first and in the end


class Line:
    """Everyone who writes to one database file, here and in other processes.

    Whoever leaves and comes again at once finds the other process before it: only one that is next may write, and next
    is for one at a time. The kernel lets go of both for a process that dies. On Windows processes leave it to SQLite.
    """

    def __init__(self, database: str) -> None:
        self._here = Queue()
        self._file = -1
        if sys.platform != "win32" and database != ":memory:" and not database.startswith("file:"):
            self._file = os.open(f"{database}-line", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)

    def join(self, timeout: float) -> bool:
        """Wait for our turn. False if it did not come within `timeout` seconds."""
        until, came = time.monotonic() + timeout, False
        if not self._here.join(timeout):
            return False
        try:
            came = self._file < 0 or self._in_turn(until)
        finally:
            if not came:  # in time, or somebody pressed Ctrl-C: either way the others here go on
                self.leave()
        return came

    def leave(self) -> None:
        """Let the next one in."""
        try:
            if self._file >= 0:
                self._free(WRITING)
        finally:
            self._here.leave()

    def _in_turn(self, until: float) -> bool:
        if not self._locked(NEXT, until):
            return False
        try:
            return self._locked(WRITING, until)
        finally:
            self._free(NEXT)

    if sys.platform != "win32":

        def _locked(self, what: int, until: float) -> bool:
            pause = SOON
            while True:
                try:
                    fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, what)
                except (BlockingIOError, PermissionError):  # POSIX leaves the system to choose between the two
                    if time.monotonic() > until:
                        return False
                    time.sleep(pause)
                    pause = min(pause * 1.2, LATER)
                else:
                    return True

        def _free(self, what: int) -> None:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, what)


_lines: dict[str, Line] = {}
_making = threading.Lock()


def line_for(database: str) -> Line:
    """Return the line of all who write to one database file. Raises OSError where no file may be made beside it."""
    with _making:
        if database not in _lines:
            _lines[database] = Line(database)
        return _lines[database]
