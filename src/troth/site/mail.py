"""How our letters leave: by SMTP, or in a demonstration into a folder. And `troth mail send`, which hands them over.

    troth mail send            one pass: what is due goes
    troth mail send --watch    pass after pass, until stopped

TROTH_SMTP names the server: smtps://user:password@host:465 speaks TLS from the first byte, smtp://host:587 from
STARTTLS on and not without; only on this machine may mail travel in the clear.
"""

from __future__ import annotations

import argparse
import binascii
import contextlib
import os
import re
import smtplib
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as FORMAT
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import unquote, urlsplit

from troth.policy.errors import TrothError

if TYPE_CHECKING:
    from troth.doors.contact import Outgoing, Transport

HOLDS, BAD = 0, 2
EVERY: Final = 5  # seconds between two passes
HERE: Final = ("localhost", "127.0.0.1", "::1")
LINK: Final = re.compile(r"https?://[^\s<>\"]+")
HEADERS: Final = ("List-Unsubscribe", "List-Unsubscribe-Post")  # what a message may add; DKIM signs both (RFC 8058)
WIDE: Final = FORMAT.clone(max_line_length=400)  # or a link of 200 signs in a header would be put into code words
NEVER: Final = (550, 551, 553)  # no such mailbox (RFC 5321, 4.2.3)


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
    made = EmailMessage(policy=WIDE)
    made["From"] = Address(brand.say or message.brand.title(), addr_spec=sender)
    made["To"] = _mailbox(message.address)
    made["Subject"] = " ".join(str(message.content["subject"]).split())
    made["Date"] = format_datetime(policies.now())
    made["Message-ID"] = message.message_id
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no robot answers
    for name, value in (message.content.get("headers") or {}).items():
        if name in HEADERS:
            made[name] = value
    made.set_content(text)
    made.add_alternative(_html(text), subtype="html")
    return made


def plain(message: Outgoing) -> bytes | None:
    """Return the same letter as `letter`, in a twentieth of the time; None for one that is anything but usual.

    For campaigns: an address and headers of plain ASCII, words in quoted-printable. A test holds the two equal.
    """
    from troth.doors import policies  # noqa: PLC0415 -- not before Django is there
    from troth.vault.normal import SHORT, USUAL  # noqa: PLC0415

    if not USUAL.fullmatch(message.address) or len(message.address) > SHORT:
        return None
    sender, subject = _sender(message.brand), " ".join(str(message.content["subject"]).split())
    more = {name: value for name, value in (message.content.get("headers") or {}).items() if name in HEADERS}
    if not sender or not all(value.isascii() and value.isprintable() for value in (subject, *more.values())):
        return None
    text = str(message.content["text"])
    edge = f"=_{message.message_id.strip('<>').partition('@')[0]}"
    head = {
        "From": sender, "To": message.address, "Subject": subject, "Date": format_datetime(policies.now()),
        "Message-ID": message.message_id, "Auto-Submitted": "auto-generated", **more, "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="{edge}"',
    }  # fmt: skip
    if max(map(len, head.values())) > 400:
        return None
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    parts = "".join(f"\r\n--{edge}\r\n{_part(kind, words)}" for kind, words in (("plain", text), ("html", _html(text))))
    return f"{lines}{parts}\r\n--{edge}--\r\n".encode("ascii")


def _part(kind: str, words: str) -> str:
    coded = binascii.b2a_qp(("\n".join(words.splitlines()) + "\n").encode()).decode("ascii").replace("\n", "\r\n")
    return f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{coded}'


def _sender(brand: str) -> str:
    """Return who a brand's letters are from, as it stands in the header; nothing if that takes more than ASCII."""
    from troth.doors import policies  # noqa: PLC0415

    house = policies.archive().in_force(policies.today()).policy
    made = house.brands[brand]
    address = next((way for way in made.care if "@" in way), house.about.officer)
    return _header(made.say or brand.title(), address)


