"""The command `troth crawl URL`. Exit codes: 0 all is as the policy says, 1 something is not, 2 it could not look."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from troth.policy.engine import Compiled
from troth.policy.law import ANYWHERE

from . import commands

MOST_PAGES = 1_000


def add_to(rooms: Any) -> None:  # noqa: ANN401 -- argparse gives its sub-parsers no public type
    """Add this command to the command line."""
    say = "look at a site with a browser, before and after each choice, and hold it against the policy"
    made = rooms.add_parser("crawl", help=say, description=say)
    made.add_argument("url", metavar="URL", help="where to start: https://shop.example/")
    made.add_argument(
        "--policy", metavar="POLICY", help="a file, or the day of a version; the one in force unless given"
    )
    made.add_argument("--pages", type=_count, default=12, metavar="N", help="at most so many pages (12)")
    made.add_argument("--brand", help="whose site it is; found by its host, or the start of its path, unless given")
    made.add_argument("--region", help="a law pack's code; a stranger, whom every law protects, unless given")
    made.add_argument("--accept", default="", metavar="TEXT", help="what the button says that accepts all")
    made.add_argument("--refuse", default="", metavar="TEXT", help="what the button says that refuses all")
    made.add_argument(
        "--wait", type=float, default=0.5, metavar="SECONDS", help="on each page, for what comes late (0.5)"
    )
    made.add_argument("--on", metavar="DAY", help="as of this day; today unless given")
    made.add_argument("--out", type=Path, metavar="FILE", help="write the report there, as one HTML page with pictures")
    made.add_argument("--json", action="store_true", help="print JSON")
    made.set_defaults(run=run)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_PAGES:
        raise argparse.ArgumentTypeError(f"should be a number from 1 to {MOST_PAGES}")
    return int(text)


def run(options: argparse.Namespace, arguments: tuple[str, ...] = ()) -> int:
    """Crawl, report, and say how it went. `arguments`: more for Chromium's command line."""
    from troth.crawl import browsing, report, rules  # noqa: PLC0415 -- only for who crawls

    if urlsplit(options.url).scheme not in ("http", "https") or not urlsplit(options.url).hostname:
        raise commands.BadInput(f'"{options.url[:60]}" is no address to start at; write it as https://shop.example/.')
    if not 0 <= options.wait <= 60:
        raise commands.BadInput("--wait should be from 0 to 60 seconds.")
    on = commands.read_day(options.on) if options.on else commands.today()
    compiled = commands.version_of(options.policy, on)
    brand, region = _brand(options, compiled), _region(options.region, compiled)
    sites = tuple(compiled.policy.brands[brand].sites)
    declared = rules.lines(compiled, brand, region, on)
    seen = browsing.look(
        options.url,
        browsing.Ask(options.pages, options.wait, options.accept, options.refuse, sites, arguments),
    )
    found = rules.judge(seen, declared)
    if options.out:
        commands.write(options.out, report.as_page(seen, found, declared, compiled, on))
    if options.json:
        commands.print_json(report.as_json(seen, found, declared, compiled))
    else:
        _say(seen, found, options.out)
    return commands.FAILS if found else commands.HOLDS


def _say(seen: Any, found: Any, out: Path | None) -> None:  # noqa: ANN401 -- typed where the crawler is loaded
    from troth.crawl.seeing import SAID  # noqa: PLC0415

    for one in found:
        print(f"{one.code:<18} {one.say}\n{'':<18} {', '.join(SAID[stage] for stage in one.stages)}: {one.page}")
        if one.clause:
            print(f"{'':<18} {one.clause}")
    for note in seen.notes:
        print(f"note: {note}")
    print(f"{len(seen.pages)} pages looked at, {len(found)} things not as the policy says.")
    if out:
        print(f"The report is in {out}")


def _brand(options: argparse.Namespace, compiled: Compiled) -> str:
    brands = compiled.policy.brands
    if options.brand:
        return commands.one_of(options.brand, brands, "brand")
    parts = urlsplit(options.url)
    host, first = (parts.hostname or "").removeprefix("www."), parts.path.strip("/").partition("/")[0]
    named = [name for name, brand in brands.items() if host in brand.sites or name == first]
    return named[0] if named else next(iter(brands))


def _region(code: str | None, compiled: Compiled) -> str:
    if code is None:
        return ANYWHERE
    return compiled.book.packs[commands.one_of(code, compiled.book.packs, "region")].head.covers[0]
