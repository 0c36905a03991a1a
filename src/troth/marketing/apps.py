"""Django's handle on this room."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class Marketing(AppConfig):
    name = "troth.marketing"

    def ready(self) -> None:
        from . import following, recalling  # noqa: PLC0415 -- not before the models are there

        post_migrate.connect(following.install, sender=self)
        recalling.tell()
