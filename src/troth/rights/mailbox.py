"""Requests that came as letters to the privacy officer's mailbox: an mbox or a single .eml file, each opened once.

A sender's address proves nothing, so every letter is answered with a link to the address we hold, as any form is.
"""

from __future__ import annotations

import hashlib
import mailbox
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from html import unescape
from pathlib import Path
from typing import Final

from troth.doors.errors import CardNumber, Refused
from troth.vault.errors import BadIdentifier

from . import intake, rules
from .errors import NoRequest

MOST: Final = 4000  # characters of a letter that are kept
LARGEST: Final = 25 << 20  # bytes of one letter
OLDEST: Final = timedelta(days=60)  # a date further back is a clock gone wrong, and would end the time before it began
UNSEEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True)
class Letter:
    """One letter, as far as a request needs it."""

    once: str
    sender: str
    words: str
    at: datetime


@dataclass(frozen=True)
class Taken:
    """What became of one letter; `number` of the request, or why there is none. Names nobody."""

    place: int
    number: str = ""
    right: str = ""
    sure: bool = False
    why: str = ""


def letters(path: Path) -> Iterator[bytes]:
    """Yield each letter of a file, raw. Raises OSError."""
    if path.suffix.casefold() == ".eml":
        yield path.read_bytes()
        return
    with path.open("rb"):  # a mailbox that is not there is not made
        box = mailbox.mbox(path, create=False)
    try:
        for key in box.iterkeys():
            yield box.get_bytes(key)
    finally:
        box.close()


def read(raw: bytes, now: datetime) -> Letter | None:
    """Return what a letter says; None where it has no sender or no words. Never raises for any bytes."""
    try:
        found = message_from_bytes(raw[:LARGEST], policy=policy.default)
        _, sender = parseaddr(str(found.get("From", "")))
        subject, body = str(found.get("Subject", "")), _body(found)
        number = str(found.get("Message-ID", "")).strip()
        sent = _date(str(found.get("Date", "")), now)
    except Exception:  # noqa: BLE001 -- the standard parser raises nearly anything on junk
        return None
    words = UNSEEN.sub("", f"{subject}\n\n{body}".replace("\r\n", "\n")).strip()[:MOST]
    if not sender or not words:
        return None
    mark = hashlib.sha256(number.encode("utf-8", "surrogateescape") or raw).digest()
    return Letter("mail:" + urlsafe_b64encode(mark).decode()[:43], sender, words, sent)


def _body(found: EmailMessage) -> str:
    part = found.get_body(("plain", "html"))
    if part is None:
        return ""
    text = str(part.get_content())
    return unescape(re.sub(r"<[^>]*>", " ", text)) if part.get_content_type() == "text/html" else text


def _date(text: str, now: datetime) -> datetime:
    """Return when a letter was sent; now where its date is missing, ahead of us or long past."""
    try:
        sent = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return now
    sent = sent if sent.tzinfo else sent.replace(tzinfo=UTC)
    return sent if now - OLDEST < sent <= now else now


def take_all(path: Path, *, brand: str, home: str, at: datetime) -> Iterator[Taken]:
    """Open a request for each letter of a file. Run again, it opens none twice. Raises OSError."""
    for place, raw in enumerate(letters(path), 1):
        letter = read(raw, at)
        if letter is None:
            yield Taken(place, why="it has no sender or no words")
            continue
        right = rules.asked_for(letter.words)
        try:
            made = intake.from_form(
                right or "see", letter.sender, letter.words, brand=brand, home=home, once=letter.once, at=at,
                way="email", received_at=letter.at, sure=right in rules.PLAIN,
            )  # fmt: skip
        except NoRequest:
            yield Taken(place, why="another letter with its number came from somebody else")
        except BadIdentifier:
            yield Taken(place, why="its sender's address cannot be used")
        except CardNumber:
            yield Taken(place, why="it holds a card number, which we never take in")
        except Refused as no:
            yield Taken(place, why=f"the policy refuses it ({no.because.line})")
        else:
            yield Taken(place, made.number, made.right, made.sure)
