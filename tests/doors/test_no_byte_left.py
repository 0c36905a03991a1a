"""No byte of a person in any file: sealed while they are here, gone with their key when they are not."""

import base64
import os
import subprocess
import sys
import urllib.parse
from pathlib import Path

import pytest

PROGRAM = """
import os, sys, logging
import django; django.setup()
from django.core.management import call_command
for alias in ("default", "keys"): call_command("migrate", database=alias, verbosity=0)
from django.utils.timezone import now
from troth.doors import erasing, policies
from troth.doors.collect import choose, collect
from troth.doors.declare import job
from troth.doors.contact import contact
from troth.rights import seeing
from troth.vault import identity, keys
from troth.vault.models import Profile
people = []
for who in ("canary", "neighbour"):
    person = identity.new(on=now().date(), residence="GB").pk
    with job("account", "order", "proof"), collect("account", source="register", brand="tarn", person=person) as c:
        c.save(identity.identifier(person, "email", f"{who}.quokka@wombat-{who}.example"))
        profile = Profile(person_id=person)
        profile.name, profile.home_address = f"Quokka{who}", {"street": f"{who} Wombatstreet"}
        c.save(profile)
    with job("proof"):
        choose("refusal", "news", person=person, brand="tarn", place="x", wording=f"May we, Quokka{who}?")
    with job("order"):
        contact(person, purpose="order", channel="email", brand="tarn", content={"text": f"Dear Quokka{who}"}, once=who)
    seeing.see(person, now())
    people.append(person)
    try:
        profile.name + "x"
    except TypeError:
        logging.getLogger("troth").exception("refused")
print(people[0].hex, keys.of(people[0]).hex(), bytes(keys.Key.objects.get(name=people[0].bytes).wrapped).hex(), flush=True)
if sys.argv[1] == "erase":
    erasing.erase(people[0], at=now())
    print([t.value for t in seeing.see(people[1], now()).things if t.item == "identity.name"])
"""
TOKENS = ["Quokkacanary", "canary.quokka", "wombat-canary", "canary Wombatstreet"]


def run(folder, what):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TROTH_")}
    environment |= {
        "TROTH_DATA": str(folder),
        "TROTH_LOGS": str(folder),
        "DJANGO_SETTINGS_MODULE": "troth.site.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, what], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines(), done.stderr


def spellings(token):
    """A token as it could lie on a disk."""
    for text in (token, token.lower(), token.upper(), urllib.parse.quote(token)):
        yield from (text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be"), text.encode().hex().encode())
        yield base64.b64encode(text.encode())[: len(text)]


def found_in(folder, patterns):
    return {
        (path.name, pattern)
        for path in Path(folder).rglob("*") if path.is_file()
        for content in [path.read_bytes()]
        for pattern in patterns if pattern in content
    }  # fmt: skip


@pytest.mark.parametrize("what", ["stay", "erase"])
def test_no_file_holds_a_value_in_any_spelling(tmp_path, what):
    _, err = run(tmp_path, what)
    assert found_in(tmp_path, [one for token in TOKENS for one in spellings(token)]) == set()
    assert not any(token.lower() in err.lower() for token in TOKENS)


def test_erasing_leaves_neither_key_nor_rows_and_the_neighbour_whole(tmp_path):
    (told, name), _ = run(tmp_path, "erase")
    person, key, wrapped = (bytes.fromhex(part) for part in told.split())

    assert name == "['Quokkaneighbour']"
    assert found_in(tmp_path, [key, wrapped, key.hex().encode(), wrapped.hex().encode()]) == set()
    where = {file for file, _ in found_in(tmp_path, [person, person.hex().encode(), str(person).encode()])}
    assert where <= {"keys.sqlite3", "keys.sqlite3-wal"}, "only the tombstone, beside the keys, still has the random id"


def test_the_scan_can_find_something(tmp_path):
    run(tmp_path, "stay")
    (tmp_path / "leak").write_bytes("Quokkacanary".encode("utf-16-le"))
    assert found_in(tmp_path, [one for token in TOKENS for one in spellings(token)]) != set()
