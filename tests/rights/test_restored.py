"""An older copy of the database put back: whoever was erased since does not come back with it."""

import base64
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

BEGIN = """
import json, sqlite3, sys
from datetime import date
from django.utils.timezone import now
from troth.doors import erasing
from troth.doors.collect import collect
from troth.doors.declare import job
from troth.vault import identity

def living(address):
    person = identity.new(on=now().date(), residence="GB").pk
    with job("account"), collect("account", source="register", brand="tarn", person=person) as c:
        c.save(identity.identifier(person, "email", address))
    return person

ada, bob = living("ada@post.example"), living("bob@post.example")
older = sqlite3.connect(sys.argv[2])
today = sqlite3.connect(sys.argv[1])
today.backup(older)
today.close()
older.close()
erasing.erase(ada, at=now())
print(json.dumps([str(ada), str(bob)]))
"""


@pytest.fixture
def house(tmp_path):
    """Return a way to run the program on files of its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("TROTH_", "DJANGO_"))}
    root = base64.b64encode(bytes(32)).decode()
    environment = clean | {"TROTH_DATA": str(tmp_path), "TROTH_ROOT_KEY": f"1:{root}"}

    def run(*words, code=None):
        what = (
            ["-c", f"from troth.site.cli import _start_django; _start_django(){code}"]
            if code
            else ["-m", "troth.site.cli"]
        )
        return subprocess.run(
            [sys.executable, *what, *map(str, words)], env=environment, capture_output=True, text=True, check=False
        )

    return run


def people_in(file):
    with closing(sqlite3.connect(file)) as database:
        return database.execute("SELECT count(*) FROM vault_identifier").fetchone()[0]


def test_the_erased_person_stays_gone_and_the_neighbour_is_whole(house, tmp_path):
    file, older = tmp_path / "troth.sqlite3", tmp_path / "older.sqlite3"
    begun = house(file, older, code=BEGIN)
    assert begun.returncode == 0, begun.stderr
    ada, bob = json.loads(begun.stdout)
    assert people_in(file) == 1

    older.replace(file)
    for beside in ("-wal", "-shm"):
        (tmp_path / f"{file.name}{beside}").unlink(missing_ok=True)
    assert people_in(file) == 2, "the copy brought her rows back"
    checked = house("restore-check", "--json")

    assert (checked.returncode, json.loads(checked.stdout)) == (0, {"repeated": 1}), checked.stderr
    assert people_in(file) == 1
    gone, there = house("person", "see", ada), house("person", "see", bob, "--json")
    assert gone.returncode == 2
    assert "bob@post.example" in there.stdout
    assert json.loads(house("restore-check", "--json").stdout) == {"repeated": 0}
    assert b"ada@post.example" not in b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
