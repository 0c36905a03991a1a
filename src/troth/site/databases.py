"""Which database holds what: SQLite beside us unless an address says PostgreSQL, and the keys always apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model

# Four thousand pages of 4 KiB before the log is put back into the file, as many as the cache holds: with a thousand
# each batch of an import did it, and waited. What erases empties the log itself.
# FULL, not NORMAL: in simulated power cuts NORMAL lost hundreds of acknowledged writes, FULL none. `secure_delete`
# overwrites what is deleted; nothing else does.
PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY; "
    "PRAGMA mmap_size=0; PRAGMA cache_size=-16000; PRAGMA wal_autocheckpoint=4000;"
)
# Seconds a thread keeps a connection: to open a file anew for each page, and read again which tables are in it, takes a
# tenth of what the page takes.
OPEN = 600
KEYS = frozenset({"vault.key", "vault.root", "vault.tombstone"})


def database(address: str, beside: Path) -> dict[str, Any]:
    """Return Django's settings for the database at `address`, or for the SQLite file `beside` us if there is none.

    Raises ImproperlyConfigured for an address that is no PostgreSQL.
    """
    if address:
        if not address.startswith(("postgresql://", "postgres://")):
            raise ImproperlyConfigured(
                "A database's address begins with postgresql:// here. Where TROTH_DATABASE is not set, SQLite is used."
            )
        engine = "troth.site.postgresql"
        return dict(dj_database_url.parse(address, engine=engine, conn_max_age=OPEN, conn_health_checks=True))
    return {
        "ENGINE": "troth.site.sqlite",
        "NAME": beside,
        "CONN_MAX_AGE": OPEN,
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": PRAGMAS},
    }


class Apart:
    """Keys live in a database of their own, with its own life; everything else in the default one."""

    def db_for_read(self, model: type[Model], **_: object) -> str:
        return "keys" if model._meta.label_lower in KEYS else "default"

    db_for_write = db_for_read

    def allow_relation(self, one: Model, other: Model, **_: object) -> bool:
        return self.db_for_read(type(one)) == self.db_for_read(type(other))

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **_: object) -> bool:
        if model_name is None:
            return True
        return (f"{app_label}.{model_name}" in KEYS) == (db == "keys")
