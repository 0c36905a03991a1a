"""`troth staff add | drop | list`: who of us sits at the desks."""

from __future__ import annotations

import argparse
from typing import Any

from . import rules

HOLDS, BAD = 0, 2


def add_to(rooms: Any) -> None:  # noqa: ANN401 -- argparse gives its sub-parsers no public type
    """Add these commands to the command line."""
    staff = rooms.add_parser("staff", help="give somebody a place at the desk, or take it away")
    verbs = staff.add_subparsers(required=True, metavar="COMMAND")
    add = verbs.add_parser("add", help="give somebody who has an account a place at the desk")
    add.add_argument("email", help="of their account")
    add.add_argument("--role", choices=rules.ROLES, default="care")
    add.set_defaults(run=run_add, django=True)
    drop = verbs.add_parser("drop", help="take every place of somebody's away, and close their cases")
    drop.add_argument("email")
    drop.set_defaults(run=run_drop, django=True)
    listed = verbs.add_parser("list", help="how many of us there are in each role")
    listed.set_defaults(run=run_list, django=True)


def _whose(email: str) -> Any:  # noqa: ANN401 -- an id or None
    from troth.vault import identity
    from troth.vault.errors import BadIdentifier

    try:
        found = identity.find("email", email)
    except BadIdentifier as problem:
        print(problem)
        return None
    if found is None:
        print("Nobody is known by that address. They open an account first, on any of the shops' pages.")
    return found


def run_add(options: argparse.Namespace) -> int:
    from troth.doors import policies

    from . import actions

    if (person := _whose(options.email)) is None:
        return BAD
    actions.appoint(person, options.role, policies.now())
    print(f"They have a place at the desk as {options.role}: /desk/")
    return HOLDS


def run_drop(options: argparse.Namespace) -> int:
    from troth.doors import policies

    from . import actions

    if (person := _whose(options.email)) is None:
        return BAD
    gone = actions.dismiss(person, policies.now())
    print("They have no place at the desk any more, and their cases are closed." if gone else "They had none.")
    return HOLDS


def run_list(_: argparse.Namespace) -> int:
    from django.db.models import Count

    from .models import Agent

    found = dict(Agent.objects.filter(until=None).values_list("role").annotate(Count("pk")))
    for role in rules.ROLES:
        print(f"{role:10} {found.get(role, 0)}")
    return HOLDS
