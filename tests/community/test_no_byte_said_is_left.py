"""What people said lies sealed in every file, public or not; and when they are erased, nowhere."""

import os
import subprocess
import sys
from pathlib import Path

from tests.community.test_pictures import drawn, written
from tests.doors.test_no_byte_left import found_in, spellings

PROGRAM = """
import os, shutil
import django; django.setup()
from django.core.management import call_command
for alias in ("default", "keys"): call_command("migrate", database=alias, verbosity=0)
from uuid import uuid4
from tests.community.test_pictures import drawn, written
from troth.community import actions, rules, showing
from troth.community.commands import PURPOSES
from troth.doors import erasing, policies
from troth.doors.declare import job
at = policies.now()
link = lambda remark: f"https://tarn.example/{remark.pk}"
people = []
with job(*PURPOSES):
    for who, seed in (("canary", 1), ("neighbour", 2)):
        for kind in ("review", "testimonial"):
            told = {"name": f"Quokka{who}", "email": f"{who}.quokka@wombat-{who}.example",
                    "words": f"{who} says Wallabysoft", "stars": "5", "online": "yes"}
            page = actions.Page("tarn", "nell" if kind == "review" else "", uuid4())
            photo = [written(drawn("RGB", 64, 64, seed), "PNG", compress_level=0)]
            remark = actions.write(rules.read(kind, told), page, link=link, at=at, photos=photo)
            actions.prove(remark.pk, at=at)
            actions.show(remark.pk, version=remark.version, link=link, at=at)
        people.append(remark.person_id)
    said = lambda: sorted(one.words for one in (*showing.said("tarn", "nell", "review", at=at).shown, *showing.praised("tarn", at=at)))
    print(said())
    shutil.copytree(os.environ["TROTH_DATA"], os.environ["TROTH_DATA"] + "-before")
    erasing.erase(people[0], at=at)
    print(said())
"""
TOKENS = ["Quokkacanary", "canary.quokka", "wombat-canary", "canary says Wallabysoft"]


def test_no_file_holds_what_was_said_even_while_it_is_shown_nor_when_it_is_gone(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TROTH_")}
    environment |= {
        "TROTH_DATA": str(data), "TROTH_LOGS": str(data), "DJANGO_SETTINGS_MODULE": "troth.site.settings",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    before, after = done.stdout.splitlines()
    assert before == str(["canary says Wallabysoft"] * 2 + ["neighbour says Wallabysoft"] * 2)
    assert after == str(["neighbour says Wallabysoft"] * 2)
    row = written(drawn("RGB", 64, 64, 1), "PNG", compress_level=0)[200:400]
    patterns = [row, *(one for token in TOKENS for one in spellings(token))]
    assert (tmp_path / "data-before" / "troth.sqlite3").is_file()
    assert found_in(tmp_path, patterns) == set()
