"""What one act leaves in the ledger, and how it is written: names and digests, never a personal value."""

from __future__ import annotations

import json
import re
from binascii import b2a_base64
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import msgspec

from .errors import NotAName

FORMAT: Final = "troth-entry-1"
TEXTS: Final = (
    "verb", "purpose", "brand", "source", "to", "channel", "topic", "actor", "code", "clause", "law", "policy",
)  # fmt: skip
NAME: Final = re.compile(r"[A-Za-z0-9_.:*/ ()<>@,;&'§+=\-]{0,200}")  # of the policy, and where a law stands
_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False).encode

_read: Final = msgspec.json.Decoder(dict[str, Any]).decode


def read(body: bytes) -> dict[str, Any]:
    """Return what the bytes of an entry say. Raises ValueError if they are none."""
    return _read(body)


def _check(value: str) -> None:
    if not NAME.fullmatch(value):
        raise NotAName


class Entry(NamedTuple):
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
    facts: Mapping[str, str | int] = MappingProxyType({})  # counts, references, digests

    def encode(self) -> bytes:
        """Return the entry's one and only bytes: JSON as RFC 8785 writes it, for the kinds of value there are here.

        Raises NotAName for anything that could be a value rather than a name.
        """
        before, between, after, end = _frame(
            self.allowed, self.items, self.verb, self.purpose, self.brand, self.source, self.to, self.channel,
            self.topic, self.actor, self.code, self.clause, self.law, self.policy,
        )  # fmt: skip
        at = _moment(self.at.astimezone(UTC))
        facts = f',"facts":{_told(*chain.from_iterable(self.facts.items()))}' if self.facts else ""
        subject = f',"subject":"{b2a_base64(self.subject, newline=False).decode()}"' if self.subject else ""
        return f"{before}{at}{between}{facts}{after}{subject}{end}".encode()


@lru_cache(maxsize=64)  # the entries of one act came at the same moment
def _moment(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


@lru_cache(maxsize=4096)
def _frame(allowed: bool, items: tuple[str, ...], *texts: str) -> tuple[str, str, str, str]:  # noqa: FBT001 -- one of many
    """Return what stands around an entry's time, facts and subject: the same few hundred frames over and over.

    Names never need escaping, so they are written as they stand. Raises NotAName.
    """
    for name in (*items, *texts):
        _check(name)
    said = {name: f'"{name}":"{value}"' for name, value in zip(TEXTS, texts, strict=True) if value}
    said |= {"allowed": f'"allowed":{"true" if allowed else "false"}', "format": f'"format":"{FORMAT}"'}
    if items:
        said["items"] = '"items":["' + '","'.join(items) + '"]'

    def part(first: str, last: str) -> str:
        return ",".join(said[name] for name in sorted(said) if first <= name < last)

    after, end = part("facts", "subject"), part("subject", "z")
    between = part("at", "facts")
    return (
        "{" + part("", "at") + ',"at":"', '"' + (f",{between}" if between else ""), f",{after}", f",{end}}}"
    )  # fmt: skip


@lru_cache(maxsize=4096, typed=True)  # those of one act are mostly the same; to Python 1 is True, to a reader it is not
def _told(*said: str | int) -> str:
    """Return facts as they are written: `said` are their names and values in turn. Raises NotAName."""
    for part in said:
        if isinstance(part, str):
            _check(part)
    return _write(dict(zip(said[::2], said[1::2], strict=True)))
