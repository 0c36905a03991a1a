"""What is refused before anyone is asked, at the edges, in the words people read."""

from dataclasses import replace
from datetime import date

import pytest
from tests.policy.making import TODAY, compiled
from tests.policy.test_decide import OFFERS, ORDER

from troth.laws import packs
from troth.policy.acts import Act
from troth.policy.engine import Compiled
from troth.policy.law import LawRule

POLICY = compiled()
USE = Act("use", "order", "fern", frozenset(["email"]))


def reasons(act, *lines, on=TODAY, said=None, residence="GB"):
    policy = compiled(*lines)
    decision = policy.decide(act, policy.standing(residence, **(said or {"yes": ["*"], "age": 30})), on)
    return [] if decision.allowed else [(one.code, one.clause, one.say) for one in decision.reasons]


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (USE._replace(verb=""), ("unknown.verb", "The policy needs to be told the verb.")),
        (USE._replace(purpose=""), ("unknown.purpose", "The policy needs to be told the purpose.")),
        (USE._replace(brand=""), ("unknown.brand", "The policy needs to be told the brand.")),
        (USE._replace(verb="collect"), ("unknown.source", "The policy needs to be told the source.")),
        (USE._replace(verb="disclose"), ("unknown.recipient", "The policy needs to be told the recipient.")),
        (USE._replace(verb="contact"), ("unknown.channel", "The policy needs to be told the channel.")),
        (USE._replace(actor=""), ("unknown.role", "The policy needs to be told the role.")),
        (USE._replace(form=""), ("unknown.form", "The policy needs to be told the form.")),
        (USE._replace(where="mars"), ("unknown.place_of_this_brand", 'The policy has no place of this brand called "mars". Known: fern.example.')),
        (USE._replace(topic="gossip"), ("unknown.topic", 'The policy has no topic called "gossip". Known: events, offers.')),
        (USE._replace(items=frozenset(["emial"])), ("unknown.data_item", 'The policy has no data item called "emial". Known: card, contact, orders.')),
        (USE._replace(source="moon"), ("unknown.source", 'The policy has no source called "moon". Known: shop.')),
        (USE._replace(to="moon"), ("unknown.recipient", 'The policy has no recipient called "moon". Known: post, till.')),
        (USE._replace(channel="pigeon"), ("unknown.channel", 'The policy has no channel called "pigeon". Known: autocall, chat, email, online, phone, post, print, push, sms, social.')),
    ],
)  # fmt: skip
def test_a_name_that_is_missing_or_strange_is_told_with_what_could_stand_there(act, expected):
    assert reasons(act) == [("unknown", *expected)]


def test_strange_items_are_told_in_their_order():
    found = reasons(USE._replace(items=frozenset(["zebra", "ant", "cow"])))
    assert [say.partition('"')[2].partition('"')[0] for _, _, say in found] == ["ant", "cow", "zebra"]


def test_walls_speak_in_the_words_of_the_policy():
    card = frozenset(["card_token"])
    assert reasons(Act("disclose", "order", "fern", card, to="post"))[0] == (
        "wall", "data.card.only_to", "Card: only to our payment partner, nobody else.",
    )  # fmt: skip
    assert reasons(Act("use", "suit", "fern", card))[0] == (
        "wall", "data.card.only_for", "Card: only to send what you buy.",
    )  # fmt: skip
    unnamed = (
        ('till = { say = "our payment partner", ', "till = { "),
        ('items = ["card_token"]', 'say = "your card", items = ["card_token"]'),
    )
    assert (
        reasons(Act("disclose", "order", "fern", card, to="post"), *unnamed)[0][2]
        == "Your card: only to till, nobody else."
    )
    two = (
        ('only_for = ["order"]', 'only_for = ["order", "news"]'),
        ('contract = { ref = "T-2" }', 'contract = { ref = "T-2" }, only_for = ["news", "suit"]'),
    )
    found = reasons(Act("disclose", "order", "fern", card, to="post"), *two)
    assert (
        "wall",
        "recipients.post.only_for",
        "This recipient is there only to send you news or suggest what may suit you.",
    ) in found
    assert reasons(Act("use", "suit", "fern", card), *two)[0][2] == "Card: only to send what you buy or send you news."


def test_a_right_hands_nothing_out_that_is_never_exported():
    rights = (
        ('basis = "interest"', 'basis = "law", kind = "rights"'),
        ('keep = "order + 7 years"', 'keep = "order + 7 years", never = ["export"]'),
    )
    orders = frozenset(["orders"])
    assert reasons(Act("use", "suit", "fern", orders), *rights)[0][:2] == ("wall", "data.orders.never")
    assert reasons(Act("keep", "suit", "fern", orders), *rights) == []
    assert reasons(Act("use", "order", "fern", orders), rights[1]) == []


def test_what_is_kept_may_also_be_what_is_retained():
    retains = ('basis = "interest", uses', 'basis = "interest", retains = ["email"], uses')
    assert reasons(Act("keep", "suit", "fern", frozenset(["email"])), retains) == []
    assert reasons(Act("use", "suit", "fern", frozenset(["email"])), retains)[0][:2] == (
        "not_covered",
        "purposes.suit.uses",
    )


