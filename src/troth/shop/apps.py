"""Django's handle on this room."""

from django.apps import AppConfig


class Shop(AppConfig):
    name = "troth.shop"

    def ready(self) -> None:
        from . import checks, recipients, segments  # noqa: F401, PLC0415 -- registers them

        segments.tell()
        recipients.tell()
