"""Django's handle on this room."""

from django.apps import AppConfig


class Tracking(AppConfig):
    name = "troth.tracking"

    def ready(self) -> None:
        from . import stopping  # noqa: PLC0415 -- not before the models are there

        stopping.watch()
