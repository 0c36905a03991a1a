"""Commands that start Django, run as a person would: as processes, on a folder of their own."""

import json
import os
import subprocess
import sys

import pytest

from troth.site import people


@pytest.fixture
def troth(tmp_path):
    kept = {"TROTH_DATA": str(tmp_path), "PYTHONWARNINGS": "error"}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TROTH_")} | kept

    def run(*words):
        done = subprocess.run(
            [sys.executable, "-m", "troth.site.cli", *words],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return done.returncode, done.stdout, done.stderr

    return run


def test_an_empty_machine_takes_people_in_seals_proves_and_rotates(troth, tmp_path):
    file = tmp_path / "people.csv"
    people.write_invented(file, 40)

    code, out, err = troth("import", "people", str(file), "--map", "people", "--json")
    assert (code, json.loads(out)["taken"]) == (0, 40), err
    assert "Root key written" in err

    assert troth("ledger", "seal")[0] == 0
    head = tmp_path / "head"
    head.write_text(troth("ledger", "head")[1].strip("\n") + "\n", "utf-8")
    assert troth("ledger", "verify", "--against", str(head))[:2] == (0, "1 entries hold.\n")
    assert json.loads(troth("ledger", "prove", "1")[1])["place"] == 0
    assert troth("ledger", "prove", "99")[0] == 2

    assert troth("keys", "rotate")[1] == "There was nothing to do.\n"
    assert troth("keys", "add")[0] == 0
    assert json.loads(troth("keys", "rotate", "--json")[1]) == {"wrapped": 42, "newest": 2}
    assert troth("choices", "verify")[:2] == (0, "Nobody stands elsewhere than their answers say.\n")


def test_a_lost_root_key_is_one_sentence_and_no_traceback(troth, tmp_path):
    people.write_invented(tmp_path / "people.csv", 2)
    troth("import", "people", str(tmp_path / "people.csv"), "--map", "people")
    (tmp_path / "root-key").unlink()

    code, _, err = troth("keys", "rotate")

    assert code == 2
    assert err.startswith("The root key is gone")
    assert "Traceback" not in err
    assert not (tmp_path / "root-key").exists()
