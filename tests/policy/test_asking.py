"""Questions in plain words: what each word means, and what is said when one means nothing."""

from datetime import date

import pytest
from tests.policy.making import TODAY, compiled

from troth.policy.acts import FLAGS, Act
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


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("contact for news after agreeing", {"yes": ["*"]}),
        ("contact for news after buying news", {"soft": ["news"]}),
        ("contact for news after objecting news", {"stop": ["news"]}),
        ("contact for news, person who refused for news and is held", {"no": ["news"]}),
        ("contact for news, person stopped", {"stop": ["*"]}),
    ],
)
def test_an_answer_may_be_given_in_many_words(question, said):
    assert asked(question).said == {"yes": [], "no": [], "stop": [], "soft": []} | said


def test_a_name_may_be_written_as_five_words_and_no_more():
    long = ("[sources]", 'odd = { items = ["a_b_c_d_e", "a_b_c_d_e_f"], keep = "order" }\n\n[sources]')
    policy = compiled(long)
    assert Parser(policy, "use a b c d e for news").asked.items == ["a_b_c_d_e"]
    with pytest.raises(Unclear, match='"f" is not a data item'):
        Parser(policy, "use a b c d e f for news")


@pytest.mark.parametrize("length", [1000, 1001])
def test_a_question_has_at_most_a_thousand_characters(length):
    question = "use email for news" + " " * (length - 18)
    if length == 1000:
        assert asked(question).verb == "use"
    else:
        with pytest.raises(Unclear, match="at most 1,000 characters"):
            asked(question)


@pytest.mark.parametrize(("size", "fits"), [("999999", True), ("1000000", False), ("0", True), ("-1", False)])
def test_a_number_has_at_most_six_digits(size, fits):
    if fits:
        assert asked(f"use email for news, size {size}").act.size == int(size)
    else:
        with pytest.raises(Unclear, match="at most 999,999"):
            asked(f"use email for news, size {size}")


@pytest.mark.parametrize(("hour", "fits"), [("0", True), ("23", True), ("24", False)])
def test_a_day_has_twenty_four_hours(hour, fits):
    if fits:
        assert asked(f"contact for news, hour {hour}").act.hour == int(hour)
    else:
        with pytest.raises(Unclear, match="at most 23"):
            asked(f"contact for news, hour {hour}")


@pytest.mark.parametrize("home", ["GB", "US-CA", "*", "GB+FR", "US-CA+*"])
def test_a_residence_is_a_country_a_state_several_or_anywhere(home):
    assert asked(f"use email for news, person in {home}").residence == home


@pytest.mark.parametrize("home", ["GBR", "gb", "GB-SC", "US-C", "USCAL", "UK-CA", "GB+gb", "GB+", "ÄÄ"])
def test_what_is_no_residence_is_refused(home):
    with pytest.raises(Unclear, match="should be a country"):
        asked(f"use email for news, person in {home}")


def test_an_act_says_no_more_than_was_asked():
    act = asked("use email for news").act
    assert act == Act("use", "news", "", frozenset(["email"]), hour=12)
    assert ask(POLICY, "contact for order", TODAY)[0].act.channel == "email"
    assert {a.act.topic for a in ask(POLICY, "contact by email for order", TODAY)} == {""}


def test_a_brand_counts_until_the_day_it_ends():
    ending = compiled(('moss = { say = "Moss"', 'moss = { until = 2026-11-22, say = "Moss"'))
    assert {a.act.brand for a in ask(ending, "use email for order", date(2026, 11, 21))} == {"fern", "moss"}
    assert {a.act.brand for a in ask(ending, "use email for order", TODAY)} == {"fern"}


def test_what_is_published_names_a_channel_and_a_topic_of_its_choice():
    shown = ('uses = ["contact"], to = ["post"]', 'uses = ["contact"], shows = ["email"], to = ["post"]')
    cells = {(a.act.channel, a.act.topic) for a in ask(compiled(shown), "publish email for news", TODAY)}
    assert cells == {("email", "offers"), ("email", "events"), ("sms", "offers"), ("sms", "events")}
