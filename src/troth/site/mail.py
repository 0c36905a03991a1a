"""How our letters leave: by SMTP, or in a demonstration into a folder. And `troth mail send`, which hands them over.

    troth mail send            one pass: what is due goes
    troth mail send --watch    pass after pass, until stopped
    troth mail returns PATH    letters that came back: what is gone is written to no more, a complaint is a no

Two of them share the work: whoever comes to people the other one has goes on to the next.
"""

from __future__ import annotations

import argparse
import contextlib
import mailbox
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import MessageError
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .letters import letter, plain
from .lines import Line, NoMail, Smtp, smtp

if TYPE_CHECKING:
    from troth.doors.contact import Outgoing, Transport

__all__ = ["Folder", "Line", "NoMail", "Smtp", "letter", "plain", "send", "smtp", "transport", "watch", "ways"]
HOLDS, BAD = 0, 2
AGAIN: Final = 75  # as mail servers read it (EX_TEMPFAIL): they keep the letter, and come back with it
LARGEST: Final = 2 << 20
LATER: Final = "later"
CAME: Final = {
    "hard": "of no mailbox, written to no more", "soft": "could not be delivered", "complaint": "complaints, stopped",
    "again": "known already", "nobody": "without a key of ours", "nothing": "that say nothing of a mailbox",
    LATER: "to be taken again, for something is being sent to them at this moment",
}  # fmt: skip
EVERY: Final = 5  # seconds between two passes


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

    from troth.marketing.channels import company  # noqa: PLC0415

    if name := company.named():
        from .companies import Company  # noqa: PLC0415

        return Company(name)
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

    from .companies import Company  # noqa: PLC0415

    with contextlib.ExitStack() as stack:
        if isinstance(way, Smtp):
            way = stack.enter_context(Line(way))
        elif isinstance(way, Company):
            way = stack.enter_context(way.opened())
        found: dict[str, Transport] = {"email": way}
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
    made = verbs.add_parser("returns", help="take letters that came back; safe to run again")
    made.add_argument("path", help="a Maildir, an mbox, one letter as .eml, or - for one from the mail server's pipe")
    made.set_defaults(run=run_returns, django=True)


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


# -- coming back -------------------------------------------------------------------------------------------------------


def came_back(path: str) -> Iterator[bytes]:
    """Yield each letter of a Maildir, an mbox or a file, raw; of "-" the one on standard input. Raises OSError."""
    where = Path(path)
    if path == "-":
        yield sys.stdin.buffer.read(LARGEST)
    elif where.suffix.casefold() == ".eml":
        yield where.read_bytes()
    else:
        box: mailbox.Mailbox[Any] = mailbox.Maildir(where, create=False) if where.is_dir() else _mbox(where)
        try:
            for key in box.iterkeys():
                yield box.get_bytes(key)
        finally:
            box.close()


def _mbox(where: Path) -> mailbox.mbox:
    with where.open("rb"):  # a mailbox that is not there is not made
        return mailbox.mbox(where, create=False)


def run_returns(options: argparse.Namespace) -> int:
    from troth.choices.errors import StillSending  # noqa: PLC0415
    from troth.doors import policies  # noqa: PLC0415
    from troth.doors.declare import job  # noqa: PLC0415
    from troth.marketing import returning  # noqa: PLC0415

    counts = Counter[str]()
    try:
        with job("administration", "proof", "stop_list"):
            for raw in came_back(options.path):
                try:
                    counts[returning.hear(raw, at=policies.now())] += 1
                except StillSending:
                    counts[LATER] += 1
    except (OSError, mailbox.Error):
        print(f"{options.path} cannot be read as a mailbox.", file=sys.stderr)
        return BAD
    print("; ".join(f"{counts[kind]} {say}" for kind, say in CAME.items() if counts[kind]) or "No letters.")
    return AGAIN if counts[LATER] else HOLDS
