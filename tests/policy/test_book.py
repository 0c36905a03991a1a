"""Who belongs to whom, and where a brand can be met."""

from datetime import date

import pytest
from tests.policy.making import TODAY, compiled

from troth.laws import packs
from troth.policy.asking import ask
from troth.policy.book import cells, group

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


def test_a_layout_is_named_by_sixteen_letters_of_its_digest():
    assert len(compiled().layout) == 16


@pytest.mark.parametrize(
    ("asks", "laws", "asked"),
    [
        ("out", ["uk"], "out"),
        ({"uk": "out"}, ["uk"], "out"),
        ({"uk": "out"}, ["eu"], "in"),
        ({"default": "out"}, ["eu"], "out"),
        ({"default": "out", "us": "each"}, ["us-ca"], "each"),  # California stands inside the United States
        ({"uk": "out", "eu": "each", "us": "in"}, ["uk", "eu"], "each"),
        ({"uk": "out", "eu": "each", "us": "in"}, ["uk", "eu", "us"], "in"),
        ({"uk": "use", "eu": "out"}, ["uk", "eu"], "use"),
    ],
)
def test_a_question_is_asked_as_the_strictest_of_the_laws_has_it(asks, laws, asked):
    assert compiled().book.asked(asks, tuple((packs()[law], "") for law in laws)) == asked


@pytest.mark.parametrize(
    ("channels", "topics", "cells_"),
    [
        ("[]", "[]", []),
        ('["email"]', "[]", ["email"]),
        ("[]", '["offers"]', ["offers"]),
        ('["email", "sms"]', '["offers", "events"]', ["email:offers", "email:events", "sms:offers", "sms:events"]),
    ],
)
def test_a_choice_has_a_cell_for_each_channel_and_topic_it_has(channels, topics, cells_):
    lines = [
        ('channels = ["email", "sms"]', f"channels = {channels}"),
        ('topics = ["offers", "events"]', f"topics = {topics}"),
    ]
    assert cells(compiled(*lines).policy.choices["news"]) == cells_


@pytest.mark.parametrize(
    ("laws", "change", "heard"),
    [
        ('["uk"]', (), set()),  # no British law knows a signal
        ('["uk"]', [('ask = "in"\n', 'ask = "in"\nsignal = "gpc"\n')], {"news"}),
        ('["us-ca"]', (), set()),
        ('["us-ca"]', [('basis = "interest"', 'basis = "interest", kind = "sale"')], {"suit"}),
        ('["us-ca"]', [('basis = "interest"', 'basis = "interest", kind = "survey"')], set()),
    ],
)
def test_a_device_signal_is_heard_where_the_policy_or_a_law_says_so(laws, change, heard):
    policy = compiled(('laws = ["uk"]', f"laws = {laws}"), *change)
    signalled = policy.book.signalled
    assert {name.partition(":")[0] for name, bit in policy.book.slots.items() if signalled >> bit & 1} == heard


@pytest.mark.parametrize(
    ("residence", "packs_"),
    [("GB", {"uk"}), ("JE", {"uk"}), ("JE-XX", {"uk"}), ("FR", {"uk", "eu"}), ("FR-75", {"uk", "eu"}), ("DE", {"eu"}), ("JE+DE", {"uk", "eu"})],
)  # fmt: skip
def test_whoever_is_treated_as_another_keeps_the_law_of_their_own(residence, packs_):
    policy = compiled(('laws = ["uk"]', 'laws = ["uk", "eu"]\ntreat = { JE = "GB", FR = "GB" }'))
    assert {pack.name for pack, _ in policy.book.protecting(residence)} == packs_


def test_days_turn_where_some_part_of_the_policy_or_the_law_does():
    assert date(2031, 5, 1) not in compiled().book.turning
    for part, line in {
        "source": ("parent = true", "parent = true, until = 2031-05-01"),
        "purpose": ('basis = "interest"', 'basis = "interest", from = 2031-05-01'),
        "brand": ('moss = { say = "Moss"', 'moss = { until = 2031-05-01, say = "Moss"'),
        "recipient": ('role = "processor", in = ["GB"], contract = { ref = "T-2" }', 'role = "processor", in = ["GB"], until = 2031-05-01'),
        "contract": ('contract = { ref = "T-2" }', 'contract = { ref = "T-2", until = 2031-05-01 }'),
        "shield": ('contract = { ref = "T-2" }', 'shield = { IN = { scheme = "idta", until = 2031-05-01 } }'),
        "company": ("adult_from = 16\n", 'adult_from = 16\nentities = { odd = { say = "Odd", until = 2031-05-01 } }\n'),
        "place": ('fern = { say = "Fern",', 'fern = { properties = { odd = { kind = "event", at = "x", from = 2031-05-01 } }, say = "Fern",'),
    }.items():  # fmt: skip
        book = compiled(line).book
        assert date(2031, 5, 1) in book.turning, part
        assert book.epoch(date(2031, 5, 1)) == book.epoch(date(2031, 4, 30)) + 1


def test_a_purpose_is_of_the_kinds_it_says_and_of_those_that_show():
    lines = (
        ('basis = "interest"', 'basis = "interest", kind = "survey", cookies = { c = { kind = "cookie", say = "x" } }'),
        ('ask = "in"\n', 'ask = "in"\nsignal = "gpc"\n'),
    )
    assert compiled(*lines).book.kinds == {
        "order": set(),
        "suit": {"survey", "storage"},
        "news": {"marketing", "adverts"},
    }
    exempt = (
        'basis = "interest"',
        'basis = "interest", cookies = { c = { kind = "cookie", say = "x", exempt = "necessary" } }',
    )
    assert compiled(exempt, ('topics = ["offers", "events"]\n', "")).book.kinds == {
        name: set() for name in ("order", "suit", "news")
    }
