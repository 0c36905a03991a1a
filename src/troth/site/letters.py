"""A letter as it goes over the wire: plain words, and the same as simple HTML; nothing in it adds a header.

`letter` writes any. `plain` writes the usual one, of which a campaign has a million, in a twentieth of the time; a test
holds the two equal.
"""

from __future__ import annotations

import binascii
import re
import time
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as FORMAT
from email.utils import format_datetime
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from troth.doors.contact import Outgoing

LINK: Final = re.compile(r"https?://[^\s<>\"]+")
HEADERS: Final = ("List-Unsubscribe", "List-Unsubscribe-Post")  # what a message may add; DKIM signs both (RFC 8058)
WIDE: Final = FORMAT.clone(max_line_length=400)  # or a link of 200 signs in a header would be put into code words
LONGEST: Final = 400
FRESH: Final = 1.0  # seconds for which a letterhead is not looked up again


@dataclass(frozen=True)
class Head:
    """Who a brand's letters are from: as people read it, and the mailbox alone."""

    name: str
    mailbox: str
    header: str  # as it stands in the letter; empty where that takes more than ASCII


def head(brand: str) -> Head:
    """Return a brand's letterhead by the policy in force, which is looked up once a second."""
    from django.conf import settings  # noqa: PLC0415 -- not before Django is there

    return _head(brand, str(settings.TROTH_POLICIES), settings.TROTH_TODAY, int(time.monotonic() / FRESH))


@lru_cache(maxsize=32)
def _head(brand: str, *_moment: object) -> Head:
    from troth.doors import policies  # noqa: PLC0415

    house = policies.archive().in_force(policies.today()).policy
    made = house.brands[brand]
    name, mailbox = made.say or brand.title(), next((way for way in made.care if "@" in way), house.about.officer)
    said = str(Address(name, addr_spec=mailbox))
    return Head(name, mailbox, said if said.isascii() and said.isprintable() else "")


def returns(message: Outgoing) -> str:
    """Return where a letter goes back to: with TROTH_RETURNS a mailbox of the brand's own, with a key of the message.

    The key is signed and names nobody (see `troth.marketing.returning`).
    """
    from django.conf import settings  # noqa: PLC0415

    own = head(message.brand).mailbox
    if not settings.TROTH_RETURNS:
        return own
    from troth.marketing.returning import key  # noqa: PLC0415

    return f"{settings.TROTH_RETURNS}+{key(message.message_id)}@{own.rpartition('@')[2]}"


def letter(message: Outgoing) -> EmailMessage:
    """Return any message as a letter.

    Raises ValueError for an address that cannot stand in a header: nothing in it can add a header or a recipient.
    """
    from troth.doors import policies  # noqa: PLC0415 -- not before Django is there

    by, text = head(message.brand), str(message.content["text"])
    made = EmailMessage(policy=WIDE)
    made["From"] = Address(by.name, addr_spec=by.mailbox)
    made["To"] = mailbox(message.address)
    made["Subject"] = " ".join(str(message.content["subject"]).split())
    made["Date"] = format_datetime(policies.now())
    made["Message-ID"] = message.message_id
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no robot answers
    for name, value in added(message).items():
        made[name] = value
    made.set_content(text)
    made.add_alternative(page(text), subtype="html")
    return made


def added(message: Outgoing) -> dict[str, Any]:
    """Return the headers a message brings, of those it may."""
    return {name: value for name, value in (message.content.get("headers") or {}).items() if name in HEADERS}


def plain(message: Outgoing) -> bytes | None:
    """Return the same letter as `letter`; None for one that is anything but usual.

    Usual is an address and headers of plain ASCII. The words are in quoted-printable.
    """
    from troth.vault.normal import SHORT, USUAL  # noqa: PLC0415

    if not USUAL.fullmatch(message.address) or len(message.address) > SHORT:
        return None
    sender, subject = head(message.brand).header, " ".join(str(message.content["subject"]).split())
    more = added(message)
    if not sender or not all(value.isascii() and value.isprintable() for value in (subject, *more.values())):
        return None
    text = str(message.content["text"])
    edge = f"=_{message.message_id.strip('<>').partition('@')[0]}"
    top = {
        "From": sender, "To": message.address, "Subject": subject, "Date": _date(),
        "Message-ID": message.message_id, "Auto-Submitted": "auto-generated", **more, "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="{edge}"',
    }  # fmt: skip
    if max(map(len, top.values())) > LONGEST:
        return None
    lines = "".join(f"{name}: {value}\r\n" for name, value in top.items())
    parts = "".join(f"\r\n--{edge}\r\n{_part(kind, words)}" for kind, words in (("plain", text), ("html", page(text))))
    return f"{lines}{parts}\r\n--{edge}--\r\n".encode("ascii")


def _date() -> str:
    from troth.doors import policies  # noqa: PLC0415

    return _said(policies.now().replace(microsecond=0))


_said = lru_cache(maxsize=4)(format_datetime)


def _part(kind: str, words: str) -> str:
    coded = binascii.b2a_qp(("\n".join(words.splitlines()) + "\n").encode()).decode("ascii").replace("\n", "\r\n")
    return f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{coded}'


def mailbox(address: str) -> Address:
    """Return an address as a header holds it. Raises ValueError."""
    local, _, domain = address.rpartition("@")
    strange = any(ord(c) < 32 or ord(c) == 127 for c in address) or any(
        c.isspace() or c in '<>()[],;:\\"' for c in domain
    )
    if strange or not local or not domain:
        raise ValueError("this is no address a header can hold")
    return Address(username=local.strip('"'), domain=domain)


def page(text: str) -> str:
    """Return a text as a page of paragraphs, its links to be followed. Escaped first: no sign of it opens a tag."""
    linked = LINK.sub(r'<a href="\g<0>">\g<0></a>', escape(text.strip()))
    body = "\n".join(f"<p>{part.replace(chr(10), BREAK)}</p>" for part in linked.split("\n\n"))
    return f'<!doctype html>\n<html lang="en-GB"><body>\n{body}\n</body></html>\n'


BREAK: Final = "<br>\n"
