"""All that is compiled from one policy with at least one of everything in it, word by word as it was approved.

To approve a change: `APPROVE=1 pytest tests/policy/test_approved.py`, then read the difference before committing it.
"""

import json
import os
from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from troth.laws import access, country, packs
from troth.policy.asking import ask, facts
from troth.policy.check import check
from troth.policy.demands import DEMANDS, Case
from troth.policy.diff import diff
from troth.policy.document import Bullets, Sentence, Table
from troth.policy.dpv import graph
from troth.policy.engine import Compiled
from troth.policy.load import loads
from troth.policy.page import Atlas, compile_page
from troth.policy.registers import (
    choices_grid,
    cookie_table,
    data_map,
    disclosure_categories,
    label_tables,
    ropa,
    to_csv,
    to_json,
    to_table,
)
from troth.policy.schema import json_schema, pack_schema

HERE = Path(__file__).parent
DAY = date(2026, 11, 22)
REGIONS = ("uk", "eu", "us", "us-ca", "us-states")
RESIDENCES = ("GB", "FR", "US-CA", "US-TX", "*")
TEXT = (HERE / "policies" / "fernwood.toml").read_text(encoding="utf-8")


@cache
def fernwood(*lines):
    """Return the policy, compiled, with each (old, new) replaced."""
    text = TEXT
    for old, new in lines:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        text = text.replace(old, new)
    return Compiled(loads(text.encode(), "fernwood.toml"), packs())


def compare(name, lines):
    """Compare lines with the file that was approved, or approve them."""
    text, path = "".join(f"{line.rstrip()}\n" for line in lines), HERE / "approved" / name
    if os.environ.get("APPROVE"):
        path.write_text(text, encoding="utf-8")
    assert text.splitlines() == path.read_text(encoding="utf-8").splitlines()


def said(sentence):
    return f"{sentence.say}  [{sentence.clause}]"


def block(one):
    if isinstance(one, Sentence):
        yield said(one)
    elif isinstance(one, Bullets):
        yield one.lead
        yield from (f"- {said(line)}" for line in one.lines)
    elif isinstance(one, Table):
        yield f"| {one.caption} ({one.anchor}): {' | '.join(one.head)}"
        yield from ("| " + " | ".join(" / ".join(map(said, cell.lines)) for cell in row) for row in one.rows)


def page(brand, region, on, atlas=None):
    made = compile_page(fernwood(), brand, region, on, atlas)
    yield f"{made.name}, {made.brand_name}, {made.controller}, {made.region} {made.region_name}, {made.locale}"
    yield f"{made.version}, after {made.replaces}; {made.regions}; {made.brands}"
    yield from map(said, made.short)
    for section in made.sections:
        yield f"== {section.anchor}: {section.title}"
        for one in section.blocks:
            yield from block(one)
    yield from (f"{question} {said(answer)}" for question, answer in made.questions)
    yield from (f"{clause} {line}" for clause, line in made.clauses.items())


@pytest.mark.parametrize("region", REGIONS)
def test_the_page_of_a_brand_reads_as_approved_in_every_region(region):
    compare(f"page-fern-{region}.txt", page("fern", region, DAY))


def test_the_page_of_a_brand_of_another_company_reads_as_approved():
    compare("page-moss-eu.txt", page("moss", "eu", DAY, Atlas(country, access)))


def test_the_page_of_another_day_reads_as_approved():
    compare("page-reed-uk.txt", page("reed", "uk", date(2026, 1, 10), Atlas(country, access)))


REGISTERS = {
    "ropa": lambda on: ropa(fernwood(), on),
    "disclosures": lambda on: disclosure_categories(fernwood(), on),
    "map": lambda on: data_map(fernwood(), on),
    "apple": lambda on: label_tables(fernwood(), on).apple,
    "google": lambda on: label_tables(fernwood(), on).google,
}


def table(rows):
    """Return rows as they leave in all three forms, which must say the same."""
    yield from to_csv(rows).splitlines()
    assert [json.loads(to_json([one])) for one in rows] == [[each] for each in json.loads(to_json(rows))]
    yield from block(to_table(rows, "All", "all"))


@pytest.mark.parametrize("on", [DAY, date(2026, 1, 10)], ids=str)
@pytest.mark.parametrize("name", REGISTERS)
def test_every_register_reads_as_approved(name, on):
    compare(f"{name}-{on}.txt", table(REGISTERS[name](on)))


