"""What we write: templates/accounts/letters, queued by `contact`. They name nobody, and hold one link at most."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from django.template.loader import render_to_string

from troth.doors import policies
from troth.doors.acting import Answer
from troth.doors.contact import contact

PURPOSES = {"parent": "parents", "agreed": "parents", "withdrawn": "parents", "reset": "sign_in", "password": "sign_in",
            "new_browser": "sign_in"}  # fmt: skip


def write(
    which: str, person: UUID, brand: str, at: datetime, *, address: UUID | None = None, once: str = "", link: str = "",
    **said: str,
) -> Answer:  # fmt: skip
    """Queue one letter. `once`: the same key, the same letter; without one, each is a new one. `said`: more to say."""
    house = policies.archive().in_force(policies.today()).policy
    care = next((way for way in house.brands[brand].care if "@" in way), house.about.officer)
    context = said | {"shop": house.brands[brand].say, "link": link, "care": care, "adult_from": house.about.adult_from}
    subject, _, text = render_to_string(f"accounts/letters/{which}.txt", context).strip().partition("\n")
    return contact(
        person, purpose=PURPOSES.get(which, "account"), channel="email", brand=brand, address=address,
        content={"subject": subject.strip(), "text": text.strip() + "\n"},
        once=f"accounts:{which}:{once or uuid4().hex}"[:64], at=at,
    )  # fmt: skip
