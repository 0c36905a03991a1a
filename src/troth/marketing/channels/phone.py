"""Telephone: a list that one of us rings down, number by number, with words to say and a no written down at once.

A number is shown when it is rung and not before: fetching it is the release, decided on at that moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

OUTCOMES: Final = {
    "spoke": "We spoke",
    "nobody": "Nobody answered",
    "later": "They asked us to ring another time",
    "wrong": "It was somebody else's number",
    "stop": "They do not want such calls",
}
ANNOUNCED: Final = "Before anything else: this call is not recorded."


@dataclass(frozen=True)
class Phone:
    """What the caller says."""

    def way_out(self, stop: str, care: tuple[str, ...]) -> str:
        del stop, care
        return "If you would rather not have such calls, say so: I write it down now, and it counts at once."

    def message(self, subject: str, text: str, stop: str) -> Mapping[str, Any]:
        del subject, stop
        return {"script": f"{ANNOUNCED}\n\n{text}"}
