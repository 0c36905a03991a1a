"""Email: a way out in the text, and the same for the mailbox's own button (RFC 8058).

A company or a server that signs with DKIM must sign both headers: they stand in `SIGNED` for its settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

SIGNED: Final = ("From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post")


@dataclass(frozen=True)
class Email:
    """Plain words, and the same as simple HTML: the transport makes both."""

    def way_out(self, stop: str, care: tuple[str, ...]) -> str:
        del care
        return stop

    def message(self, subject: str, text: str, stop: str) -> Mapping[str, Any]:
        """Return a letter with exactly one HTTPS address to stop it at, and no other: one button, one meaning."""
        headers = {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        return {"subject": subject, "text": text, "headers": headers if stop else {}}
