"""Django's handle on this room."""

from django.apps import AppConfig


class Accounts(AppConfig):
    name = "troth.accounts"

    def ready(self) -> None:
        from . import checks  # noqa: F401, PLC0415 -- Django registers checks when they are imported
