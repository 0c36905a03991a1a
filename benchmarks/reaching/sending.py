"""How fast a campaign goes out, with every check on; and whether anything goes out late.

    python benchmarks/reaching/sending.py [--people 2000] [--refusals 400]

A real SMTP server takes the letters, in a process of its own. Each person is claimed, decided on, recorded, written to
and settled, as in production, on SQLite. The second campaign goes out on two threads while people say no: late is what
is handed over after an acknowledged no. The last line is one JSON object: `emails_per_s`, `late_releases`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
SINK = (
    "import sys, time\n"
    "from aiosmtpd.controller import Controller\n"
    "class Sink:\n"
    "    async def handle_DATA(self, server, session, envelope):\n"
    "        return '250 OK'\n"
    "door = Controller(Sink(), hostname='127.0.0.1', port=int(sys.argv[1]))\n"
    "door.start()\n"
    "print('ready', flush=True)\n"
    "sys.stdin.read()\n"
    "door.stop()\n"
)
TEXT = "Dear {name|reader},\n\nCoats are in.\n\n{sender}, {address}\nNo more of these: {stop}\nWhy: {why}\n"
Figures = dict[str, float]


def started(folder: str) -> None:
    os.environ |= {"TROTH_DATA": folder, "DJANGO_SETTINGS_MODULE": "troth.site.settings"}
    import django
    from django.core.management import call_command

    django.setup()
    for alias in ("default", "keys"):
        call_command("migrate", verbosity=0, database=alias)


def readers(size: int) -> list[UUID]:
    """Bring people in who said yes to news by email; two in three of them by name."""
    from troth.choices.actions import say
    from troth.doors.collect import collect
    from troth.doors.declare import job
    from troth.vault import identity
    from troth.vault.models import Person, Profile

    made = identity.add(
        Person(residence="GB", last_seen=date(2026, 11, 1), known_age=40, known_on=date(2026, 1, 1))
        for _ in range(size)
    )
    people = [person.pk for person in made]
    for start in range(0, size, 500):
        some = people[start : start + 500]
        with job("account"), collect("account", source="register", brand="tarn", people=some) as c:
            c.save_all(identity.identifier(who, "email", f"{who.hex}@post.example") for who in some)
            c.save_all(Profile(person_id=who, name="Ada Marlow") for who in some if who.int % 3)
    with job("proof"):
        for who in people:
            with collect("proof", source="choice", brand="tarn", person=who, at=AT) as c:
                say(
                    c.save, who, "consent", ["news:tarn:email"], compiled=c.compiled, at=AT, place="register",
                    wording="May we write?",
                )  # fmt: skip
    return people


def campaign() -> Any:  # noqa: ANN401 -- Django is loaded by now
    from troth.doors import policies
    from troth.doors.declare import job
    from troth.marketing import campaigns
    from troth.marketing.audience import Plan

    at = policies.now()
    one = campaigns.draft(
        "Coats", Plan("news", "tarn", "email", "offers"), subject="Coats", text=TEXT, by=uuid4(), at=at
    )
    with job("news"):
        campaigns.check(one, by=one.made_by, at=at)
        campaigns.freeze(one, by=one.made_by, at=at)
        campaigns.approve(one, by=uuid4(), at=at)
        campaigns.send(one, by=one.made_by, at=at)
    return one


def speed(port: int) -> Figures:
    """Return how many letters a second reach the server."""
    from troth.marketing import campaigns, release
    from troth.site.mail import Line, smtp

    one = campaign()
    release.letters(one).to(uuid4(), "")  # loads the addresses, as the first page of a day does
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with Line(smtp(f"smtp://127.0.0.1:{port}")) as line:
        release.run(one, line, seconds=3600)
    took = time.perf_counter() - begun
    now = campaigns.progress(one)
    assert now.sent == now.size, now
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return {"emails": now.sent, "emails_per_s": round(now.sent / took), "grown_mib": round(grown, 1)}


def late(people: list[UUID], refusals: int) -> Figures:
    """Return how many hand-overs began or ended after an acknowledged no, on two sending threads."""
    from django.db import connections

    from troth.doors.collect import choose
    from troth.doors.contact import Outgoing
    from troth.doors.declare import job
    from troth.marketing import campaigns, release
    from troth.marketing.campaign_models import Campaign

    one, went, said = campaign(), list[tuple[str, float]](), dict[str, float]()
    refusing = random.Random(7).sample(people, refusals)

    def way(message: Outgoing, *, give_up_after: int) -> None:  # noqa: ARG001 -- a transport's
        went.append((message.address, time.monotonic()))
        time.sleep(0.001)
        went.append((message.address, time.monotonic()))

    def send() -> None:
        release.run(Campaign.objects.get(pk=one.pk), way, seconds=3600)
        connections.close_all()

    def answer(mine: list[UUID]) -> None:
        for who in mine:
            with job("proof"):
                choose("objection", "news:tarn", person=who, brand="tarn", place="message", wording="No more")
            said[f"{who.hex}@post.example"] = time.monotonic()
        connections.close_all()

    work = [threading.Thread(target=send) for _ in range(2)]
    work += [threading.Thread(target=answer, args=(refusing[side::2],)) for side in range(2)]
    for one_of in work:
        one_of.start()
    for one_of in work:
        one_of.join()
    release.run(Campaign.objects.get(pk=one.pk), way, seconds=600)
    now = campaigns.progress(Campaign.objects.get(pk=one.pk))
    assert now.sent + now.refused == now.size, now
    assert len(went) == 2 * now.sent, "somebody got two"
    behind = sum(at > said.get(address, float("inf")) for address, at in went)
    return {"raced": now.size, "refused": now.refused, "late_releases": behind}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def measured(size: int, refusals: int) -> Figures:
    """Return all of it, in a house made for it. Django must not be set up yet."""
    with tempfile.TemporaryDirectory(prefix="troth-bench-") as folder:
        started(folder)
        people, port = readers(size), free_port()
        command = [sys.executable, "-c", SINK, str(port)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sink:
            assert sink.stdout
            sink.stdout.readline()
            figures = speed(port)
            sink.communicate()
        return figures | late(people, refusals)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--refusals", type=int, default=400)
    options = parser.parse_args()
    print(json.dumps(measured(options.people, options.refusals)))
