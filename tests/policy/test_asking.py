"""Questions in plain words: what each word means, and what is said when one means nothing."""

from datetime import date

import pytest
from tests.policy.making import TODAY, compiled

from troth.policy.acts import FLAGS
from troth.policy.asking import Parser, Unclear, ask, ask_everywhere

POLICY = compiled()


def asked(question):
    return Parser(POLICY, question).asked


@pytest.mark.parametrize(
    ("question", "part", "value"),
    [
        ("use email for news", "verb", "use"),
        ("use email and mobile for news", "items", frozenset(["email", "mobile"])),
        ("use contact.email for news", "items", frozenset(["contact.email"])),
        ("use card token for order", "items", frozenset(["card_token"])),
        ("contact by sms for news", "channel", "sms"),
        ("contact by email about offers for news", "topic", "offers"),
        ("collect email from shop for order", "source", "shop"),
        ("disclose email to post for news", "to", "post"),
        ("use email for news as marketer", "actor", "marketer"),
        ("use email for news with permission", "given", frozenset(["permission"])),
        ("use email for news with legal basis and notice", "given", frozenset(["legal basis", "notice"])),
        ("disclose email to post for news in GB", "place", "GB"),
        ("use email for news form hashed", "form", "hashed"),
        ("use email for news, brand moss", "brand", "moss"),
        ("use email for news, at fern.example", "where", "fern.example"),
        ("use email for news, size 25", "size", 25),
        ("contact for news, hour 21", "hour", 21),
        ("contact for news", "hour", 12),
    ],
)
def test_each_word_sets_its_part_of_the_act(question, part, value):
    assert getattr(asked(question).act, part) == value


@pytest.mark.parametrize(
    ("person", "said"),
    [
        ("refused news", {"no": ["news"]}),
        ("agreed to news", {"yes": ["news"]}),
        ("objected to suit", {"stop": ["suit"]}),
        ("stopped everything", {"stop": ["*"]}),
        ("bought news", {"soft": ["news"]}),
        ("agreed to news:fern:sms refused news:moss", {"yes": ["news:fern:sms"], "no": ["news:moss"]}),
        ("refused", {"no": ["*"]}),
    ],
)
def test_what_a_person_said_is_read_slot_by_slot(person, said):
    wanted = {"yes": [], "no": [], "stop": [], "soft": []} | said
    assert asked(f"use email for news, person {person}").said == wanted


def test_a_person_has_a_home_an_age_and_what_is_known_of_them():
    person = asked("use email for news, person in US-CA aged 15 parent agreed restricted and listed phone")
    assert (person.residence, person.age, person.flags) == ("US-CA", 15, ["parent", "restricted", "listed_phone"])
    assert set(person.flags) <= FLAGS.keys()


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("", "is not a verb"),
        ("sell email for news", '"sell" is not a verb'),
        ("contact by pigeon for news", '"pigeon" is not a channel'),
        ("use email for newz", 'Did you mean "news"?'),
        ("use emial for news", 'Did you mean "email"?'),
        ("use email", "names its purpose"),
        ("use email for news, brand ferm", 'Did you mean "fern"?'),
        ("use email for news, colour blue", "not a part of a question"),
        ("use email for news, person refused newz", 'Did you mean "news"?'),
        ("use email for news, person agreed to news:fern:fax", "is no slot"),
        ("use email for news, person aged old", "should be a whole number"),
        ("use email for news, person in Britain", "should be a country"),
        ("use email for news, on 2026-13-01", "should be a day"),
        ("use email for news, brand fern moss", "Is a comma missing?"),
        ("use email for news, person happy", "says nothing about a person"),
        ("use email for news with luck", "is not a fact"),
        ("use\x00email for news", "one line"),
        ("use email for news" + " please" * 500, "one line"),
        ("use email for news,,,", "not a part of a question"),
    ],
)
def test_a_word_that_means_nothing_is_named_with_what_could_stand_there(question, told):
    with pytest.raises(Unclear) as unclear:
        ask(POLICY, question, TODAY)
    assert told in str(unclear.value)
    assert str(unclear.value).isprintable()


def test_what_is_left_open_is_asked_for_every_possibility():
    cells = {(a.act.brand, a.act.channel, a.act.topic) for a in ask(POLICY, "contact for news", TODAY)}
    assert len(cells) == 2 * 2 * 2
    assert {a.standing.residence for a in ask(POLICY, "contact for news", TODAY)} == {"*"}
    assert {a.standing.residence for a in ask_everywhere(POLICY, "contact for news", TODAY)} == {"GB", "*"}


def test_a_question_may_name_its_own_day():
    later = compiled(('moss = { say = "Moss"', 'moss = { from = 2027-01-01, say = "Moss"'))
    assert {a.act.brand for a in ask(later, "use email for order", TODAY)} == {"fern"}
    assert {a.act.brand for a in ask(later, "use email for order, on 2027-01-01", date(2026, 1, 1))} == {"fern", "moss"}
