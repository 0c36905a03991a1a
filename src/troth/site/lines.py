"""A line to a mail server, kept open for many letters: asked for all it has to say of one at once, where it can be.

TROTH_SMTP names the server: smtps://user:password@host:465 speaks TLS from the first byte, smtp://host:587 from
STARTTLS on and not without; only on this machine may mail travel in the clear.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
import time
from dataclasses import dataclass, field
from email.errors import MessageError
from email.message import EmailMessage
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import unquote, urlsplit

from troth.policy.errors import TrothError

from .letters import letter, plain, returns

if TYPE_CHECKING:
    from troth.doors.contact import Outgoing

HERE: Final = ("localhost", "127.0.0.1", "::1")
NEVER: Final = (550, 551, 553)  # no such mailbox (RFC 5321, 4.2.3)
OTHERWISE: Final = re.compile(rb"5\.(?!1\.|2\.1\b)\d")
OK, GO_ON, NO = 250, 354, 400
Reply = tuple[int, bytes]


class NoMail(TrothError):
    """There is no way for mail to leave."""


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
            server.ehlo_or_helo_if_needed()
        except BaseException:
            server.close()
            raise
        return server


class Line:
    """A connection for many letters, one after the other; opened with the first, and anew once it is lost.

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
        """Hand one letter over. Raises NotTaken, NeverTaken; whatever else is raised: who knows."""
        from troth.doors.contact import NeverTaken, NotTaken  # noqa: PLC0415 -- not before Django is there

        begun = time.monotonic()
        try:
            raw = plain(message)
            made = letter(message) if raw is None else raw
            said = self._asked(message, made, give_up_after / 4)
            if time.monotonic() - begun > give_up_after / 2:
                raise TimeoutError
        except (OSError, smtplib.SMTPException, ValueError, MessageError) as no:
            self.close()  # it has none of the words
            raise NotTaken from no
        try:
            self._hand(made, message, said)
        except smtplib.SMTPRecipientsRefused as no:
            raise (NeverTaken if all(_gone(*said) for said in no.recipients.values()) else NotTaken) from no
        except (
            smtplib.SMTPSenderRefused, smtplib.SMTPDataError, smtplib.SMTPNotSupportedError, smtplib.SMTPHeloError,
        ) as no:  # fmt: skip
            self.close()
            raise NotTaken from no
        except BaseException:
            self.close()
            raise

    def _asked(self, message: Outgoing, made: EmailMessage | bytes, patience: float) -> list[Reply]:
        """Return what the server says to all but the words; to an unusual letter, that it listens.

        Asked of a kept line it shows whether anybody is still there, so that no letter is in doubt for that.
        """
        for kept in (self._server is not None, False):
            if self._server is None:
                self._server = self._way.opened(patience)
            try:
                said = ask(self._server, returns(message), message.address, just=isinstance(made, bytes))
            except (OSError, smtplib.SMTPException):
                if not kept:
                    raise
            else:
                if said[0][0] == OK:
                    return said
            self.close()
        raise smtplib.SMTPServerDisconnected("it does not listen")

    def _hand(self, made: EmailMessage | bytes, message: Outgoing, said: list[Reply]) -> None:
        if self._server is None:
            raise smtplib.SMTPServerDisconnected
        sender = returns(message)
        if isinstance(made, EmailMessage):
            self._server.send_message(made, from_addr=sender)
        else:
            give(self._server, made, sender, message.address, said)


def ask(server: smtplib.SMTP, sender: str, to: str, *, just: bool = True) -> list[Reply]:
    """Return the replies to RSET, MAIL, RCPT and DATA, all sent at once where the server takes that (RFC 2920).

    Else one after the other, up to the first no. Not `just` for these words: only RSET. Addresses are plain ASCII.
    """
    commands = ["RSET", f"MAIL FROM:<{sender}>", f"RCPT TO:<{to}>", "DATA"] if just else ["RSET"]
    if server.has_extn("pipelining"):
        server.send("".join(f"{one}\r\n" for one in commands))
        return [server.getreply() for _ in commands]
    said: list[Reply] = []
    for one in commands:
        said.append(server.docmd(one))
        if said[-1][0] >= NO:
            break
    return said


def give(server: smtplib.SMTP, raw: bytes, sender: str, to: str, said: list[Reply]) -> None:
    """Give a server the words it agreed to take. Raises what smtplib raises where it did not, or does not now."""
    mail, rcpt, data = [*said[1:], (NO, b""), (NO, b"")][:3]
    if mail[0] != OK:
        raise smtplib.SMTPSenderRefused(*mail, sender)
    if rcpt[0] not in (OK, OK + 1):
        if data[0] == GO_ON:  # to a letter to nobody, which ends here (RFC 2920, 3.1)
            with contextlib.suppress(OSError, smtplib.SMTPException):
                server.send(b".\r\n")
                server.getreply()
        raise smtplib.SMTPRecipientsRefused({to: rcpt})
    if data[0] != GO_ON:
        raise smtplib.SMTPDataError(*data)
    server.send(raw.replace(b"\r\n.", b"\r\n..") + b".\r\n")
    code, why = server.getreply()
    if code != OK:
        raise smtplib.SMTPDataError(code, why)


def _gone(code: int, why: bytes) -> bool:
    """Tell whether a no means that there is no such mailbox, and not that it is full or does not want us (RFC 3463)."""
    return code in NEVER and not OTHERWISE.match(why)


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
