"""What `troth marketing …` does: read lists, take partners' yeses in, see who must come out of an advert audience.

Exit codes: 0 done, 1 something was set aside or is overdue, 2 the file could not be used.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .partner_lists import Progress

HOLDS, FAILS, BAD = 0, 1, 2
LISTS = ("tps", "mps", "dnc")


def add_to(rooms: Any) -> None:  # noqa: ANN401 -- argparse gives its sub-parsers no public type
    """Add these commands to the command line."""
    say = "read preference lists and partners' yeses, look after advert audiences"
    verbs = rooms.add_parser("marketing", help=say).add_subparsers(required=True, metavar="COMMAND")
    made = _command(
        verbs, "screen", run_screen,
        "read a preference list, one number or address a line: who of ours is on it is not rung, or not posted to. "
        "Safe to stop and to run again",
    )  # fmt: skip
    made.add_argument("file", type=Path, metavar="FILE")
    made.add_argument("--list", choices=LISTS, required=True, help="telephone (GB), mail (GB) or do-not-call (US)")
    made.add_argument("--dated", type=_day, required=True, metavar="DAY", help="the day the list is of: 2026-11-20")
    _rehearsal(made)
    made = _command(
        verbs, "partner-list", run_partner_list,
        "take in yeses that somebody else collected, each with its proof; bad rows are set aside with the reason. "
        "Stopped, it goes on where it was; the same file again changes nothing",
    )  # fmt: skip
    made.add_argument("file", type=Path, metavar="FILE", help="CSV: email,residence,said_on,asked_by,wording,medium")
    made.add_argument("--brand", required=True, help="whom they said yes to")
    made.add_argument(
        "--aside", type=Path, metavar="CSV", help="where rows set aside are listed; beside FILE unless given"
    )
    _rehearsal(made)
    _command(
        verbs, "adverts", run_adverts,
        "note who has to come out of which audience at an advert partner, and list what is due. Safe to run again",
    )  # fmt: skip


def _command(verbs: Any, name: str, run: Callable[[argparse.Namespace], int], say: str) -> argparse.ArgumentParser:  # noqa: ANN401
    made: argparse.ArgumentParser = verbs.add_parser(
        name, help=say.partition(":")[0].partition(";")[0], description=say
    )
    made.add_argument("--json", action="store_true", help="print JSON")
    made.set_defaults(run=run, django=True)
    return made


def _rehearsal(made: argparse.ArgumentParser) -> None:
    made.add_argument("--dry-run", action="store_true", help="count, but store nothing")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f'"{text[:20]}" is not a day; write it as 2026-11-20.') from None


def _missing(path: Path) -> bool:
    if path.is_file():
        return False
    print(f"There is no file {path.name}.", file=sys.stderr)
    return True


def run_screen(options: argparse.Namespace) -> int:
    from troth.doors import policies

    from . import partner_files, screening

    if _missing(options.file):
        return BAD

    def step(rows: int) -> None:
        if not options.json and rows % 100_000 == 0:
            print(f"\r{rows:>12,} lines", end="", flush=True)

    made = screening.read_list(
        options.list, partner_files.lines_of(options.file), dated=options.dated, at=policies.now(),
        dry_run=options.dry_run, step=step,
    )  # fmt: skip
    if options.json:
        print(json.dumps({"rows": made.rows, "bad": made.bad, "ours": made.ours, "stored": not options.dry_run}))
    else:
        are = "would be marked" if options.dry_run else "are marked"
        print(f"\r{made.rows:,} lines, {made.bad:,} of them unusable; {made.ours:,} people of ours {are}.")
    return HOLDS


def run_partner_list(options: argparse.Namespace) -> int:
    from troth.doors import policies
    from troth.doors.declare import job

    from . import partner_files

    if _missing(options.file):
        return BAD
    compiled = policies.archive().in_force(policies.today())
    if options.brand not in compiled.policy.brands:
        known = ", ".join(compiled.policy.brands)
        print(f'There is no brand "{options.brand[:40]}". There are: {known}.', file=sys.stderr)
        return BAD
    aside = options.aside or options.file.with_suffix(".set-aside.csv")
    begun, first, done = time.monotonic(), 0, None
    with job("proof"):
        for done in partner_files.read_in(
            options.file, brand=options.brand, at=policies.now(), aside=aside, dry_run=options.dry_run
        ):
            first = first or done.read
            if not options.json:
                rate = (done.read - first) / max(time.monotonic() - begun, 0.001)
                print(f"\r{_said(done)} {rate:>8,.0f} a second", end="", flush=True)
    if done is None:
        print("There is no row in it.", file=sys.stderr)
        return BAD
    if options.json:
        counts = {"read": done.read, "taken": done.taken, "already": done.already, "set_aside": done.set_aside}
        print(json.dumps(counts | {"reasons": dict(done.reasons.most_common()), "stored": not options.dry_run}))
    else:
        print("\n" + ("Nothing was stored.\n" if options.dry_run else ""), end="")
        for why, count in done.reasons.most_common():
            print(f"{count:>10,}  {why}")
        if done.set_aside:
            print(f"Which rows, and why: {aside}")
    return FAILS if done.set_aside else HOLDS


def _said(done: Progress) -> str:
    return f"{done.read:>10,} read {done.taken:>10,} taken in {done.already:>8,} known {done.set_aside:>8,} set aside"


def run_adverts(options: argparse.Namespace) -> int:
    from troth.doors import policies

    from . import adverts
    from .models import Advert

    today = policies.today()
    noted = adverts.note(policies.now())
    found = [(one, adverts.waiting(one)) for one in Advert.objects.order_by("made_at")]
    rows = [
        {"audience": one.name, "brand": one.brand, "to": one.to, "people": due.people, "told": due.told,
         "due": due.due.isoformat() if due.due else None}
        for one, due in found if due.people
    ]  # fmt: skip
    late = any(due.due and due.due < today for _, due in found)
    if options.json:
        print(json.dumps({"noted": noted, "waiting": rows, "late": late}))
    else:
        print(f"{noted:,} more people must come out." if noted else "Nobody more must come out.")
        for row in rows:
            print(f"{row['audience']:<30.30} {row['to']:<14} {row['people']:>8,} must be out by {row['due']}")
        if late:
            print("Some are overdue: fetch the removal file on /desk/campaigns/adverts/ and send it today.")
    return FAILS if late else HOLDS
