"""The law packs that ship: dated, cited, in plain words, and of one piece."""

import tomllib
from datetime import date
from importlib.resources import files

import pytest

import troth.laws
from troth.laws import access, country, packs
from troth.policy.demands import DEMANDS
from troth.policy.law import Demand, LawPack, LawRule

ALL = packs()


def said(pack: LawPack) -> list[LawRule | Demand]:
    return [*pack.rules, *pack.demands]


RULES = [(pack, rule) for pack in ALL.values() for rule in said(pack)]


@pytest.mark.parametrize(("pack", "rule"), RULES, ids=[f"{pack.name}.{rule.id}" for pack, rule in RULES])
def test_each_rule_cites_its_law_and_speaks_plainly(pack, rule):
    assert any(character.isdigit() for character in rule.cite), "cite the article or section"
    assert not rule.say.endswith(".")
    assert "?" not in rule.say
    assert rule.begin > date.min or rule.regions, "say since when"
    assert rule.begin < rule.end


def test_no_two_rules_of_a_pack_share_a_name():
    for pack in ALL.values():
        names = [rule.id for rule in said(pack)]
        assert len(names) == len(set(names))


def test_each_demand_is_one_the_checker_knows():
    assert {demand.check for pack in ALL.values() for demand in pack.demands} <= DEMANDS.keys()


def test_regions_of_a_rule_lie_inside_its_pack():
    for pack in ALL.values():
        inside = {code.removeprefix("US-") for code in pack.head.covers}
        for rule in pack.rules:
            nested = any(other.head.within == pack.name for other in ALL.values())
            assert nested or set(rule.regions) <= inside, f"{pack.name}.{rule.id}"


def test_the_twelve_states_that_ask_for_the_signal_have_it():
    states = {"CO", "CT", "DE", "MD", "MN", "MT", "NE", "NH", "NJ", "OR", "TX"}
    heard = {state for rule in ALL["us-states"].rules if rule.signal for state in rule.regions}
    assert states <= heard
    assert any(rule.signal for rule in ALL["us-ca"].rules)


@pytest.mark.parametrize(
    ("pack", "clock", "start", "length", "extend"),
    [
        ("uk", "answer", "request and identity", "1 month", "2 months"),
        ("uk", "complaint", "receipt", None, None),
        ("eu", "answer", "receipt", "1 month", "2 months"),
        ("us-ca", "know", "receipt", "45 days", "45 days"),
        ("us-ca", "optout", "receipt", "15 working days", None),
        ("us-states", "answer", "receipt", "45 days", "45 days"),
        ("uk", "breach_authority", "awareness", "72 hours", None),
    ],
)
def test_clocks_run_as_the_law_says(pack, clock, start, length, extend):
    found = ALL[pack].clocks[clock]
    assert found.start == start
    assert length is None or str(found.length) == length
    assert (str(found.extend) if found.extend else None) == extend


def test_a_complaint_in_the_uk_is_acknowledged_within_thirty_days():
    assert str(ALL["uk"].clocks["complaint"].acknowledge) == "30 days"


def test_every_country_a_pack_names_has_a_name():
    codes = {code for pack in ALL.values() for code in pack.head.covers}
    codes |= {code for pack in ALL.values() if pack.transfers for one in pack.transfers.adequate for code in one.to}
    assert {code for code in codes if country(code) == code} == set()
    assert country("XX") == "XX"
    assert access("US").endswith(")")
    assert access("FR") == ""


def test_holidays_are_days_in_order():
    tables = tomllib.loads((files(troth.laws) / "holidays.toml").read_text(encoding="utf-8"))
    for name, table in tables.items():
        assert table["days"] == sorted(set(table["days"])), name
        assert {day.year for day in table["days"]} == {2025, 2026, 2027, 2028}, name
    assert date(2026, 12, 28) in tables["uk-england"]["days"]  # Boxing Day 2026 falls on a Saturday
