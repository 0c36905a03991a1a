"""The tree against the definition in RFC 6962, which is slow and obvious."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.ledger import merkle


def leaves(count, salt=b""):
    return [merkle.leaf(salt + str(n).encode()) for n in range(count)]


def grown(steps):
    """A tree to which leaves were added in steps, with its tiles as they would be stored."""
    stored: dict[tuple[int, int], bytes] = {}
    size = 0

    def tile(level, number):
        return stored.get((level, number), b"")

    every = leaves(sum(steps))
    for step in steps:
        growing = merkle.Growing(size, tile)
        growing.add(every[size : size + step])
        stored |= {place: bytes(hashes) for place, hashes in growing.changed.items()}
        size += step
    return merkle.Tree(size, tile), every


def test_known_answers_of_rfc_6962():
    assert merkle.EMPTY.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.leaf(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle.node(b"a" * 32, b"b" * 32) == hashlib.sha256(b"\x01" + b"a" * 32 + b"b" * 32).digest()


@given(st.lists(st.integers(0, 400), min_size=1, max_size=6))
def test_however_it_grew_its_root_is_that_of_its_leaves(steps):
    tree, every = grown(steps)
    assert tree.root() == merkle.root_of(every)


@given(st.integers(1, 1500), st.data())
def test_every_leaf_is_proved_and_no_other_place_or_leaf(size, data):
    tree, every = grown([size])
    place = data.draw(st.integers(0, size - 1))
    path, root = tree.inclusion(place), tree.root()

    assert merkle.included(every[place], place, size, path, root)
    assert not merkle.included(merkle.leaf(b"another"), place, size, path, root)
    other = data.draw(st.integers(0, size - 1).filter(lambda n: n != place)) if size > 1 else 1
    assert not merkle.included(every[place], other, size, path, root)
    for at in range(len(path)):
        broken = [*path[:at], hashlib.sha256(path[at]).digest(), *path[at + 1 :]]
        assert not merkle.included(every[place], place, size, broken, root)
    assert not merkle.included(every[place], place, size, path[:-1], root) or size == 1


@given(st.integers(1, 900), st.integers(0, 900))
def test_a_longer_log_is_proved_to_begin_with_the_shorter(old, more):
    tree, every = grown([old, more])
    path = tree.consistency(old)
    before, after = merkle.root_of(every[:old]), tree.root()
    assert merkle.consistent(old, old + more, path, before, after)
    assert not merkle.consistent(old, old + more, path, merkle.root_of(leaves(old, b"fork")), after)
    if more:
        assert not merkle.consistent(old, old + more, path, before, merkle.leaf(b"fork"))


@pytest.mark.parametrize("place", [-1, 5, 6])
def test_a_place_the_log_does_not_have_has_no_proof(place):
    with pytest.raises(IndexError):
        grown([5])[0].inclusion(place)


def test_it_reaches_over_many_tiles_of_every_level():
    tree, every = grown([256 * 256 + 300])
    assert tree.root() == merkle.root_of(every)
    for place in (0, 255, 256, 65535, 65536, 65835):
        assert merkle.included(every[place], place, tree.size, tree.inclusion(place), tree.root())


@given(st.integers(1, 256 * 256 + 700), st.data())
def test_a_proof_reads_no_tile_that_was_not_foreseen(size, data):
    place, read = data.draw(st.integers(0, size - 1)), set()

    def tile(level, number):
        read.add((level, number))
        return bytes(merkle.WIDTH * merkle.SIZE)

    merkle.Tree(size, tile).inclusion(place)
    assert read <= merkle.tiles_for(place, size)
