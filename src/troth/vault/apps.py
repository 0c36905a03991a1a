"""Django's handle on this room."""

from django.apps import AppConfig


class Vault(AppConfig):
    name = "troth.vault"

    def ready(self) -> None:
        from . import checks, lookups  # noqa: F401, PLC0415 -- Django registers these when they are imported
