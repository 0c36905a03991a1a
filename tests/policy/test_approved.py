"""All that is compiled from one policy with at least one of everything in it, word by word as it was approved.

To approve a change: `APPROVE=1 pytest tests/policy/test_approved.py`, then read the difference before committing it.
"""

import json
import os
from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from troth.laws import access, country, packs
from troth.policy.acts import Act
from troth.policy.asking import Unclear, ask, facts
from troth.policy.check import check
from troth.policy.demands import DEMANDS, Case
from troth.policy.diff import diff
from troth.policy.document import Bullets, Sentence, Table
from troth.policy.dpv import graph
from troth.policy.engine import Compiled
from troth.policy.errors import PolicyError
from troth.policy.lint import lint
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


# -- every act, for many people ---------------------------------------------------------------------------------------


def acts_of(name, purpose):
    """Return what a purpose might be asked for, and some of what it should not."""
    policy = fernwood().policy
    topics = [t for c in purpose.choice for t in policy.choices[c].topics] or [""]
    act = Act(
        "use", name, "fern", frozenset(purpose.uses), given=frozenset(facts(fernwood())), form=purpose.form, hour=12
    )
    yield from (act, act._replace(given=frozenset()), act._replace(form="plain", actor="care"))
    yield act._replace(verb="keep", items=frozenset(purpose.retains or purpose.uses))
    for channel, brand in (("email", "fern"), ("sms", "moss"), ("post", "fern"), ("phone", "reed"), ("push", "fern")):
        yield act._replace(verb="contact", items=frozenset(), channel=channel, topic=topics[-1], brand=brand)
    yield from (act._replace(verb="publish", items=frozenset(items)) for items in (purpose.shows, purpose.uses))
    for source, made in policy.sources.items():
        yield act._replace(verb="collect", source=source, items=frozenset(made.takes))
    for to, who in policy.recipients.items():
        items = (
            purpose.recipients[to]
            if isinstance(purpose.recipients, dict) and to in purpose.recipients
            else purpose.uses
        )
        yield act._replace(
            verb="disclose",
            to=to,
            items=frozenset(items),
            form=who.form,
            size=20,
            topic=topics[0],
            channel="email" if topics[0] else "",
        )


PEOPLE: dict[str, dict[str, Any]] = {
    "silent": {}, "yes": {"yes": ["*"]}, "no": {"no": ["*"]}, "stop": {"stop": ["*"]}, "sale": {"soft": ["*"]},
    "signal": {"yes": ["*"], "signal": True}, "12": {"yes": ["*"], "age": 12}, "15": {"yes": ["*"], "age": 15},
    "15, parent": {"yes": ["*"], "age": 15, "flags": ["parent"]}, "16": {"yes": ["*"], "age": 16},
    "17": {"yes": ["*"], "age": 17}, "restricted": {"yes": ["*"], "flags": ["restricted"]},
    "erasing": {"yes": ["*"], "flags": ["erasing"]}, "held": {"yes": ["*"], "flags": ["erasing", "held"]},
    "listed": {"flags": ["listed_phone", "listed_post"]}, "listed, yes": {"yes": ["*"], "flags": ["listed_phone", "listed_post"]},
}  # fmt: skip


def told(act, residence):
    """Return in one line what many people are answered, those together who are answered alike."""
    alike: dict[str, list[str]] = {}
    for who, said in PEOPLE.items():
        decision = fernwood().decide(act, fernwood().standing(residence, **said), DAY)
        why = "; ".join(f"{r.code} {r.line}" for r in decision.reasons[:3])
        alike.setdefault(f"{'yes' if decision.allowed else 'no'}, {why}", []).append(who)
    return " || ".join(f"{', '.join(who)}: {answer}" for answer, who in alike.items())


