"""Processes that are killed, or work side by side: each does one kind of work, and says what it did once it is durable.

Started once, it loads Django and then forks a child for each line it is given, so that a kill costs milliseconds. It
opens no database itself: every child is as new to the files as a process that was just started.
"""

# ruff: noqa: E402 -- Django must be started before its models are imported

from __future__ import annotations

import json
import os
import random
import sys
import time
import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NoReturn
from uuid import UUID

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "troth.site.settings")

import django

django.setup()

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.utils.timezone import now

from troth.choices import actions as choices
from troth.doors import erasing, policies
from troth.doors.collect import choose, collect
from troth.doors.contact import Outgoing, contact, release
from troth.doors.declare import job
from troth.doors.errors import Refused
from troth.ledger import actions as ledger
from troth.ledger import note, signer
from troth.ledger.verifying import verify
from troth.site import importing as bringing
from troth.vault import identity, keys
from troth.vault.errors import BadIdentifier, NoKey, RootKeyProblem
from troth.vault.held import reveal
from troth.vault.models import Identifier, Person, Profile, held_models, person_rows
from troth.vault.safe import Key, Tombstone

BRAND, TOPIC = "tarn", "offers"


def say(*words: object) -> None:
    """Acknowledge: written to the file at once, where no kill takes it back."""
    os.write(1, (json.dumps(words, default=str) + "\n").encode())


# -- alone, to be killed ----------------------------------------------------------------------------------------------


def migrating() -> None:
    for alias in ("default", "keys"):
        call_command("migrate", database=alias, verbosity=0)


def collecting(start: int, count: int = 10_000) -> None:
    """Take in people, each with three rows in one act; every third then says something."""
    for number in range(start, start + count):
        with job("account", "proof"):
            person = identity.new(on=now().date(), residence="GB").pk
            say("begins", person)
            with collect("account", source="register", brand=BRAND, person=person, actor="person") as c:
                c.save(identity.identifier(person, "email", f"p{number}@post.example"))
                c.save(identity.identifier(person, "customer", f"C{number}"))
                profile = Profile(person_id=person)
                profile.name = f"Person {number}"
                c.save(profile)
            say("collected", person, number)
            if number % 3 == 0:
                _says(person, "refusal")
                say("said", person)


def importing(start: int, batch: int, count: int = 60) -> None:
    """Bring people in from a file, so many an act. Whoever is there already is there once."""
    bringing.BATCH = batch
    keys_of = {"key": "number", "residence": "country"}
    name: dict[str, str | list[str]] = {"name": ["first", "last"]}
    how = bringing.Map(BRAND, "register", "account", keys_of, {"email": "email"}, name)
    rows = (
        {"number": f"C{n}", "country": "GB", "email": f"p{n}@post.example", "first": "Person", "last": str(n)}
        for n in range(start, start + count)
    )
    done = start
    for progress in bringing.bring_in(rows, how, at=now()):
        for number in range(done, start + progress.read):
            say("collected", identity.find("customer", f"C{number}"), number)
        done = start + progress.read


def _says(person: UUID, kind: str) -> None:
    choose(kind, f"news:{BRAND}:email:{TOPIC}", person=person, brand=BRAND, place="x", wording="May we?")


def sealing(start: int) -> None:
    """Seal after every few entries."""
    for number in range(start, start + 10_000, 2):
        collecting(number, 2)
        head = ledger.seal(now())
        say("sealed", head.note if head else "")


def erasing_all(size: int) -> None:
    """Erase in batches, until there is nobody."""
    while people := list(Person.objects.filter(flags=0).order_by("pk").values_list("pk", flat=True)[:size]):
        say("erasing", *people)
        erasing.erase_all(people, at=now())
        say("erased", *people)


def rotating(batch: int) -> None:
    keys.BATCH = batch
    for done, _ in keys.rotate():
        say("rotated", done)


def settling(checkpoint: str) -> None:
    """Do what a start after a crash does; then say all there is. Asked twice, it finds nothing more to mend."""
    list(erasing.replay(now()))
    list(keys.rotate())
    ledger.seal(now())
    assert list(erasing.replay(now())) == []
    assert list(keys.rotate()) == []
    against = note.read(checkpoint, signer.public()) if checkpoint else None
    report = verify(against)
    alive = set(Person.objects.values_list("pk", flat=True))
    say("log", report.unsealed, report.problems)
    say("stand", list(choices.verify(policies.archive().in_force(policies.today()), now())))
    say("roots", keys.ring().newest, sorted({_roots_of(key) for key in Key.objects.all()}))
    say("keys", [UUID(bytes=bytes(key.name)) for key in Key.objects.all() if len(bytes(key.name)) == 16])
    say("stones", {str(stone.person): stone.state for stone in Tombstone.objects.all()})
    say("people", list(alive))
    say("rows", _owners())
    held = keys.fetch(list(alive))
    for model in held_models():
        for row in model._base_manager.all():
            say("holds", row.person_id, model.__name__, reveal(row, held[row.person_id]))


