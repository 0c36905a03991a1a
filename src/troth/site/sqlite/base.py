"""Django's SQLite back end, with writers of one process standing in line.

SQLite lets one writer in at a time and leaves the others to poll, so that one of eight threads was seen to wait for
seconds. Here they queue in the order they came. Between processes SQLite's own lock still decides.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.backends.sqlite3 import base, operations
from django.db.utils import OperationalError


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


_queues: dict[str, Queue] = {}
_making = threading.Lock()


def queue_for(name: str) -> Queue:
    """Return the queue of everyone in this process who writes to one database file."""
    with _making:
        return _queues.setdefault(name, Queue())


class DatabaseOperations(operations.DatabaseOperations):
    """Reads ids as Django does, each one once: of a thousand rows of one person a thousand say whose they are."""

    def convert_uuidfield_value(self, value: str | None, *_: object) -> UUID | None:
        return _uuid(value) if value is not None else None


_uuid = lru_cache(maxsize=4096)(UUID)


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection. It holds its place in the line from BEGIN until COMMIT or ROLLBACK."""

    ops_class = DatabaseOperations

    def __init__(self, settings_dict: dict[str, Any], alias: str = "default") -> None:
        super().__init__(settings_dict, alias)
        self._in_line: Queue | None = None

    def _join(self) -> Queue:
        queue = queue_for(str(self.settings_dict["NAME"]))
        if not queue.join(self.settings_dict.get("OPTIONS", {}).get("timeout", 5.0)):
            raise OperationalError("database is locked")
        return queue

    @contextmanager
    def in_line(self) -> Iterator[None]:
        """Wait for our turn to write one statement, which is a transaction by itself. Outside any other."""
        queue = self._join()
        try:
            yield
        finally:
            queue.leave()

    def _start_transaction_under_autocommit(self) -> None:
        self._in_line = self._join()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # not in the stubs
        except BaseException:
            self._leave()
            raise

    def _leave(self) -> None:
        queue, self._in_line = self._in_line, None
        if queue:
            queue.leave()

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]  # not in the stubs
        self._leave()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]  # not in the stubs
        finally:
            self._leave()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]  # not in the stubs
        finally:
            self._leave()
