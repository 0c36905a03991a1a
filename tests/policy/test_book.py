"""Who belongs to whom, and where a brand can be met."""

from datetime import date

import pytest
from tests.policy.making import TODAY, compiled

from troth.policy.asking import ask
from troth.policy.book import group

TREE = """
[policy.entities]
top = { say = "Top plc" }
house = { say = "House Ltd", parent = "top" }
shop = { say = "Shop Ltd", parent = "house", until = 2026-11-22 }
abroad = { say = "Abroad Inc.", parent = "top", from = 2026-12-01 }
other = { say = "Other Ltd" }
"""
GROUP = compiled(("adult_from = 16\n", "adult_from = 16\n" + TREE)).policy


@pytest.mark.parametrize(
    ("entity", "on", "members"),
    [
        ("house", date(2026, 11, 21), ["top", "house", "shop"]),
        ("house", date(2026, 11, 22), ["top", "house"]),
        ("top", date(2026, 12, 1), ["top", "house", "abroad"]),
        ("shop", date(2026, 11, 21), ["top", "house", "shop"]),
        ("other", date(2026, 11, 21), ["other"]),
    ],
)
def test_a_group_has_the_members_of_that_day(entity, on, members):
    assert group(GROUP, entity, on) == members


def test_a_company_nobody_names_has_no_group():
    with pytest.raises(KeyError):
        group(GROUP, "unheard_of", TODAY)


PLAZA = 'plaza = { kind = "social", at = "plaza.example", until = 2026-11-22 }'
FAIR = 'fair = { kind = "event", at = "the spring fair" }'
PLACES = ('fern = { say = "Fern",', f'fern = {{ say = "Fern", properties = {{ {PLAZA}, {FAIR} }},')
AT = ("parent = true }", 'parent = true, at = ["site", "social"] }')


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("collect email from shop for order, brand fern, at fern.example", "required"),
        ("collect email from shop for order, brand fern, at plaza, on 2026-11-21", "required"),
        ("collect email from shop for order, brand fern, at plaza, on 2026-11-22", "ended"),
        ("collect email from shop for order, brand moss, at plaza, on 2026-11-21", "unknown"),
        ("collect email from shop for order, brand fern, at fair", "not_covered"),
    ],
)
def test_data_from_a_place_that_is_not_listed_or_has_ended_is_refused(question, code):
    answer = ask(compiled(PLACES, AT), f"{question}, person in GB", TODAY)[0]
    assert answer.decision.because.code == code


def test_a_brand_whose_company_has_left_collects_nothing():
    lines = (
        ("adult_from = 16\n", "adult_from = 16\n" + TREE),
        ('moss = { say = "Moss",', 'moss = { controller = "shop", say = "Moss",'),
    )
    for day, code in (("2026-11-21", "required"), ("2026-11-22", "ended")):
        answer = ask(compiled(*lines), f"use email for order, brand moss, on {day}", TODAY)[0]
        assert answer.decision.because.code == code
