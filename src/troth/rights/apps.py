"""Django's handle on this room."""

from django.apps import AppConfig


class Rights(AppConfig):
    name = "troth.rights"
