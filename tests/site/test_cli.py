"""The `troth` command: exit codes, plain words, JSON; bad input never shows a traceback."""

import json
import os
import subprocess
import sys

import pytest
from tests.policy.making import SMALL, changed

from troth.site.cli import main

ON = ["--on", "2026-11-22"]


@pytest.fixture
def policy(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_policy_that_holds_exits_with_0(policy, capsys):
    code, out, err = run(capsys, "policy", "check", policy, *ON)
    assert (code, err) == (0, "")
    assert "3 of 3 promises kept" in out
    assert "holds under uk on 22 Nov 2026" in out


def test_a_line_the_law_overrules_exits_with_1_and_names_the_line(tmp_path, capsys):
    path = tmp_path / "fee.toml"
    fee = (
        'see = { say = "see what we hold", by = ["account"] }',
        'see = { say = "see what we hold", by = ["account"], fee = 10 }',
    )
    path.write_text(changed(fee), encoding="utf-8")
    line = changed(fee).splitlines().index('see = { say = "see what we hold", by = ["account"], fee = 10 }') + 1

    code, out, _ = run(capsys, "policy", "check", path, *ON)

    assert code == 1
    assert f"fee.toml:{line}: rights.see.fee is overruled" in out
    assert "GDPR art. 12(5)" in out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"[policy", "fee.toml:1"),
        (b"\xff\xfe", "not UTF-8"),
        (changed(('choice = "news"', 'choice = "newz"')).encode(), 'Did you mean "news"?'),
        (changed(('get = "yes: purposes.order"', 'get = "no"')).encode(), "promises.still_served"),
        (b"x = 1\n" * 400_000, "more than the"),
    ],
)
def test_a_file_that_cannot_be_used_exits_with_2_and_says_where(tmp_path, capsys, text, told):
    path = tmp_path / "fee.toml"
    path.write_bytes(text)
    code, out, err = run(capsys, "policy", "check", path, *ON)
    assert code == 2
    assert told in out + err


def test_all_mistakes_are_told_at_once_and_as_json(tmp_path, capsys):
    path = tmp_path / "many.toml"
    path.write_text(
        changed(('choice = "news"', 'choice = "newz"'), ("adult_from = 16", 'adult_from = "16"')), encoding="utf-8"
    )
    code, out, _ = run(capsys, "policy", "check", path, "--json", *ON)
    assert code == 2
    assert [problem["path"] for problem in json.loads(out)["problems"]] == ["policy.adult_from", "purposes.news.choice"]


def test_a_missing_file_is_told_plainly(tmp_path, capsys):
    code, _, err = run(capsys, "policy", "check", tmp_path / "none.toml")
    assert (code, "cannot be read" in err) == (2, True)


@pytest.mark.parametrize(
    ("question", "code", "first"),
    [
        ("contact by email for news, brand fern, person refused news", 1, "no"),
        ("contact by email for news, brand fern, person agreed to news in GB", 0, "yes"),
        ("contact by pigeon for news", 2, ""),
    ],
)
def test_ask_answers_yes_no_or_says_what_it_did_not_understand(policy, capsys, question, code, first):
    got, out, err = run(capsys, "policy", "ask", *question.split(), "--policy", policy, *ON)
    assert (got, out.split("\n")[0].split("  ")[0]) == (code, first)
    assert ('"pigeon" is not a channel' in err) is (code == 2)


def test_ask_traces_every_reason_to_its_line(policy, capsys):
    _, out, _ = run(
        capsys, "policy", "ask", "--json", "disclose", "card", "to", "post", "for", "news", "--policy", policy, *ON
    )
    reasons = json.loads(out)["answers"][0]["reasons"]
    line = SMALL.splitlines().index(next(text for text in SMALL.splitlines() if text.startswith("card ="))) + 1
    first = reasons[0]
    assert (first["code"], first["clause"], first["line"]) == ("wall", "data.card.only_to", line)


def test_diff_exits_with_1_when_a_change_is_material(policy, tmp_path, capsys):
    other = tmp_path / "other.toml"
    other.write_text(changed(('keep = "order + 7 years"', 'keep = "order + 8 years"')), encoding="utf-8")
    assert run(capsys, "policy", "diff", policy, policy)[:2] == (0, "Nothing changed.\n")
    code, out, _ = run(capsys, "policy", "diff", policy, other)
    assert (code, out.startswith("+ Orders: kept 8 years after the order, not 7 years")) == (1, True)


def test_pages_are_written_whole_for_every_brand_and_region(policy, tmp_path, capsys):
    code, _, _ = run(capsys, "policy", "page", "--policy", policy, "--out", tmp_path / "out", *ON)
    assert code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["fern-uk.html", "moss-uk.html"]
    assert "Send you news" in (tmp_path / "out" / "fern-uk.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("option", "value"), [("--brand", "ferm"), ("--region", "atlantis"), ("--policy", "2026-13-01")]
)
def test_a_page_nobody_has_is_refused_with_what_there_is(policy, capsys, option, value):
    chosen = ["--policy", policy] if option != "--policy" else []
    code, out, err = run(capsys, "policy", "page", *chosen, option, value, *ON)
    assert (code, out) == (2, "")
    assert value in err


def test_the_command_reads_its_day_and_folder_from_the_environment(policy):
    environment = os.environ | {"TROTH_POLICIES": str(policy.parent), "TROTH_TODAY": "2026-12-24"}
    done = subprocess.run(
        [sys.executable, "-m", "troth.site.cli", "policy", "check"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "on 24 Dec 2026" in done.stdout
