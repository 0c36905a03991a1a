"""What `troth community …` does: read what waits, show it, refuse it. Exit codes: 0 done, 1 refused, 2 bad input.

A remark goes by its ticket, its id and the version that was read: `troth community show 3f…@2` never shows a third.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from .actions import Link, Waiting

HOLDS, FAILS, BAD = 0, 1, 2
PURPOSES = ("comments", "praise", "care", "proof")


def add_to(rooms: Any) -> None:  # noqa: ANN401 -- argparse gives its sub-parsers no public type
    """Add these commands to the command line."""
    verbs = rooms.add_parser("community", help="read, show and refuse what people say").add_subparsers(
        required=True, metavar="COMMAND"
    )
    made = _command(verbs, "waiting", run_waiting, "print what waits to be read; the look is recorded")
    made.add_argument("--brand", help="one brand; all unless given")
    made = _command(verbs, "pictures", run_pictures, "write the pictures of a remark to a folder, to look at them")
    made.add_argument("ticket", metavar="TICKET")
    made.add_argument("--out", type=Path, default=Path(), metavar="FOLDER")
    made = _command(verbs, "show", run_show, "publish a remark as it was read; its writer is told")
    made.add_argument("ticket", metavar="TICKET", help="as `troth community waiting` prints it")
    made = _command(verbs, "refuse", run_refuse, "do not show a remark, or no longer; its writer is told why")
    made.add_argument("ticket", metavar="TICKET")
    made.add_argument("--because", required=True, metavar="REASON", help="without one of our reasons: lists them")


def _command(verbs: Any, name: str, run: Callable[[argparse.Namespace], int], say: str) -> argparse.ArgumentParser:  # noqa: ANN401
    made: argparse.ArgumentParser = verbs.add_parser(name, help=say, description=say)
    made.add_argument("--json", action="store_true", help="print JSON")
    made.set_defaults(run=run, django=True)
    return made


def _ticket(text: str) -> tuple[UUID, int] | None:
    """Return the remark and the version a ticket names; None if it is none."""
    name, _, version = text.partition("@")
    try:
        return UUID(name), int(version or 0)
    except ValueError:
        return None


def _unreadable() -> int:
    print("This is no ticket. `troth community waiting` prints them: an id, @ and a number.", file=sys.stderr)
    return BAD


def _link() -> Link:
    from troth.doors import policies

    from .links import at_home

    compiled = policies.archive().in_force(policies.today())
    return lambda remark: at_home(remark, compiled)


def run_waiting(options: argparse.Namespace) -> int:
    from troth.doors import policies
    from troth.doors.declare import job

    from . import actions

    brands = policies.archive().in_force(policies.today()).policy.brands
    if options.brand and options.brand not in brands:
        print(f"There is no such brand. Known: {', '.join(brands)}.", file=sys.stderr)
        return BAD
    with job(*PURPOSES):
        found = [
            one
            for brand in ([options.brand] if options.brand else brands)
            for purpose in ("comments", "praise")
            for one in actions.waiting(brand, purpose, at=policies.now())
        ]
    if options.json:
        print(json.dumps([_plain(one) for one in found], ensure_ascii=False, indent=1))
        return HOLDS
    for one in found:
        told = _plain(one)
        print(f"{told['ticket']}  {told['kind']} of {told['brand']} {told['about']}".rstrip())
        print(f"  {'*' * (one.remark.stars or 0)} {one.name}: {one.words}".replace("\n", "\n  "))
        if one.remark.pictures:
            print(f"  {len(one.remark.pictures)} pictures: troth community pictures {told['ticket']} --out FOLDER")
        if one.delicate:
            print("  May tell of health, faith or the like. Would they want the world to know?")
    print(f"{len(found)} waiting.")
    return HOLDS


def _plain(one: Waiting) -> dict[str, Any]:
    row = one.remark
    return {
        "ticket": f"{row.pk}@{row.version}", "kind": row.kind, "brand": row.brand, "about": row.about,
        "stars": row.stars, "bought": row.bought, "name": one.name, "words": one.words,
        "pictures": len(row.pictures), "delicate": one.delicate,
    }  # fmt: skip


def run_pictures(options: argparse.Namespace) -> int:
    from troth.doors import policies
    from troth.doors.declare import job

    from . import actions
    from .errors import NotThere

    ticket = _ticket(options.ticket)
    if ticket is None:
        return _unreadable()
    written = []
    try:
        with job(*PURPOSES):
            for number, (photo, image) in enumerate(actions.pictures(ticket[0], at=policies.now()), start=1):
                out = options.out / f"picture-{number}.{photo.kind}"
                out.touch(mode=0o600)
                out.chmod(0o600)
                out.write_bytes(image)
                written.append(str(out))
    except NotThere as no:
        print(no, file=sys.stderr)
        return BAD
    except OSError as problem:
        print(f"Cannot write there: {problem.strerror}. Name another folder with --out.", file=sys.stderr)
        return BAD
    print(json.dumps(written) if options.json else "\n".join(written) or "There are no pictures with it.")
    return HOLDS


def run_show(options: argparse.Namespace) -> int:
    from troth.doors import policies

    from . import actions

    def act(pk: UUID, version: int) -> bool:
        return actions.show(pk, version=version, link=_link(), at=policies.now())

    return _decide(options, act, "Shown. Its writer is told.", "It is shown already.")


def run_refuse(options: argparse.Namespace) -> int:
    from troth.doors import policies

    from . import actions

    def act(pk: UUID, _: int) -> bool:
        return actions.refuse(pk, options.because, link=_link(), at=policies.now())

    return _decide(options, act, "Not shown. Its writer is told why.", "That was said already.")


def _decide(options: argparse.Namespace, act: Callable[[UUID, int], bool], done: str, already: str) -> int:
    from troth.doors.declare import job
    from troth.doors.errors import Refused

    from .errors import NotNow, NotThere

    ticket = _ticket(options.ticket)
    if ticket is None:
        return _unreadable()
    try:
        with job(*PURPOSES):
            changed = act(*ticket)
    except NotThere as no:
        print(no, file=sys.stderr)
        return BAD
    except (NotNow, Refused) as no:
        print(no, file=sys.stderr)
        return FAILS
    print(json.dumps({"changed": changed}) if options.json else done if changed else already)
    return HOLDS