@pytest.mark.parametrize("residence", RESIDENCES)
def test_the_choices_and_cookies_of_every_residence_read_as_approved(residence):
    where = residence.replace("*", "anywhere")
    grid, stored = (made(fernwood(), "fern", residence, DAY) for made in (choices_grid, cookie_table))
    compare(f"choices-{where}.txt", [*table(grid), *table(stored)])


def test_the_graph_reads_as_approved():
    compare("graph.json", json.dumps(graph(fernwood(), DAY), indent=1, ensure_ascii=False).splitlines())


@pytest.mark.parametrize("on", [DAY, date(2025, 6, 1)], ids=str)
def test_what_is_checked_reads_as_approved(on):
    report = check(fernwood(), on)
    lines = [
        *map(str, report.problems),
        *(f"{k.name} {k.answers} {len(k.broken)} {k.problem}" for k in report.promises),
    ]
    lines += [f"{one.clause} | {one.law} | {one.say}" for one in report.overruled]
    compare(f"check-{on}.txt", [*lines, *report.unchecked, str((report.broken, report.holds))])


def test_what_each_demand_finds_reads_as_approved():
    cases = [Case(fernwood(), DAY), Case(fernwood(), DAY, packs()["eu"], ("see", "object", "portability"))]
    compare("demands.txt", [f"{phrase}: {list(made(case))}" for case in cases for phrase, made in DEMANDS.items()])


QUESTIONS = (
    "contact for news", "contact for order, person refused", "use orders for suit", "use contact and name for care as care",
    "use email for care as care with open case", "collect email from partner for news", "collect email from account for account",
    "disclose card_token to till for order", "disclose email to adverts for adverts form hashed",
    "disclose purchases to scholars for study form statistics, size 19", "disclose purchases to scholars for study form statistics, size 20",
    "publish rating for show with permission", "publish rating for show", "keep orders for order, person erasing",
    "keep orders for order, person erasing held", "use area for near, person agreed to near", "disclose email to sister for match in DE",
    "disclose name to police for claims with legal basis", "contact by phone for news, hour 22", "collect name from fair for account",
    "contact by post for news about offers, person in GB bought news", "use pages for count, signal gpc", "use allergies for rescue",
    "use name for past, on 2025-12-31", "use card for order, at chirp", "use papers for claims, person restricted",
)  # fmt: skip


def answers(question):
    yield f"== {question}"
    for act, standing, decision in ask(fernwood(), question, DAY):
        cell = ", ".join(filter(None, (act.brand, act.channel, act.topic, standing.residence)))
        yield f"{cell}: {'yes' if decision.allowed else 'no'}"
        yield from (f"  {r.code} | {r.clause} | {r.law} | {r.say}" for r in decision.reasons)
        yield from (f"  duty: {duty}" for duty in decision.duties)


def test_every_answer_reads_as_approved():
    compare("answers.txt", [line for question in QUESTIONS for line in answers(question)])


def test_the_facts_one_may_state_read_as_approved():
    compare("facts.txt", sorted(facts(fernwood())))


