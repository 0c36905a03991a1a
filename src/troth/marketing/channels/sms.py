"""Text messages: handed to a company that carries them; what comes back is read for a no before anything else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from troth.doors.contact import NeverTaken, NotTaken, Outgoing
from troth.partners.errors import NotPossible, PartnerUnavailable
from troth.partners.sms import Texts

# Words that are a stop whoever carries the text; case-blind and trimmed (FCC 24-24, 47 CFR 64.1200(a)(10); CTIA).
STOPS: Final = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "OPT OUT"})
STARTS: Final = frozenset({"START"})
STOP, START, PERSON = "stop", "start", "person"


@dataclass(frozen=True)
class Sms:
    """A text: who writes, the words, and how to stop them."""

    def way_out(self, stop: str, care: tuple[str, ...]) -> str:
        del stop, care
        return "Reply STOP to end"

    def message(self, subject: str, text: str, stop: str) -> Mapping[str, Any]:
        del subject, stop
        return {"text": text}


@dataclass(frozen=True)
class Way:
    """A transport of texts: the partner's key is the message's own, so the same one asked twice goes once."""

    partner: Texts

    def __call__(self, message: Outgoing, *, give_up_after: int) -> None:
        """Hand a text over. Raises NotTaken if it surely did not go, NeverTaken if that number takes none."""
        key = message.message_id.strip("<>").partition("@")[0]
        try:
            self.partner.send(message.address, str(message.content["text"]), once=key, wait=give_up_after / 4)
        except NotPossible as no:
            raise NeverTaken from no
        except PartnerUnavailable as no:
            if no.surely_not:
                raise NotTaken from no
            raise


def heard(text: str) -> str:
    """Return what an answer says: STOP, START, or PERSON for what somebody of us has to read.

    A plain refusal in words ("please no more of these") is not guessed at: a person reads it, as the law asks.

    >>> heard(" stop. "), heard("Opt-Out"), heard("start"), heard("please leave me alone"), heard("don't stop!")
    ('stop', 'stop', 'start', 'person', 'person')
    """
    plain = unicodedata.normalize("NFKC", text).upper()
    words = " ".join(re.sub(r"[^\w\s]|_", " ", plain).split())
    if words in STOPS:
        return STOP
    return START if words in STARTS else PERSON
