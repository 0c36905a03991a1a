"""Holding a policy against the law and against its own promises."""

from dataclasses import replace
from datetime import date

import pytest
from tests.policy.making import TODAY, compiled

from troth.laws import packs
from troth.policy.check import check, overruled
from troth.policy.engine import Compiled
from troth.policy.law import LawRule
from troth.policy.promises import check_promises


def lines(*changes, on=TODAY):
    return {(one.clause, one.law.partition(" ")[0]) for one in overruled(compiled(*changes), on)}


def test_the_small_policy_holds():
    report = check(compiled(), TODAY)
    assert report.holds
    assert report.unchecked == ()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (('see = { say = "see what we hold", by = ["account"] }', 'see = { say = "see what we hold", by = ["account"], fee = 10 }'),
         {("rights.see.fee", "uk.free-access")}),
        (('role = "processor", in = ["GB"], contract = { ref = "T-2" }', 'role = "processor", in = ["GB"]'),
         {("recipients.post", "uk.contracts"), ("recipients.post", "uk.processor-contract")}),
        (('contract = { ref = "T-2" }', 'contract = { ref = "T-2", until = 2026-11-22 }'),
         {("recipients.post", "uk.contracts"), ("recipients.post", "uk.processor-contract")}),
        (('contract = { ref = "T-2" }', 'contract = { ref = "T-2", until = 2026-11-23 }'), set()),
        (('mailing house", role = "processor", in = ["GB"]', 'mailing house", role = "processor", in = ["IE"]'), set()),
        (('mailing house", role = "processor", in = ["GB"]', 'mailing house", role = "processor", in = ["IN"]'),
         {("recipients.post.shield", "uk.safe-transfers"), ("recipients.post.shield", "uk.transfers")}),
        (('mailing house", role = "processor", in = ["GB"]',
          'mailing house", role = "processor", in = ["IN"], shield = { IN = { scheme = "idta", until = 2027-01-01, assessed = "A-1" } }'), set()),
        (('mailing house", role = "processor", in = ["GB"]',
          'mailing house", role = "processor", in = ["IN"], shield = { IN = { scheme = "idta", until = 2027-01-01 } }'),
         {("recipients.post.shield", "uk.safe-transfers"), ("recipients.post.shield", "uk.transfers")}),
        (('complain = { say = "complain", by = ["form"] }', 'complain = { say = "complain", by = ["phone"] }'),
         {("rights.complain", "uk.complaint-form")}),
        (('ask = "in"\n', 'ask = "out"\n'), {("choices.news", "uk.pecr-22")}),
        (('ask = "in"\n', 'ask = "in"\nyes = ["account"]\nno = ["care"]\n'),
         {("choices.news.no", "house"), ("choices.news.no", "uk.as-easy-to-stop"), ("choices.news.no", "uk.stop-online")}),
        (('exits = { email = "a link in every email", sms = "answer STOP" }', 'exits = { email = "a link in every email" }'),
         {("choices.news.exits", "house")}),
        (('check = "nothing before a choice"', 'check = "taken on trust", section = "cookies"'), {("statements.cookies", "house")}),
    ],
)  # fmt: skip
def test_each_line_the_law_overrules_is_listed_and_no_other(change, expected):
    found = lines(change)
    # A pack may say the same thing in more than one rule; what counts is the line of the policy and one of its laws.
    assert {clause for clause, _ in found} == {clause for clause, _ in expected}
    assert (
        not {law for _, law in found}
        - {law for _, law in expected}
        - {law for _, law in found if law.startswith("uk.")}
    )


def test_what_overrules_depends_on_the_day():
    change = ('complain = { say = "complain", by = ["form"] }', 'complain = { say = "complain", by = ["phone"] }')
    assert not any(law == "uk.complaint-form" for _, law in lines(change, on=date(2026, 6, 18)))
    assert any(law == "uk.complaint-form" for _, law in lines(change, on=date(2026, 6, 19)))


def test_a_seal_that_ran_out_leaves_the_page_without_making_the_policy_false():
    assert check(compiled(), date(2027, 5, 1)).holds


def test_a_statement_that_is_not_true_is_overruled_by_the_house():
    change = ('check = "recipients abroad listed"', 'section = "places", check = "notice 30 days ahead"')
    assert [(one.clause, one.law) for one in overruled(compiled(change), TODAY)] == [("statements.abroad", "house")]


@pytest.mark.parametrize(
    ("promise", "problem"),
    [
        (('get = "no: choices.news"', 'get = "no"'), None),
        (('get = "no: choices.news"', 'get = "yes: choices.news"'), "the answer is no"),
        (('get = "no: choices.news"', 'get = "no: purposes.order"'), "the answer is no: choices.news"),
        (('get = "no: choices.news"', 'get = "no: choices.newz"'), "is not a line of this policy"),
        (('get = "no: choices.news"', 'get = "maybe"'), "is not an answer"),
        (('try = "contact by email for news after refusing"', 'try = "contact by pigeon for news"'), '"pigeon" is not a channel'),
        (('try = "contact by email for news after refusing"', 'try = "contact by email for news, brand fern, person agreed to news"'),
         "the answer is yes"),
    ],
)  # fmt: skip
def test_a_promise_is_kept_or_says_what_broke_it(promise, problem):
    told = {one.name: one.problem.what if one.problem else "" for one in check_promises(compiled(promise), TODAY)}
    assert (told["card_stays"], told["still_served"]) == ("", "")
    assert problem in told["stop_is_stop"] if problem else told["stop_is_stop"] == ""


