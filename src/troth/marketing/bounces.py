"""What a returned letter says: that a mailbox is not there, could not be reached, or that we were complained of.

    read(raw)     # Found("hard", keys=("…",), recipients=("ada@post.example",), status="5.1.1")

Pure. Read are delivery reports (RFC 3464), feedback reports (RFC 5965), and the plain letters of servers that send
neither. Robots that answer (RFC 3834) said nothing about the mailbox. Who may say such a thing, the key tells: a letter
without one of ours is nobody's. No bytes whatever raise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message
from email.utils import getaddresses
from typing import Final

HARD, SOFT, COMPLAINT, NOTHING = "hard", "soft", "complaint", "nothing"
LARGEST: Final = 2 << 20  # bytes of a report that are read
KEYED: Final = re.compile(r"\+([A-Za-z2-7]{40})@")
STOP: Final = re.compile(r"/stop/([A-Za-z0-9_~-]{40,120})/")
STATUS: Final = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
CODE: Final = re.compile(r"\b([45]\d\d)\b")
TO_US: Final = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
OF_OURS: Final = ("Return-Path", "Original-Mail-From", "Original-Envelope-Id", "X-Envelope-From")
FROM_ROBOTS: Final = re.compile(r"mailer-daemon|postmaster|mail delivery|maildelivery", re.IGNORECASE)
COMPLAINTS: Final = ("abuse", "fraud", "other", "opt-out", "opt-out-list")  # not "not-spam", "virus", "auth-failure"
NOBODY: Final = re.compile(
    r"user (?:is )?unknown|unknown user|no such (?:user|mailbox|recipient)|does(?:n.t| not) exist|address rejected"
    r"|recipient (?:not found|unknown)|invalid recipient|mailbox (?:not found|unavailable)|account (?:is )?disabled",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Found:
    """What came back. `keys`: of return paths; `stops`: of the ways out in the letter that came back with it."""

    kind: str
    keys: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()  # as the other side wrote them: shown nowhere
    status: str = ""


def read(raw: bytes) -> Found:
    """Return what a letter says of one of ours."""
    try:
        return _read(message_from_bytes(raw[:LARGEST], policy=policy.compat32))
    except Exception:  # noqa: BLE001 -- the standard parser raises nearly anything on junk
        return Found(NOTHING)


def _read(letter: Message) -> Found:
    parts = list(_parts(letter))
    keys = tuple(dict.fromkeys(_keys(letter, parts)))
    stops = tuple(dict.fromkeys(key for part in parts for key in STOP.findall(_said(part, "List-Unsubscribe"))))
    kind, recipients, status = NOTHING, tuple[str, ...](), ""
    feedback = [part for part in parts if part.get("Feedback-Type")]
    blocks = [part for part in parts if part.get("Final-Recipient") or part.get("Action")]
    if feedback:
        kind = COMPLAINT if _said(feedback[0], "Feedback-Type").strip().lower() in COMPLAINTS else NOTHING
    elif blocks:
        kind, recipients, status = _reported(blocks)
    elif not _answers_by_itself(letter) and FROM_ROBOTS.search(_said(letter, "From")):
        kind, recipients, status = _plain(letter, parts)
    return Found(kind, keys, stops, recipients, status)


def _parts(letter: Message) -> Iterator[Message]:
    """Yield every part, and what stands in parts that are blocks of headers, however they were labelled."""
    for part in letter.walk():
        yield part
        if part.get_content_type() in ("message/feedback-report", "text/rfc822-headers", "message/delivery-status"):
            text = _text(part)
            if text:
                for block in re.split(r"\r?\n\s*\r?\n", text):
                    yield message_from_bytes(block.strip().encode("utf-8", "replace"), policy=policy.compat32)


def _text(part: Message) -> str:
    """Return the words of a part; nothing of one that holds others."""
    found = part.get_payload(decode=True)
    return found.decode("utf-8", "replace") if isinstance(found, bytes) else ""


def _said(part: Message, name: str) -> str:
    return " ".join(str(value) for value in part.get_all(name, []))


def _keys(letter: Message, parts: Iterable[Message]) -> Iterator[str]:
    for name in TO_US:
        yield from (key.lower() for key in KEYED.findall(_said(letter, name)))
    for part in parts:
        for name in OF_OURS:
            yield from (key.lower() for key in KEYED.findall(_said(part, name)))


def _reported(blocks: Iterable[Message]) -> tuple[str, tuple[str, ...], str]:
    """Return the worst that a delivery report says, of whom, and its status."""
    worst, who, status = NOTHING, list[str](), ""
    for block in blocks:
        action = _said(block, "Action").split("(")[0].strip().lower()
        if action not in ("failed", "undeliverable", ""):
            continue  # delayed, delivered, relayed, expanded: nothing has come of it yet, or something good
        said = f"{_said(block, 'Status')} {_said(block, 'Diagnostic-Code')}"
        found, code = judged(said)
        if worst != HARD and found != NOTHING:
            worst, status = found, code
        who += [
            _said(block, name).rpartition(";")[2].strip() for name in ("Final-Recipient", "Original-Recipient")
        ]  # fmt: skip
    return worst, tuple(dict.fromkeys(filter(None, who))), status


def judged(said: str) -> tuple[str, str]:
    """Return what a status comes to, and the status. RFC 3463: x.1.y is about the address, 5.2.1 a closed mailbox.

    >>> judged("5.1.1 smtp; 550 5.1.1 unknown"), judged("5.0.0 smtp; 550 5.7.1 blocked"), judged("4.4.7 expired")
    (('hard', '5.1.1'), ('soft', '5.7.1'), ('soft', '4.4.7'))
    >>> judged("smtp; 550 No such user"), judged("2.0.0"), judged("552 full")
    (('hard', '550'), ('nothing', '2.0.0'), ('soft', '552'))
    """
    codes = [".".join(code) for code in STATUS.findall(said)]
    telling = next((code for code in reversed(codes) if not code.endswith(".0.0")), codes[0] if codes else "")
    if telling and not telling.endswith(".0.0"):
        hard = telling.startswith("5.1.") or telling == "5.2.1"
        return (HARD if hard else NOTHING if telling[0] == "2" else SOFT), telling
    numbers = CODE.findall(said)
    if numbers:
        return (HARD if numbers[0] in ("550", "551", "553") and NOBODY.search(said) else SOFT), numbers[0]
    if telling:
        return (NOTHING if telling[0] == "2" else HARD if NOBODY.search(said) else SOFT), telling
    return (HARD, "") if NOBODY.search(said) else (SOFT, "")


def _answers_by_itself(letter: Message) -> bool:
    """Tell whether this is a robot's answer: somebody is away, or a case was opened (RFC 3834)."""
    if letter.get("X-Failed-Recipients"):
        return False
    said = _said(letter, "Auto-Submitted").split(";")[0].strip().lower()
    return said == "auto-replied" or bool(letter.get("X-Autoreply") or letter.get("X-Autorespond"))


def _plain(letter: Message, parts: Iterable[Message]) -> tuple[str, tuple[str, ...], str]:
    """Return what a server says that writes no reports, by its first words; those of our own letter tell nothing."""
    words = next((_text(part) for part in parts if part.get_content_type() == "text/plain"), "")
    words = re.split(r"--- Below this line|------ This is a copy|Original message", words, maxsplit=1)[0][:4000]
    who = [address for _, address in getaddresses([_said(letter, "X-Failed-Recipients")]) if "@" in address]
    who += re.findall(r"^<([^<>@\s]+@[^<>@\s]+)>:", words, re.MULTILINE)
    if not who and not STATUS.search(words) and not NOBODY.search(words):
        return NOTHING, (), ""
    kind, status = judged(words)
    return kind, tuple(dict.fromkeys(who)), status
