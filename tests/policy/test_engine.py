"""What the engine keeps, and how a person's answers are folded into the whole of a choice."""

from datetime import date
from typing import Any

import pytest
from tests.policy.making import TODAY, compiled
from tests.policy.test_decide import OFFERS, ORDER

from troth.policy import engine
from troth.policy.acts import ADULT, ERASING, HELD, PARENT, UNKNOWN_AGE, Standing

POLICY = compiled()
CELLS = ("email:offers", "email:events", "sms:offers", "sms:events")
SETS = ("yes", "no", "stop", "signal", "soft")


def bits(*cells):
    return sum(1 << POLICY.book.slots[f"news:fern:{cell}"] for cell in cells)


def whole(**said):
    """Return which sets hold the choice as a whole, once these cells are folded."""
    values = {name: bits(*said.get(name, ())) for name in SETS}
    made = POLICY.fold("GB", 0, **values)
    place = POLICY.book.slots["news:fern"]
    return {name for name in SETS if getattr(made, name) >> place & 1}


ONE, TWO = CELLS[:1], CELLS[:2]


@pytest.mark.parametrize(
    ("said", "as_a_whole"),
    [
        ({}, set()),
        ({"yes": ONE}, {"yes"}),
        ({"yes": ONE, "no": ONE}, set()),
        ({"yes": TWO, "no": ONE}, {"yes"}),
        ({"yes": ONE, "stop": ONE}, set()),
        ({"soft": ONE}, {"soft"}),
        ({"soft": ONE, "no": ONE}, set()),
        ({"soft": TWO, "stop": ONE}, {"soft"}),
        ({"no": CELLS}, {"no"}),
        ({"no": CELLS[:3]}, set()),
        ({"no": CELLS[:3], "stop": CELLS[3:]}, {"no"}),
        ({"stop": CELLS}, {"stop"}),
        ({"stop": CELLS[:3]}, set()),
        ({"stop": CELLS[:3], "no": CELLS[3:]}, {"no"}),
        ({"signal": CELLS}, {"signal"}),
        ({"signal": ONE}, set()),
        ({"yes": ONE, "signal": ONE}, {"yes", "signal"}),
        ({"yes": TWO, "signal": ONE}, {"yes"}),
        ({"soft": ONE, "signal": ONE}, {"soft", "signal"}),
        ({"soft": ONE, "yes": CELLS[1:2], "signal": ONE}, {"soft", "yes"}),
        ({"yes": ONE, "no": ONE, "signal": ONE}, set()),
        ({"yes": ONE, "no": ONE, "signal": CELLS}, {"signal"}),
    ],
)
def test_a_choice_as_a_whole_follows_from_its_cells(said, as_a_whole):
    assert whole(**said) == as_a_whole


def test_folding_clears_a_whole_that_its_cells_do_not_bear():
    whole_bit = 1 << POLICY.book.slots["news:fern"]
    made = POLICY.fold("GB", 0, *[whole_bit] * 5)
    assert [getattr(made, name) for name in SETS] == [0] * 5


def test_folding_keeps_what_is_known_of_a_person_and_nothing_else():
    assert POLICY.fold("GB", 1 << 11 | ERASING | 17, 0, 0, 0, 0, 0).core == ERASING | 17


@pytest.mark.parametrize(
    ("age", "core"), [(None, UNKNOWN_AGE), (-1, 0), (0, 0), (12, 12), (21, ADULT), (22, ADULT), (99, ADULT)]
)
def test_an_age_is_kept_in_years_until_it_matters_no_more(age, core):
    assert POLICY.standing("GB", age=age) == Standing("GB", POLICY.layout, core, 0, 0, 0, 0, 0)


