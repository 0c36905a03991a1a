"""A pause is a no with an end, and takes nothing away: when it is over, all is as it would be without it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.choices.test_fold import events_

from troth.choices.rules import PAUSING, Said, fold
from troth.doors import policies
from troth.policy import Act
from troth.policy.acts import UNKNOWN_AGE

DAY = datetime(2026, 11, 26, 12, tzinfo=UTC)
COMPILED = policies.archive().in_force(DAY.date())
ANSWERS = ["consent", "soft", "refusal", "withdrawal", "objection"]
SCOPES = ["*", "news", "news:tarn", "news:tarn:email", "news:tarn:email:offers", "news:holm", "surveys", "adverts"]
said_ = st.lists(
    st.builds(Said, st.sampled_from(ANSWERS), st.sampled_from(SCOPES), st.integers(-9, 0).map(lambda h: DAY + timedelta(hours=h))),
    max_size=6,
)  # fmt: skip


def may(said, at, purpose="news", channel="email"):
    act = Act("contact", purpose, "tarn", channel=channel, topic="offers", hour=12)
    return COMPILED.decide(act, fold(said, COMPILED, at, "GB", UNKNOWN_AGE), at.date()).allowed


def pause(days, at=DAY, pattern="news"):
    return Said("pause", pattern, at, expires=at + timedelta(days=days))


@given(said_, st.sampled_from([30, 90]), st.integers(0, 100 * 24))
@example([Said("consent", "news:tarn", DAY - timedelta(hours=1))], 30, 30 * 24)
@example([Said("consent", "news:tarn", DAY - timedelta(hours=1))], 30, 30 * 24 - 1)
def test_no_news_goes_while_it_lasts_and_afterwards_all_is_as_without_it(said, days, hours):
    at, paused = DAY + timedelta(hours=hours), [*said, pause(days)]
    if hours < days * 24:
        assert not any(may(paused, at, channel=channel) for channel in ("email", "sms", "post"))
    else:
        assert fold(paused, COMPILED, at) == fold(said, COMPILED, at)
    assert may(paused, at, "surveys") == may(said, at, "surveys"), "of nothing else"


@given(said_, st.integers(1, 29 * 24))
def test_ending_it_early_leaves_all_as_without_it(said, hours):
    ended = DAY + timedelta(hours=hours)
    told = [*said, pause(90), Said("resume", "news", ended)]
    assert fold(told, COMPILED, ended) == fold(said, COMPILED, ended)


@given(events_)
def test_pauses_never_turn_a_no_into_a_yes(said):
    without = [one for one in said if one.kind not in PAUSING]
    paused, free = fold(said, COMPILED, DAY), fold(without, COMPILED, DAY)
    assert paused.no == free.no
    cells = ~sum(whole for whole, _ in COMPILED.book.groups)
    assert paused.yes & ~free.yes & cells == 0
    assert paused.soft & ~free.soft & cells == 0


def test_the_newest_pause_counts_and_a_shorter_one_is_over_sooner():
    yes = Said("consent", "news:tarn", DAY - timedelta(hours=1))
    told = [yes, pause(90), pause(30, DAY + timedelta(hours=1))]
    assert not may(told, DAY + timedelta(days=30))
    assert may(told, DAY + timedelta(days=31))


@pytest.mark.parametrize(("pattern", "free"), [("news:tarn:email", True), ("news", True), ("*", False)])
def test_a_yes_said_meanwhile_of_the_same_or_less_is_meant_now(pattern, free):
    told = [pause(30), Said("consent", pattern, DAY + timedelta(hours=1))]
    assert may(told, DAY + timedelta(hours=2)) is free
