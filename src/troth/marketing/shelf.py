"""Sets of people by name, in memory and in a file of their own: read one by one as they are asked for.

A file is a line of JSON, which says where each set is, and then the sets. It is never changed, only written anew.
"""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pyroaring import BitMap


class Shelf(Mapping[str, BitMap]):
    """Named sets. Those of a file are read when they are first asked for, with what has changed since."""

    def __init__(self) -> None:
        self._live: dict[str, BitMap] = {}
        self._file: mmap.mmap | None = None
        self._where: dict[str, tuple[int, int]] = {}  # of those still only in the file: offset and length
        self._gone = BitMap()  # who must be taken from what is still only in the file
        self._come: dict[str, BitMap] = {}  # who must be added to it

    def __getitem__(self, name: str) -> BitMap:
        found = self._live.get(name)
        if found is None:
            if name not in self._where or self._file is None:
                raise KeyError(name)
            start, length = self._where.pop(name)
            found = BitMap.deserialize(self._file[start : start + length])
            found -= self._gone
            found |= self._come.pop(name, BitMap())
            self._live[name] = found
        return found

    def __iter__(self) -> Iterator[str]:
        yield from list(self._live)
        yield from list(self._where)

    def __len__(self) -> int:
        return len(self._live) + len(self._where)

    def replace(self, numbers: BitMap, come: Mapping[str, BitMap]) -> None:
        """Take some people out of every set, and put them into those they belong to now."""
        for found in self._live.values():
            found.difference_update(numbers)
        if self._where:
            self._gone |= numbers
            for waiting in self._come.values():
                waiting.difference_update(numbers)
        for name, who in come.items():
            if name in self._live:
                self._live[name] |= who
            elif name in self._where:
                self._come[name] = self._come.get(name, BitMap()) | who
            else:
                self._live[name] = who

    def drop(self, name: str) -> None:
        """Forget one set."""
        self._live.pop(name, None)
        self._where.pop(name, None)

    def save(self, path: Path, **head: str | int) -> None:
        """Write all sets to a new file, with some words about them."""
        packed = [(name, self[name].serialize()) for name in sorted(self) if self[name]]
        at, where = 0, {}
        for name, blob in packed:
            where[name] = (at, len(blob))
            at += len(blob)
        line = json.dumps({"head": head, "sets": where}).encode() + b"\n"
        with open(path, "wb", opener=_private) as file:
            file.write(line)
            file.writelines(blob for _, blob in packed)

    @classmethod
    def load(cls, path: Path) -> tuple[Shelf, dict[str, Any]]:
        """Return the sets of a file, and the words about them. Raises OSError, ValueError."""
        made = cls()
        with path.open("rb") as file:
            line = file.readline()
            told = json.loads(line)
            made._file = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        made._where = {name: (start + len(line), length) for name, (start, length) in told["sets"].items()}
        return made, told["head"]

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
