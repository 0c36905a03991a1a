"""`troth demo`: the whole of it in a minute, with invented people, and then the pages."""

from __future__ import annotations

import os
import secrets
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from troth.rights.commands import due as requests_due

from . import mail, neighbours, upkeep

PEOPLE = 400
TO_TRY = (("ada@post.example", "Ada Marlow", ""), ("desk@fellwater.example", "Bea Thorne", "care"),
          ("news@fellwater.example", "Cole Ashby", "marketer"),
          ("officer@fellwater.example", "Dot Wren", "officer"))  # fmt: skip
WORDS = (
    "weir", "loom", "kettle", "harbour", "thistle", "cobalt", "ferry", "walnut", "lantern", "meadow", "anvil", "cedar",
)  # fmt: skip
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


@contextmanager
def neighbourhood(host: str, port: int) -> Iterator[str]:
    """Start what the shops need beside their pages, and make two accounts to try them with; yields the ways in."""
    from django.conf import settings  # noqa: PLC0415

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # as Ctrl-C: whoever was started stops too
    shown = "localhost" if host in ("127.0.0.1", "0.0.0.0") else host  # noqa: S104 -- told apart, not listened on
    home = f"http://{shown}:{port}"
    folder = Path(settings.TROTH_DATA) / "pennyfold"
    os.environ.setdefault("TROTH_HOME", home)  # where the links of campaigns lead
    told = f"http://127.0.0.1:{port}"
    with (
        neighbours.payment_partner(folder, f"{told}/payments/told/") as partner,
        neighbours.texts_company(folder.with_name("larkpost"), f"{told}/texts/told/") as texts,
    ):
        password = _accounts()
        ways = [
            f"The shops      {home}/houses/", f"The policy     {home}/privacy/", f"The desk       {home}/desk/",
            f"Payments       {partner}  (test cards are listed on its page)",
            f"Campaigns      {home}/desk/campaigns/", f"Telephones     {texts}",
        ]  # fmt: skip
        if password:
            ways += [f"To try         {email}, password: {password}" for email, _, _ in TO_TRY]
        way = mail.transport()
        ways.append(f"Mail goes to   {way.path if isinstance(way, mail.Folder) else 'your mail server'}")
        with neighbours.chores([upkeep.heal, upkeep.guess, requests_due, _seal, _adverts, partial(mail.send, way)]):
            yield "\n".join(ways)


def _seal() -> None:
    from troth.doors import policies  # noqa: PLC0415
    from troth.ledger.actions import seal  # noqa: PLC0415

    seal(policies.now())


def _adverts() -> None:
    from troth.doors import policies  # noqa: PLC0415
    from troth.marketing import adverts  # noqa: PLC0415

    adverts.note(policies.now())


def _accounts() -> str:
    """Open an account for a shopper and one for somebody at the desk. Returns their new password; nothing if known."""
    from troth.accounts import passwords  # noqa: PLC0415
    from troth.accounts.models import Account  # noqa: PLC0415
    from troth.care.actions import appoint  # noqa: PLC0415
    from troth.doors import policies  # noqa: PLC0415
    from troth.doors.collect import collect  # noqa: PLC0415
    from troth.doors.declare import job  # noqa: PLC0415
    from troth.vault import identity  # noqa: PLC0415
    from troth.vault.models import Profile  # noqa: PLC0415

    at, password = policies.now(), " ".join(secrets.choice(WORDS) for _ in range(4))
    for email, name, role in TO_TRY:
        if identity.find("email", email):
            return ""
        person = identity.new(on=at.date(), residence="GB", age=34).pk
        account, profile = (
            Account(person_id=person, brand="tarn", opened_at=at, changed_at=at),
            Profile(person_id=person),
        )
        account.password, profile.name = passwords.hashed(password), name
        mailbox = identity.identifier(person, "email", email, evidence="verified")
        mailbox.verified_at = at
        with job("account", "sign_in"):
            with collect("account", source="register", brand="tarn", person=person, actor="person", at=at) as c:
                c.save(mailbox)
                c.save(profile)
            with collect("sign_in", source="register", brand="tarn", person=person, actor="person", at=at) as c:
                c.save(account)
        if role:
            appoint(person, role, at)
    return password


def _shown(run: Callable[[list[str]], int], *words: str) -> int:
    """Say a command as one would type it, and run it."""
    typed = " ".join(f'"{word}"' if " " in word else Path(word).name if os.sep in word else word for word in words)
    print(f"\n$ troth {typed}", flush=True)
    return run(list(words))
