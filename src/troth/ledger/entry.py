"""What one act leaves in the ledger, and how it is written: names and digests, never a personal value."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from .errors import NotAName

FORMAT: Final = "troth-entry-1"
NAME: Final = re.compile(r"[A-Za-z0-9_.:*/ ()<>@,'§+=\-]{0,200}")
_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False).encode


_names: set[str] = set()  # texts seen to be names: the policy has a few hundred
MOST_NAMES: Final = 10_000


def _check(value: str) -> None:
    if not NAME.fullmatch(value):
        raise NotAName
    if len(value) <= 64 and len(_names) < MOST_NAMES:
        _names.add(value)


@dataclass(frozen=True, slots=True)
class Entry:
    """One act. `subject` is a 16-byte pseudonym, keyed by the person's own key; empty where there is no one person."""

    at: datetime  # aware
    verb: str
    purpose: str = ""
    brand: str = ""
    items: tuple[str, ...] = ()  # full names, sorted
    source: str = ""
    to: str = ""
    channel: str = ""
    topic: str = ""
    actor: str = "system"
    allowed: bool = True
    code: str = ""
    clause: str = ""
    law: str = ""
    policy: str = ""  # the digest of the policy in force
    subject: bytes = b""
    facts: Mapping[str, str | int] = field(default_factory=dict)  # counts, references, digests

    def encode(self) -> bytes:
        """Return the entry's one and only bytes: JSON as RFC 8785 writes it, for the kinds of value there are here.

        Raises NotAName for anything that could be a value rather than a name.
        """
        said: dict[str, Any] = {
            name: value
            for name in (
                "verb",
                "purpose",
                "brand",
                "source",
                "to",
                "channel",
                "topic",
                "actor",
                "code",
                "clause",
                "law",
                "policy",
            )
            if (value := getattr(self, name))
        }
        texts = [fact for fact in self.facts.values() if isinstance(fact, str)] if self.facts else ()
        for value in (*said.values(), *self.items, *texts, *self.facts):
            if value not in _names:
                _check(value)
        said |= {
            "allowed": self.allowed,
            "at": self.at.astimezone(UTC).isoformat(timespec="milliseconds"),
            "format": FORMAT,
        }
        if self.items:
            said["items"] = list(self.items)
        if self.subject:
            said["subject"] = base64.b64encode(self.subject).decode()
        if self.facts:
            said["facts"] = dict(self.facts)
        return _write(said).encode()