@pytest.mark.parametrize("name", fernwood().policy.purposes)
def test_every_act_is_answered_as_approved_for_many_people(name):
    lines = []
    for act in acts_of(name, fernwood().policy.purposes[name]):
        parts = (act.source, act.to, act.channel, act.brand, act.actor, act.form, "" if act.given else "nothing stated")
        lines.append(f"== {act.verb}: {', '.join(filter(None, parts))}: {', '.join(sorted(act.items))}")
        answers_by = {residence: told(act, residence) for residence in RESIDENCES}
        lines += [
            f"{','.join(r for r in answers_by if answers_by[r] == answer)}: {answer}"
            for answer in dict.fromkeys(answers_by.values())
        ]
    compare(f"acts-{name}.txt", lines)


def test_every_duty_is_told_as_approved():
    lines = []
    for name, purpose in fernwood().policy.purposes.items():
        for act in acts_of(name, purpose):
            duties = fernwood().rule(act, "GB", DAY).duties
            lines += [f"{act.verb} for {name} {act.source}{act.to}{act.channel}: {'; '.join(duties)}"] if duties else []
    compare("duties.txt", lines)


# -- what is wrong ----------------------------------------------------------------------------------------------------

WRONG = (
    ('name       = "Privacy at Fernwood"', "name = 7"), ('name       = "Privacy at Fernwood"', 'name = ""'), ('name       = "Privacy at Fernwood"', 'nmae = "Privacy"'),
    ('name       = "Privacy at Fernwood"', 'name = "a\\u202Eb"'), ('name       = "Privacy at Fernwood"', f'name = "{"long" * 151}"'),
    ("version    = 2026-02-01", "version = 2026-02-30"), ("version    = 2026-02-01", 'version = "2026-02-01"'), ("version    = 2026-02-01", "version = 2026-02-01T00:00:00"),
    ('notice     = "45 days"', 'notice = "soon"'), ('notice     = "45 days"', "notice = 45"), ("adult_from = 16", "adult_from = 12"), ("adult_from = 16", "adult_from = 22"),
    ("adult_from = 16", "adult_from = true"), ("adult_from = 16", 'adult_from = "16"'), ("shares_brand = true", 'shares_brand = "yes"'),
    ('parent = "group", in = "GB", shares', 'parent = "gruop", in = "GB", shares'), ('keep = "asked"', 'keep = "whenever"'), ('keep = "asked"', 'keep = "asked +"'),
    ('keep = "asked"', 'keep = "asked + 5 moons"'), ('keep = "asked"', "keep = 5"), ('care = "sensitive"', 'care = "sensitve"'), ('care = "sensitive"', "care = []"),
    ('items = ["allergies"]', 'items = "allergies"'), ('items = ["allergies"]', 'items = ["allergies", "allergies"]'), ('items = ["allergies"]', "items = [1]"),
    ('takes = ["inferred"]', 'takes = ["infered"]'), ('takes = ["inferred"]', 'takes = "*"'), ('at = ["partner"]', 'at = ["moon"]'),
    ("at_least = 20", "at_least = 1"), ('role = "public"', 'role = "publik"'), ('role = "public", ', ""), ('choice = "quote"', 'choice = ["quote", 3]'), ('choice = "quote"', 'choice = "qoute"'),
    ('to = ["sister"]', 'to = { sistr = ["email"] }'), ("human = true", "human = 1"), ("[choices.quote]", "[choices.Quote]"), ("[choices.quote]", '[choices."q u"]'),
    ("[choices.quote]", "[choices.news]"), ("[choices.quote]", "[choices.qu\u043ete]"), ("[choices.quote]", "[choices.quote"), ('say = "being quoted"', 'say = "being quoted'),
    ('ask = "each"', 'ask = "always"'), ('only_from = "group"\nsignal    = "gpc"', 'signal = "dnt"'), ("fee = 10", "fee = -1"), ("fee = 10", "fee = 1001"), ("fee = 10", "fee = []"),
    ('clock = "access"', "clock = 1"), ('email = { default = "in", uk = "in" }', 'pigeon = "in"'), ('email = { default = "in", uk = "in" }', 'email = { default = "maybe" }'),
    ("[promises]", "[promises]\nodd = 5"), ("[promises]", '[promises]\nodd = { try = "x" }'), ("[promises]", "[promise]"), ("[rights]", "[rights]\nsee.by = 5"),
    ("[brands.moss]", "[brands.moss.x.y]\n[brands.moss]"), ('sites      = ["moss.example"]', "sites = [[]]"), ('sites      = ["moss.example"]', "sites = 08:00:00"), ('sites      = ["moss.example"]', "sites = 1.5"),
)  # fmt: skip


