"""How often something may be tried: against a plain count of what was let through."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.accounts.conftest import NOON

from troth.accounts import rules, throttle
from troth.accounts.errors import TooSoon
from troth.accounts.models import Tries
from troth.accounts.throttle import Key

KINDS = st.sampled_from(sorted(rules.LIMITS))
DAY = 24 * 3600


@given(KINDS, st.integers(0, 10_000))
def test_waits_only_grow_and_never_beyond_the_most(kind, tries):
    free, _, most = rules.LIMITS[kind]

    assert 0 <= rules.wait(kind, tries) <= rules.wait(kind, tries + 1) <= most
    assert (rules.wait(kind, tries) == 0) == (tries < free)


@given(KINDS)
def test_whoever_tries_all_day_gets_so_many_tries_and_no_more(kind):
    now, last, count = 0, 0, 0
    while now < DAY:  # the greediest there is: each try at the first moment it counts
        count, last = count + 1, now
        now = last + rules.wait(kind, count)
        if count > 1_000:
            break
    free, _, most = rules.LIMITS[kind]

    assert count <= free + 20 + DAY // most


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(3))
def test_what_is_let_through_is_what_a_plain_list_of_tries_lets_through(seed):
    import random  # noqa: PLC0415

    dice, at = random.Random(seed), NOON  # noqa: S311 -- a test's dice
    let: list[datetime] = []
    key = Key("account", f"{seed}")
    for _ in range(60):
        at += timedelta(seconds=dice.choice((0, 1, 3, 8, 30, 200)))
        oracle = not let or (at - let[-1]).total_seconds() >= rules.wait("account", len(let))
        if oracle:
            throttle.enter([key], at)
            let.append(at)
        else:
            with pytest.raises(TooSoon) as no:
                throttle.enter([key], at)
            assert no.value.wait == rules.wait("account", len(let)) - (at - let[-1]).total_seconds()
        if dice.random() < 0.05:
            throttle.forgive([key], at)
            let = []


@pytest.mark.django_db(transaction=True)
def test_a_try_that_one_count_refuses_is_not_counted_by_the_other():
    many, one = Key("network", "n"), Key("account", "a")
    for _ in range(5):
        throttle.enter([many, one], NOON)
    with pytest.raises(TooSoon):
        throttle.enter([many, one], NOON)

    assert sorted(Tries.objects.values_list("count", flat=True)) == [5, 5]


@pytest.mark.django_db(transaction=True)
def test_counts_of_another_day_and_of_another_kind_are_others():
    marks = {Key(kind, "a").mark(at) for kind in rules.LIMITS for at in (NOON, NOON + timedelta(days=1))}

    assert len(marks) == 2 * len(rules.LIMITS)


@pytest.mark.parametrize(
    "cases",
    [
        [("password1234", False), ("aaaaaaaaaaaaaaaa", False), ("short", False)],
        [("otter lamp gravel moon", True), ("ひとりで海を見ていた夜", False), ("ひとりで海を見ていた夜でした", True)],
    ],
)
def test_length_is_what_makes_a_password(cases):
    for password, good in cases:
        assert (password, not rules.password_problem(password)) == (password, good)
