"""How a campaign's words become a message of each channel, and by which way it leaves.

A channel knows its own exit and its own shape; whether anybody may be written to it never asks: the doors do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from . import chat, email, phone, post, sms


class Channel(Protocol):
    """One way to reach people."""

    def way_out(self, stop: str, care: tuple[str, ...]) -> str:
        """Return what stands where a text says {stop}: `stop` is the link, `care` where to write and ring."""

    def message(self, subject: str, text: str, stop: str) -> Mapping[str, Any]:
        """Return the content a transport of this channel takes."""


CHANNELS: Final[dict[str, Channel]] = {
    "email": email.Email(), "sms": sms.Sms(), "phone": phone.Phone(), "post": post.Post(), "chat": chat.Chat(),
}  # fmt: skip
SENT: Final = ("email", "sms")  # by a transport that runs by itself; the others are fetched by whoever rings or prints
