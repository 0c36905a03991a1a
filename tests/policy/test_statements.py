"""Each statement's check can fail: one small change of the policy, or one day more, and the sentence is not true."""

from datetime import date, timedelta

import pytest
from tests.policy.making import TODAY, compiled

from troth.policy.nouns import SECTIONS
from troth.policy.statements import CHECKS

SAFE = 'scheme = "Oak", scope = "shops", evidence = "O-1", until = 2027-05-01'
FERN = 'sites = ["fern.example"], care = ["care@fern.example", "+44 20 7946 0001"]'
PLAZA = 'properties = { plaza = { kind = "social", %s } }'
LINKED = 'at = "plaza.example", network = "Plaza", policy = "https://plaza.example/privacy"'
TOLD = ("adult_from = 16", 'adult_from = 16\nnotice = "30 days"')


def holds(check, *changes, on=TODAY):
    policy = compiled(*changes)
    made = policy.policy.statements["safe"]
    answer = CHECKS[check].answer
    assert answer
    return answer(policy, made, on)


def fern(more):
    return (FERN, f"{FERN}, {more}")


@pytest.mark.parametrize(
    ("check", "true", "false"),
    [
        ("recipients abroad listed", (), [('mailing house", role = "processor", in = ["GB"]', 'mailing house", role = "processor", in = []')]),
        ("both links shown", [fern(PLAZA % LINKED)], [fern(PLAZA % 'at = "plaza.example", network = "Plaza"')]),
        ("both links shown", [fern(PLAZA % LINKED)], [fern(PLAZA % 'at = "plaza.example", policy = "https://plaza.example/privacy"')]),
        ("both links shown", [fern(PLAZA % 'at = "plaza.example", until = 2026-11-22')], [fern(PLAZA % 'at = "plaza.example", until = 2026-11-23')]),
        ("both links shown", [fern((PLAZA % 'at = "plaza.example"').replace("social", "app"))], [fern(PLAZA % 'at = "plaza.example"')]),
        ("notice 30 days ahead", [TOLD], [(TOLD[0], 'adult_from = 16\nnotice = "29 days"')]),
        ("notice 30 days ahead", [TOLD], ()),
        ("contacts answered", (), [(', care = ["care@fern.example", "+44 20 7946 0001"]', "")]),
        ("contacts answered", [(', care = ["care@fern.example", "+44 20 7946 0001"]', ", until = 2026-11-22")], [(', care = ["care@fern.example", "+44 20 7946 0001"]', ", until = 2026-11-23")]),
        ("seal in force", (), [(SAFE, SAFE.replace('scheme = "Oak", ', ""))]),
        ("seal in force", (), [(SAFE, SAFE.replace('scope = "shops", ', ""))]),
        ("seal in force", (), [(SAFE, SAFE.replace('evidence = "O-1", ', ""))]),
        ("seal in force", [(SAFE, SAFE.replace("2027-05-01", "2026-11-23"))], [(SAFE, SAFE.replace("2027-05-01", "2026-11-22"))]),
        ("complaints heard", (), [('complain = { say = "complain", by = ["form"] }\n', "")]),
        ("complaints heard", [("complain = {", 'moan = { kind = "complain", ')], [("complain = {", 'complain = { kind = "see", ')]),
        ("human review offered", (), [('review = { say = "ask a person", by = ["account"] }\n', "")]),
    ],
)  # fmt: skip
def test_a_check_answers_yes_and_after_one_change_no(check, true, false):
    assert (holds(check, *true), holds(check, *false)) == (True, False)


def test_a_seal_holds_until_its_day_and_not_on_it():
    last = date(2027, 5, 1)
    assert holds("seal in force", on=last - timedelta(days=1))
    assert not holds("seal in force", on=last)


@pytest.mark.parametrize("phrase", CHECKS)
def test_a_statement_that_names_no_section_stands_in_one_the_page_has(phrase):
    assert CHECKS[phrase].section in SECTIONS
