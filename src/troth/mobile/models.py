"""The phone or tablet an app runs on, and where it last was."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from troth.vault.held import held
from troth.vault.models import HeldRow, Plain


class Device(HeldRow):
    """A phone or tablet that is linked. Its clock starts when the link is taken back."""

    link = models.UUIDField(unique=True)  # the identifier that the app shows as its key

    make_model = held("device.make_model")
    operating_system = held("device.operating_system")
    network_operator = held("device.network_operator")
    device_language = held("device.device_language")
    app_language = held("device.app_language")
    country = held("device.country")
    push_address = held("device.push_address")

    plain: ClassVar = {"link": Plain("a random id")}


class Position(HeldRow):
    """Where a device was, to about a kilometre: one row a person, written over each time and gone in a day."""

    gps = held("place.gps", "json")
