"""What keeps the house in order: `troth keys add | rotate`, `choices verify`, `shop heal`, `interests guess`.

Exit codes as everywhere.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from troth.rights.commands import print_counts

HOLDS, FAILS, BAD = 0, 1, 2


def add_to(rooms: Any) -> None:  # noqa: ANN401 -- argparse gives its sub-parsers no public type
    """Add these commands to the command line."""
    keys = rooms.add_parser("keys", help="add a root key, and wrap people's keys with it")
    verbs = keys.add_subparsers(required=True, metavar="COMMAND")
    _command(verbs, "add", run_add, "add a new root key to the file; people's keys stay as they are until `rotate`")
    _command(verbs, "rotate", run_rotate, "wrap every key with the newest root key; safe to stop and to run again")
    choices = rooms.add_parser("choices", help="prove what people said")
    verbs = choices.add_subparsers(required=True, metavar="COMMAND")
    _command(verbs, "verify", run_verify, "replay everybody's answers and compare with where they stand")

    shop = rooms.add_parser("shop", help="bring half-done orders to an end")
    verbs = shop.add_subparsers(required=True, metavar="COMMAND")
    _command(
        verbs, "heal", run_heal, "finish or undo orders, returns and card deletions that stopped; run it every minute"
    )

    interests = rooms.add_parser("interests", help="guess anew what people who agreed to it may like")
    verbs = interests.add_subparsers(required=True, metavar="COMMAND")
    _command(verbs, "guess", run_guess, "for everybody who looked at something since; run it now and then")


def _command(verbs: Any, name: str, run: Callable[[argparse.Namespace], int], say: str) -> None:  # noqa: ANN401
    made = verbs.add_parser(name, help=say, description=say)
    made.add_argument("--json", action="store_true", help="print JSON")
    made.set_defaults(run=run, django=True)


def run_add(options: argparse.Namespace) -> int:
    from django.conf import settings  # noqa: PLC0415 -- Django is loaded only by the commands that need it

    from troth.vault import keys, root  # noqa: PLC0415

    if settings.TROTH_ROOT_KEY:
        print("The root keys come from TROTH_ROOT_KEY: add the new one there, as 2:BASE64 behind the first.")
        return BAD
    ring = keys.ring()
    root.save(root.Ring({**ring.keys, **root.fresh(ring.newest + 1).keys}))
    keys.forget_ring()
    newest = keys.ring().newest
    print(json.dumps({"newest": newest}) if options.json else f"Root key {newest} added. Now: troth keys rotate")
    return HOLDS


def run_rotate(options: argparse.Namespace) -> int:
    from troth.vault import keys  # noqa: PLC0415

    done = 0
    for done, total in keys.rotate():
        if not options.json:
            print(f"\r{done:>10,} of {total:,} keys wrapped anew", end="", flush=True)
    newest = keys.ring().newest
    said = f"\nEvery key is wrapped with root key {newest}; older ones may go." if done else "There was nothing to do."
    print(json.dumps({"wrapped": done, "newest": newest}) if options.json else said)
    return HOLDS


def run_verify(options: argparse.Namespace) -> int:
    from troth.choices.actions import verify  # noqa: PLC0415
    from troth.doors import policies  # noqa: PLC0415

    wrong = [str(person) for person in verify(policies.archive().in_force(policies.today()), policies.now())]
    if options.json:
        print(json.dumps({"holds": not wrong, "differ": wrong}))
    else:
        print(*wrong, sep="\n", end="\n" if wrong else "")
        told = f"{len(wrong):,} people stand" if wrong else "Nobody stands"
        print(f"{told} elsewhere than their answers say.")
    return FAILS if wrong else HOLDS


def heal() -> dict[str, int]:
    """Bring every order, return and card deletion that stopped to an end. Returns how many of each."""
    from troth.doors import policies  # noqa: PLC0415
    from troth.doors.declare import job  # noqa: PLC0415
    from troth.shop import settling  # noqa: PLC0415

    with job("order", "screen", "keep_card", "rights", "proof"):
        return settling.heal(policies.now())


def run_heal(options: argparse.Namespace) -> int:
    told = heal()
    print_counts(told, as_json=options.json)
    return FAILS if told["stuck"] else HOLDS


def guess() -> dict[str, int]:
    """Guess anew for everybody who did something since. Returns for how many, and how many have no yes any more."""
    from troth.doors import policies  # noqa: PLC0415
    from troth.doors.declare import job  # noqa: PLC0415
    from troth.shop.styles import SHELF  # noqa: PLC0415
    from troth.tracking import interests  # noqa: PLC0415

    with job("profile"):
        return interests.infer_all(SHELF, policies.now())


def run_guess(options: argparse.Namespace) -> int:
    print_counts(guess(), as_json=options.json)
    return HOLDS
