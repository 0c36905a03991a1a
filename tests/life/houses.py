"""A house of its own on the disk, and processes that work in it."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

WORKER = Path(__file__).with_name("worker.py")
Said = list[list[Any]]


class House:
    """A folder with databases, or addresses of them, and a worker that forks the processes."""

    def __init__(self, folder: Path, **more: str) -> None:
        self.folder, self.roots, self._outs = folder, 1, 0
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TROTH_")}
        environment = kept | {"TROTH_DATA": str(folder), "PYTHONDONTWRITEBYTECODE": "1"} | more
        self._worker = subprocess.Popen(
            [sys.executable, WORKER], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ring(self) -> str:
        """Return the root keys as the environment would bring them: the last two, so that old ones really go."""
        versions = range(max(1, self.roots - 1), self.roots + 1)
        return " ".join(f"{n}:{base64.b64encode(n.to_bytes(32, 'big')).decode()}" for n in versions)

    def start(self, work: str, *arguments: object, root_key: str | None = None) -> Process:
        self._outs += 1
        out = self.folder / f"said-{self._outs}"
        ring = self.ring() if root_key is None else root_key
        return Process(self, self.ask("start", ring, str(out), work, arguments), out)

    def did(self, work: str, *arguments: object) -> Said:
        """Let a process work to its end, and return what it said."""
        return self.start(work, *arguments).ended()

    def ask(self, *words: object) -> int:
        assert self._worker.stdin
        assert self._worker.stdout
        self._worker.stdin.write(json.dumps(words) + "\n")
        self._worker.stdin.flush()
        return int(json.loads(self._worker.stdout.readline())[0])

    def close(self) -> None:
        self._worker.communicate()  # closes what it reads from, at which it ends


class Process:
    def __init__(self, house: House, pid: int, out: Path) -> None:
        self.house, self.pid, self.out = house, pid, out

    def said(self) -> Said:
        """Return its whole lines; the last may be cut off."""
        text = self.out.read_text() if self.out.exists() else ""
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]

    def killed(self) -> Said:
        """Kill it as a power switch would, and return what it had acknowledged."""
        os.kill(self.pid, signal.SIGKILL)
        assert self.house.ask("wait", self.pid) in (0, -signal.SIGKILL)
        return self.said()

    def ended(self) -> Said:
        assert self.house.ask("wait", self.pid) == 0, "the process failed; its traceback is on standard error"
        return self.said()


@contextmanager
def opened(folder: Path, **more: str) -> Iterator[House]:
    house = House(folder, **more)
    try:
        yield house
    finally:
        house.close()
