"""The columnar twin answers for everybody what the engine answers for each."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.policy.making import TODAY, compiled
from tests.policy.strategies import acts, law_packs, people, policy_files, turning_days
from tests.policy.test_decide import OFFERS, standing_of

from troth.laws import packs
from troth.policy import columns
from troth.policy.columns import count_allowed, count_columns, decide_columns, to_columns
from troth.policy.engine import Compiled


@settings(max_examples=settings().max_examples // 2)
@given(st.data())
def test_both_engines_give_everybody_the_same_answer_for_the_same_reason(data):
    file = data.draw(policy_files)
    policy = Compiled(file, data.draw(st.one_of(law_packs, st.just(dict(packs())))))
    crowd = [standing_of(policy, data.draw(people(file.policy))) for _ in range(12)]
    table = to_columns(crowd)
    for _ in range(4):
        act, day = data.draw(acts(file.policy)), data.draw(turning_days)
        verdicts = decide_columns(policy, act, table, day)
        by_column = [verdicts.outcomes[code] for code in verdicts.codes]
        one_by_one = [policy.decide(act, person, day) for person in crowd]
        assert [(d.allowed, d.because) for d in by_column] == [(d.allowed, d.because) for d in one_by_one]
        assert list(verdicts.allowed) == [decision.allowed for decision in one_by_one]
        assert count_columns(policy, act, table, day) == verdicts.counts()
        assert count_allowed(policy, act, table, day) == sum(decision.allowed for decision in one_by_one)


def crowd_of(policy, size):
    kinds = [
        policy.standing("GB", yes=["news"], age=30),
        policy.standing("GB", no=["news"]),
        policy.standing("*", yes=["news"], age=12),
        policy.standing("GB"),
        policy.standing("GB", yes=["news:moss"], age=30),
    ]
    return [kinds[number % len(kinds)] for number in range(size)]


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 127, 128, 129, 200])
def test_nobody_is_lost_or_counted_twice_at_the_edge_of_a_word_or_a_chunk(monkeypatch, size):
    monkeypatch.setattr(columns, "CHUNK", 2)
    policy = compiled()
    crowd = crowd_of(policy, size)
    table = to_columns(crowd)

    verdicts = decide_columns(policy, OFFERS, table, TODAY)

    one_by_one = [policy.decide(OFFERS, person, TODAY) for person in crowd]
    assert list(verdicts.allowed) == [decision.allowed for decision in one_by_one]
    assert [verdicts.outcomes[code].because for code in verdicts.codes] == [each.because for each in one_by_one]
    assert sum(verdicts.counts().values()) == len(table) == size
    assert count_columns(policy, OFFERS, table, TODAY) == verdicts.counts()
    assert count_allowed(policy, OFFERS, table, TODAY) == sum(decision.allowed for decision in one_by_one)


def test_what_stands_beyond_the_last_person_counts_for_nobody():
    policy = compiled()
    table = to_columns(crowd_of(policy, 70))
    full = {name: {slot: ~np.uint64(0) | bits for slot, bits in slots.items()} for name, slots in table.said.items()}
    wider = replace(
        table, said=full | {"no": {}, "stop": {}}, core={bit: ~np.uint64(0) | bits for bit, bits in table.core.items()}
    )

    assert sum(count_columns(policy, OFFERS, wider, TODAY).values()) == 70
    assert len(decide_columns(policy, OFFERS, wider, TODAY).allowed) == 70


def test_counts_say_how_many_for_each_reason():
    policy = compiled()
    verdicts = decide_columns(policy, OFFERS, to_columns(crowd_of(policy, 10)), TODAY)
    assert verdicts.counts() == {
        (True, "consented", "choices.news"): 2,
        (False, "refused", "choices.news"): 2,
        (False, "no_parent", "policy.adult_from"): 2,
        (False, "not_asked", "choices.news"): 4,
    }


def test_standings_of_two_versions_do_not_fit_one_table():
    policy, other = compiled(), compiled(('topics = ["offers", "events"]', 'topics = ["events", "offers"]'))
    with pytest.raises(ValueError, match="different policy versions"):
        to_columns([policy.standing("GB"), other.standing("GB")])
    with pytest.raises(ValueError, match="another version"):
        decide_columns(policy, OFFERS, to_columns([other.standing("GB", yes=["news"])]), TODAY)


def test_a_bitmap_that_is_not_there_is_all_zeros():
    policy = compiled()
    table = to_columns([policy.standing("GB"), policy.standing("GB")])
    assert all(not slots for slots in table.said.values())
    assert not np.any(decide_columns(policy, OFFERS, table, TODAY).allowed)
    assert not count_allowed(policy, OFFERS, table, TODAY)


def test_people_may_live_in_more_places_than_a_byte_can_number():
    policy = compiled()
    homes = [f"{first}{second}+GB" for first in "ABCDEFGHIJKLMNOP" for second in "ABCDEFGHIJKLMNOPQRST"]
    crowd = [policy.standing(home, yes=["news"], age=30) for home in homes]
    verdicts = decide_columns(policy, OFFERS, to_columns(crowd), TODAY)
    assert list(verdicts.allowed) == [policy.decide(OFFERS, person, TODAY).allowed for person in crowd]


def test_an_answer_of_the_columns_has_one_reason_and_a_bitmap_no_longer_than_the_people():
    policy = compiled()
    for act in (OFFERS, OFFERS._replace(brand="ferm", topic="gossip")):
        verdicts = decide_columns(policy, act, to_columns(crowd_of(policy, 70)), TODAY)
        assert {len(outcome.reasons) for outcome in verdicts.outcomes} == {1}
        assert {len(who) for who in verdicts.who} == {2}


def test_an_act_that_rests_on_two_choices_needs_both_and_is_stopped_by_either():
    lines = (
        ('say = "send you news", choice = "news"', 'say = "send you news", choice = ["news", "extra"]'),
        ("[choices.news]", '[choices.extra]\nsay = "more"\nask = "in"\nsoft = ["email"]\nchannels = ["email"]\n\n[choices.news]\nsoft = ["email"]'),
    )  # fmt: skip
    policy = compiled(*lines)
    said: list[dict[str, Any]] = [
        {kind: names}
        for kind in ("yes", "no", "stop", "soft")
        for names in ([], ["news"], ["extra"], ["news", "extra"])
    ]
    mixed = [
        {"yes": ["news"], "soft": ["extra"]},
        {"yes": ["news", "extra"], "no": ["extra"]},
        {"yes": ["news", "extra"], "stop": ["news"]},
    ]
    crowd = [policy.standing("GB", age=30, **one) for one in (*said, *mixed)]

    verdicts = decide_columns(policy, OFFERS, to_columns(crowd), TODAY)

    one_by_one = [policy.decide(OFFERS, person, TODAY).because for person in crowd]
    assert [verdicts.outcomes[code].because for code in verdicts.codes] == one_by_one
    assert {why.code for why in one_by_one} == {"consented", "soft", "refused", "stopped", "not_asked"}


def test_more_slots_than_a_byte_holds_stand_in_bitmaps_of_their_own():
    policy = compiled()
    person = policy.standing("GB", yes=["*"], age=30)
    table = to_columns([policy.standing("GB"), person])
    assert len(policy.book.slots) > 8
    assert {slot: int(words[0]) for slot, words in table.said["yes"].items()} == dict.fromkeys(
        range(len(policy.book.slots)), 2
    )
    assert {bit: int(words[0]) for bit, words in table.core.items()} == {0: 3, 1: 1, 2: 3, 3: 1, 4: 3}  # ages 31 and 21
