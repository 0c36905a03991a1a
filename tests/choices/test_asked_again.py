"""A yes covers what its choice meant when it was given: where it has come to mean more, it counts no longer (R87)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.choices.rules import Said, fold
from troth.doors import policies
from troth.policy import Act
from troth.policy.book import matching
from troth.policy.diff import diff

OLD, NEW = policies.archive().versions
CHANGED = datetime.combine(NEW.policy.about.version, datetime.min.time(), UTC)
ASKED = {choice for change in diff(OLD, NEW) for choice in change.ask}
HOUR = timedelta(hours=1)


def stands(said, compiled, pattern, at=CHANGED + 100 * HOUR):
    standing, mask = fold(said, compiled, at), matching(compiled.book.slots, pattern)
    return "no" if standing.no & mask == mask else "yes" if standing.yes & mask == mask else "open"


def test_what_is_asked_again_is_what_the_list_of_changes_says():
    assert {"adverts", "surveys", "partner_news"} <= ASKED
    assert "news" not in ASKED


@pytest.mark.parametrize(
    ("choice", "under", "said_at", "compiled", "is_"),
    [
        ("adverts", OLD, -HOUR, OLD, "yes"),
        ("adverts", OLD, -HOUR, NEW, "open"),
        ("adverts", OLD, +HOUR, NEW, "open"),  # the old words, shown too late
        ("adverts", NEW, +HOUR, NEW, "yes"),
        ("adverts", None, -HOUR, NEW, "open"),  # a version nobody knows any more: the day counts
        ("adverts", None, +25 * HOUR, NEW, "yes"),
        ("news", OLD, -HOUR, NEW, "yes"),  # nothing new is done with that
    ],
)
def test_an_old_yes_stands_unless_its_choice_has_come_to_mean_more(choice, under, said_at, compiled, is_):
    said = [Said("consent", f"{choice}:tarn", CHANGED + said_at, policy=under.digest if under else "f" * 64)]

    assert stands(said, compiled, f"{choice}:tarn") == is_


@pytest.mark.parametrize("kind", ["refusal", "withdrawal", "objection"])
def test_a_no_reaches_on_whatever_its_choice_comes_to_mean(kind):
    said = [Said(kind, "adverts:tarn", CHANGED - HOUR, policy=OLD.digest)]
    standing, mask = fold(said, NEW, CHANGED + HOUR), matching(NEW.book.slots, "adverts:tarn")

    assert (standing.no | standing.stop) & mask == mask


def test_an_old_yes_does_not_even_end_the_no_it_once_ended():
    said = [
        Said("refusal", "adverts", CHANGED - 3 * HOUR, policy=OLD.digest),
        Said("consent", "adverts", CHANGED - 2 * HOUR, policy=OLD.digest),
    ]

    assert (stands(said, OLD, "adverts:tarn"), stands(said, NEW, "adverts:tarn")) == ("yes", "no")


def test_what_was_folded_before_the_change_is_not_taken_for_what_holds_after_it():
    assert NEW.layout != NEW.book.layout
    assert OLD.layout == OLD.book.layout
    before = fold([Said("consent", "adverts:tarn", CHANGED - HOUR, policy=OLD.digest)], OLD, CHANGED - HOUR)
    act = Act("use", "adverts", "tarn", items=frozenset({"visits.cookie_id"}), given=frozenset({"notice", "campaign"}))

    assert NEW.decide(act, before, date(2026, 11, 26)).because.code == "stale"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["consent", "refusal", "withdrawal"]), st.sampled_from(["adverts", "news", "surveys"]),
            st.sampled_from(["tarn", "holm"]), st.sampled_from([OLD, NEW]),
        ),
        max_size=8,
    )
)  # fmt: skip
def test_any_history_stands_as_it_would_had_the_old_yeses_never_been_said(some):
    said = [
        (Said(kind, f"{choice}:{brand}", CHANGED + n * HOUR, policy=under.digest), kind, choice, under)
        for n, (kind, choice, brand, under) in enumerate(some)
    ]
    kept = [one for one, kind, choice, under in said if not (kind == "consent" and choice in ASKED and under is OLD)]

    assert fold([one for one, *_ in said], NEW, CHANGED + 100 * HOUR) == fold(kept, NEW, CHANGED + 100 * HOUR)
