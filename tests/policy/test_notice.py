"""The notice of every form is printed from the policy, and each sentence leads to the line it rests on."""

from pathlib import Path

import pytest

from troth.laws import packs
from troth.policy.engine import Compiled
from troth.policy.load import load
from troth.policy.notice import notice, wider

FILES = sorted((Path(__file__).parents[2] / "policies").glob("*.toml"))
POLICIES = {path.stem: Compiled(load(path), packs()) for path in FILES}
FORMS = [
    (version, source, form)
    for version, compiled in POLICIES.items()
    for source, told in compiled.policy.sources.items()
    for form in told.forms
]


@pytest.mark.parametrize(("version", "source", "form"), FORMS)
def test_each_sentence_stands_at_its_line_and_nothing_that_is_asked_is_left_out(version, source, form):
    compiled = POLICIES[version]
    told, file = notice(compiled, source, form), FILES[list(POLICIES).index(version)].read_text("utf-8").splitlines()
    asked = compiled.policy.sources[source].forms[form]
    words = " ".join(line.say for line in told.lines)
    for item in compiled.book.items((*asked.asks, *asked.may)):
        assert compiled.book.labels[item].say in words
    for purpose in asked.purposes:
        assert compiled.policy.purposes[purpose].say in words
    assert told.version == version
    for line in told.lines:
        last = line.clause.rpartition(".")[2]
        assert last in file[line.number - 1], (line, file[line.number - 1])


def test_what_a_machine_decides_is_said_where_the_form_says_it_serves_that():
    compiled = POLICIES["2026-11-01"]
    plain, told = (notice(compiled, "order", "checkout", also) for also in ((), ("screen",)))
    assert not any(line.clause == "purposes.screen.logic" for line in plain.lines)
    assert any(line.clause == "purposes.screen.logic" for line in told.lines)


def test_a_form_that_asks_more_than_the_policys_is_told_what_and_one_the_policy_does_not_know_everything():
    compiled = POLICIES["2026-11-01"]
    items = frozenset({"identity.name", "identity.birth_date"})
    assert wider(compiled, "order", "checkout", items) == {"identity.birth_date"}
    assert wider(compiled, "order", "no_such_form", items) == items
    assert wider(compiled, "nowhere", "checkout", items) == items
