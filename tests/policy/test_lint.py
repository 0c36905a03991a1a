"""What a policy may not leave out or contradict, one near miss at a time."""

from dataclasses import replace
from datetime import date

import pytest
from tests.policy.making import TODAY, compiled

from troth.policy.document import Sentence
from troth.policy.lint import lint, page_is_whole, pages
from troth.policy.page import compile_page

MAIL = 'mailing house", role = "processor", in = ["GB"]'


def findings(*lines):
    return [(problem.path, problem.what) for problem in lint(compiled(*lines), TODAY)]


def test_a_whole_policy_has_no_findings():
    assert findings() == []


@pytest.mark.parametrize(
    ("line", "path", "what"),
    [
        (('items = ["purchases"]', 'items = ["contact"]'), "data.orders.items", "also the name of a category"),
        (('items = ["purchases"]', 'items = ["purchases", "gifts"]'), None, None),
        (('"orders", "card"], parent', '"orders"], parent'), "data.card.items", "has no source"),
        (('uses = ["contact"], to = ["post"]', 'uses = ["contact", "card"], to = ["post"]'), "purposes.news.uses", "only_for"),
        (('keep = "order + 7 years"', 'keep = "order + 7 years", never = ["suit"]'), "purposes.suit.uses", "never forbids"),
        (('to = ["till"] }', 'to = ["till", "post"] }'), None, None),
        (('contract = { ref = "T-2" }', 'only_for = ["order"]'), "purposes.news.to", "only_for keeps for others"),
        (('basis = "interest"', 'basis = "interest", choice = "news"'), "purposes.suit", "both"),
        (('basis = "interest", uses', "uses"), "purposes.suit", "neither"),
        (('uses = ["orders"], interest', "uses = [], interest"), "purposes.suit.uses", "uses nothing"),
        (('basis = "interest"', 'basis = "none"'), "purposes.suit.uses", 'the basis "none"'),
        (('uses = ["orders"], interest', 'uses = ["orders"], shows = ["email"], interest'), "purposes.suit.shows", "shows email"),
        (('to = ["till"] }', 'to = { till = ["card"] } }'), None, None),
        (('uses = ["contact"], to = ["post"]', 'uses = ["contact"], to = { post = ["orders"] }'), "purposes.news.to.post", "gives purchases"),
        (('ask = "in"\n', ""), "choices.news", "how it is asked"),
        (('sms = "answer STOP"', 'sms = "answer STOP", post = "write"'), "choices.news.exits", "not one of its channels"),
        (('ask = "in"\n', 'ask = "in"\nsoft = ["phone"]\n'), "choices.news.soft", "not one of its channels"),
        (('uses = ["contact"], to = ["post"]', 'uses = ["contact"]'), "recipients.post", "no purpose names it"),
        (('mailing house", role = "processor", in = ["GB"]', 'mailing house", role = "processor", in = []'), "recipients.post.in", "no country"),
        (('mailing house", role = "processor", in = ["GB"]', 'mailing house", role = "processor", in = ["Gb"]'), "recipients.post.in", "not a country code"),
        (('mailing house", role = "processor"', 'mailing house", role = "processor", shield = { US = "scc" }'), "recipients.post.shield", "where it does not work"),
        (("adult_from = 16", "adult_from = 16\nreplaces = 2026-11-01"), "policy.replaces", "not before"),
        (('laws = ["uk"]', 'laws = ["uk", "atlantis"]'), "policy.laws", "no law pack"),
        (('laws = ["uk"]', "laws = []"), "policy.laws", "names no law"),
        (('check = "links carry no identity"', 'check = "links carry no identiti"'), "statements.links.check", "not a check"),
        (('say = "send you news"', 'say = "send you news?"'), "purposes.news.say", "question mark"),
        (('say = "send you news"', 'say = "send you  news"'), "purposes.news.say", "drafting mark"),
        (('moss = { say = "Moss"', 'moss = { from = 2027-01-01, until = 2026-01-01, say = "Moss"'), "brands.moss", "ends before it begins"),
    ],
)  # fmt: skip
def test_each_gap_is_found_where_it_is_and_only_there(line, path, what):
    found = findings(line)
    if path is None:
        assert found == [] or all("gifts" in told for _, told in found)
    else:
        assert [(where, True) for where, told in found if what in told] == [(path, True)]


def test_an_item_in_two_categories_is_found_in_both():
    found = findings(('"email", "mobile"]', '"email", "mobile", "purchases"]'))
    assert found == [
        (f"data.{name}.items", '"purchases" is in more than one category') for name in ("contact", "orders")
    ]


def test_an_item_without_a_use_is_named_even_when_a_duty_could_reach_it():
    line = (
        ('items = ["purchases"]', 'items = ["purchases"], say = "orders"'),
        (
            '"email", "mobile"]',
            '"email", "mobile", "fax"]',
        ),
    )
    duty = ('uses = ["contact"], to = ["post"] }', 'uses = ["email", "mobile"], to = ["post"] }')
    order = ('uses = ["contact", "orders", "card"]', 'uses = ["email", "mobile", "orders", "card"]')
    law = ("[choices.news]", '[purposes.law]\nsay = "obey the law"\nbasis = "law"\nuses = ["*"]\n\n[choices.news]')
    assert findings(*line, duty, order, law) == [("data.contact.items", '"fax" has no use')]


def test_companies_that_own_each_other_in_a_circle_are_told_apart_from_a_tree():
    tree = '\n[policy.entities]\na = { say = "A" }\nb = { say = "B", parent = "a" }\nc = { say = "C", parent = "b" }\n'
    circle = tree.replace('a = { say = "A" }', 'a = { say = "A", parent = "c" }')

    assert findings(("adult_from = 16\n", "adult_from = 16\n" + tree)) == []
    assert [path for path, _ in findings(("adult_from = 16\n", "adult_from = 16\n" + circle))] == [
        "policy.entities.a",
        "policy.entities.b",
        "policy.entities.c",
    ]


