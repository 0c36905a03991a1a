"""The command `troth site check`. Exit codes: 0 all is well, 1 something is not, 2 there was nothing to look at.

It looks at the hosts from where it runs, and notes how it went for the pages that this machine serves: run it there
every day, and after each change of a certificate.
"""

from __future__ import annotations

import argparse
import json
import ssl
from dataclasses import asdict
from typing import Any

from . import commands, transit


def add_to(rooms: Any) -> None:  # noqa: ANN401 -- argparse gives its sub-parsers no public type
    """Add this command to the command line."""
    site = rooms.add_parser("site", help="look at the running hosts from outside")
    verbs = site.add_subparsers(required=True, metavar="COMMAND")
    say = "see that every host speaks TLS 1.2 or newer and nothing else; the policy's page says so only while it holds"
    made = verbs.add_parser("check", help=say, description=say)
    made.add_argument("hosts", nargs="*", metavar="HOST", help="tarn.example; the brands' sites unless given")
    made.add_argument("--port", type=int, default=443)
    made.add_argument("--plain-port", type=int, default=80, help="where plain HTTP would be answered (80)")
    made.add_argument("--trust", metavar="FILE", help="certificates to trust in place of the system's")
    made.add_argument("--json", action="store_true", help="print JSON")
    made.set_defaults(run=run, django=True)


def run(options: argparse.Namespace) -> int:
    """Look at the hosts, note how it went, and say so."""
    from django.conf import settings  # noqa: PLC0415 -- Django is loaded only by the commands that need it
    from django.utils.timezone import now  # noqa: PLC0415

    from troth.front import seen  # noqa: PLC0415

    every = sites()
    hosts = options.hosts or every
    if not hosts:
        raise commands.BadInput("The policy names no site of a brand: there is nothing to look at.")
    trust = ssl.create_default_context(cafile=options.trust) if options.trust else None
    found = [transit.look(host, port=options.port, plain_port=options.plain_port, trust=trust) for host in hosts]
    problems = [f"{one.host}: {problem}" for one in found for problem in one.problems]
    problems += [f"{host}: it was not looked at" for host in every if host not in hosts]
    seen.note(settings.TROTH_DATA, transit.PHRASE, problems, now())
    if options.json:
        print(json.dumps({"holds": not problems, "hosts": [asdict(one) for one in found]}))
    else:
        for one in found:
            print(f"{one.host}: {'; '.join(one.problems) or f'well, with {one.version}'}")
        said = "The policy's page says so for two days." if not problems else "The policy's page does not claim it."
        print(said)
    return commands.FAILS if problems else commands.HOLDS


def sites() -> list[str]:
    """Return the hosts of every brand in force today, each once."""
    on = commands.today()
    brands = commands.version_of(None, on).policy.brands.values()
    return list(dict.fromkeys(site for brand in brands if brand.begin <= on < brand.end for site in brand.sites))
