"""What an app may send, and how far things are. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from math import asin, cos, radians, sin, sqrt
from typing import Any, Final

from .errors import BadValue

FIELDS: Final = (
    "make_model", "operating_system", "network_operator", "device_language", "app_language", "country", "push_address",
)  # fmt: skip
LONGEST: Final = {"push_address": 512}
LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")  # BCP 47, as far as phones use it
COUNTRY: Final = re.compile(r"[A-Z]{2}")
EARTH: Final = 6371.0  # km, mean radius


def device(sent: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the fields of a device as they are to be held; None takes one back. Raises BadValue."""
    if unknown := sorted(sent.keys() - set(FIELDS)):
        raise BadValue(f"{unknown[0][:40]!r} is no field of a device. There are: {', '.join(FIELDS)}.")
    return {name: None if value is None else _text(name, value) for name, value in sent.items()}


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadValue(f"{name} should be text, or null to take it back.")
    text = unicodedata.normalize("NFC", value.strip())
    if len(text) > LONGEST.get(name, 80) or not text.isprintable():
        raise BadValue(f"{name} is too long, or holds characters that cannot be seen.")
    if name.endswith("language") and not LANGUAGE.fullmatch(text):
        raise BadValue(f"{name} should be a language such as en-GB.")
    if name == "country" and not COUNTRY.fullmatch(text):
        raise BadValue("country should be two capital letters, such as GB.")
    return text


def position(sent: Mapping[str, Any]) -> tuple[float, float]:
    """Return latitude and longitude in degrees (WGS 84). Raises BadValue."""
    found = []
    for name, most in (("latitude", 90), ("longitude", 180)):
        value = sent.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= most:
            raise BadValue(f"{name} should be a number of degrees from -{most} to {most}.")
        found.append(float(value))
    return found[0], found[1]


def apart(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Return the distance of two places in kilometres, along the surface (haversine formula).

    >>> round(apart((51.5, -0.13), (55.95, -3.19)))
    534
    """
    (lat, lon), (lat2, lon2) = (tuple(map(radians, place)) for place in (here, there))
    chord = sin((lat2 - lat) / 2) ** 2 + cos(lat) * cos(lat2) * sin((lon2 - lon) / 2) ** 2
    return 2 * EARTH * asin(min(1.0, sqrt(chord)))
