"""Somebody who asks on another's behalf gets the copy where that other, or papers, said so; it can be taken back.

To ask for somebody is not to get what is theirs. What covers it is the person's own yes, on the page that only they
have the link of, or an officer's note that written authority was seen and reaches that far (R73; CCPA regs. 7063).
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from troth.doors.contact import contact
from troth.doors.use import use

from . import actions, letters, links, rules
from .errors import NotNow
from .models import Request


class Agent(NamedTuple):
    """Who says to ask for somebody, as they wrote it."""

    name: str
    email: str


def of(found: Request, at: datetime) -> Agent | None:
    """Return who asked on somebody's behalf; None where they asked themselves, or where nothing of it is left."""
    if found.way != "agent":
        return None
    with use("rights", brand=found.brand, person=found.person_id, at=at) as u:
        told = (u.open(found.checks) or {}).get("agent")
    return Agent(told["name"], told["email"]) if told else None


def may_have(found: Request) -> bool:
    """Tell whether an agent could be given anything: it is a copy that was asked for, by one."""
    return found.way == "agent" and found.right in rules.COPIES


def hand_out(found: Request, at: datetime) -> None:
    """Send the agent a link to the copy that lies ready, good as long as the person's own, who was told of it."""
    if found.agent_id is None:
        return
    subject, words = letters.text(found, "agent", fetch=links.agents_way(found))
    contact(
        found.agent_id, purpose="rights", channel="email", brand=found.brand, address=found.agent_address,
        content={"subject": subject, "text": words}, once=f"rights:{found.number}:agent", at=at,
    )  # fmt: skip


def take_back(found: Request, at: datetime) -> None:
    """Let the agent's link lead nowhere from now on. Raises NotNow."""
    if found.agent_id is None:
        raise NotNow("No agent can fetch this.")
    actions.note(found, "agent ends", at, agent_id=None, agent_address=None)
