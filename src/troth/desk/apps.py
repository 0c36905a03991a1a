"""Django's handle on this room: it has templates and a style sheet."""

from django.apps import AppConfig


class Desk(AppConfig):
    name = "troth.desk"
