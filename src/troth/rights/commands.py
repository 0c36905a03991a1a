"""What `troth person …`, `troth keep …` and `troth restore-check` do. Exit codes: 0 done, 1 refused, 2 bad input."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID

HOLDS, FAILS, BAD = 0, 1, 2


def add_to(rooms: Any) -> None:  # noqa: ANN401 -- argparse gives its sub-parsers no public type
    """Add these commands to the command line."""
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
        print(f"{thing.item:<28} {str(thing.value)[:60]:<62} {gone}")
    print(f"{len(found.acts)} acts are in the ledger: troth person explain {person}")
    return HOLDS


def run_export(options: argparse.Namespace) -> int:
    from troth.doors import policies
    from troth.ledger import actions as ledger

    from . import packet, seeing

    person = _who(options.who)
    if person is None:
        return _unknown()
    seeing.see(person, policies.now())  # recorded, so that the packet's own act is in it, sealed
    ledger.seal(policies.now())
    out = options.out or Path("packet.zip")
    out.write_bytes(packet.as_zip(seeing.see(person, policies.now())))
    print(json.dumps({"file": str(out)}) if options.json else f"Written: {out}")
    return HOLDS


def run_erase(options: argparse.Namespace) -> int:
    from troth.doors import erasing, policies
    from troth.doors.errors import Refused

    person = _who(options.who)
    if person is None:
        return _unknown()
    if not options.json:
        for line in erasing.preview(person, policies.now()):
            print(f"{line.model:<14} {line.rows:>6,} rows  {line.say}{f' Until {line.until}.' if line.until else ''}")
    if not options.yes and input("Erase this person for good? Type yes: ").strip().lower() != "yes":
        print("Nothing was done.")
        return FAILS
    try:
        made = erasing.erase(person, at=policies.now())
    except Refused as no:
        print(no)
        return FAILS
    print(json.dumps(asdict(made), default=str, indent=1) if options.json else "Erased; the key is destroyed.")
    return HOLDS


def run_explain(options: argparse.Namespace) -> int:
    from troth.doors.acting import entries_about

    from .packet import told

    person = _who(options.who)
    if person is None:
        return _unknown()
    found = entries_about(person)[::-1]
    if options.json:
        print(json.dumps([{"number": number, **entry} for number, entry in found], ensure_ascii=False, indent=1))
    else:
        for number, entry in found:
            line = entry.get("clause") or entry.get("law", "")
            print(f"{number:>8}  {entry['at'][:16].replace('T', ' ')}  {told(entry)}  [{line}]")
    return HOLDS


def run_sweep(options: argparse.Namespace) -> int:
    from troth.doors import keep, policies

    steps = [step for step in keep.sweep(policies.now(), dry_run=options.dry_run) if step.count]
    if options.json:
        print(json.dumps([asdict(step) for step in steps]))
    else:
        for step in steps:
            print(f"{step.model:<20} {step.clause:<28} {step.count:>9,}")
        print(f"{sum(step.count for step in steps):,} rows {'would go' if options.dry_run else 'are gone'}.")
    return HOLDS


def run_restore(options: argparse.Namespace) -> int:
    from troth.doors import erasing, policies

    again = list(erasing.replay(policies.now()))
    said = f"{len(again):,} erasures were finished or repeated. Nobody who was erased is here."
    print(json.dumps({"repeated": len(again)}) if options.json else said)
    return HOLDS
