"""Random bytes for what is public once it is used: nonces and ids. Never for keys, nor for anything to be guessed.

They are fetched from the system many at a time: one at a time they were a tenth of an import, and each call hands the
interpreter to another thread, who keeps it for milliseconds.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from typing import Final
from uuid import UUID

SIZE: Final = 16
MANY: Final = 256
_ready: deque[bytes] = deque()


def some() -> bytes:
    """Return 16 random bytes that were never returned before, in whatever thread or process."""
    try:
        return _ready.popleft()
    except IndexError:
        drawn = os.urandom(SIZE * MANY)
        _ready.extend([drawn[at : at + SIZE] for at in range(SIZE, len(drawn), SIZE)])
        return drawn[:SIZE]


def random_id() -> UUID:
    """Return a random id (UUID version 4, RFC 9562)."""
    return UUID(bytes=some(), version=4)


def ids_together() -> Iterator[UUID]:
    """Yield random ids that begin alike, for those who come together: their rows then lie together, in every index.

    They tell who came together, and nothing of when. 62 bits of each are its own.
    """
    beginning = some()[: SIZE // 2]
    while True:
        yield UUID(bytes=beginning + some()[SIZE // 2 :], version=4)


os.register_at_fork(after_in_child=_ready.clear)  # or parent and child would go on with the same ones
