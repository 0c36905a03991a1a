"""What `troth person …`, `keep …`, `requests …` and `restore-check` do. Exit codes: 0 done, 1 refused, 2 bad input."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from troth.doors.erasing import Line
    from troth.policy import Compiled

HOLDS, FAILS, BAD = 0, 1, 2


def add_to(rooms: Any) -> None:  # noqa: ANN401 -- argparse gives its sub-parsers no public type
    """Add these commands to the command line."""
    _requests(rooms)
    verbs = rooms.add_parser("person", help="see, export, erase and explain one person").add_subparsers(
        required=True, metavar="COMMAND"
    )
    for name, run, say in (
        ("see", run_see, "print everything held about a person"),
        ("export", run_export, "write it as a ZIP to take away, with receipts"),
        ("erase", run_erase, "erase a person, and print the certificate"),
        ("explain", run_explain, "print what was decided about a person, and why"),
    ):
        made = _command(verbs, name, run, say)
        made.add_argument("who", metavar="WHO", help="a person's id, or an email address of theirs")
        if name == "export":
            made.add_argument("--out", type=Path, metavar="FILE", help="where to; else packet.zip here")
        if name == "erase":
            made.add_argument("--yes", action="store_true", help="do not ask")
    keep = rooms.add_parser("keep", help="let go of what is over").add_subparsers(required=True, metavar="COMMAND")
    made = _command(keep, "sweep", run_sweep, "delete everything whose period has ended; safe to stop and to run again")
    made.add_argument("--dry-run", action="store_true", help="count, but delete nothing")
    _command(rooms, "restore-check", run_restore, "after a restore, before serving: repeat every erasure it undid")


def _requests(rooms: Any) -> None:  # noqa: ANN401
    verbs = rooms.add_parser("requests", help="requests and complaints that people make").add_subparsers(
        required=True, metavar="COMMAND"
    )
    say = "open a request for each letter of a mailbox; safe to run again"
    made = verbs.add_parser("import", help=say, description=say)
    made.add_argument("file", type=Path, metavar="MAILBOX", help="an mbox file, or one letter as .eml")
    made.add_argument("--brand", help="whose mailbox it is; the first brand unless given")
    made.add_argument("--home", metavar="ADDRESS", help="the shop's address in letters; its own site unless given")
    made.add_argument("--json", action="store_true", help="print JSON")
    made.set_defaults(run=run_import, django=True)
    say = "run the erasures whose day has come, and close what nobody proved; run it every hour"
    made = verbs.add_parser("run", help=say, description=say)
    made.add_argument("--json", action="store_true", help="print JSON")
    made.set_defaults(run=run_due, django=True)


def _command(verbs: Any, name: str, run: Callable[[argparse.Namespace], int], say: str) -> argparse.ArgumentParser:  # noqa: ANN401
    made: argparse.ArgumentParser = verbs.add_parser(name, help=say, description=say)
    made.add_argument("--json", action="store_true", help="print JSON")
    made.set_defaults(run=run, django=True)
    return made


def _who(text: str) -> UUID | None:
    from troth.vault.errors import BadIdentifier
    from troth.vault.identity import find
    from troth.vault.models import Person

    try:
        person = UUID(text)
    except ValueError:
        try:
            return find("email", text)
        except BadIdentifier:
            return None
    return person if Person.objects.filter(pk=person).exists() else None


def _unknown() -> int:
    print("We know no such person.", file=sys.stderr)
    return BAD


def run_see(options: argparse.Namespace) -> int:
    from troth.doors import policies

    from . import packet, seeing

    person = _who(options.who)
    if person is None:
        return _unknown()
    found = seeing.see(person, policies.now())
    if options.json:
        print(packet.as_json(found).decode(), end="")
        return HOLDS
    for thing in found.things:
        gone = f"gone by {thing.gone_by}" if thing.gone_by else ""
        print(f"{thing.item:<26} {thing.say:<36} {packet.written(thing.item, thing.value)[:48]:<49} {gone}".rstrip())
    print(f"{_count(len(found.acts), 'act')} in the ledger: troth person explain {found.person}")
    return HOLDS


def run_export(options: argparse.Namespace) -> int:
    from troth.doors import policies
    from troth.ledger import actions as ledger

    from . import packet, seeing

    person = _who(options.who)
    if person is None:
        return _unknown()
    found = seeing.see(person, policies.now())
    ledger.seal(policies.now())  # so that everything in it, this look included, has its receipt
    out = options.out or Path("packet.zip")
    try:
        _write_private(out, packet.as_zip(found))
    except OSError as problem:
        print(f"Cannot write there: {problem.strerror}. Name another file with --out.", file=sys.stderr)
        return BAD
    print(json.dumps({"file": str(out)}) if options.json else f"Written: {out}")
    return HOLDS


def _write_private(out: Path, content: bytes) -> None:
    """Write a file that nobody else on the machine may read."""
    out.touch(mode=0o600)
    out.chmod(0o600)
    out.write_bytes(content)


def run_erase(options: argparse.Namespace) -> int:
    from troth.doors import erasing, policies
    from troth.doors.declare import job
    from troth.doors.errors import Refused

    from . import doing

    person = _who(options.who)
    if person is None:
        return _unknown()
    if not options.yes:
        if options.json:
            print("Nobody can be asked here. Say --yes to erase.", file=sys.stderr)
            return BAD
        print("This is what would happen:")
        _print_lines(erasing.preview(person, policies.now()))
        if not _agreed("Erase this person for good? Type yes: "):
            print("Nothing was done.")
            return FAILS
    try:
        with job("rights"):
            made = doing.erase_at_once(person, policies.now(), _home(policies.archive().in_force(policies.today())))
    except Refused as no:
        print(no, file=sys.stderr)
        return FAILS
    if options.json:
        said = {**asdict(made), "lines": [line._asdict() for line in made.lines]}
        print(json.dumps(said, default=str, indent=1))
    else:
        print(f"Erased on {made.at:%Y-%m-%d %H:%M}; the key is destroyed. Entry {made.entry} of the ledger.")
        _print_lines(made.lines)
    return HOLDS


def _home(compiled: Compiled) -> str:
    """Return the address of the first brand's own shop."""
    return f"https://{next(iter(compiled.policy.brands.values())).sites[0]}/"


