"""`troth demo`: the whole of it in a minute, with invented people, and then the pages."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

PEOPLE = 400
QUESTIONS = (
    "contact by email about offers for news, brand skerry, person in GB agreed to news",
    "contact by email about offers for news, brand skerry, person in GB refused news",
    "disclose card to fraud agencies for screen, brand tarn, person in FR",
)


def policy(run: Callable[[list[str]], int]) -> int:
    """Check the published policies and ask them a few things."""
    code = _shown(run, "policy", "check")
    for question in QUESTIONS:
        _shown(run, "policy", "ask", question)
    return code


def house(run: Callable[[list[str]], int], *, on_shelves: bool = True) -> None:
    """Fill the shops, bring people in, and live one person's life with us: seen, explained, taken away, forgotten."""
    from django.conf import settings  # noqa: PLC0415 -- Django is loaded by now

    from troth.shop.actions import load_catalogue  # noqa: PLC0415
    from troth.vault.models import Person  # noqa: PLC0415

    from . import people  # noqa: PLC0415

    if on_shelves:
        loaded = load_catalogue()
        print(f"\nThe shelves are filled: {loaded.products} products.")
    folder = Path(settings.TROTH_DATA)
    if Person.objects.exists():
        print("People are here from an earlier run; they are left as they are.")
        return
    file = folder / "people.csv"
    people.write_invented(file, PEOPLE)
    _shown(run, "import", "people", str(file), "--map", "people")
    file.unlink()  # what was brought in does not lie about in the clear
    somebody = people.invented(1)[0]["email"]
    _shown(run, "person", "see", somebody)
    _shown(run, "person", "export", somebody, "--out", str(folder / "packet.zip"))
    _shown(run, "person", "explain", somebody)
    _shown(run, "person", "erase", somebody, "--yes")
    _shown(run, "person", "see", somebody)
    _shown(run, "keep", "sweep", "--dry-run")
    _shown(run, "ledger", "seal")
    _shown(run, "ledger", "verify")


def _shown(run: Callable[[list[str]], int], *words: str) -> int:
    """Say a command as one would type it, and run it."""
    typed = " ".join(f'"{word}"' if " " in word else Path(word).name if os.sep in word else word for word in words)
    print(f"\n$ troth {typed}", flush=True)
    return run(list(words))
