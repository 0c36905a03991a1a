"""What we write about a request: templates/rights/letters, service letters queued by `contact`. They name nobody."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.template.loader import render_to_string

from troth.doors import policies
from troth.doors.acting import Answer
from troth.doors.contact import contact
from troth.laws import exemptions
from troth.policy.wording import say_day

from . import links, rules
from .models import Request


def text(found: Request, which: str, **more: Any) -> tuple[str, str]:  # noqa: ANN401 -- what a letter speaks of
    """Return subject and words of a letter, as they would be sent."""
    policy = policies.archive().in_force(policies.today()).policy
    right = policy.rights.get(found.right)
    due = more.pop("due", None) or found.due_on
    ground = exemptions().get(more.get("code", ""), {})
    context = {
        "request": found, "link": links.way(found), "complain": f"{found.home}rights/complaint/",
        "shop": policy.brands[found.brand].say, "right": right.say if right else found.right,
        "authority": policy.about.authority, "officer": policy.about.officer, "ground": ground,
        "due": _day(due), "planned": _day(found.planned_on), "complaint": found.right == rules.COMPLAINT,
        "copy": _day(found.copy_until and found.copy_until.date()), "over": found.state in rules.OVER,
        "received": _day(found.received_at.date()),
    } | more  # fmt: skip
    subject, _, words = render_to_string(f"rights/letters/{which}.txt", context).strip().partition("\n")
    return subject.strip(), words.strip() + "\n"


def _day(day: date | None) -> str:
    return say_day(day) if day else ""


def write(found: Request, which: str, at: datetime, *, once: str = "", **more: Any) -> Answer:  # noqa: ANN401 -- see text
    """Queue one letter about a request, once a kind however often it is asked for; `once` tells two of a kind apart."""
    subject, words = text(found, which, **more)
    return contact(
        found.person_id, purpose="rights", channel="email", brand=found.brand, address=found.address_id,
        content={"subject": subject, "text": words}, once=f"rights:{found.number}:{which}:{once}"[:64], at=at,
    )  # fmt: skip
