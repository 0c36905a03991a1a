"""Asking the policy in a browser: the same answers as at the desk, whatever is typed."""

from html import escape

import pytest

from troth.front import answers
from troth.front.reading import marker
from troth.policy.asking import ask


def test_the_empty_page_offers_the_policys_own_promises_to_try(client, house):
    said = client.get("/ask/").content.decode()
    assert any(escape(promise.act) in said for promise in house.in_force.policy.promises.values())


def test_every_promise_can_be_asked_and_is_answered_as_promised(client, house):
    for promise in house.in_force.policy.promises.values():
        response = client.get("/ask/", {"q": promise.act})
        word = promise.answer.partition(":")[0]
        assert response.status_code == 200
        if response.context["anywhere"] is False or response.context["verdict"] != "depends":
            assert response.context["verdict"] in (word, "no")  # unknown residence: the strictest law may say no


def test_an_answer_says_why_and_where_that_stands(client, house):
    question = next(p.act for p in house.in_force.policy.promises.values() if p.answer.startswith("no"))
    said = client.get("/ask/", {"q": question}).content.decode()
    assert "Policy line " in said
    assert f"/privacy/source/{house.in_force.policy.about.version}/#L" in said


def test_the_cases_of_all_outcomes_are_the_cases_asked_each_once(house):
    question = next(
        (p.act for p in house.in_force.policy.promises.values() if p.act.startswith("contact") and "brand" not in p.act), "",
    )  # fmt: skip
    found = ask(house.in_force, question, house.today)
    told = answers.outcomes(house.in_force, found, marker(house.in_force))
    assert sum(one.size for one in told) == len(found)


@pytest.mark.parametrize(
    "typed",
    [
        "x" * 10_240, "contact by pigeon for news", "use \x00 for news", "שלום \u202e abc", "'\"><script>alert(1)</script>",
        ",,,,", "contact by email for news, person aged ١٨", "for", "contact by email for news, on 2026-02-30",
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_said_with_what_to_write(client, typed):
    response = client.get("/ask/", {"q": typed})
    said = response.content.decode()
    assert response.status_code == 400
    assert 'aria-invalid="true"' in said
    assert "<script>alert" not in said
    assert "\x00" not in said
    assert len(said) < 40_000


def test_what_was_typed_can_be_mended(client):
    said = client.get("/ask/", {"q": "contact by pigeon for news"}).content.decode()
    assert 'value="contact by pigeon for news"' in said


def test_the_law_is_cited_whole(client):
    said = client.get("/ask/", {"q": "contact by sms for news, person in US-CA agreed news, hour 22"}).content.decode()
    assert "47 CFR 64.1200(c)(1)</a>" in said
