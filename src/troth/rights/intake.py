"""How a request comes in: from a form, the account, somebody on one's behalf, a letter. The answer is the same to all.

Whoever asks is asked for the least: nothing where they are signed in, nothing for a no, else a link to the address we
hold. An address we do not know is written to as well, so that neither page nor mailbox tells whether we knew it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from troth.doors import policies
from troth.doors.collect import collect
from troth.vault import identity

from . import actions, agents, doing, letters, rules
from .errors import NotNow
from .models import Request

LATELY: Final = timedelta(hours=24)
NEEDS_NO_LINK: Final = rules.NO_PROOF | {rules.COMPLAINT}


def from_form(  # noqa: PLR0913 -- what a form brings
    right: str, email: str, words: str, *, brand: str, home: str, once: str, at: datetime, way: str = "form",
    checks: Mapping[str, Any] | None = None, received_at: datetime | None = None, sure: bool = True,
) -> Request:  # fmt: skip
    """Open a request from whoever says to own a mailbox, and do what can be done without knowing more.

    Raises BadIdentifier, CardNumber, Refused.
    """
    person, address = _mailbox(email, brand, at)
    if again := _again(person, right, at):
        return again
    if right not in NEEDS_NO_LINK and (known := actions.live(person, right)):
        if known.state == "identifying" and known.once != once:
            letters.write(known, "prove", at, once=f"{at:%j}", agent="agent" in (checks or {}))
        return known
    made = actions.begin(
        person, right, brand=brand, home=home, way=way, words=words, once=once, at=at, received_at=received_at,
        address=address, checks=checks, sure=sure, known=right == rules.COMPLAINT,
    )  # fmt: skip
    if made.state == "received" and right not in rules.NO_PROOF:
        made = actions.step(made, "ask who", at)
        letters.write(made, "prove", at, agent="agent" in (checks or {}))
        return made
    return doing.proceed(made, at)


def from_account(  # noqa: PLR0913 -- as above
    person: UUID, right: str, words: str, *, brand: str, home: str, once: str, at: datetime, about: UUID | None = None
) -> Request:
    """Open a request of somebody who is signed in, or has the link of another request: nothing more is asked."""
    if again := _again(person, right, at):
        return again
    if right not in NEEDS_NO_LINK and about is None and (known := actions.live(person, right)):
        return known
    made = actions.begin(
        person, right, brand=brand, home=home, way="account", words=words, once=once, at=at, known=True, about=about,
        checks={"how": "they were signed in, or had the link of our letter"},
    )  # fmt: skip
    return doing.proceed(made, at)


def prove(found: Request, at: datetime, *, agent: bool = False) -> Request:
    """Note that whoever asked has the link that went to the address we hold; go on with what they asked.

    `agent`: they say that whoever asked for them may have the copy too. Raises NotNow where there is none to have.
    """
    if found.state != "identifying":
        return found
    return _known(found, "the link to the address we hold", at, agent=agent)


def accept(found: Request, how: str, at: datetime, *, by: UUID, agent: bool = False) -> Request:
    """Note that one of us made sure who asks, in another way: the agent's papers, say. `agent`: they reach that far."""
    return _known(found, how, at, by=by, agent=agent)


def _known(found: Request, how: str, at: datetime, *, by: UUID | None = None, agent: bool) -> Request:
    more = _agents(found, at) if agent else {}
    words = {"how": how} | ({"told": "Whoever asked for you may have the copy too."} if agent else {})
    found = actions.step(found, "know who", at, by=by, words=words, known_at=at, **more)
    return doing.proceed(found, at)


def _agents(found: Request, at: datetime) -> dict[str, UUID]:
    """Return what a request remembers of an agent who may have its copy: whose mailbox it goes to. Raises NotNow."""
    agent = agents.of(found, at) if agents.may_have(found) else None
    if agent is None:
        raise NotNow("There is no copy in this that an agent could have.")
    person, address = _mailbox(agent.email, found.brand, at)
    return {"agent_id": person, "agent_address": address}


def _again(person: UUID, right: str, at: datetime) -> Request | None:
    """Obey a no that was said before today already, and write no second letter about it."""
    lately = Request.objects.filter(person_id=person, right=right, state="answered", received_at__gt=at - LATELY)
    found: Request | None = lately.order_by("-received_at").first() if right in rules.NO_PROOF else None
    if found:
        doing.say_no(found, at)
    return found


def _mailbox(email: str, brand: str, at: datetime) -> tuple[UUID, UUID]:
    """Return whose a mailbox is, and its row; somebody new where we do not know it."""
    known = identity.find("email", email)
    if known is None:
        known = identity.new(on=policies.house_day(at)).pk
    made = identity.identifier(known, "email", email)
    if made._state.adding:
        with collect("rights", source="request", brand=brand, person=known, at=at) as c:
            made = c.save(made)
    return known, made.pk
