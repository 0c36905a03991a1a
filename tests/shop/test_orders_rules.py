"""Where an order may go, and what goes back to whom. No database."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.shop.rules import IN_PROCESS, MOVES, OVER, RETURNS, SAID, STATES, WITH_A_PERSON, after, before, shares

ACTS = sorted({act for _, act in MOVES})


def reached(moves, start):
    found, new = {start}, [start]
    while new:
        state = new.pop()
        for (here, _), then in moves.items():
            if here == state and then not in found:
                found.add(then)
                new.append(then)
    return found


def test_every_state_can_be_reached_and_is_told_to_the_shopper():
    assert reached(MOVES, "open") == STATES == set(SAID)


@pytest.mark.parametrize("state", sorted(OVER | {"delivered"}))
def test_nothing_follows_an_end(state):
    assert [act for act in ACTS if after(state, act)] == []


@given(st.lists(st.sampled_from(ACTS), max_size=40))
def test_whatever_is_tried_goods_go_back_once_and_nothing_leaves_unpaid_or_unchecked(acts):
    state, walked = "open", ["open"]
    for act in acts:
        then = after(state, act)
        if then:
            state = then
            walked.append(then)
    assert sum(one in OVER for one in walked) <= 1
    assert not (OVER & set(walked)) or walked[-1] in OVER
    if "dispatched" in walked:
        assert walked[walked.index("dispatched") - 1] == "paid"
        assert {"authorised", "cleared", "paid"} <= set(walked[: walked.index("dispatched")])
    for here, then in pairwise(walked):
        if here in ("rechecking", "held"):
            assert then != "dispatched"


def test_an_order_with_a_person_or_in_process_can_be_cancelled_and_checked_anew():
    for state in WITH_A_PERSON | IN_PROCESS:
        assert after(state, "cancel") == "cancelled"
        assert after(state, "recheck") in ("authorised", "rechecking")
    assert set(before("dispatch")) == {"paid"}


def test_a_return_is_paid_back_only_when_it_is_here():
    assert before("refund", RETURNS) == {"received": "refunded"}
    assert before("receive", RETURNS) == {"asked": "received"}


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.lists(st.integers(0, 5_000), max_size=8))
def test_what_goes_back_adds_up_and_is_never_more_than_was_paid(by_card, by_voucher, backs):
    card = voucher = 0
    for back in backs:
        if card + voucher + back > by_card + by_voucher:
            with pytest.raises(ValueError, match=str(back)):
                shares(back, by_card, by_voucher, (card, voucher))
            continue
        some = shares(back, by_card, by_voucher, (card, voucher))
        assert sum(some) == back
        assert min(some) >= 0
        card, voucher = card + some[0], voucher + some[1]
    assert card <= by_card
    assert voucher <= by_voucher
