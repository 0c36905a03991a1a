"""One shop on a port of its own: as it is, or "plain", with nothing sealed, decided or recorded.

Plain is the same code with the vault packing values into a readable column, no keys, each kind of question to the
policy answered once a process and a ledger that writes nothing: the same pages as a shop without Troth would make them,
and rather less than a column for each value costs.
"""

from __future__ import annotations

import os
import sys
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def plain() -> None:
    """Take out what Troth adds."""
    from troth.ledger import actions as ledger
    from troth.policy import Act, Compiled, Decision, Standing
    from troth.vault import keys, seal

    decide, answered = Compiled.decide, dict[tuple[str, ...], Decision]()

    def decided(compiled: Compiled, act: Act, standing: Standing, at: date) -> Decision:
        """Answer as the policy does: a yes to all would remember what was looked at, and show another page."""
        alike = (act.verb, act.purpose, act.channel, act.topic, act.where)
        if alike not in answered:
            answered[alike] = decide(compiled, act, standing, at)
        return answered[alike]

    Compiled.decide = decided  # type: ignore[method-assign]
    seal.seal = lambda _key, values, _identity: b"\x01" + msgspec.json.encode(values)
    seal.unseal = lambda _key, sealed, _identity: msgspec.json.decode(bytes(sealed)[1:])
    keys.fetch = lambda people: dict.fromkeys(people, bytes(32))
    keys.make = lambda names: dict.fromkeys(names, bytes(32))
    ledger.record = lambda _entry: 1
    ledger.record_durably = lambda _entry: 1
    ledger.record_list = lambda _entry, _subjects: 1
    ledger.record_all = lambda entries: [1 for _ in entries]


def prepare(kind: str) -> None:
    """Make this process a shop of that kind."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "troth.site.settings"
    import django

    django.setup()
    from selling.bank import Bank
    from troth.shop import partners

    bank: Any = Bank()
    partners.payments = lambda: bank
    if kind == "plain":
        plain()


def main() -> None:
    from django.core.management import call_command

    for alias in ("default", "keys"):
        call_command("migrate", database=alias, verbosity=0)
    from troth.shop.actions import load_catalogue
    from troth.shop.models import Variant
    from troth.site.server import serve

    load_catalogue()
    Variant.objects.update(stock=1_000_000)
    print("ready", flush=True)
    serve("127.0.0.1", int(sys.argv[2]))


prepare(sys.argv[1])  # in each of the server's processes: they import this file, and `main` is for the first alone
if __name__ == "__main__":
    main()
