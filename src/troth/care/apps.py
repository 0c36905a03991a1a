"""Django's handle on this room."""

from django.apps import AppConfig


class Care(AppConfig):
    name = "troth.care"