def _print_lines(lines: Iterable[Line]) -> None:
    for line in lines:
        until = f" Until {line.until}." if line.until else ""
        print(f"  {line.model:<14} {_count(line.rows, 'row'):>12}  {line.say}{until}  [{line.why}]")


def _agreed(question: str) -> bool:
    try:
        return input(question).strip().lower() == "yes"
    except EOFError:  # nobody there
        print()
        return False


def run_explain(options: argparse.Namespace) -> int:
    from .packet import ruling
    from .seeing import acts
    from .telling import day_of, line, told

    person = _who(options.who)
    if person is None:
        return _unknown()
    found = acts(person)[::-1]
    if options.json:
        print(
            json.dumps(
                [{"number": n, "told": told(entry, ruling(entry)), **entry} for n, entry in found],
                ensure_ascii=False, indent=1,
            )
        )  # fmt: skip
    else:
        for _, entry in found:
            print(f"{day_of(entry)}: {told(entry, ruling(entry))} [{line(entry)}]")
    return HOLDS


def run_sweep(options: argparse.Namespace) -> int:
    from troth.doors import keep, policies

    total, steps = 0, []
    for step in keep.sweep(policies.now(), dry_run=options.dry_run):
        total += step.count
        if step.count and options.json:
            steps.append(asdict(step))
        elif step.count:
            print(f"{step.model:<20} {step.clause:<28} {step.count:>9,} {total:>11,}", flush=True)
    if options.json:
        print(json.dumps(steps))
    else:
        print(f"{_count(total, 'row')} {'would go' if options.dry_run else 'gone'}.")
    return HOLDS


def run_restore(options: argparse.Namespace) -> int:
    from troth.doors import erasing, policies

    again = list(erasing.replay(policies.now()))
    said = f"{_count(len(again), 'erasure')} finished or repeated. Nobody who was erased is here."
    print(json.dumps({"repeated": len(again)}) if options.json else said)
    return HOLDS


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def run_import(options: argparse.Namespace) -> int:
    from troth.doors import policies
    from troth.doors.declare import job

    from . import mailbox

    brands = policies.archive().in_force(policies.today()).policy.brands
    brand = options.brand or next(iter(brands))
    if brand not in brands:
        print(f"There is no such brand. There are: {', '.join(brands)}.", file=sys.stderr)
        return BAD
    home = (options.home or f"https://{brands[brand].sites[0]}").rstrip("/") + "/"
    taken = []
    try:
        with job("rights", "proof"):
            for one in mailbox.take_all(options.file, brand=brand, home=home, at=policies.now()):
                taken.append(one)
                if not options.json:
                    guessed = "" if one.sure else " (guessed)"
                    told = f"{one.number} {one.right}{guessed}" if one.number else f"left out, {one.why}"
                    print(f"letter {one.place}: {told}")
    except OSError as problem:
        print(f"Cannot read that mailbox: {problem.strerror}.", file=sys.stderr)
        return BAD
    if options.json:
        print(json.dumps([asdict(one) for one in taken]))
    return HOLDS if all(one.number for one in taken) else FAILS


def due() -> dict[str, int]:
    """Do what requests do by themselves at this moment. Returns how many of each."""
    from troth.doors import policies
    from troth.doors.declare import job

    from . import doing

    with job("rights"):
        return doing.upkeep(policies.now())


def run_due(options: argparse.Namespace) -> int:
    print_counts(due(), as_json=options.json)
    return HOLDS


def print_counts(told: Mapping[str, int], *, as_json: bool) -> None:
    """Print how many of each a command took care of."""
    if as_json:
        print(json.dumps(told))
    else:
        print(*(f"{count:>6,} {name}" for name, count in told.items()), sep="\n")
