"""`troth person …`, `troth keep …`: exit codes, plain words, JSON; nothing is erased that nobody agreed to."""

import json
import zipfile
from datetime import timedelta

import pytest
from tests.rights.planting import NOON, planted, someone

from troth.doors import erasing, keep, policies
from troth.doors.collect import collect
from troth.doors.declare import job
from troth.rights import commands
from troth.site.cli import parser
from troth.vault import identity
from troth.vault.models import Identifier, Person

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)


@pytest.fixture(autouse=True)
def _noon(monkeypatch):
    monkeypatch.setattr(policies, "now", lambda: NOON)


@pytest.fixture
def run(capsys):
    def ran(*words):
        options = parser().parse_args([str(word) for word in words])
        code = options.run(options)
        out, err = capsys.readouterr()
        return code, out, err

    return ran


def with_address(address):
    person = someone()
    with job("account"), collect("account", source="register", brand="tarn", person=person, at=NOON) as c:
        c.save(identity.identifier(person, "email", address))
    return person


def answers(monkeypatch, said):
    def answer(_question):
        if said is None:
            raise EOFError
        return said

    monkeypatch.setattr("builtins.input", answer)


def test_a_person_is_seen_by_id_or_by_address_however_it_is_written(run):
    ada = with_address("ada@post.example")
    with_address("bob@post.example")
    for who in (ada, "ADA@post.example"):
        code, out, _ = run("person", "see", who)
        assert code == 0
        assert "ada@post.example" in out
        assert "bob@post.example" not in out
    _, out, _ = run("person", "see", ada, "--json")
    assert json.loads(out)["person"] == str(ada)


@pytest.mark.parametrize("verb", ["see", "export", "erase", "explain"])
@pytest.mark.parametrize("who", ["00000000-0000-0000-0000-000000000007", "nobody@post.example", "not an address"])
def test_someone_unknown_is_bad_input_and_not_repeated(run, verb, who):
    with_address("ada@post.example")
    code, out, err = run("person", verb, who)
    assert (code, out) == (2, "")
    assert "no such person" in err
    assert who not in err


def test_a_packet_is_written_for_its_owners_eyes_with_a_proof_of_every_act(run, tmp_path):
    ada = with_address("ada@post.example")
    out = tmp_path / "ada.zip"
    out.write_bytes(b"older")
    out.chmod(0o644)

    code, said, _ = run("person", "export", ada, "--out", out, "--json")

    assert (code, json.loads(said)) == (0, {"file": str(out)})
    assert out.stat().st_mode & 0o777 == 0o600
    names = zipfile.ZipFile(out).namelist()
    acts = json.loads(zipfile.ZipFile(out).read("data.json"))["acts"]
    assert [(act["verb"], act["purpose"]) for act in acts] == [("collect", "account"), ("use", "rights")]
    assert [name for name in names if name.startswith("receipts/")] == [f"receipts/{a['number']}.json" for a in acts]


def test_a_folder_that_is_not_there_is_bad_input(run, tmp_path):
    code, _, err = run("person", "export", with_address("ada@post.example"), "--out", tmp_path / "none" / "x.zip")
    assert code == 2
    assert "--out" in err


@pytest.mark.parametrize("said", ["no", "", "y", "yes please", None])
def test_nobody_is_erased_without_a_yes(run, monkeypatch, said):
    ada = with_address("ada@post.example")
    answers(monkeypatch, said)
    code, out, _ = run("person", "erase", ada)
    assert code == 1
    assert "Nothing was done." in out
    assert Identifier.objects.filter(person_id=ada).exists()


def test_a_yes_erases_and_the_certificate_says_what_the_preview_said(run, monkeypatch):
    ada, bob = someone(), someone()
    planted(ada, "canary-ada")
    planted(bob, "canary-bob")
    theirs = {line.model: line.rows for line in erasing.preview(bob, NOON)}
    answers(monkeypatch, "Yes ")

    code, out, _ = run("person", "erase", ada)

    lines = [line for line in out.splitlines() if line.startswith("  ")]
    said = [
        line for line in lines if line.split()[0] not in ("Request", "PassedOn")
    ]  # doing it is a request of its own
    half = len(said) // 2
    assert code == 0
    assert half >= 4
    assert said[:half] == said[half:]
    assert any("purposes.order.retains" in line for line in lines), "orders stay, and it says why"
    assert "canary" not in out
    assert not Person.objects.filter(pk=ada).exists()
    assert {line.model: line.rows for line in erasing.preview(bob, NOON)} == theirs


def test_preview_and_certificate_are_equal_line_by_line():
    ada = someone()
    planted(ada, "canary", 3)
    before = erasing.preview(ada, NOON)
    assert {line.kept for line in before} == {True, False}
    assert erasing.erase(ada, at=NOON).lines == before


def test_a_program_must_say_yes_beforehand(run):
    ada = with_address("ada@post.example")
    code, out, err = run("person", "erase", ada, "--json")
    assert (code, out) == (2, "")
    assert "--yes" in err
    assert Identifier.objects.filter(person_id=ada).exists()
    code, out, _ = run("person", "erase", ada, "--json", "--yes")
    assert (code, json.loads(out)["lines"][0]["model"]) == (0, "Identifier")
    assert not Identifier.objects.filter(person_id=ada).exists()


def test_a_legal_hold_refuses_an_erasure(run):
    ada = with_address("ada@post.example")
    keep.hold(ada, owner="officer", because="claim 7", review_on=NOON.date(), at=NOON)
    code, _, err = run("person", "erase", ada, "--yes")
    assert code == 1
    assert "legal hold" in err
    assert Identifier.objects.filter(person_id=ada).exists()


def test_what_was_decided_is_explained_newest_first(run):
    ada = with_address("ada@post.example")
    run("person", "see", ada)
    with_address("bob@post.example")

    code, out, _ = run("person", "explain", ada)

    assert code == 0
    first, second = out.splitlines()
    assert first.startswith("26 Nov 2026: Used: ")
    assert first.endswith("because the law asks us to. [purposes.rights]")
    assert second.startswith("26 Nov 2026: Taken in: email address, to ")
    _, out, _ = run("person", "explain", ada, "--json")
    assert [entry["verb"] for entry in json.loads(out)] == ["use", "collect"]


def test_a_sweep_is_rehearsed_then_done_and_says_the_same(run, monkeypatch):
    old = with_address("old@post.example")
    late = NOON + timedelta(days=366 * 4)
    new = identity.new(on=late.date(), residence="GB").pk
    with job("account"), collect("account", source="register", brand="tarn", person=new, at=late) as c:
        c.save(identity.identifier(new, "email", "new@post.example"))
    monkeypatch.setattr(policies, "now", lambda: late)

    code, rehearsed, _ = run("keep", "sweep", "--dry-run")
    assert code == 0
    assert Identifier.objects.count() == 2
    _, told, _ = run("keep", "sweep", "--dry-run", "--json")
    assert [(step["model"], step["count"]) for step in json.loads(told)] == [("Identifier", 1)]

    code, done, _ = run("keep", "sweep")

    assert code == 0
    assert rehearsed.splitlines()[:-1] == done.splitlines()[:-1]
    assert "data.contact.keep" in done
    assert (rehearsed.splitlines()[-1], done.splitlines()[-1]) == ("1 row would go.", "1 row gone.")
    assert list(Identifier.objects.values_list("person_id", flat=True)) == [new] != [old]
    assert run("keep", "sweep")[1] == "0 rows gone.\n"


def test_codes_are_those_of_the_other_commands():
    assert (commands.HOLDS, commands.FAILS, commands.BAD) == (0, 1, 2)