@pytest.mark.parametrize("part", range(4))
def test_every_mistake_in_a_file_is_told_as_approved(part):
    lines = []
    for old, new in WRONG[part::4]:
        assert TEXT.count(old) == 1, f"{old!r} stands {TEXT.count(old)} times"
        with pytest.raises(PolicyError) as broken:
            loads(TEXT.replace(old, new).encode(), "fernwood.toml")
        lines += [f"== {new[:80]}", *str(broken.value).splitlines()]
    compare(f"mistakes-{part}.txt", lines)


ODD = (
    ('items = ["allergies"]', 'items = ["allergies", "email"]'), ('items = ["allergies"]', 'items = ["allergies", "card"]'), ("[choices.quote]", '[choices.order]\nask = "in"\n[choices.quote]'),
    ('uses = ["email"], to = ["sister"]', 'uses = ["email", "card"], to = ["sister"]'), ('uses = ["email"], to = ["sister"]', 'uses = ["email"], to = ["sister", "police"]'),
    ('uses = ["email", "pages"], to = ["adverts"]', 'uses = ["email", "pages", "health"], to = ["adverts"]'), ('never = ["disclose"]', 'never = ["use"]'), ('only_for = ["match"]', 'only_for = ["news"]'),
    ('may = ["phone", "email"]', 'may = ["phone", "pages"]'), ('for = ["account", "news"]', 'for = ["run"]'), ('basis = "vital"', 'basis = "vital", choice = "match"'),
    ('basis = "vital", ', ""), ('choice = "match", kind = "matching"', 'choice = ["match", "quote", "news", "tracking", "elsewhere"], kind = "matching"'), ('basis = "none", uses = []', 'basis = "none", uses = ["email"]'),
    ('basis = "vital", uses = ["identity", "health"]', 'basis = "vital", uses = []'), ('shows = ["reviews"]', 'shows = ["reviews", "email"]'), ('items = ["pages"], match', 'items = ["email"], match'),
    ('{ till = ["card", "name"]', '{ till = ["card", "pages"]'), ('choice = "quote"', 'choice = "match"'), ('ask = "each"', 'no = ["form"]'), ('soft      = ["email"]', 'soft = ["chat"]'),
    ('push = "settings" }', 'push = "settings", phone = "hang up" }'), ('in = ["JP"]', "in = []"), ('in = ["JP"]', 'in = ["JPN"]'), ('in = ["JP"]', 'in = ["jp"]'), ('in = ["JP"]', 'in = ["\u00c4\u00c4"]'),
    ('in = ["JP"]', 'in = ["JP"], shield = { FR = "scc" }'), ('fernwood = { say = "Fernwood Ltd", parent = "group"', 'fernwood = { say = "Fernwood Ltd", parent = "fernwood"'),
    ('group    = { say = "Fernwood Group plc"', 'group    = { parent = "hamburg", say = "Fernwood Group plc"'), ('"us-states"]', '"us-stats"]'), ('laws       = ["uk", "eu", "us", "us-ca", "us-states"]', "laws = []"),
    ("replaces   = 2025-06-01", "replaces = 2026-02-01"), ("replaces   = 2025-06-01", "replaces = 2026-01-31"), ("until = 2026-01-15", "from = 2026-01-15, until = 2026-01-15".replace(", ", "\n")), ("from = 2026-03-01, until = 2026-06-01 }\n\n[recipients]", "from = 2026-07-01, until = 2026-06-01 }\n\n[recipients]"),
    ('check = "stored encrypted"', 'check = "stored encryptd"'), ('say = "see what we hold"', 'say = "see what we hold?"'), ('say = "see what we hold"', 'say = "see  what we hold"'), ('say = "see what we hold"', 'say = " see what we hold"'),
    ('say = "being quoted"', 'say = "being quoted?"'), ('say = "see what we hold"', 'say = "TODO"'), ('say = "see what we hold"', 'say = "TBD"'), ('say = "see what we hold"', 'say = "XXX"'), ('say = "see what we hold"', 'say = "see\u2026"'),
    ('to = ["former"], until', "until"), ('to = ["scholars"], form', 'to = ["scholars", "till"], form'), ('only_to = ["till"], only_for', 'only_to = ["cloud"], only_for'),
)  # fmt: skip