EDITS = (
    ('notice     = "45 days"', 'notice     = "30 days"'), ("adult_from = 16", "adult_from = 18"),
    ('officer    = "privacy@fernwood.example"', 'officer    = "dpo@fernwood.example"'),
    ('born = {} }, keep = "account + 30 days"', 'born = {}, size = {} }, keep = "account + 31 days"'),
    ('["purchases", "returns"], keep = "order + 7 years"', '["purchases"], keep = "paid + 7 years"'),
    ('only_to = ["till"], only_for = ["order"], handle = ["hash"]', 'only_to = ["till", "cloud"]'),
    ('never = ["publish", "adverts"]', 'never = ["publish", "news"], only_for = ["rescue"], handle = ["verify"]'),
    ('never = ["disclose"]', 'never = ["disclose", "contact"]'), ('care = "location", handle', "handle"),
    ('at = ["site", "app", "shop"], parent = true', 'at = ["site"]'), ('needs = ["notice"]', 'needs = ["notice", "permission"]'),
    ("proof = true, ", ""), ('takes = ["chats", "reviews", "health"], until = 2027-01-01', 'takes = ["chat_text", "reviews"], until = 2028-01-01'),
    ('in = ["GB"], who = ["Till Ltd", "Pay Ltd"]', 'in = ["GB", "US"], who = ["Till Ltd"]'),
    ('role = "processor", in = ["US"], shield = { US = [{ scheme = "dpf-uk", until = 2027-01-01 }, "scc"] }', 'role = "controller", in = ["US"]'),
    ('form = "hashed", remove = "10 days", keeps_record = true', 'remove = "20 days"'),
    ('only_for = ["match"] }', 'only_for = ["match", "study"] }'), ('needs = ["legal basis"], sealed = true', "sealed = false"),
    ("at_least = 20", "at_least = 10"), ('shield = { IN = { scheme = "idta", until = 2027-01-01, ref = "I-1", assessed = "A-1" } }', 'shield = { IN = "idta" }'),
    ('to = { till = ["card", "name"], mailer = ["name", "home_address"] }, retains = ["orders"]', 'to = { till = ["card"], mailer = ["name", "contact"] }, retains = ["purchases"]'),
    ('to = ["cloud"], dpv', 'to = { cloud = ["name"], till = ["name"] }, dpv'), ('channels = ["email", "chat"]', 'channels = ["email", "phone"]'),
    ('say = "send you news", choice = "news"', 'say = "send you news", choice = ["news", "match"]'), ("not_under = 13", "not_under = 16"),
    ('human = true, assessed = "D-1"', 'assessed = "D-2"'), ('choice = ["tracking", "elsewhere"]', 'choice = "tracking"'),
    ('form = "pseudonymous"', 'form = "plain"'), ('say = "study what people buy", basis = "public task"', 'say = "study what people buy", choice = "match"'),
    ('say = "find out who is the same person", choice = "match"', 'say = "find out who is the same person", basis = "interest"'),
    ('shows = ["reviews"]', 'shows = ["rating"]'), ('basis = "none", uses = []', 'basis = "interest", uses = ["email"]'),
    ('keep = "13 months", items = ["pages"], match = "v_*"', 'keep = "14 months", items = ["pages"], match = "v_*"'),
    ('basket = { kind = "cookie", say = "remembers your basket"', 'basket = { kind = "cookie", say = "keeps your basket"'),
    ('balance = { kind = "cookie", say = "shares the load", exempt = "transmission" }', 'trolley = { kind = "cookie", say = "shares the load", exempt = "transmission" }'),
    ('email = { default = "in", uk = "in" }, sms = "in", post = "out", push = "each"', 'email = { default = "out", uk = "each" }, sms = "out", post = "in", phone = "in"'),
    ('topics    = ["offers", "events"]', 'topics    = ["offers", "openings"]'), ('soft      = ["email"]', 'soft      = ["email", "sms"]'),
    ('no        = ["account", "choices", "message"]', 'no        = ["account"]'), ('keep      = "24 months"', 'keep      = "36 months"'),
    ('exits     = { email = "a link in every email", sms = "answer STOP", post = "write to us", push = "settings" }', 'exits     = { email = "a link" }'),
    ('ask    = { default = "in", us = "out" }\nsignal = "gpc"', 'ask    = { default = "out", us = "out" }'), ('only_from = "group"\n', ""),
    ('say = "being recognised"\nask = "out"', 'say = "being recognised"\nask = "use"'), ("fee = 10", "fee = 0"),
    ('by = ["account"], fee = "the cost of the post"', 'by = ["email"]'), ('review   = { say = "ask a person", by = ["phone"] }\n', ""),
    ('controller = "hamburg"\n', ""), ('past     = { say = "print a magazine", basis = "interest", uses = ["name"], to = ["former"], until = 2026-01-01 }\n', ""),
    ('trust   = { say = "we mean well", check = "taken on trust" }\n', ""),
)  # fmt: skip


def changes(old, new):
    return [
        f"{c.direction:8} {'material' if c.material else '        '} {c.kind} | {c.clause} | {c.say} | {c.tell} | {', '.join(c.ask)}"
        for c in diff(old, new)
    ]


def test_what_changed_reads_as_approved_in_both_directions():
    edited = fernwood(*EDITS)
    compare("diff-there.txt", changes(fernwood(), edited))
    compare("diff-back.txt", changes(edited, fernwood()))


def test_the_schemas_read_as_approved():
    for name, schema in {"policy": json_schema(), "pack": pack_schema()}.items():
        compare(f"schema-{name}.json", json.dumps(schema, indent=1, ensure_ascii=False).splitlines())


def test_every_law_pack_is_read_in_full():
    def lines(value, path):
        if is_dataclass(value):
            for part in fields(value):
                yield from lines(getattr(value, part.name), f"{path}.{part.name}")
        elif isinstance(value, dict):
            for name, one in value.items():
                yield from lines(one, f"{path}.{name}")
        elif isinstance(value, tuple) and value and is_dataclass(value[0]):
            for one in value:
                yield from lines(one, f"{path}.{getattr(one, 'id', one.cite)}")
        elif value not in ((), "", 0, False, None, date.min, date.max):
            yield f"{path} = {value}"

    compare("uk.txt", lines(packs()["uk"], "uk"))
