"""Django's handle on this room."""

from django.apps import AppConfig


class Choices(AppConfig):
    name = "troth.choices"
