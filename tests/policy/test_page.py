"""The page says what the rules say, sentence by sentence, and nothing else."""

from datetime import date

import pytest
from tests.policy.making import TODAY, compiled

from troth.policy.asking import ask
from troth.policy.nouns import SECTIONS
from troth.policy.page import Table, compile_page


def page(*lines, region="uk", brand="fern", on=TODAY):
    return compile_page(compiled(*lines), brand, region, on)


def says(made, clause):
    return [said.say for said in made.sentences() if said.clause == clause]


def row(made, anchor, heading):
    tables = [block for section in made.sections for block in section.blocks if isinstance(block, Table)]
    found = [r for table in tables if table.anchor == anchor for r in table.rows if r[0].lines[0].say == heading]
    return [[line.say for line in cell.lines] for cell in found[0]]


def test_the_page_has_its_eleven_sections_in_order_and_none_is_empty():
    made = page()
    assert [section.anchor for section in made.sections] == list(SECTIONS)
    assert [section.anchor for section in made.sections if not section.blocks] == []


def test_every_sentence_rests_on_a_line_of_the_file_or_the_law():
    book = compiled().book
    for said in page().sentences():
        assert said.clause.startswith("law.") or book.file.has(said.clause), said


def test_a_purpose_says_why_what_who_how_long_and_your_say():
    assert row(page(), "purposes", "Send you news") == [
        ["Send you news"],
        ["How to reach you"],
        ["Our mailing house"],
        ["30 days after you close your account"],
        ["Only if you say yes"],
    ]


@pytest.mark.parametrize(
    ("line", "your_say", "allowed"),
    [
        (('ask = "in"\n', 'ask = "in"\nkeep = "2 years"\n'), "Only if you say yes", False),
        (('ask = "in"\n', 'ask = { uk = "in", us = "out" }\n'), "Only if you say yes", False),
        (('ask = "in"\n', 'ask = "out"\n'), "On unless you say no", True),
        (
            ('say = "send you news", choice = "news"', 'say = "send you news", basis = "interest"'),
            "You can object",
            True,
        ),
    ],
)
def test_editing_one_line_changes_the_sentence_and_the_answer_together(line, your_say, allowed):
    question = "use email for news, brand fern, person in GB aged 30"
    assert row(page(line), "purposes", "Send you news")[-1] == [your_say]
    assert ask(compiled(line), question, TODAY)[0].decision.allowed is allowed


def test_the_same_line_reads_differently_where_the_law_differs():
    laws = ('laws = ["uk"]', 'laws = ["uk", "us"]')
    asked = ('ask = "in"\n', 'ask = { uk = "in", us = "out" }\n')
    assert row(page(laws, asked), "choice-news", "Email")[1] == ["Only if you say yes"]
    assert row(page(laws, asked, region="us"), "choice-news", "Email")[1] == ["Unless you say no"]


def test_a_transfer_shows_the_ground_it_rests_on_and_where_there_is_none_says_so():
    abroad = (
        'mailing house", role = "processor", in = ["GB"]',
        'mailing house", role = "processor", in = ["IE", "IN"]',
    )
    made = page(abroad)
    assert row(made, "transfers", "IE")[2] == [
        "Its law was found to protect data as well as ours (DPA 2018 Sch. 21 para 5)"
    ]
    assert row(made, "transfers", "IN")[2] == ["Nothing, so nothing goes there"]


def test_a_claim_leaves_the_page_on_the_day_it_runs_out():
    assert says(page(on=date(2027, 4, 30)), "statements.safe") != []
    assert says(page(on=date(2027, 5, 1)), "statements.safe") == []


def test_a_brand_that_has_ended_is_no_longer_offered():
    ended = ('moss = { say = "Moss"', 'moss = { until = 2026-11-22, say = "Moss"')
    assert [name for name, _ in page(ended).brands] == ["fern"]
    assert [name for name, _ in page().brands] == ["fern", "moss"]


def test_the_right_with_a_fee_is_not_called_free():
    fee = (
        'see = { say = "see what we hold", by = ["account"] }',
        'see = { say = "see what we hold", by = ["account"], fee = 10 }',
    )
    assert any("free of charge" in said.say for said in page().short)
    assert not any("free of charge" in said.say for said in page(fee).short)


@pytest.mark.parametrize(("brand", "region"), [("ferm", "uk"), ("fern", "eu")])
def test_a_brand_or_region_the_policy_does_not_name_has_no_page(brand, region):
    with pytest.raises(KeyError):
        compile_page(compiled(), brand, region, TODAY)
