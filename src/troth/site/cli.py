"""The `troth` command: check a policy, read it, ask it, compare two versions, compile it.

Exit codes: 0 it holds (or yes), 1 it does not (or no), 2 the input could not be used.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from collections.abc import Callable, Sequence
from datetime import date
from typing import NoReturn

from troth.accounts import commands as accounts
from troth.care import commands as care
from troth.community import commands as community
from troth.front import commands as front
from troth.laws import packs
from troth.ledger import commands as ledger
from troth.marketing import commands as marketing
from troth.policy.archive import Archive
from troth.policy.errors import PolicyError, TrothError
from troth.rights import commands as rights

from . import commands, crawling, looking, mail, neighbours, people, upkeep


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Never shows a traceback for bad input."""
    options = parser().parse_args(arguments)
    try:
        if getattr(options, "django", False):
            _start_django()
        return int(options.run(options))
    except PolicyError as broken:
        if getattr(options, "json", False):
            commands.print_json(
                {"holds": False, "problems": [dataclasses.asdict(problem) for problem in broken.problems]}
            )
        else:
            print(*broken.problems, sep="\n", file=sys.stderr)
    except TrothError as problem:
        print(problem, file=sys.stderr)
    except BrokenPipeError:  # whoever read us has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return commands.HOLDS
    return commands.BAD


def _start_django() -> None:
    """Load Django and bring the databases up to date: on an empty machine every command works at once."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "troth.site.settings")
    import django  # noqa: PLC0415 -- only for commands that need it
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    for alias in ("default", "keys"):
        call_command("migrate", database=alias, verbosity=0, interactive=False)


def run_demo(options: argparse.Namespace) -> int:
    """Show the policy at work, fill the house with invented people, and serve its pages."""
    from . import demo  # noqa: PLC0415 -- only for who wants it

    code = demo.policy(main)
    versions = [str(version.policy.about.version) for version in Archive.read(commands.policies(), packs()).versions]
    if len(versions) > 1:
        print(f"\n$ troth policy diff {versions[-2]} {versions[-1]}")
        main(["policy", "diff", *versions[-2:]])
    os.environ.setdefault("TROTH_DEMO", "1")
    _start_django()
    demo.house(main)
    if options.no_server:
        return code
    from .server import serve  # noqa: PLC0415 -- Django is loaded only where pages are wanted

    try:
        with demo.neighbourhood(options.host, options.port) as ways:
            print(f"\n{ways}\n(stop with Ctrl-C)", flush=True)
            serve(options.host, options.port)
    except OSError as problem:
        raise commands.BadInput(f"Cannot serve there: {problem.strerror}. Try another --port.") from None
    except neighbours.NoPartner as problem:
        raise commands.BadInput(str(problem)) from None
    return commands.HOLDS


def parser() -> argparse.ArgumentParser:
    """Return the grammar of the command line."""
    top = argparse.ArgumentParser(
        prog="troth", description="The privacy policy is one file that customers read and the code obeys."
    )
    rooms = top.add_subparsers(required=True, metavar="COMMAND")
    demo = rooms.add_parser("demo", help="show the house's policy at work, and serve its pages")
    demo.add_argument("--host", default="127.0.0.1")
    demo.add_argument("--port", type=int, default=8000)
    demo.add_argument("--no-server", action="store_true", help="show, but do not serve")
    demo.set_defaults(run=run_demo)
    for room in (ledger, rights, accounts, community, marketing, mail, care, people, upkeep, crawling, looking):
        room.add_to(rooms)
    policy = rooms.add_parser("policy", help="check, read, ask, compare and compile a policy")
    verbs = policy.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace], int], say: str, *, on: bool = True
    ) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=say, description=say)
        made.add_argument("--json", action="store_true", help="print JSON")
        if on:
            made.add_argument(
                "--on", type=_argument_day, metavar="DAY", help="as of this day (2026-11-01); today unless given"
            )
        made.set_defaults(run=run)
        return made

    made = command("check", commands.run_check, "lint, promises, and which lines today's law overrules")
    made.add_argument("files", nargs="*", metavar="FILE", help="policy files; all published versions unless given")
    made = command(
        "ask", commands.run_ask, "ask a plain question: contact by email for news, brand skerry, person refused news"
    )
    made.add_argument("question", nargs="+")
    _which_policy(made)
    made = command("page", commands.run_page, "the public page, one file a brand and region")
    _which_policy(made)
    made.add_argument("--brand", help="one brand; all unless given")
    made.add_argument("--region", help="one region (a law pack's code); all unless given")
    made.add_argument("--out", metavar="FOLDER", help="write the pages there; without it the first one is printed")
    made = command("ropa", commands.run_ropa, "the record of processing (GDPR art. 30)")
    _which_policy(made)
    _which_format(made)
    made = command("tables", commands.run_tables, "what else a policy compiles to: " + ", ".join(commands.TABLES))
    made.add_argument("what", choices=commands.TABLES, metavar="TABLE")
    _which_policy(made)
    _which_format(made)
    made.add_argument("--brand", help="for choices and cookies; the first unless given")
    made.add_argument("--region", help="for choices and cookies: a law pack's code; the first unless given")
    made = command("schema", commands.run_schema, "the language as JSON Schema, for editors", on=False)
    made.add_argument("--law", action="store_true", help="of law packs instead")
    made.add_argument("--reference", action="store_true", help="as a page to read instead")
    made = command("diff", commands.run_diff, "what changed in meaning between two versions")
    made.add_argument("old", metavar="OLD", help="a file, or the day of a published version")
    made.add_argument("new", metavar="NEW")
    made = command("notify", front.run_notify, "write to everybody we can reach before the next version", on=False)
    made.set_defaults(django=True)
    return top


def _which_policy(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "--policy", metavar="POLICY", help="a file, or the day of a published version; the one in force unless given"
    )


def _which_format(made: argparse.ArgumentParser) -> None:
    made.add_argument("--format", choices=("csv", "json", "html"), default="csv")


def _argument_day(text: str) -> date:
    try:
        return commands.read_day(text)
    except commands.BadInput as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None


def run() -> NoReturn:
    """Enter from `python -m`."""
    sys.exit(main())


if __name__ == "__main__":
    run()
