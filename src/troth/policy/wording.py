"""How Troth writes days, lists and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date


def say_day(day: date) -> str:
    """Return a day as people write it.

    >>> say_day(date(2026, 11, 1))
    '1 Nov 2026'
    """
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # not the host's language


def listed(words: Sequence[str], last: str = "and") -> str:
    """Return words as people list them; names of the policy lose their underscores.

    >>> listed(["name", "email", "home_address"])
    'name, email and home address'
    """
    plain = [word.replace("_", " ") for word in words]
    if len(plain) < 2:
        return plain[0] if plain else "nothing"
    return f"{', '.join(plain[:-1])} {last} {plain[-1]}"


def sentence(text: str) -> str:
    """Return text with a capital first letter and a full stop."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text[-1:] in ".!?" else ".")
