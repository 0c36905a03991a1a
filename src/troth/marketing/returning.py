"""Letters that come back: a mailbox that is not there is written to no more, and a complaint is a no.

    hear(raw, at=now)      # "hard", "soft", "complaint", "again", "nothing" or "nobody"

The return path of a letter holds a key that only we can make; it names the message by a random number, and nobody.
What comes back without one changes nothing. A job or page that declares "administration", "proof" and "stop_list".
"""

from __future__ import annotations

import base64
import hmac
from contextlib import suppress as suppress_error
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q

from troth.choices.actions import suppress
from troth.doors import policies
from troth.doors.collect import choose, collect
from troth.doors.contact import BOUNCED
from troth.doors.mailing import Wave
from troth.doors.models import Message, Returned
from troth.doors.use import use
from troth.policy import Compiled
from troth.vault.errors import BadIdentifier
from troth.vault.marks import keyed_hash, mark
from troth.vault.models import Identifier
from troth.vault.normal import normalise

from . import bounces, links, stopping
from .bounces import COMPLAINT, HARD, NOTHING, SOFT, Found
from .errors import Forged

AGAIN, NOBODY = "again", "nobody"
SIGNED: Final = 9  # bytes: with the number's sixteen, forty letters
OFTEN: Final = 5  # letters that could not be delivered, one after the other, before we take a mailbox for gone
WITHIN: Final = timedelta(days=60)
WENT: Final = ("releasing", "sent", "doubt", "failed")
PLACE: Final = "mailbox"
WORDING: Final = "Reported as unwanted, at their mailbox"


# -- keys --------------------------------------------------------------------------------------------------------------


def key(message_id: str) -> str:
    """Return the key of a message for its return path: letters and digits of one size, as servers like them."""
    number = UUID(hex=message_id.strip("<>").partition("@")[0]).bytes
    return base64.b32encode(number + _signed(number)).decode().lower()


def read(given: str) -> UUID:
    """Return which message a key is of. Raises Forged."""
    try:
        raw = base64.b32decode(given.upper())
    except ValueError:
        raise Forged from None
    if len(raw) != 16 + SIGNED or not hmac.compare_digest(raw[16:], _signed(raw[:16])):
        raise Forged
    return UUID(bytes=raw[:16])


def _signed(number: bytes) -> bytes:
    return keyed_hash(_key_of(settings.SECRET_KEY), number)[:SIGNED]


@lru_cache(maxsize=4)
def _key_of(secret: str) -> bytes:
    return keyed_hash(secret.encode(), b"troth.marketing.returns")


# -- hearing -----------------------------------------------------------------------------------------------------------


def hear(raw: bytes, *, at: datetime) -> str:
    """Take a letter that came back, once. Raises StillSending: then tell us again."""
    found = bounces.read(raw)
    return take(found, at=at) if found.kind != NOTHING else NOTHING


def take(found: Found, *, at: datetime) -> str:
    """Take what was found in it, once. NOBODY where no key in it is one of ours, or its message is gone."""
    row = _message(found)
    if row is None:
        return NOBODY
    if Returned.objects.filter(once=f"{row.pk.hex}:{found.kind}").exists():
        return AGAIN
    which = _identifier(row, found)
    kind = found.kind
    if kind == COMPLAINT:
        _complained(row, which, at)
    elif kind == HARD or (kind == SOFT and _soft(row) + 1 >= OFTEN):
        _undeliverable(row, which, at)
    _written(row, which, found, at)  # last: what was cut short before it is done again
    return kind


def _message(found: Found) -> Message | None:
    sent = Message.objects.filter(channel="email", state__in=WENT)
    wanted: list[Q] = []
    for given in found.keys:
        with suppress_error(Forged):
            wanted.append(Q(pk=read(given)))
    for given in found.stops:
        with suppress_error(Forged):
            campaign, person = links.read(links.STOP, given)
            wanted.append(Q(once=Wave(campaign, "", "", "").key(person), person_id=person))
    rows: list[Message] = [row for one in wanted for row in sent.filter(one)[:1]]
    return rows[0] if rows else None


def _identifier(row: Message, found: Found) -> Identifier | None:
    """Return which of their addresses it is about: the one it names, if it is theirs; else where we would write to."""
    theirs = Identifier.objects.filter(
        person_id=row.person_id, kind="email", seen_at__lte=row.sent_at or row.not_before
    )
    for address in found.recipients:
        try:
            named: Identifier | None = theirs.filter(mark=mark("email", normalise("email", address))).first()
        except BadIdentifier:
            continue
        if named:
            return named
    known = theirs.filter(pk=row.address_id) if row.address_id else theirs
    usual: Identifier | None = known.order_by(F("verified_at").desc(nulls_last=True), "id").first()
    return usual


def _soft(row: Message) -> int:
    """Return how many of their latest letters could not be delivered."""
    since = row.not_before - WITHIN
    return int(Returned.objects.filter(person_id=row.person_id, kind=SOFT, seen_at__gt=since).count())


def _undeliverable(row: Message, which: Identifier | None, at: datetime) -> None:
    """Put an address on the list of those not marketed to; a yes said later takes it off."""
    if which is not None:
        suppress("email", _normal(row, which, at), because=BOUNCED, at=at)


def _complained(row: Message, which: Identifier | None, at: datetime) -> None:
    """Take a complaint for what it is: a no to everything of the kind, by email, from every brand."""
    compiled = policies.archive().in_force(policies.today())
    wanted = everywhere(compiled, "email")
    if which is not None:
        suppress("email", _normal(row, which, at), because=COMPLAINT, at=at)
    if wanted and not stopping.stopped(compiled, row.person_id, wanted, at):
        choose(
            "objection", *wanted, person=row.person_id, brand=row.brand, place=PLACE, wording=WORDING, at=at,
            actor="system",
        )  # fmt: skip


def everywhere(compiled: Compiled, channel: str) -> list[str]:
    """Return what covers every brand's marketing on one channel."""
    found = [
        f"{name}:*:{channel}"
        for name, choice in compiled.policy.choices.items()
        if channel in choice.channels
        and any(
            "marketing" in compiled.book.kinds[purpose]
            for purpose, made in compiled.policy.purposes.items()
            if name in made.choice
        )
    ]
    return [pattern for pattern in found if compiled.book.meant(pattern)]


def _normal(row: Message, which: Identifier, at: datetime) -> str:
    with use("stop_list", brand=row.brand, person=row.person_id, at=at) as u:
        return normalise("email", u.open(which.value))


def _written(row: Message, which: Identifier | None, found: Found, at: datetime) -> None:
    made = Returned(
        person_id=row.person_id, once=f"{row.pk.hex}:{found.kind}", message=row.pk, kind=found.kind,
        identifier=which.pk if which else None,
    )  # fmt: skip
    made.status = found.status or found.kind
    with collect("administration", source="messages", brand=row.brand, person=row.person_id, at=at) as c:
        c.facts |= {"message": row.message_id, "returned": found.kind}
        c.save(made)
