"""Django's handle on this room."""

from django.apps import AppConfig


class Mobile(AppConfig):
    name = "troth.mobile"
