"""Sets of people get the answers the engine gives each of them."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap
from tests.policy.making import TODAY, compiled
from tests.policy.strategies import acts, law_packs, people, policy_files, turning_days
from tests.policy.test_decide import OFFERS, standing_of

from troth.laws import packs
from troth.marketing.bitmaps import ALL, Memo, Reach, Sorting, names_of, place_name
from troth.policy import Reason
from troth.policy.engine import Compiled

NOWHERE = Reason("no_address", "purposes.news", "", "We have no address of theirs.")
ZONES = ["Europe/London", "Pacific/Auckland", "America/Los_Angeles"]


def shelf_of(crowd, zones=("Europe/London",)):
    """Return the sets of numbered people: person 1 is the first."""
    sets: dict[str, BitMap] = {}
    for number, person in enumerate(crowd, 1):
        place = place_name(person.residence, zones[number % len(zones)])
        for name in (ALL, place, *names_of(person)):
            sets.setdefault(name, BitMap()).add(number)
    return sets


def one_by_one(policy, asked, crowd, day):
    """The slow way: everybody asked by the scalar engine; the first act that refuses says why."""
    answers = []
    for number, person in enumerate(crowd, 1):
        decisions = [policy.decide(act, person, day(number)) for act in asked]
        answers.append(next((one for one in decisions if not one.allowed), decisions[0]))
    return [(answer.allowed, answer.because) for answer in answers]


@settings(max_examples=settings().max_examples // 2)
@given(st.data())
def test_everybody_gets_the_engines_answer_for_its_first_reason_exactly_once(data):
    file = data.draw(policy_files)
    policy = Compiled(file, data.draw(st.one_of(law_packs, st.just(dict(packs())))))
    crowd = [standing_of(policy, data.draw(people(file.policy))) for _ in range(12)]
    sets = shelf_of(crowd, ZONES)
    days = {zone: data.draw(turning_days) for zone in ZONES}
    within = data.draw(st.one_of(st.none(), st.sets(st.integers(1, 12)).map(BitMap)))
    memo = Memo()  # one question must not leave anything to the next that is not so
    for size in (1, 1, 2, 3):
        asked = [data.draw(acts(file.policy)) for _ in range(size)]
        reached = data.draw(st.one_of(st.none(), st.sets(st.integers(1, 12)).map(BitMap)))
        reach = Reach(reached, NOWHERE) if reached is not None else None
        question = Sorting(policy, sets, asked, lambda place: days[place[1]], within, reach, memo)

        found = list(question.sorted_out())

        answers = dict(enumerate(one_by_one(policy, asked, crowd, lambda number: days[ZONES[number % len(ZONES)]]), 1))
        if reached is not None:
            answers |= {n: (False, NOWHERE) for n, (yes, _) in answers.items() if yes and n not in reached}
        wanted = {n: answer for n, answer in answers.items() if within is None or n in within}
        assert {n: (said.allowed, said.because) for said, who in found for n in who} == wanted
        assert sum(len(who) for _, who in found) == len(wanted)
        assert all(len(said.reasons) == 1 for said, _ in found)
        assert [(said, number) for said, number in question.counted() if number] == [
            (said, len(who)) for said, who in found
        ]
        assert set(question.free()) == {n for n, (allowed, _) in wanted.items() if allowed}


def test_asking_changes_none_of_the_sets():
    policy = compiled()
    crowd = [
        policy.standing("GB", yes=["news"], age=30),
        policy.standing("GB", age=12),
        policy.standing("FR", stop=["*"]),
    ]
    for crowd_ in (crowd, crowd[:1]):
        sets = shelf_of(crowd_)
        before = {name: list(who) for name, who in sets.items()}
        for _ in range(2):
            question = Sorting(policy, sets, [OFFERS], lambda _: TODAY)
            question.free()
            list(question.counted())
            list(question.sorted_out())
        assert {name: list(who) for name, who in sets.items()} == before


@pytest.mark.parametrize("asked", [[OFFERS], [OFFERS._replace(brand="ferm")]])
def test_nobody_at_all_gets_no_answer(asked):
    question = Sorting(compiled(), {}, asked, lambda _: TODAY)
    assert [*question.sorted_out(), *question.counted()] == []
    assert not question.free()


def test_people_of_one_law_in_two_zones_are_asked_on_the_day_it_is_where_they_are():
    policy = compiled(('news = { say = "send you news"', 'news = { from = 2026-11-23, say = "send you news"'))
    crowd = [policy.standing("GB", yes=["news"], age=30)] * 2
    sets = shelf_of(crowd, ["Europe/London", "Pacific/Auckland"])
    eve = {"Europe/London": date(2026, 11, 22), "Pacific/Auckland": date(2026, 11, 23)}

    question = Sorting(policy, sets, [OFFERS], lambda place: eve[place[1]])
    found = {n: said.because.code for said, who in question.sorted_out() for n in who}

    assert found == {1: "consented", 2: "ended"}
