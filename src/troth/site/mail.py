"""How our letters leave: by SMTP, or in a demonstration into a folder. And `troth mail send`, which hands them over.

    troth mail send            one pass: what is due goes
    troth mail send --watch    pass after pass, until stopped

TROTH_SMTP names the server: smtps://user:password@host:465 speaks TLS from the first byte, smtp://host:587 from
STARTTLS on and not without; only on this machine may mail travel in the clear.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import smtplib
import ssl
import sys
import threading
import time
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as FORMAT
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from troth.policy.errors import TrothError

if TYPE_CHECKING:
    from troth.doors.contact import Outgoing, Transport

HOLDS, BAD = 0, 2
EVERY: Final = 5  # seconds between two passes
HERE: Final = ("localhost", "127.0.0.1", "::1")
LINK: Final = re.compile(r"https?://[^\s<>\"]+")


class NoMail(TrothError):
    """There is no way for mail to leave."""


# -- a letter ----------------------------------------------------------------------------------------------------------


def letter(message: Outgoing) -> EmailMessage:
    """Return a message as it goes over the wire: plain words, and the same as simple HTML.

    Raises ValueError for an address that cannot stand in a header: nothing in it can add a header or a recipient.
    """
    from troth.doors import policies  # noqa: PLC0415 -- not before Django is there

    house = policies.archive().in_force(policies.today()).policy
    brand, text = house.brands[message.brand], str(message.content["text"])
    sender = next((way for way in brand.care if "@" in way), house.about.officer)
    made = EmailMessage(policy=FORMAT)
    made["From"] = Address(brand.say or message.brand.title(), addr_spec=sender)
    made["To"] = _mailbox(message.address)
    made["Subject"] = " ".join(str(message.content["subject"]).split())
    made["Date"] = format_datetime(policies.now())
    made["Message-ID"] = message.message_id
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no robot answers
    made.set_content(text)
    made.add_alternative(_html(text), subtype="html")
    return made


def _mailbox(address: str) -> Address:
    local, _, domain = address.rpartition("@")
    strange = any(ord(c) < 32 or ord(c) == 127 for c in address) or any(c.isspace() for c in domain)
    if strange or not local or not domain:
        raise ValueError("this is no address a header can hold")
    return Address(username=local.strip('"'), domain=domain)


def _html(text: str) -> str:
    """Return a text as a page of paragraphs, its links to be followed."""
    from django.utils.html import escape, format_html, format_html_join  # noqa: PLC0415
    from django.utils.safestring import SafeString  # noqa: PLC0415

    def linked(line: str) -> SafeString:
        plain = escape(line)
        return SafeString(LINK.sub(lambda found: f'<a href="{found[0]}">{found[0]}</a>', plain))

    paragraphs = [part.split("\n") for part in text.strip().split("\n\n")]
    body = format_html_join(
        "\n",
        "<p>{}</p>",
        ((format_html_join(SafeString("<br>\n"), "{}", ((linked(one),) for one in lines)),) for lines in paragraphs),
    )
    return format_html('<!doctype html>\n<html lang="en-GB"><body>\n{}\n</body></html>\n', body)


# -- ways out ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Smtp:
    """A server that takes our mail. Its password is shown nowhere."""

    host: str
    port: int
    tls: str  # "first", "started", or "" on this machine
    user: str = ""
    password: str = field(default="", repr=False)

    def __call__(self, message: Outgoing, *, give_up_after: int) -> None:
        """Hand one letter over. Raises NotTaken if it surely did not go; whatever else is raised: who knows."""
        from troth.doors.contact import NotTaken  # noqa: PLC0415

        try:
            made = letter(message)
            server = self._open(give_up_after / 4)
        except (OSError, smtplib.SMTPException, ValueError, MessageError) as no:
            raise NotTaken from no
        try:
            server.send_message(made)
        except (
            smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError,
            smtplib.SMTPNotSupportedError, smtplib.SMTPHeloError,
        ) as no:  # fmt: skip
            raise NotTaken from no
        finally:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()

    def _open(self, patience: float) -> smtplib.SMTP:
        trust = ssl.create_default_context()
        if self.tls == "first":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=patience, context=trust)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=patience)
        try:
            if self.tls == "started":
                server.starttls(context=trust)
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server


def smtp(address: str) -> Smtp:
    """Read TROTH_SMTP. Raises NoMail, without repeating it: it may hold a password.

    >>> smtp("smtps://ada:s%20e@mail.example").port, smtp("smtp://localhost:2525").tls, smtp("smtp://mail.example").tls
    (465, '', 'started')
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if parts.scheme not in ("smtp", "smtps") or not host:
        raise NoMail("TROTH_SMTP cannot be read. Write it as smtps://user:password@host:465 or smtp://host:587.")
    tls = "first" if parts.scheme == "smtps" else "" if host in HERE else "started"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Smtp(host, port or (465 if tls == "first" else 587), tls, user, password)


