"""Django's handle on this room."""

from django.apps import AppConfig


class Shop(AppConfig):
    name = "troth.shop"
