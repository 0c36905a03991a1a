"""A process that is killed: it does one kind of work on a folder, and says what it has done once that is durable."""

# ruff: noqa: E402, PLC0415 -- Django must be started before its models are imported

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "troth.site.settings")

import django

django.setup()

from django.utils.timezone import now

from troth.doors import erasing
from troth.doors.collect import collect
from troth.doors.declare import job
from troth.ledger import actions as ledger
from troth.vault import identity, keys
from troth.vault.models import Identifier, Person


def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def collecting(start):
    for n in range(start, start + 10_000):
        with job("account"):
            person = identity.new(on=now().date(), residence="GB")
            with collect("account", source="register", brand="tarn", person=person.pk) as c:
                c.save(identity.identifier(person.pk, "email", f"p{n}@post.example"))
        say("collected", person.pk, f"p{n}@post.example")
        if n % 7 == 0:
            head = ledger.seal(now())
            say("sealed", head.size if head else 0)


def erasing_all():
    while True:
        people = list(Person.objects.filter(flags=0).values_list("pk", flat=True)[:3])
        if not people:
            return
        say("erasing", *people)
        erasing.erase_all(people, at=now())
        say("erased", *people)


def rotating():
    keys.BATCH = 3
    for done, _ in keys.rotate():
        say("rotated", done)


def settling():
    """What a start after a crash does; then say everything there is."""
    list(erasing.replay(now()))
    list(keys.rotate())
    ledger.seal(now())
    from troth.ledger.verifying import verify

    report = verify()
    say("log", report.size, report.unsealed, len(report.problems))
    held = keys.fetch(list(Person.objects.values_list("pk", flat=True)))
    from troth.vault.held import reveal

    for row in Identifier.objects.all():
        say("holds", row.person_id, reveal(row, held[row.person_id])["value"])
    for person in Person.objects.values_list("pk", flat=True):
        say("knows", person)


if __name__ == "__main__":
    {"collect": lambda: collecting(int(sys.argv[2])), "erase": erasing_all, "rotate": rotating, "settle": settling}[
        sys.argv[1]
    ]()
