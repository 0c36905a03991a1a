"""A log sealed before there was a level of tiles for every 16 hashes keeps its proofs."""

from importlib import import_module

import pytest
from django.apps import apps

from troth.ledger import merkle
from troth.ledger.models import Tile

database = pytest.mark.django_db
MOVE = import_module("troth.ledger.migrations.0004_tiles_by_16")
LEAVES = [merkle.leaf(b"%d" % n) for n in range(256 * 20 + 37)]  # so that each old level ends within a tile


def as_it_was():
    """The tiles of the old form, by their definition: level n holds the roots over each 256**n leaves."""
    for level in (0, 1):
        each = 256**level
        roots = [merkle.root_of(LEAVES[at : at + each]) for at in range(0, len(LEAVES) // each * each, each)]
        for at in range(0, len(roots), 256):
            yield (level, at // 256), b"".join(roots[at : at + 256])


def stored():
    return {(tile.level, tile.number): bytes(tile.hashes) for tile in Tile.objects.all()}


@database
def test_tiles_of_a_log_that_was_there_become_those_it_would_have_now_and_back():
    old = dict(as_it_was())
    Tile.objects.bulk_create(Tile(level=level, number=number, hashes=hashes) for (level, number), hashes in old.items())

    MOVE.put_between(apps, None)

    growing = merkle.Growing(0, lambda _level, _number: b"")
    growing.add(LEAVES)
    assert stored() == {place: bytes(hashes) for place, hashes in growing.changed.items()}
    assert {level for level, _ in stored()} == {0, 1, 2, 3}

    MOVE.take_out(apps, None)
    assert stored() == old


@database
def test_a_house_without_a_log_has_nothing_to_move():
    MOVE.put_between(apps, None)
    MOVE.take_out(apps, None)
    assert not stored()
