"""The command `troth import people`, and the invented people the demonstration brings in."""

from __future__ import annotations

import argparse
import csv
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

MAPS = Path(__file__).with_name("maps")
HOLDS, FAILS, BAD = 0, 1, 2

FIRST = (
    "Ada", "Agnes", "Alba", "Bram", "Cato", "Dora", "Edda", "Elif", "Finn", "Greta", "Hugo", "Ines", "Jonas", "Kaya",
    "Lena", "Mads", "Nora", "Olga", "Piet", "Rosa", "Sami",
)  # fmt: skip
LAST = (
    "Ashdown", "Beck", "Coldwell", "Dyer", "Elmhirst", "Fell", "Garside", "Hollin", "Ings", "Kirk", "Lund", "Marsh",
    "Ness", "Oakes", "Pike", "Rigg", "Sund", "Thwaite", "Wray",
)  # fmt: skip
PLACES = (
    ("GB", "Weir Lane", "Eskholm", "EK{} {}AA"), ("GB", "Cloth Row", "Dunmarrow", "DM{} {}BB"),
    ("FR", "rue des Filatures", "Valbrune", "00{}0{}"), ("DE", "Webergasse", "Tuchheim", "0000{}{}"),
    ("US", "Tannery Row", "Port Alder", "0000{}{}"),
)  # fmt: skip


def invented(count: int, seed: int = 7) -> list[dict[str, str]]:
    """Return made-up people, as files bring them: capitals, gaps, a bad number here and there. Nobody is real."""
    chance = random.Random(seed)  # noqa: S311 -- made-up data, the same each time
    people = []
    for number in range(1, count + 1):
        first, last = chance.choice(FIRST), chance.choice(LAST)
        country, street, city, code = chance.choice(PLACES)
        people.append({
            "number": f"F{number:05}", "first": first.upper() if chance.random() < 0.2 else first, "last": last,
            "email": f"{first}.{last}{number}@post.example".lower(),
            "mobile": "" if chance.random() < 0.3 else f"+44 7700 900{number % 1000:03}",
            "born": f"{chance.randint(1940, 2004)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
            "street": f"{chance.randint(1, 90)} {street}", "city": city,
            "postcode": code.format(chance.randint(1, 9), chance.randint(1, 9)), "country": country,
        })  # fmt: skip
    return people


def add_to(rooms: Any) -> None:  # noqa: ANN401 -- argparse gives its sub-parsers no public type
    """Add `troth import people` to the command line."""
    room = rooms.add_parser("import", help="bring people in from a file")
    kinds = room.add_subparsers(required=True, metavar="WHAT")
    made = kinds.add_parser("people", help="people, or their past orders, from CSV, CSV.gz or Parquet")
    made.add_argument("file", type=Path, metavar="FILE")
    made.add_argument("--map", required=True, metavar="MAP", help="a TOML file, or one of: " + ", ".join(shipped()))
    made.add_argument("--dry-run", action="store_true", help="read and check everything, keep nothing")
    made.add_argument("--json", action="store_true", help="print JSON")
    made.set_defaults(run=run_people, django=True)


def shipped() -> list[str]:
    return sorted(path.stem for path in MAPS.glob("*.toml"))


def run_people(options: argparse.Namespace) -> int:
    from troth.doors import policies  # noqa: PLC0415 -- Django is loaded only by the commands that need it

    from . import importing  # noqa: PLC0415

    named = MAPS / f"{options.map}.toml"
    if not options.file.is_file():
        print(f"There is no file {options.file.name}.", file=sys.stderr)
        return BAD
    try:
        return _import(options, importing.Map.read(named if named.is_file() else Path(options.map)), policies.now())
    except importing.BadMap as problem:
        print(problem, file=sys.stderr)
        return BAD


def _import(options: argparse.Namespace, how: Any, at: Any) -> int:  # noqa: ANN401 -- typed where Django is loaded
    from django.conf import settings  # noqa: PLC0415

    from . import importing  # noqa: PLC0415

    aside = Path(settings.TROTH_DATA) / f"{options.file.name}.set-aside.csv"
    begun, last, count, noted = time.monotonic(), None, 0, 0
    with aside.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["row", "why"])
        for last in importing.bring_in(importing.rows_of(options.file), how, at=at, dry_run=options.dry_run):
            writer.writerows(last.aside + last.noted)
            count, noted = count + len(last.aside), noted + len(last.noted)
            if not options.json:
                rate = last.read / max(time.monotonic() - begun, 0.001)
                said = f"{last.read:>10,} read {last.taken:>10,} taken in {count:>8,} set aside {rate:>8,.0f} a second"
                print(f"\r{said}", end="", flush=True)
    told = (
        {"read": last.read, "taken": last.taken, "known": last.known, "refused": last.refused} if last else {"read": 0}
    )
    told |= {"set_aside": count, "without_some_values": noted}
    if options.json:
        print(json.dumps(told))
    else:
        print("\n" + ", ".join(f"{name.replace('_', ' ')} {number:,}" for name, number in told.items()) + ".")
    if not count and not noted:
        aside.unlink()
    elif not options.json:
        print(f"What was set aside, and why: {aside}")
    return HOLDS


def write_invented(path: Path, count: int) -> None:
    """Write the invented people to a file, as a shop's old system would."""
    people = invented(count)
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(people[0]))
        writer.writeheader()
        writer.writerows(people)