@pytest.mark.parametrize(
    ("asks", "what"),
    [
        ('asks = ["email"], for = ["news"]', None),
        ('asks = ["email"], may = ["purchases"], for = ["news"]', "none of its purposes uses"),
        ('asks = ["email", "password"], for = ["order", "sign_in"]', "the source may not bring"),
    ],
)
def test_a_form_asks_for_no_more_than_its_source_brings_and_its_purposes_use(asks, what):
    secrets = ("[sources]", 'secrets = { items = ["password"], keep = "account" }\n\n[sources]')
    sign_in = ("[recipients]", 'account = { takes = ["secrets"] }\n\n[recipients]')
    use = (
        "[choices.news]",
        '[purposes.sign_in]\nsay = "sign you in"\nbasis = "contract"\nuses = ["secrets"]\n\n[choices.news]',
    )
    form = ("parent = true }", f"parent = true, forms = {{ sign_up = {{ {asks} }} }} }}")

    found = findings(secrets, sign_in, use, form)

    assert [(path, what in told) for path, told in found] == ([("sources.shop.forms.sign_up", True)] if what else [])


def test_an_empty_section_of_the_page_is_a_finding():
    found = findings(
        ('links = { say = "other sites follow their own policies", check = "links carry no identity" }\n', "")
    )
    assert found == [("statements", 'the section "Other people\'s sites" of the page is empty')]


def test_findings_carry_the_line_they_stand_on():
    problem = lint(compiled(('basis = "interest", uses', "uses")), TODAY)[0]
    text = problem.file, problem.line
    assert text == (
        "small.toml",
        next(n for n, line in enumerate(compiled().book.file.reader.text.splitlines(), 1) if line.startswith("suit =")),
    )


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        # a purpose of everything is passed over, the ones after it are not
        ([('uses = ["contact", "orders", "card"], to = ["till"]', 'uses = ["*"], to = ["till"]'),
          ('uses = ["contact"], to = ["post"]', 'uses = ["contact", "card"], to = ["post"]')],
         [("purposes.news.uses", 'uses "card", which data.card.only_for keeps for others')]),
        # a recipient that walls leave nothing
        ([('to = ["till"] }', 'to = { till = ["card"], post = ["card"] } }')],
         [("purposes.order.to", 'names "post", but walls leave it nothing')]),
        ([('to = ["till"] }', 'to = { till = ["card"], post = ["card", "email"] } }')], []),
        # four choices may be followed, five may not
        ([('choice = "news"', 'choice = ["news", "a", "b", "c"]'), ("[choices.news]", "".join(f'[choices.{c}]\nask = "in"\n' for c in "abc") + "[choices.news]")], []),
        ([('choice = "news"', 'choice = ["news", "a", "b", "c", "d"]'), ("[choices.news]", "".join(f'[choices.{c}]\nask = "in"\n' for c in "abcd") + "[choices.news]")],
         [("purposes.news.choice", "rests on more than 4 choices")]),
        # days that run backwards, in every table that has days
        ([(f"{MAIL}", f"{MAIL}, from = 2027-01-01, until = 2027-01-01")], [("recipients.post", "ends before it begins")]),
        ([('basis = "interest"', 'basis = "interest", from = 2027-01-01, until = 2027-01-01')], [("purposes.suit", "ends before it begins")]),
        ([("parent = true", "parent = true, from = 2027-01-01, until = 2027-01-01")], [("sources.shop", "ends before it begins")]),
        ([("adult_from = 16\n", 'adult_from = 16\nentities = { e = { say = "E", from = 2027-01-01, until = 2027-01-01 } }\n')],
         [("policy.entities.e", "ends before it begins")]),
        # several things at once are named in their order
        ([('uses = ["orders"], interest', 'uses = ["orders"], shows = ["mobile", "email"], interest')],
         [("purposes.suit.shows", "shows email, mobile, which the purpose does not use")]),
    ],
)  # fmt: skip
def test_a_gap_is_told_in_full(lines, expected):
    assert findings(*lines) == expected


def test_the_pages_of_brands_in_force_are_read_and_of_no_others():
    empty = ('links = { say = "other sites follow their own policies", check = "links carry no identity" }\n', "")
    for day, brands in (
        (date(2026, 11, 21), 1),
        (date(2026, 11, 22), 2),
        (date(2026, 11, 30), 2),
        (date(2026, 12, 1), 1),
    ):
        lines = (
            ('fern = { say = "Fern"', 'fern = { until = 2026-12-01, say = "Fern"'),
            ('moss = { say = "Moss"', 'moss = { from = 2026-11-22, say = "Moss"'),
        )
        assert len(list(pages(compiled(empty, *lines), day))) == brands


def test_a_sentence_that_says_nothing_or_rests_on_nothing_is_a_finding():
    policy = compiled()
    page = compile_page(policy, "fern", "uk", TODAY)
    odd = [
        Sentence(" ", "policy"),
        Sentence("We say so.", "purposes.nothing"),
        Sentence("The law says so.", "law.uk.any"),
    ]
    whole = replace(page, short=(*page.short, *odd))
    assert [finding[:2] for finding in page_is_whole(policy, whole)] == [
        ("policy", 'the sentence " " rests on no line'),
        ("purposes.nothing", 'the sentence "We say so." rests on no line'),
    ]
    short = replace(page, sections=page.sections[1:])
    assert [finding[1] for finding in page_is_whole(policy, short)] == ["the page does not have its eleven sections"]
