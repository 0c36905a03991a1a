"""The door by which data leaves for somebody else. Each release is in the register: who, what, why, where, under what.

with disclose("order", to="carriers", person=order.person_id, brand="tarn", place="GB") as d:
    carrier.book(*d.open(parcel.recipient, parcel.line1, parcel.postcode))
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from uuid import UUID

from troth.ledger import actions as ledger
from troth.ledger.entry import Entry
from troth.policy import Act
from troth.vault import covers

from . import policies
from .acting import subject
from .opening import Opening, opening


def disclose(
    purpose: str,
    *,
    to: str,
    brand: str,
    person: UUID | None = None,
    people: Collection[UUID] = (),
    items: Iterable[str] = (),
    actor: str = "system",
    given: Iterable[str] = (),
    form: str = "plain",
    channel: str = "",
    topic: str = "",
    place: str = "",
    size: int = 0,
    at: datetime | None = None,
) -> AbstractContextManager[Opening]:
    """Hand data to the recipient `to`. The register is the ledger's entries of this verb (R58; GDPR art. 15, 30)."""
    act = Act(
        "disclose", purpose, brand, to=to, actor=actor, given=frozenset(given), form=form,
        channel=channel, topic=topic, place=place, size=size,
    )  # fmt: skip
    return opening(act, person, people, items, at, **_register(act))


def notice(
    person: UUID, *, to: str, brand: str, items: Iterable[str], clause: str, at: datetime, **facts: str | int
) -> int:
    """Write down that a recipient was told what became of what they had got. Returns the entry.

    It opens nothing and needs no permission: the law asks for it, of a living person and of one who was erased and is
    named by nobody any more (GDPR art. 17(2), 19).
    """
    policy = policies.archive().in_force(policies.today()).digest
    return ledger.record(
        Entry(
            at=at, verb="disclose", purpose="rights", brand=brand, items=tuple(sorted(items)), to=to, code="told",
            clause=clause, policy=policy, subject=subject(covers.Cover("disclose", frozenset(), at), person),
            facts=facts,
        )
    )  # fmt: skip


def _register(act: Act) -> dict[str, str | int]:
    """Return what the register says beside the entry itself: the basis, the countries and the safeguards."""
    policy = policies.archive().in_force(policies.today()).policy
    purpose, recipient = policy.purposes.get(act.purpose), policy.recipients.get(act.to)
    if not purpose or not recipient:
        return {}
    countries = [act.place] if act.place else list(recipient.countries)
    shields = [s if isinstance(s, str) else s.scheme for c in countries for s in recipient.shield.get(c, ())]
    said = {
        "basis": purpose.basis or "consent", "role": recipient.role, "form": act.form,
        "countries": " ".join(countries), "safeguards": " ".join(dict.fromkeys(shields)),
    }  # fmt: skip
    return {name: value for name, value in said.items() if value}
