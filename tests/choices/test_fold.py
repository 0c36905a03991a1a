"""The fold against an oracle that looks at one slot at a time and knows nothing of bits."""

from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.choices.rules import KINDS, NO, Said, fold
from troth.doors import policies

DAY = datetime(2026, 11, 26, 12, tzinfo=UTC)
COMPILED = policies.archive().in_force(DAY.date())
BOOK = COMPILED.book
SLOTS = [name for name in BOOK.slots if name.split(":")[0] in ("news", "adverts", "personalise", "profile")]
PATTERNS = ["*", "news", "news:skerry", "news:tarn", "news:*:email", "news:skerry:email:offers", "news:skerry:sms",
            "news:skerry:email", "adverts", "adverts:holm", "personalise", "profile:tarn", "gone:tarn"]  # fmt: skip


def meant(pattern, slot):
    wanted, parts = pattern.split(":"), slot.split(":")
    return len(wanted) <= len(parts) and all(w in ("*", p) for w, p in zip(wanted, parts, strict=False))


@cache
def scope(pattern):
    return frozenset(slot for slot in BOOK.slots if meant(pattern, slot))


def oracle(events, at, slot):
    """Return what one slot comes to: a set of words."""
    over = [e for e in events if e.expires and e.expires <= at]
    counted = sorted(
        (e for e in events if e.at <= at and (e not in over or e.kind == "pause")), key=lambda e: (e.at, e.kind in NO)
    )
    yes = soft = False
    stops: list[tuple[str, frozenset[str]]] = []  # [kind, scope] still standing on this slot
    signal = False
    pauses: list[tuple[frozenset[str], bool]] = []  # scope, and whether it holds this slot still
    for event in counted:
        hit = slot in scope(event.pattern)
        if event.kind == "consent" and hit:
            yes = True
            stops = [one for one in stops if not scope(event.pattern) <= one[1]]
            pauses = [(was, held and not scope(event.pattern) <= was) for was, held in pauses]
            signal = signal and not event.sighted
        elif event.kind == "soft" and hit:
            soft = True
        elif event.kind == "signal":
            signal = bool(BOOK.signalled >> BOOK.slots[slot] & 1)
        elif event.kind == "signal_off":
            signal = False
        elif event.kind in ("pause", "resume"):
            pauses = [one for one in pauses if not one[0] <= scope(event.pattern)]
            if event.kind == "pause" and event not in over:
                pauses.append((scope(event.pattern), hit))
        elif event.kind in ("refusal", "withdrawal", "objection") and hit:
            yes = soft = False
            stops.append((event.kind, scope(event.pattern)))
    said_no = any(kind != "objection" for kind, _ in stops)
    stopped = any(kind == "objection" for kind, _ in stops) or any(held for _, held in pauses)
    free = not (said_no or stopped)
    return (yes and free, said_no, stopped, signal, soft and free)


events_ = st.lists(
    st.builds(
        Said, st.sampled_from(KINDS), st.sampled_from(PATTERNS), st.integers(0, 12).map(lambda h: DAY - timedelta(hours=h)),
        st.booleans(), st.none() | st.integers(-9, 9).map(lambda h: DAY + timedelta(hours=h)),
    ),
    max_size=9,
)  # fmt: skip
CELLS = [s for s in SLOTS if s.startswith(("news:skerry:", "news:tarn:", "adverts:", "personalise:", "profile:"))]


@given(events_)
def test_every_slot_is_what_a_slow_reader_makes_of_it(said):
    folded = fold(said, COMPILED, DAY)
    wholes = {slot for slot in BOOK.slots if any(other.startswith(f"{slot}:") for other in BOOK.slots)}
    for slot in (one for one in CELLS if one not in wholes):
        bit = 1 << BOOK.slots[slot]
        got = tuple(bool(getattr(folded, name) & bit) for name in ("yes", "no", "stop", "signal", "soft"))
        assert got == oracle(said, DAY, slot), slot


@given(events_, st.randoms())
def test_the_order_in_which_answers_are_read_does_not_matter(said, chance):
    by_time: dict[tuple[datetime, bool], Said] = {}
    for one in said:  # of two answers of one instant and one kind of weight the order is theirs
        by_time.setdefault((one.at, one.kind in NO), one)
    distinct = list(by_time.values())
    shuffled = distinct[:]
    chance.shuffle(shuffled)
    assert fold(distinct, COMPILED, DAY) == fold(shuffled, COMPILED, DAY)


def at(hour, kind, pattern, **more):
    return Said(kind, pattern, DAY + timedelta(hours=hour), **more)


def allowed(*said, slot="news:skerry:email:offers"):
    return bool(fold(said, COMPILED, DAY + timedelta(hours=50)).yes & 1 << BOOK.slots[slot])


@pytest.mark.parametrize(
    ("said", "yes"),
    [
        ([at(1, "consent", "news:skerry:email:offers")], True),
        ([at(1, "consent", "news:tarn:email:offers")], False),
        ([at(1, "consent", "news:skerry:sms:offers")], False),
        ([at(1, "consent", "news:skerry:email:offers"), at(2, "withdrawal", "news")], False),
        ([at(1, "objection", "*"), at(2, "consent", "news:skerry:email:offers")], True),
        ([at(1, "objection", "news:skerry:email:offers"), at(2, "consent", "news:skerry")], False),
        ([at(1, "consent", "news:skerry"), at(1, "refusal", "news:skerry")], False),
        ([at(1, "consent", "news:skerry", expires=DAY + timedelta(hours=49))], False),
        ([at(1, "consent", "news:skerry", expires=DAY + timedelta(hours=51))], True),
        ([at(1, "consent", "gone:skerry")], False),
    ],
)
def test_a_yes_holds_until_a_no_that_reaches_it(said, yes):
    assert allowed(*said) is yes