@lru_cache(maxsize=16)
def _header(name: str, address: str) -> str:
    said = str(Address(name, addr_spec=address))
    return said if said.isascii() and said.isprintable() else ""


def _mailbox(address: str) -> Address:
    local, _, domain = address.rpartition("@")
    strange = any(ord(c) < 32 or ord(c) == 127 for c in address) or any(
        c.isspace() or c in '<>()[],;:\\"' for c in domain
    )
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
        with Line(self) as line:
            line(message, give_up_after=give_up_after)

    def opened(self, patience: float) -> smtplib.SMTP:
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


class Line:
    """A connection kept open for many letters, one after the other; opened with the first, and anew once it is lost.

    Its `with` closes it. For one thread.
    """

    def __init__(self, way: Smtp) -> None:
        self._way, self._server = way, None  # type: tuple[Smtp, smtplib.SMTP | None]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        server, self._server = self._server, None
        if server:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()

    def __call__(self, message: Outgoing, *, give_up_after: int) -> None:
        from troth.doors.contact import NeverTaken, NotTaken  # noqa: PLC0415

        try:
            raw = plain(message)
            made = raw if raw is not None else letter(message)
            server = self._ready(give_up_after / 4)
        except (OSError, smtplib.SMTPException, ValueError, MessageError) as no:
            raise NotTaken from no
        try:
            self._hand(server, made, message)
        except smtplib.SMTPRecipientsRefused as no:
            codes = {code for code, _ in no.recipients.values()}
            raise (NeverTaken if codes <= set(NEVER) else NotTaken) from no
        except (
            smtplib.SMTPSenderRefused, smtplib.SMTPDataError, smtplib.SMTPNotSupportedError, smtplib.SMTPHeloError,
        ) as no:  # fmt: skip
            self.close()
            raise NotTaken from no
        except BaseException:
            self.close()
            raise

    @staticmethod
    def _hand(server: smtplib.SMTP, made: EmailMessage | bytes, message: Outgoing) -> None:
        if isinstance(made, EmailMessage):
            server.send_message(made)
        else:
            server.sendmail(parseaddr(_sender(message.brand))[1], [message.address], made)

    def _ready(self, patience: float) -> smtplib.SMTP:
        if self._server and not self._alive(self._server):
            self.close()
        if self._server is None:
            self._server = self._way.opened(patience)
        return self._server

    @staticmethod
    def _alive(server: smtplib.SMTP) -> bool:
        """Tell whether the other side still listens: asked before a letter, so that none is in doubt for it."""
        with contextlib.suppress(OSError, smtplib.SMTPException):
            return server.rset()[0] == 250
        return False


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
    """Hand over what is due, letters first and then campaigns; take care of what a sender left behind.

    Returns how many messages went.
    """
    from troth.doors import policies  # noqa: PLC0415
    from troth.doors.contact import release, settle  # noqa: PLC0415
    from troth.doors.declare import job  # noqa: PLC0415
    from troth.marketing.release import advance  # noqa: PLC0415

    at = policies.now()
    with ways(way) as by:
        with job(*policies.archive().in_force(policies.today()).policy.purposes):
            settle(at)
            count = sum(row.state == "sent" for row in release(by, at=at))
        return count + advance(by, home=os.environ.get("TROTH_HOME", ""))


@contextlib.contextmanager
def ways(way: Transport) -> Iterator[dict[str, Transport]]:
    """Yield a way for each channel that has one: a server is spoken to on one line, texts go to their company."""
    from troth.marketing.channels.sms import Way  # noqa: PLC0415
    from troth.partners.sms import configured, texts  # noqa: PLC0415

    with contextlib.ExitStack() as stack:
        found: dict[str, Transport] = {"email": stack.enter_context(Line(way)) if isinstance(way, Smtp) else way}
        if configured():
            found["sms"] = Way(stack.enter_context(contextlib.closing(texts())))
        yield found


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
