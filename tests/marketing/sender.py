"""Processes of one campaign: they send, they say no, they are killed. See tests/life/worker.py, which forks them."""

from __future__ import annotations

import os
import random
import sys
import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parents[2]))

from django.utils.timezone import now
from tests.life import worker
from tests.life.worker import say

from troth.choices.models import Lease
from troth.doors import contact, mailing
from troth.doors.collect import choose
from troth.doors.contact import Outgoing, settle
from troth.doors.declare import job
from troth.doors.models import Message
from troth.marketing import campaigns, release
from troth.marketing.campaign_models import Campaign

# A killed sender is waited for seconds, not half a minute. Set only where this file is run: tests import it, too.
SOONER = (
    (contact, "LEASE", 4), (mailing, "LEASE", 4), (mailing, "GIVE_UP", 1), (mailing, "BATCH", 12), (release, "BATCH", 12),
)  # fmt: skip


def planning(size: int) -> None:
    """Bring people in who all said yes, and make a campaign of them."""
    from tests.marketing.campaigning import going, reader  # noqa: PLC0415 -- Django is loaded by then

    for number in range(size):
        person = reader(address=f"p{number}@post.example")
        say("person", person.pk, f"p{number}@post.example")
    say("campaign", going().pk)


def sending(pk: str, pause: float) -> None:
    """Send until it is over or one is killed. What is handed over is said before and after."""

    def way(message: Outgoing, *, give_up_after: int) -> None:
        say("hands", message.address, message.message_id, time.monotonic())
        time.sleep(pause)
        say("handed", message.address, message.message_id, time.monotonic())

    tries = 0
    while (one := Campaign.objects.get(pk=pk)).state == "sending" and tries < 40:
        release.run(one, way, seconds=20)
        settle(now())
        tries += 1
        time.sleep(0.02)
    say("over", one.state)


def answering(people: list[str], seed: int) -> None:
    """Say no, one after the other."""
    chance = random.Random(seed)  # noqa: S311 -- an order, no secret
    for who in people:
        time.sleep(chance.random() * 0.15)
        begun = time.monotonic()
        with job("proof"):
            choose("objection", "news:tarn:email", person=UUID(who), brand="tarn", place="x", wording="No")
        say("said", who, begun, time.monotonic())


def counting(pk: str) -> None:
    """Half a minute later: what came of it."""
    Lease.objects.filter(until__lte=now()).delete()
    settle(now() + timedelta(seconds=5))
    one = Campaign.objects.get(pk=pk)
    found = campaigns.progress(one)
    say("progress", found.said)
    for person, state in Message.objects.filter(group=pk).values_list("person_id", "state"):
        say("state", person, state)


if __name__ == "__main__":
    worker.WORK |= {"plan": planning, "send": sending, "answer": answering, "count": counting}
    for module, name, value in SOONER:
        setattr(module, name, value)
    os.environ.setdefault("TROTH_DEMO", "0")
    worker._serve()
