"""Letters handed to a mail company, one by one, over a connection that is kept. See `marketing.channels.company`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import MessageError
from typing import TYPE_CHECKING, Any, Final

import urllib3

from troth.marketing.channels import company
from troth.marketing.returning import key

from .letters import added, head, mailbox, page, returns

if TYPE_CHECKING:
    from anymail.backends.base import AnymailBaseBackend  # type: ignore[import-untyped]
    from django.core.mail import EmailMultiAlternatives

    from troth.doors.contact import Outgoing, Transport

PATIENCE: Final = 5.0  # seconds for one answer
NEVER: Final = frozenset({"invalid"})
NOT_NOW: Final = frozenset({"rejected", "failed"})


@dataclass(frozen=True)
class Company:
    """The company that carries our mail, by django-anymail's name for it."""

    name: str

    @contextlib.contextmanager
    def opened(self) -> Iterator[Transport]:
        """Yield the way to it, for many letters."""
        way = company.backend(self.name, PATIENCE)
        way.open()
        try:
            yield _Way(way, company.can(way))
        finally:
            way.close()

    def __call__(self, message: Outgoing, *, give_up_after: int) -> None:
        """Hand one letter over. Raises NotTaken if it surely did not go; whatever else is raised: who knows."""
        with self.opened() as way:
            way(message, give_up_after=give_up_after)


@dataclass(frozen=True)
class _Way:
    way: AnymailBaseBackend
    can: frozenset[str]

    def __call__(self, message: Outgoing, *, give_up_after: int) -> None:
        from anymail.exceptions import (  # type: ignore[import-untyped]  # noqa: PLC0415
            AnymailAPIError,
            AnymailError,
            AnymailRecipientsRefused,
        )

        from troth.doors.contact import NeverTaken, NotTaken  # noqa: PLC0415 -- not before Django is there

        del give_up_after  # PATIENCE is far below it
        try:
            made = self._letter(message)
        except (ValueError, MessageError) as no:
            raise NotTaken from no
        try:
            self.way.send_messages([made])
        except AnymailRecipientsRefused as no:
            raise (NeverTaken if _statuses(made) <= NEVER else NotTaken) from no
        except AnymailAPIError as no:
            if _surely_not(no):
                raise NotTaken from no
            raise
        except AnymailError as no:  # not even asked
            raise NotTaken from no
        if _statuses(made) & (NEVER | NOT_NOW):
            raise NeverTaken if _statuses(made) <= NEVER else NotTaken

    def _letter(self, message: Outgoing) -> EmailMultiAlternatives:
        from django.core.mail import EmailMultiAlternatives  # noqa: PLC0415

        by, text = head(message.brand), str(message.content["text"])
        made: Any = EmailMultiAlternatives(
            subject=" ".join(str(message.content["subject"]).split()), body=text, from_email=by.header or by.mailbox,
            to=[str(mailbox(message.address))],
            headers={"Message-ID": message.message_id, "Auto-Submitted": "auto-generated"} | added(message),
        )  # fmt: skip
        made.attach_alternative(page(text), "text/html")
        told = {
            "metadata": {"returns": key(message.message_id)}, "tags": [key(message.message_id)],
            "track_opens": False, "track_clicks": False, "envelope_sender": returns(message),
        }  # fmt: skip
        for name in self.can & told.keys():
            setattr(made, name, told[name])
        return made  # type: ignore[no-any-return]


def _statuses(made: EmailMultiAlternatives) -> set[str]:
    status = getattr(made, "anymail_status", None)
    return set(getattr(status, "status", None) or ())


def _surely_not(no: Any) -> bool:  # noqa: ANN401 -- its type is not known before Django is there
    """Tell whether a letter surely did not go: it was refused, or nobody was there to take it."""
    answer = getattr(no, "response", None)
    if answer is not None:
        return bool(400 <= answer.status_code < 500)
    cause = no.__cause__
    inner = getattr(cause.args[0], "reason", None) if cause is not None and cause.args else None
    return isinstance(inner, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError)
