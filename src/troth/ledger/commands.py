"""What `troth ledger …` does. Exit codes: 0 it holds, 1 it does not, 2 the input could not be used."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

HOLDS, FAILS, BAD = 0, 1, 2


def add_to(rooms: Any) -> None:  # noqa: ANN401 -- argparse gives its sub-parsers no public type
    """Add the ledger's commands to the command line."""
    room = rooms.add_parser("ledger", help="seal, verify and prove the log of every act")
    verbs = room.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], say: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = verbs.add_parser(name, help=say, description=say)
        made.add_argument("--json", action="store_true", help="print JSON")
        made.set_defaults(run=run, django=True)
        return made

    command("seal", run_seal, "give what was recorded its place in the log, and sign the head")
    command("head", run_head, "print the newest signed head: keep a copy elsewhere, to verify against")
    made = command("verify", run_verify, "check the whole log: edits, removals, reordering, truncation, forks")
    made.add_argument("--against", metavar="CHECKPOINT", help="a head that was kept outside")
    made = command("prove", run_prove, "print the receipt of one entry, with its proof")
    made.add_argument("number", type=int, metavar="NUMBER")
    made = command("export", run_export, "write every sealed entry to a file, one a line, and the head after them")
    made.add_argument("file", metavar="FILE")


def run_seal(options: argparse.Namespace) -> int:
    from django.utils.timezone import now

    from . import actions

    actions.seal(now())
    return run_head(options)


def run_head(options: argparse.Namespace) -> int:
    from . import actions

    newest = actions.head()
    note = newest.note if newest else ""
    print(
        json.dumps({"size": newest.size if newest else 0, "head": note})
        if options.json
        else note or "Nothing is sealed yet."
    )
    return HOLDS


def run_verify(options: argparse.Namespace) -> int:
    from . import note, signer
    from .errors import BadCheckpoint
    from .verifying import verify

    try:
        outside = note.read(Path(options.against).read_text("utf-8"), signer.public()) if options.against else None
    except (OSError, UnicodeDecodeError, BadCheckpoint) as problem:
        print(f"{options.against} cannot be used: {problem}")
        return BAD
    report = verify(outside)
    if options.json:
        print(
            json.dumps(
                {"holds": report.holds, "size": report.size, "unsealed": report.unsealed, "problems": report.problems}
            )
        )
    else:
        print(*report.problems, sep="\n", end="\n" if report.problems else "")
        waiting = f", {report.unsealed:,} more wait to be sealed" if report.unsealed else ""
        print(f"{report.size:,} entries {'hold' if report.holds else 'do not hold'}{waiting}.")
    return HOLDS if report.holds else FAILS


def run_prove(options: argparse.Namespace) -> int:
    from . import actions

    try:
        print(json.dumps(actions.receipt(options.number), ensure_ascii=False, indent=2))
    except LookupError:
        print(f"There is no sealed entry {options.number}. `troth ledger seal` seals what waits.")
        return BAD
    return HOLDS


def run_export(options: argparse.Namespace) -> int:
    from . import actions
    from .models import Row

    count = 0
    with Path(options.file).open("w", encoding="utf-8") as out:
        for body in Row.objects.exclude(place=None).order_by("place").values_list("body", flat=True).iterator():
            out.write(bytes(body).decode() + "\n")
            count += 1
        newest = actions.head()
        out.write("\n" + (newest.note if newest else ""))
    print(json.dumps({"entries": count}) if options.json else f"{count:,} entries written to {options.file}.")
    return HOLDS