def test_a_promise_that_names_no_brand_topic_or_place_speaks_for_all_of_them():
    kept = {one.name: one.answers for one in check_promises(compiled(), TODAY)}
    assert kept["stop_is_stop"] == 2 * 2 * 2  # brands, topics, and people in the UK and of unknown residence


def with_law(**effect):
    """Return a British pack with one more rule."""
    rule = LawRule("odd", "Odd Act", "odd things are odd", "k", **effect)
    return {"uk": replace(packs()["uk"], rules=(*packs()["uk"].rules, rule))}


SHOWS = ('uses = ["contact"], to = ["post"]', 'uses = ["contact"], shows = ["email"], to = ["post"]')


@pytest.mark.parametrize(
    ("rule", "clauses"),
    [
        ({"verbs": ("use",), "ban": True}, {"purposes.order", "purposes.suit", "purposes.news"}),
        ({"verbs": ("collect",), "ban": True}, {"purposes.order", "purposes.suit", "purposes.news"}),
        ({"verbs": ("collect",), "care": ("card",), "ban": True}, {"purposes.order"}),
        ({"verbs": ("publish",), "ban": True}, {"purposes.news"}),
        ({"verbs": ("disclose",), "care": ("card",), "ban": True}, {"purposes.order"}),
        ({"verbs": ("disclose",), "roles": ("processor",), "ban": True}, {"purposes.order", "purposes.news"}),
        ({"verbs": ("contact",), "channels": ("sms",), "ban": True}, {"purposes.news"}),
        ({"verbs": ("use",), "need": "objection"}, {"purposes.order"}),
        ({"verbs": ("use",), "need": "consent"}, {"purposes.order", "purposes.suit"}),
        ({"verbs": ("contact",), "need": "consent"}, set()),
    ],
)
def test_a_law_overrules_the_acts_it_speaks_of_and_no_others(rule, clauses):
    policy = Compiled(compiled(SHOWS).book.file, with_law(**rule))
    assert {one.clause for one in overruled(policy, TODAY) if one.law == "uk.odd (Odd Act)"} == clauses


def test_what_only_a_wall_lets_through_is_not_held_against_the_law():
    other = ('to = ["till"] }', 'to = ["till", "post"] }')
    policy = Compiled(compiled(other).book.file, with_law(verbs=("disclose",), care=("card",), ban=True))
    found = [one for one in overruled(policy, TODAY) if one.law == "uk.odd (Odd Act)"]
    assert [one.clause for one in found] == ["purposes.order"]


def test_a_brand_that_is_over_is_not_asked_about():
    gone = ('fern = { say = "Fern"', 'fern = { until = 2026-11-22, say = "Fern"')
    policy = Compiled(compiled(gone).book.file, with_law(verbs=("use",), ban=True))
    assert {one.clause for one in overruled(policy, TODAY) if one.law == "uk.odd (Odd Act)"} == {
        "purposes.order", "purposes.suit", "purposes.news",
    }  # fmt: skip


def test_a_policy_holds_only_when_it_is_of_one_piece_and_nothing_overrules_it():
    report = check(compiled(), TODAY)
    assert (report.broken, report.holds) == (False, True)
    broken = check(compiled(('get = "no: choices.news"', 'get = "yes"')), TODAY)
    assert (broken.broken, broken.holds, broken.overruled) == (True, False, ())
    fee = check(compiled(('say = "get a copy", by', 'say = "get a copy", fee = 1, by')), TODAY)
    assert (fee.broken, fee.holds) == (False, False)


@pytest.mark.parametrize(
    ("get", "act"),
    [
        ('get = "maybe"', ""),
        ('get = "no: choices.newz"', ""),
        ('get = "no: choices.news"', "contact by pigeon for news"),
    ],
)
def test_a_promise_that_cannot_be_asked_has_no_answers(get, act):
    changes = [('get = "no: choices.news"', get)] if get != 'get = "no: choices.news"' else []
    changes += [('try = "contact by email for news after refusing"', f'try = "{act}"')] if act else []
    kept = {one.name: one for one in check_promises(compiled(*changes), TODAY)}["stop_is_stop"]
    assert (kept.answers, kept.broken, bool(kept.problem)) == (0, (), True)


def test_a_promise_may_name_a_line_of_the_law():
    banned = with_law(verbs=("use",), kinds=("survey",), ban=True)
    lines = (
        ('basis = "interest"', 'basis = "interest", kind = "survey"'),
        ('try = "contact by email for news after refusing", get = "no: choices.news"', 'try = "use orders for suit, person in GB", get = "no: law.uk.odd"'),
    )  # fmt: skip
    policy = Compiled(compiled(*lines).book.file, banned)
    assert [(one.name, one.problem) for one in check_promises(policy, TODAY)][1][1] is not None  # the clause decides
    allowed = ('get = "no: choices.news"', 'get = "no: law.uk.nothing"')
    kept = {one.name: one for one in check_promises(compiled(allowed), TODAY)}["stop_is_stop"]
    assert kept.answers == 8
    assert kept.problem is not None


def test_a_promise_about_nobody_is_not_kept():
    ended = [('fern = { say = "Fern"', 'fern = { until = 2026-11-01, say = "Fern"'), ('moss = { say = "Moss"', 'moss = { until = 2026-11-01, say = "Moss"')]  # fmt: skip
    kept = check_promises(compiled(*ended), TODAY)
    assert {one.problem.what for one in kept if one.problem} == {"asks about nothing: no brand is in force"}