def _owners() -> dict[str, list[str]]:
    """Return whose rows there are, and in which tables."""
    found: dict[str, set[str]] = {}
    for model in person_rows():
        for who in model._base_manager.values_list("person_id", flat=True):
            found.setdefault(str(who), set()).add(model.__name__)
    return {who: sorted(models) for who, models in found.items()}


def _roots_of(key: Key) -> tuple[int, ...]:
    """Return with which root keys a key can be read: it should be one."""
    ring, good = keys.ring(), []
    for version in ring.keys:
        try:
            ring.unwrap(bytes(key.wrapped), version, bytes(key.name))
        except RootKeyProblem:
            continue
        good.append(version)
    return tuple(good)


# -- side by side -----------------------------------------------------------------------------------------------------


def living(who: int, seed: int, people: list[str], turns: int, deadly: bool) -> None:
    """Do everything to the same people that another process does too."""
    chance = random.Random(seed)  # noqa: S311 -- an order of acts, no secret
    for turn in range(turns):
        person = UUID(chance.choice(people))
        act = _goes if deadly and turn % 20 == 19 else chance.choice([_gives, _answers, _answers, _writes, _writes])
        try:
            act(person, who, turn, chance)
        except (Refused, NoKey, BadIdentifier) as no:
            say("refused", person, no.because.code if isinstance(no, Refused) else type(no).__name__)
    say("done")


def _gives(person: UUID, who: int, turn: int, chance: random.Random) -> None:
    """Give an address of one's own, or try to have one that everybody wants."""
    address = f"w{who}t{turn}@post.example" if chance.random() < 0.7 else "wanted@post.example"
    with job("account"), collect("account", source="register", brand=BRAND, person=person, actor="person") as c:
        made = identity.identifier(person, "email", address)
        c.save(made)
    say("collected", person, address)


def _answers(person: UUID, who: int, turn: int, chance: random.Random) -> None:
    kind, begun = chance.choice(["consent", "refusal", "objection"]), time.monotonic()
    with job("proof"):
        _says(person, kind)
    say("said", person, kind, begun, time.monotonic())


def _writes(person: UUID, who: int, turn: int, chance: random.Random) -> None:
    """Queue a message under a key the other process uses as well, then hand over whatever is due."""
    once = f"{person.hex[:12]}:{turn // 4}"
    with job("news"):
        answer = contact(
            person, purpose="news", channel="email", topic=TOPIC, brand=BRAND, content={"t": once}, once=once
        )
        say("answered", once, bool(answer), answer.entry)
        handed: list[str] = []

        def transport(message: Outgoing, *, give_up_after: int) -> None:
            handed.append(message.content["t"])
            say("hands", message.content["t"], message.message_id, time.monotonic())
            time.sleep(0.002)
            say("handed", message.content["t"], message.message_id, time.monotonic())

        list(release({"email": transport}, at=now() + timedelta(seconds=1)))


def _goes(person: UUID, who: int, turn: int, chance: random.Random) -> None:
    erasing.erase(person, at=now())
    say("erased", person, time.monotonic())


def telling() -> None:
    """Say what there is, without mending anything first."""
    report = verify()
    say("log", report.unsealed, report.problems)
    say("stand", list(choices.verify(policies.archive().in_force(policies.today()), now())))
    alive = set(Person.objects.values_list("pk", flat=True))
    held = keys.fetch(list(alive))
    say("people", list(alive))
    say("roots", keys.ring().newest, sorted({_roots_of(key) for key in Key.objects.all()}))
    say("keys", [UUID(bytes=bytes(key.name)) for key in Key.objects.all() if len(bytes(key.name)) == 16])
    say("rows", _owners())
    for row in Identifier.objects.all():
        say("holds", row.person_id, "Identifier", reveal(row, held[row.person_id]) if row.person_id in held else None)


WORK: dict[str, Callable[..., None]] = {
    "migrate": migrating,
    "collect": collecting,
    "seal": sealing,
    "import": importing,
    "erase": erasing_all,
    "rotate": rotating,
    "settle": settling,
    "live": living,
    "tell": telling,
}


def _child(root_key: str, out: str, work: str, arguments: list[Any]) -> NoReturn:
    """Work with one's output in a file, and leave at once."""
    code = 1
    try:
        os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 1)
        settings.TROTH_ROOT_KEY = root_key
        WORK[work](*arguments)
        code = 0
    except BaseException:  # noqa: BLE001 -- told to whoever reads the test
        traceback.print_exc()
    finally:
        connections.close_all()
        os._exit(code)


def _serve() -> None:
    policies.archive().in_force(policies.today())  # read once for all children
    for line in sys.stdin:
        verb, *rest = json.loads(line)
        if verb == "start":
            pid = os.fork() or _child(*rest)
            say(pid)
        else:
            say(os.waitstatus_to_exitcode(os.waitpid(rest[0], 0)[1]))


if __name__ == "__main__":
    _serve()