def test_flags_and_answers_stand_where_they_belong():
    made = POLICY.standing("GB", yes=["news:fern:sms:offers"], no=["suit:moss"], stop=["order:fern"], soft=["news:moss:email:events"],
                           age=15, flags=["parent", "held"])  # fmt: skip
    slots = POLICY.book.slots
    assert made.core == 15 | PARENT | HELD
    assert made.yes == 1 << slots["news:fern:sms:offers"] | 1 << slots["news:fern"]
    assert made.no == 1 << slots["suit:moss"]
    assert made.stop == 1 << slots["order:fern"]
    assert made.soft == 1 << slots["news:moss:email:events"] | 1 << slots["news:moss"]
    with pytest.raises(KeyError):
        POLICY.standing("GB", flags=["happy"])


def test_a_second_answer_to_the_same_question_is_looked_up(monkeypatch):
    policy = compiled()
    person = policy.standing("GB", yes=["news"], age=30)
    first = policy.decide(OFFERS, person, TODAY)

    monkeypatch.setattr(policy, "_decide", lambda *_: pytest.fail("it was worked out once more"))

    assert policy.decide(OFFERS, person, TODAY) is first
    # someone else who is alike as far as this act can see
    assert policy.decide(OFFERS, policy.standing("GB", yes=["news"], no=["suit"], age=30), TODAY) is first


def test_people_who_differ_are_never_given_each_others_answer():
    policy = compiled()
    said: list[dict[str, Any]] = [{"yes": ["news"]}, {"no": ["news"]}, {"stop": ["news"]}, {"soft": ["news"]}, {}, {"yes": ["news"], "age": 12},
            {"yes": ["news"], "flags": ["restricted"]}, {"yes": ["news"], "flags": ["erasing"]}]  # fmt: skip
    for _ in range(2):
        codes = [policy.decide(OFFERS, policy.standing("GB", **one), TODAY).because.code for one in said]
        assert codes == [
            "consented",
            "refused",
            "stopped",
            "not_asked",
            "not_asked",
            "no_parent",
            "restricted",
            "erasing",
        ]


def test_a_standing_of_another_version_is_stale_even_after_the_same_was_asked_of_someone_else():
    policy, other = compiled(), compiled(('topics = ["offers", "events"]', 'topics = ["events", "offers"]'))
    policy.decide(OFFERS, policy.standing("GB", yes=["news"]), TODAY)
    stale = policy.decide(OFFERS, other.standing("GB", yes=["news"]), TODAY)
    assert (stale.allowed, stale.because.code, stale.because.clause) == (False, "stale", "policy.version")


@pytest.mark.parametrize("wrong", [(None, Standing(), TODAY), (OFFERS, None, TODAY), (OFFERS, Standing(), None), (tuple(OFFERS), Standing(), TODAY),
                                   (OFFERS._replace(items=["email"]), Standing(), TODAY),  # type: ignore[arg-type]
                                   (OFFERS._replace(items=frozenset([1])), Standing(), TODAY)])  # type: ignore[list-item]  # fmt: skip
def test_what_is_no_question_is_refused_as_such(wrong):
    decision = POLICY.decide(*wrong)
    assert (decision.allowed, decision.because.code, decision.because.clause) == (False, "unknown", "unknown.act")


def test_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(engine, "MOST_RULES", 3)
    monkeypatch.setattr(engine, "MOST_ANSWERS", 3)
    policy = compiled()
    kept = []
    for number in range(8):
        policy.decide(ORDER._replace(place=f"p{number}"), policy.standing("GB"), TODAY)
        kept.append((len(policy._built), len(policy._hot)))
    assert kept == [(1, 1), (2, 2), (3, 3), (1, 1), (2, 2), (3, 3), (1, 1), (2, 2)]

    answers = []
    for age in range(8):
        policy.decide(OFFERS, policy.standing("GB", age=age), TODAY)
        answers.append(len(policy.rule(OFFERS, "GB", TODAY).answers))
    assert answers == [1, 2, 3, 1, 2, 3, 1, 2]


def test_days_that_are_alike_share_a_rule():
    policy = compiled()
    assert policy.rule(OFFERS, "GB", TODAY) is policy.rule(OFFERS, "GB", date(2026, 11, 23))
    assert policy.rule(OFFERS, "GB", TODAY) is not policy.rule(OFFERS, "GB", date(2026, 2, 4))