def test_at_most_six_items_are_told():
    many = ('items = ["purchases"]', f"items = {[f'i{n}' for n in range(8)]}".replace("'", '"'))
    told = reasons(Act("use", "news", "fern", frozenset(["orders"])), many)[0][2]
    assert told == 'The purpose "send you news" does not use i0, i1, i2, i3, i4 and i5.'


@pytest.mark.parametrize(("hour", "allowed"), [(7, False), (8, True), (20, True), (21, False), (-1, False)])
def test_the_hours_a_law_allows_begin_with_the_first_and_end_before_the_last(hour, allowed):
    rule = LawRule("hours", "c", "calls by day", "k", verbs=("contact",), hours=(8, 21))
    policy = Compiled(POLICY.book.file, {"uk": replace(packs()["uk"], rules=(rule,))})
    decision = policy.decide(OFFERS._replace(hour=hour), policy.standing("GB", yes=["news"], age=30), TODAY)
    assert decision.allowed is allowed
    if not allowed:
        assert decision.because.say == "It is not between 8:00 and 21:00 where they are."


@pytest.mark.parametrize(
    ("place", "countries", "expected"),
    [
        ("", '["GB"]', []),
        ("GB", '["GB"]', []),
        ("IN", '["GB"]', [("recipients.post.in", 'This recipient does not work in "IN".')]),
        ("", '["GB", "IN"]', [("recipients.post.shield", "No ground in force lets data go to IN.")]),
        ("GB", '["GB", "IN"]', []),
        ("", '["*"]', [("recipients.post.shield", "No ground in force lets data go anywhere.")]),
        ("", "[]", [("recipients.post.shield", "No ground in force lets data go anywhere.")]),
    ],
)
def test_data_goes_only_where_a_ground_lets_it(place, countries, expected):
    line = ('mailing house", role = "processor", in = ["GB"]', f'mailing house", role = "processor", in = {countries}')
    act = Act("disclose", "news", "fern", frozenset(["email"]), to="post", place=place)
    assert [(clause, say) for _, clause, say in reasons(act, line)] == expected


@pytest.mark.parametrize(
    ("purpose", "channel", "clause"),
    [
        ("order", "email", None),  # about what was asked for: any way that works
        ("suit", "email", "purposes.suit.channels"),
        ("news", "phone", "choices.news.channels"),
    ],
)
def test_nobody_is_reached_by_a_way_nobody_wrote_down(purpose, channel, clause):
    uses = ('uses = ["orders"], interest', 'uses = ["contact"], interest')
    topic = "offers" if purpose == "news" else ""
    found = reasons(Act("contact", purpose, "fern", channel=channel, topic=topic, hour=12), uses)
    assert [one[1] for one in found] == ([clause] if clause else [])


def test_a_time_that_is_over_is_told_with_its_day():
    line = ('moss = { say = "Moss"', 'moss = { from = 2026-11-20, until = 2026-11-25, say = "Moss"')
    act = ORDER._replace(brand="moss")
    told = {day: [say for _, _, say in reasons(act, line, on=date(2026, 11, day))] for day in (19, 20, 24, 25)}
    assert told == {
        19: ["This is not in force before 20 Nov 2026."], 20: [], 24: [],
        25: ["This is not in force since 25 Nov 2026."],
    }  # fmt: skip


def law_with(**conditions):
    rule = LawRule("odd", "c", "odd things", "k", ban=True, **conditions)
    return Compiled(POLICY.book.file, {"uk": replace(packs()["uk"], rules=(rule,))})


@pytest.mark.parametrize(
    ("conditions", "act", "banned"),
    [
        ({}, USE, True),
        ({}, USE._replace(verb="keep"), False),  # storage is meant only where a rule says so
        ({"verbs": ("keep",)}, USE._replace(verb="keep"), True),
        ({"verbs": ("contact",)}, USE, False),
        ({"kinds": ("marketing", "survey")}, OFFERS, True),
        ({"kinds": ("marketing", "survey")}, USE, False),
        ({"unless": ("marketing",)}, OFFERS, False),
        ({"unless": ("marketing",)}, USE, True),
        ({"unless": ("marketing", "survey")}, OFFERS, False),
        ({"channels": ("sms",)}, OFFERS, False),
        ({"channels": ("email", "sms")}, OFFERS, True),
        ({"care": ("card",)}, USE, False),
        ({"care": ("card", "secret")}, USE._replace(items=frozenset(["email", "card"])), True),
        ({"roles": ("processor",)}, USE, False),
        ({"roles": ("processor",)}, Act("disclose", "news", "fern", frozenset(["email"]), to="post"), True),
        ({"provenance": ("provided",)}, USE, False),
        ({"provenance": ("provided",)}, USE._replace(verb="collect", source="shop"), True),
        ({"provenance": ("received",)}, USE._replace(verb="collect", source="shop"), False),
    ],
)
def test_a_rule_of_law_speaks_to_the_acts_it_describes(conditions, act, banned):
    policy = law_with(**conditions)
    decision = policy.decide(act, policy.standing("GB", yes=["news"], age=30), TODAY)
    assert any(one.code == "banned" for one in decision.reasons) is banned
