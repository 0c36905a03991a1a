"""Django's handle on this room."""

from django.apps import AppConfig


class Ledger(AppConfig):
    name = "troth.ledger"
