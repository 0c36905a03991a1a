"""Django's handle on this room."""

from django.apps import AppConfig


class Doors(AppConfig):
    name = "troth.doors"

    def ready(self) -> None:
        from . import checks, limits  # noqa: F401, PLC0415 -- Django registers checks when they are imported
