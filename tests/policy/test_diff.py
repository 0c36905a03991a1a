"""What changed between two versions, in meaning."""

import pytest
from tests.policy.making import compiled

from troth.policy.diff import diff

MAIL = 'mailing house", role = "processor", in = ["GB"]'


@pytest.mark.parametrize(
    ("line", "clause", "direction", "ask"),
    [
        (('items = ["purchases"]', 'items = ["purchases", "returns"]'), "data.orders.items", "wider", ()),
        (('"email", "mobile"]', '"email"]'), "data.contact.items", "narrower", ()),
        (('"email", "mobile"]', '"email", "mobile", "fax"]'), "data.contact.items", "wider", ("news",)),
        (('keep = "order + 7 years"', 'keep = "order + 8 years"'), "data.orders.keep", "wider", ()),
        (('keep = "order + 7 years"', 'keep = "order + 83 months"'), "data.orders.keep", "narrower", ()),
        (('keep = "account + 30 days"', 'keep = "order + 30 days"'), "data.contact.keep", "wider", ("news",)),
        (('only_to = ["till"]', 'only_to = ["till", "post"]'), "data.card.only_to", "wider", ()),
        (('only_to = ["till"], ', ""), "data.card", "wider", ()),
        (('takes = ["contact", "orders", "card"]', 'takes = ["contact", "orders", "card_token", "email"]'), None, None, ()),
        (('takes = ["contact", "orders", "card"]', 'takes = ["contact", "orders"]'), "sources.shop.takes", "narrower", ()),
        (("parent = true", "parent = false"), "sources.shop.parent", "wider", ()),
        ((MAIL, MAIL.replace('"GB"', '"GB", "US"')), "recipients.post.in", "wider", ()),
        (('mailing house", role = "processor"', 'mailing house", role = "controller"'), "recipients.post.role", "wider", ()),
        (('uses = ["contact"], to = ["post"]', 'uses = ["contact", "orders"], to = ["post"]'), "purposes.news.uses", "wider", ("news",)),
        (('uses = ["contact"], to = ["post"]', 'uses = ["email"], to = ["post"]'), "purposes.news.uses", "narrower", ()),
        (('uses = ["contact"], to = ["post"]', 'uses = ["contact"], to = ["post", "till"]'), "purposes.news.to", "wider", ("news",)),
        (('basis = "interest"', 'basis = "contract"'), "purposes.suit.basis", "wider", ()),
        (('ask = "in"\n', 'ask = "out"\n'), "choices.news.ask", "wider", ("news",)),
        (('"email", "sms"]', '"email", "sms", "post"]'), "choices.news.channels", "wider", ("news",)),
        (('ask = "in"\n', 'ask = "in"\nonly_from = "group"\n'), "choices.news.only_from", "wider", ("news",)),
        (('say = "send you news"', 'say = "send you tidings"'), "purposes.news.say", "other", ()),
        (("adult_from = 16", "adult_from = 15"), "policy.adult_from", "wider", ()),
        (('controller = "Small House Ltd"', 'controller = "Other House Ltd"'), "policy.controller", "wider", ()),
    ],
)  # fmt: skip
def test_one_changed_line_is_one_change_of_the_right_direction(line, clause, direction, ask):
    changes = diff(compiled(), compiled(line))
    if direction is None:  # the same data named in another way
        assert [c.direction for c in changes] == ["other"]
        return
    assert [(c.clause, c.direction, c.ask) for c in changes] == [(clause, direction, ask)]
    assert [c.material for c in changes] == [direction == "wider"]
    assert bool(changes[0].tell) is (direction == "wider")


@pytest.mark.parametrize(
    ("line", "kind", "direction"),
    [
        (('restrict = { say = "have it set aside", by = ["account"] }\n', ""), "right", "wider"),
        (('restrict = { say = "have it set aside", by = ["account"] }\n',
          'restrict = { say = "have it set aside", by = ["account"] }\nlimit = { say = "limit it", by = ["account"] }\n'), "right", "narrower"),
        (("[choices.news]", '[purposes.tidy]\nsay = "tidy up"\nbasis = "interest"\nuses = ["orders"]\n\n[choices.news]'), "purpose", "wider"),
        (("[purposes]", 'press = { role = "controller", in = ["GB"] }\n\n[purposes]'), "recipient", "wider"),
    ],
)  # fmt: skip
def test_a_line_that_comes_or_goes_widens_or_narrows(line, kind, direction):
    assert [(c.kind, c.direction) for c in diff(compiled(), compiled(line))] == [(kind, direction)]
    back = {"wider": "narrower", "narrower": "wider"}[direction]
    assert [(c.kind, c.direction) for c in diff(compiled(line), compiled())] == [(kind, back)]


def test_a_version_that_says_the_same_has_no_changes():
    dated = ("version = 2026-11-01", "version = 2026-12-01")
    assert diff(compiled(), compiled(dated)) == ()


def test_a_new_purpose_that_rests_on_a_yes_asks_for_it():
    line = (
        "[choices.news]",
        '[purposes.surveys]\nsay = "ask you things"\nchoice = "news"\nuses = ["contact"]\n\n[choices.news]',
    )
    assert [(c.clause, c.ask, c.tell) for c in diff(compiled(), compiled(line))] == [
        ("purposes.surveys", ("news",), "everyone asked again")
    ]


def test_what_is_material_comes_first():
    changes = diff(
        compiled(),
        compiled(('say = "Fern"', 'say = "Ferns"'), ('keep = "order + 7 years"', 'keep = "order + 9 years"')),
    )
    assert [c.material for c in changes] == [True, False]


SOME = ["hazel", "gorse", "fennel", "elder", "dill", "cress", "bay", "aster"]
LISTED = "aster, bay, cress, dill, elder, fennel, gorse and hazel"
QUOTED = ", ".join(f'"{one}"' for one in SOME)
STORED = ", ".join(f'{one} = {{ kind = "cookie", say = "{one}" }}' for one in SOME)


@pytest.mark.parametrize(
    ("many", "clause", "more", "less"),
    [
        (('items = ["purchases"]', f'items = ["purchases", {QUOTED}]'), "data.orders.items", "now also {}", "no longer {}"),
        (('topics = ["offers", "events"]', f'topics = ["offers", "events", {QUOTED}]'), "choices.news.topics", "now also {}", "no longer {}"),
        (('say = "send you news"', f'say = "send you news", cookies = {{ {STORED} }}'), "purposes.news.cookies", "now stores {}", "no longer stores {}"),
        (('only_to = ["till"]', f'only_to = ["till", {QUOTED}]'), "data.card.only_to", "the wall lets {} through", "the wall stops {}"),
    ],
)  # fmt: skip
def test_many_names_in_one_change_are_told_in_the_order_of_the_alphabet(many, clause, more, less):
    recipients = (
        "[purposes]",
        "\n".join(f'{one} = {{ role = "processor", in = ["GB"], contract = {{ ref = "X" }} }}' for one in SOME)
        + "\n\n[purposes]",
    )
    wide, narrow = compiled(recipients, many), compiled(recipients)
    told = [
        (c.clause, c.say.rpartition(": ")[2]) for old, new in ((narrow, wide), (wide, narrow)) for c in diff(old, new)
    ]
    assert [say for _, say in told] == [more.format(LISTED) + ".", less.format(LISTED) + "."]
    assert told[0][0] == clause
