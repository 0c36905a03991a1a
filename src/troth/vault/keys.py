"""The keys of people: made, fetched for one act, rotated, destroyed. Nothing is cached between acts.

A key fetched a moment ago may have been destroyed since; asking anew costs one look-up and makes "destroyed" mean
destroyed in every process, in the very next act.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper
from django.utils.timezone import now

from . import root
from .chance import random_id
from .errors import NoKey, RootKeyProblem
from .lookups import among_marks
from .safe import Key, Root
from .seal import PersonKey
from .storing import fresh, store_all

BATCH = 1000
AHEAD = 16  # keys made together for people who come alone
MARKS, STOPS = b"\x00marks", b"\x00stops"  # two keys of the house: blind indexes, and suppression that outlives people


def ring() -> root.Ring:
    """Return the root keys, having seen that they are the ones this database was wrapped with.

    Raises RootKeyProblem; nothing is changed then.
    """
    return _proved(connections["keys"].settings_dict["NAME"])


@cache
def _proved(_database: str) -> root.Ring:
    known = {row.version: bytes(row.check_value) for row in Root.objects.filter(retired_at=None)}
    found = root.ring(may_make=not known and not Key.objects.exists())
    missing = sorted(known.keys() - found.keys.keys())
    if missing:
        raise RootKeyProblem(f"Root key version {missing[0]} is not here, and people's keys are wrapped with it.")
    for version in found.keys:
        if version in known and not hmac.compare_digest(found.check(version), known[version]):
            raise RootKeyProblem(
                f"Root key version {version} is not the one people's keys were wrapped with. Put the right one back. "
                "Nothing was changed."
            )
    for version in found.keys.keys() - known.keys():
        Root.objects.get_or_create(version=version, defaults={"check_value": found.check(version)})
    return found


def forget_ring() -> None:
    """Read the root keys anew the next time they are needed."""
    _proved.cache_clear()
    _house_hash.cache_clear()


def make(names: Iterable[bytes]) -> dict[bytes, PersonKey]:
    """Make, store and return a new random 256-bit key for each name."""
    wrapping = ring()
    made = {name: PersonKey(secrets.token_bytes(32)) for name in names}
    rows = []
    for name, key in made.items():
        wrapped, version = wrapping.wrap(key, name)
        rows.append(fresh(Key, name=name, wrapped=wrapped, root=version))
    store_all(rows)
    return made


def make_missing(people: Collection[UUID]) -> dict[UUID, PersonKey]:
    """Return the keys of `people`, made where they have none."""
    found = fetch(people)
    made = make(person.bytes for person in people if person not in found)
    return found | {UUID(bytes=name): key for name, key in made.items()}


def newcomer() -> UUID:
    """Return a new random id, whose key is stored already: to store one waits for the disk as long as to store many.

    Nobody ever comes for some of them when a process ends, and a key of nobody harms nobody. What is kept ready is no
    key but a name: whoever it is given to fetches theirs, or has one made if it is not there any more.
    """
    try:
        return _ready.popleft()
    except IndexError:
        ids = [random_id() for _ in range(AHEAD)]
        make(one.bytes for one in ids)
        _ready.extend(ids[1:])
        return ids[0]


_ready: deque[UUID] = deque()
os.register_at_fork(after_in_child=_ready.clear)  # or parent and child would give two people one id


def fetch(people: Collection[UUID]) -> dict[UUID, PersonKey]:
    """Return the keys of those `people` who have one."""
    wrapping, named = ring(), {person.bytes: person for person in people}
    found = _stored(named)
    return {named[name]: PersonKey(wrapping.unwrap(wrapped, version, name)) for name, wrapped, version in found}


def _stored(wanted: Iterable[bytes]) -> Iterator[tuple[bytes, bytes, int]]:
    """Yield the name, the wrapped key and its root key's version of those who have one."""
    for cursor in _asked("SELECT name, wrapped, root FROM vault_key", list(wanted)):
        for name, wrapped, version in cursor.fetchall():
            yield bytes(name), bytes(wrapped), version


def _asked(what: str, names: Sequence[bytes]) -> Iterator[CursorWrapper]:
    """Do something to the keys of these names, so many at a time; yield the cursor after each."""
    for start in range(0, len(names), BATCH):
        where, asked = among_marks("name", names[start : start + BATCH], connections["keys"].vendor)
        with connections["keys"].cursor() as cursor:
            cursor.execute(f"{what} WHERE {where}", asked)
            yield cursor


def of(person: UUID) -> PersonKey:
    """Return one person's key. Raises NoKey."""
    found = fetch([person])
    if person not in found:
        raise NoKey
    return found[person]


def house_hash(name: bytes, message: bytes) -> bytes:
    """Return the 32-byte HMAC-SHA-256 of a message (RFC 2104) under a key of the house itself, MARKS or STOPS."""
    begun = _house_hash(name).copy()  # with the key worked in, which takes longer than most messages
    begun.update(message)
    return begun.finalize()


@cache
def _house_hash(name: bytes) -> HMAC:
    """Return the hash before its message, the key made the first time."""
    row = Key.objects.filter(name=name).first()
    if row is None:
        wrapped, version = ring().wrap(secrets.token_bytes(32), name)
        store_all([Key(name=name, wrapped=wrapped, root=version)], but_known=True)
        row = Key.objects.get(name=name)  # another process may have been quicker: then it is theirs
    return HMAC(ring().unwrap(bytes(row.wrapped), row.root, name), SHA256())


def destroy(people: Collection[UUID]) -> int:
    """Destroy the keys of `people` for good: durably, or with the transaction around. Returns how many there were."""
    names = [person.bytes for person in people]
    with transaction.atomic(using="keys"):
        count: int = sum(cursor.rowcount for cursor in _asked("DELETE FROM vault_key", names))
    empty_log()
    return count


def empty_log(alias: str = "keys") -> None:
    """SQLite: write deleted pages over in the file and cut the write-ahead log, which still holds them."""
    connection = connections[alias]
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def rotate() -> Iterator[tuple[int, int]]:
    """Wrap every key anew with the newest root key. Yields (done, total). Safe to stop and to run again.

    Each key changes by compare-and-swap, so that at every moment it can be read with exactly one root key. At the
    end older versions are retired: they may then be taken out of the environment or the file.
    """
    wrapping = ring()
    waiting = Key.objects.exclude(root=wrapping.newest)
    total, done = waiting.count(), 0
    while batch := list(waiting.order_by("name")[:BATCH]):
        with transaction.atomic(using="keys"):
            for row in batch:
                name = bytes(row.name)
                wrapped, version = wrapping.wrap(wrapping.unwrap(bytes(row.wrapped), row.root, name), name)
                Key.objects.filter(name=name, root=row.root).update(wrapped=wrapped, root=version)
        done += len(batch)
        yield done, max(done, total)
    Root.objects.filter(version__lt=wrapping.newest, retired_at=None).update(retired_at=now())
    empty_log()