@pytest.mark.parametrize("part", range(6))
def test_every_gap_in_a_policy_is_told_as_approved(part):
    lines = []
    for old, new in ((TEXT[:5], TEXT[:5]), *ODD)[part::6]:
        found = lint(fernwood((old, new)), DAY)
        lines += [f"== {new[:80]}", *map(str, found)]
    compare(f"findings-{part}.txt", lines)


UNCLEAR = (
    "", "use", "use email", "sell email for news", "use emial for news", "use email for newz", "use email for news, brand ferm", "use email for news, at moon", "contact by pigeon for news",
    "contact for news about gossip", "use email for news as chef", "use email for news with luck", "use email for news form shredded", "use email for news in Atlantis", "use email for news, size big",
    "use email for news, hour noon", "use email for news, hour 24", "use email for news, on friday", "use email for news, signal dnt", "use email for news, person aged", "use email for news, person aged x", "use email for news, person in",
    "use email for news, person bored", "use email for news, person agreed", "use email for news, person agreed to newz", "use email for news, person refused news:ferm", "use email for news, x y", "use email for news email", "use email for news, brand fern fern",
    "collect email from shop for news", "disclose email to moon for news", "use email for news,", "contact by for news", "use email and for news", "use\u00a0email for news", "use email for news, person listed", "use email for news after", "use email for news after lunch",
)  # fmt: skip


def test_every_question_that_means_nothing_is_told_as_approved():
    lines = []
    for question in UNCLEAR:
        try:
            lines.append(f"{question!r}: {len(ask(fernwood(), question, DAY))} answers")
        except Unclear as unclear:
            lines.append(f"{question!r}: {unclear}")
    compare("unclear.txt", lines)


EDITS = (
    ('notice     = "45 days"', 'notice     = "30 days"'), ("adult_from = 16", "adult_from = 18"),
    ('officer    = "privacy@fernwood.example"', 'officer    = "dpo@fernwood.example"'),
    ('born = {} }, keep = "account + 30 days"', 'born = {}, size = {} }, keep = "account + 31 days"'),
    ('["purchases", "returns"], keep = "order + 7 years"', '["purchases"], keep = "paid + 7 years"'),
    ('only_to = ["till"], only_for = ["order"], handle = ["hash"]', 'only_to = ["till", "cloud"]'),
    ('never = ["publish", "adverts"]', 'never = ["publish", "news"], only_for = ["rescue"], handle = ["verify"]'),
    ('never = ["disclose"]', 'never = ["disclose", "contact"]'), ('care = "location", handle', "handle"),
    ('at = ["site", "app", "shop"], parent = true', 'at = ["site"]'), ('needs = ["notice"]', 'needs = ["notice", "permission"]'),
    ("proof = true, ", ""), ('takes = ["chats", "reviews", "health", "old"], until = 2027-01-01', 'takes = ["chat_text", "reviews"], until = 2028-01-01'),
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
