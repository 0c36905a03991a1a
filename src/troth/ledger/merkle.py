"""The tree of RFC 6962, kept in tiles of 256 hashes: roots, inclusion and consistency proofs. Pure.

A tile at level t holds, in order, the hashes of complete subtrees of 16**t leaves. Any node of the tree is a fold of at
most 8 neighbouring hashes of one tile, so that a proof reads a handful of tiles and hashes a few dozen times, however
long the log is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from operator import add
from typing import Final

WIDTH: Final = 256  # hashes in a full tile
SIZE: Final = 32  # bytes in a hash
STEP: Final = 4  # from one level of tiles to the next, in heights of the tree
GROUP: Final = 1 << STEP  # hashes of one level below one of the next
EMPTY: Final = sha256(b"").digest()
Tiles = Callable[[int, int], bytes]  # (level, number) to the tile's hashes, one after the other


def leaf(data: bytes) -> bytes:
    """Return the hash of an entry (RFC 6962 §2.1)."""
    return sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees (RFC 6962 §2.1)."""
    return sha256(b"\x01" + left + right).digest()


def fold(hashes: bytes) -> bytes:
    """Return the root over a power of two of neighbouring hashes, which stand one after the other."""
    if len(hashes) <= SIZE:  # one already; or none, of a tile that was lost
        return hashes
    return _climb(hashes, (len(hashes) // SIZE).bit_length() - 1)


def _climb(hashes: bytes, heights: int = STEP) -> bytes:
    """Return the hashes so many heights above neighbouring ones, which fill whole subtrees of that height."""
    row = [hashes[at : at + 2 * SIZE] for at in range(0, len(hashes), 2 * SIZE)]
    for _ in range(heights - 1):
        above = [sha256(b"\x01" + pair).digest() for pair in row]
        row = list(map(add, above[::2], above[1::2]))
    return b"".join([sha256(b"\x01" + pair).digest() for pair in row])


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Return the root over any number of leaf hashes, by the definition. Slow, obvious; for lists and for tests.

    >>> root_of([]) == EMPTY
    True
    """
    if not hashes:
        return EMPTY
    if len(hashes) == 1:
        return hashes[0]
    split = _split(len(hashes))
    return node(root_of(hashes[:split]), root_of(hashes[split:]))


def _split(count: int) -> int:
    """Return the largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


class Tree:
    """A tree of `size` leaves whose hashes come from tiles."""

    def __init__(self, size: int, tiles: Tiles) -> None:
        self.size, self._tiles = size, tiles
        self._seen: dict[tuple[int, int], bytes] = {}
        self._folded: dict[tuple[int, int], bytes] = {}

    def _tile(self, level: int, number: int) -> bytes:
        found = self._seen.get((level, number))
        if found is None:
            found = self._seen[level, number] = self._tiles(level, number)
        return found

    def _complete(self, height: int, index: int) -> bytes:
        """Return the hash of the complete subtree of 2**height leaves that is the `index`-th of its kind."""
        found = self._folded.get((height, index))
        if found is None:
            found = self._folded[height, index] = self._fold(height, index)
        return found

    def _fold(self, height: int, index: int) -> bytes:
        level, above = divmod(height, STEP)
        first, count = index << above, 1 << above
        tile = self._tile(level, first // WIDTH)
        start = first % WIDTH * SIZE
        return fold(tile[start : start + count * SIZE])

    def range(self, begin: int, end: int) -> bytes:
        """Return the root over the leaves begin to end-1, where the tree of RFC 6962 has such a node."""
        count = end - begin
        if count & (count - 1) == 0 and begin % count == 0:
            return self._complete(count.bit_length() - 1, begin // count)
        split = _split(count)
        return node(self.range(begin, begin + split), self.range(begin + split, end))

    def root(self, size: int | None = None) -> bytes:
        """Return the root as it was when the tree had `size` leaves; now, unless said."""
        size = self.size if size is None else size
        return self.range(0, size) if size else EMPTY

    def inclusion(self, place: int, size: int | None = None) -> list[bytes]:
        """Return the proof that the leaf at `place` is in the tree of `size` leaves (RFC 6962 §2.1.1).

        Raises IndexError for a place the tree does not have.
        """
        size = self.size if size is None else size
        if not 0 <= place < size <= self.size:
            raise IndexError(place)
        path, begin, end = list[bytes](), 0, size
        while end - begin > 1:
            middle = begin + _split(end - begin)
            if place < middle:
                path.append(self.range(middle, end))
                end = middle
            else:
                path.append(self.range(begin, middle))
                begin = middle
        return path[::-1]

    def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        """Return the proof that the tree of `new` leaves begins with that of `old` ones (RFC 6962 §2.1.2)."""
        new = self.size if new is None else new
        if not 0 < old <= new <= self.size:
            raise IndexError(old)
        path, begin, end, whole = list[bytes](), 0, new, True
        while old != end:
            middle = begin + _split(end - begin)
            if old <= middle:
                path.append(self.range(middle, end))
                end = middle
            else:
                path.append(self.range(begin, middle))
                begin, whole = middle, False
        if not whole:
            path.append(self.range(begin, end))
        return path[::-1]


def tiles_for(place: int, size: int) -> set[tuple[int, int]]:
    """Return the tiles an inclusion proof reads: at each level the one above the leaf and the one at the right edge."""
    found = set[tuple[int, int]]()
    level = 0
    while size:
        found |= {(level, place // WIDTH), (level, size // WIDTH)}
        level, place, size = level + 1, place // GROUP, size // GROUP
    return found


def included(leaf_hash: bytes, place: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Check an inclusion proof (RFC 9162 §2.1.3.2)."""
    if not 0 <= place < size:
        return False
    at, last, found = place, size - 1, leaf_hash
    for step in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node(step, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node(found, step)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def consistent(old: int, new: int, path: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Check a consistency proof (RFC 9162 §2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    steps = list(path)
    if old & (old - 1) == 0:
        steps.insert(0, old_root)
    if not steps:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node(step, first), node(step, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node(second, step)
        at, last = at >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


class Growing:
    """The right edge of a tree, to which leaves are added. `changed` holds the tiles that adding touched."""

    def __init__(self, size: int, tiles: Tiles) -> None:
        self.size = size
        self.changed: dict[tuple[int, int], bytearray] = {}
        self._tiles = tiles

    def _open(self, level: int, number: int, count: int) -> bytearray:
        """Return a tile that is being filled: as it was stored, or new."""
        if (level, number) not in self.changed:
            self.changed[level, number] = bytearray(self._tiles(level, number)[: count * SIZE] if count else b"")
        return self.changed[level, number]

    def add(self, hashes: Sequence[bytes]) -> None:
        """Add leaf hashes at the end."""
        level, first = 0, self.size
        self.size += len(hashes)
        row = b"".join(hashes)
        while row:
            above, done = b"", 0
            while done < len(row):
                number, inside = divmod(first + done // SIZE, WIDTH)
                tile = self._open(level, number, inside)
                part = row[done : done + (WIDTH - inside) * SIZE]
                tile += part
                done += len(part)
                begin, end = (count // GROUP * GROUP * SIZE for count in (inside, len(tile) // SIZE))
                above += _climb(bytes(tile[begin:end]))  # groups that are whole now and were not before
            level, first, row = level + 1, first // GROUP, above

    def root(self) -> bytes:
        tiles = self.changed
        return Tree(
            self.size,
            lambda level, number: (
                bytes(tiles[level, number]) if (level, number) in tiles else self._tiles(level, number)
            ),
        ).root()
