"""What `troth accounts …` does: let go of what is over. Exit codes: 0 done."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from typing import Any

HOLDS = 0


def add_to(rooms: Any) -> None:  # noqa: ANN401 -- argparse gives its sub-parsers no public type
    """Add these commands to the command line."""
    verbs = rooms.add_parser("accounts", help="keep accounts in order").add_subparsers(required=True, metavar="COMMAND")
    say = "let go of links and counts that are over, and of addresses replaced a week ago; safe to run again"
    made = verbs.add_parser("sweep", help=say, description=say)
    made.add_argument("--json", action="store_true", help="print JSON")
    made.set_defaults(run=run_sweep, django=True)


def sweep(at: datetime) -> dict[str, int]:
    """Let go of what is over. Returns how much of each there was."""
    from troth.doors.declare import job

    from . import actions, links, throttle

    with job("account"):
        return {
            "links": links.sweep(at), "tries": throttle.sweep(at), "old addresses": actions.let_old_addresses_go(at),
        }  # fmt: skip


def run_sweep(options: argparse.Namespace) -> int:
    from troth.doors import policies

    found = sweep(policies.now())
    print(json.dumps(found) if options.json else "\n".join(f"{name:<16}{count:>7,}" for name, count in found.items()))
    return HOLDS
