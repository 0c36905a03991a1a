"""A level of tiles for every 16 hashes below instead of every 256: what was level n is level 2n, and one comes between."""

from hashlib import sha256
from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

SIZE, WIDTH, GROUP = 32, 256, 16


def above(hashes: bytes) -> bytes:
    """Return the hash over each whole group of 16."""
    row = [hashes[at : at + SIZE] for at in range(0, len(hashes) // (GROUP * SIZE) * GROUP * SIZE, SIZE)]
    for _ in range(4):
        row = [sha256(b"\x01" + left + right).digest() for left, right in zip(row[::2], row[1::2], strict=True)]
    return b"".join(row)


def put_between(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    tiles: Any = apps.get_model("ledger", "Tile").objects
    for level in tiles.order_by("-level").values_list("level", flat=True).distinct():
        tiles.filter(level=level).update(level=2 * level)
    for level in tiles.order_by("level").values_list("level", flat=True).distinct():
        made, number = b"", 0
        for hashes in tiles.filter(level=level).order_by("number").values_list("hashes", flat=True).iterator():
            made += above(bytes(hashes))
            if len(made) == WIDTH * SIZE:
                tiles.create(level=level + 1, number=number, hashes=made)
                made, number = b"", number + 1
        if made:
            tiles.create(level=level + 1, number=number, hashes=made)


def take_out(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    tiles: Any = apps.get_model("ledger", "Tile").objects
    levels = sorted(tiles.values_list("level", flat=True).distinct())
    tiles.filter(level__in=[level for level in levels if level % 2]).delete()
    for level in levels:
        if level % 2 == 0:
            tiles.filter(level=level).update(level=level // 2)


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0003_fewer_indexes"),
    ]

    operations = [
        migrations.RunPython(put_between, take_out),
    ]
