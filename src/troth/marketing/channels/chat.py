"""Live chat: a line that invites, shown to somebody who is there and said yes to it, with its no beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Chat:
    """An invitation: two buttons, of one size."""

    def way_out(self, stop: str, care: tuple[str, ...]) -> str:
        del stop, care
        return "Use the button below to have no more of these."

    def message(self, subject: str, text: str, stop: str) -> Mapping[str, Any]:
        del subject
        return {"text": text, "stop": stop}
