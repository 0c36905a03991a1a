"""What `troth policy notify` does. Exit codes: 0 told in time, 1 told, but later than promised, 2 nothing to tell."""

from __future__ import annotations

import argparse
import json
import sys

HOLDS, FAILS, BAD = 0, 1, 2


def run_notify(options: argparse.Namespace) -> int:
    """Write to everybody about the version that is coming, if it changes anything that matters."""
    from troth.doors import policies

    from . import changes, telling
    from .house import House

    house = House(policies.archive(), policies.today())
    old, new = house.in_force, house.coming
    if new is None:
        print("No version is announced: put one with a later day into the folder of policies first.", file=sys.stderr)
        return BAD
    version = new.policy.about.version
    matters = changes.material(old, new)
    if not matters:
        print(f"Nothing in the version of {version} lets us do more: nobody need be told before.", file=sys.stderr)
        return BAD
    told = telling.notify(old, new, policies.now())
    late = telling.late(new, old, house.today)
    found = {"version": version.isoformat(), "changes": len(matters), "queued": told.queued, "told before": told.known,
             "not reached": told.refused, "days late": late}  # fmt: skip
    print(json.dumps(found) if options.json else "\n".join(f"{name:<12} {value:>10}" for name, value in found.items()))
    if late:
        notice = old.policy.about.notice
        print(f"We promise {notice} of notice; this is {late} days late. Move the version's day.", file=sys.stderr)
    return FAILS if late else HOLDS
