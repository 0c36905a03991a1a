"""Django's handle on this room."""

from django.apps import AppConfig


class Doors(AppConfig):
    name = "troth.doors"