@dataclass(frozen=True)
class Folder:
    """Where the demonstration's mail goes: a file a letter, for nobody's eyes but its owner's."""

    path: Path

    def __call__(self, message: Outgoing, *, give_up_after: int) -> None:
        del give_up_after
        from troth.doors.contact import NotTaken  # noqa: PLC0415

        try:
            made = bytes(letter(message))
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.chmod(0o700)
            stamp = f"{time.time_ns()}-{message.message_id.strip('<>').partition('@')[0]}"
            out = os.open(self.path / f"{stamp}.eml", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except (OSError, ValueError, MessageError) as no:
            raise NotTaken from no
        with os.fdopen(out, "wb") as file:
            file.write(made)


def transport() -> Transport:
    """Return the way mail leaves by. Raises NoMail if there is none: then letters wait."""
    from django.conf import settings  # noqa: PLC0415 -- not before Django is there

    if address := os.environ.get("TROTH_SMTP", ""):
        return smtp(address)
    if settings.TROTH_DEMO:
        return Folder(Path(settings.TROTH_DATA) / "mail")
    raise NoMail("There is no mail server. Set TROTH_SMTP (see `troth.site.settings`); until then letters wait.")


# -- handing over ------------------------------------------------------------------------------------------------------


def send(way: Transport) -> int:
    """Hand over what is due, and take care of what a sender left behind. Returns how many letters went."""
    from troth.doors import policies  # noqa: PLC0415
    from troth.doors.contact import release, settle  # noqa: PLC0415
    from troth.doors.declare import job  # noqa: PLC0415

    at = policies.now()
    with job(*policies.archive().in_force(policies.today()).policy.purposes):
        settle(at)
        return sum(row.state == "sent" for row in release({"email": way}, at=at))


def watch(way: Transport, every: float = EVERY, stop: threading.Event | None = None) -> None:
    """Pass after pass. What goes wrong in one is said, by its kind alone, and tried again in the next."""
    from django.db import close_old_connections  # noqa: PLC0415

    stop = stop or threading.Event()
    while not stop.is_set():
        try:
            send(way)
        except Exception as mishap:  # noqa: BLE001 -- one bad pass must not end all others
            print(f"Mail waits: {type(mishap).__name__}. Trying again.", file=sys.stderr, flush=True)
        finally:
            close_old_connections()
        stop.wait(every)


def add_to(rooms: Any) -> None:  # noqa: ANN401 -- argparse gives its sub-parsers no public type
    """Add these commands to the command line."""
    verbs = rooms.add_parser("mail", help="hand over the letters that wait").add_subparsers(
        required=True, metavar="COMMAND"
    )
    made = verbs.add_parser("send", help="hand over what is due; safe to stop and to run again")
    made.add_argument("--watch", action="store_true", help="go on until stopped")
    made.add_argument("--every", type=float, default=EVERY, metavar="SECONDS", help="between two passes")
    made.set_defaults(run=run_send, django=True)


def run_send(options: argparse.Namespace) -> int:
    way = transport()
    if not options.watch:
        print(f"{send(way)} sent.")
        return HOLDS
    try:
        watch(way, max(0.1, options.every))
    except KeyboardInterrupt:
        print("Stopped.")
    return HOLDS
