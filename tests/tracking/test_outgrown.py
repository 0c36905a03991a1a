"""What a browser said yes to has come to mean more: its yes counts no longer, and its no for ever (R87)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tracking.conftest import Browser

from troth.choices.models import Event
from troth.choices.rules import Said, fold
from troth.doors import policies
from troth.policy.book import matching
from troth.tracking import rules
from troth.tracking.models import PageSeen
from troth.tracking.rules import Answers

OLD, NEW = policies.archive().versions
BEFORE, DAY = OLD.policy.about.version, date(2026, 11, 26)
GROWN = {"tracking", "adverts"}
EVERY = sorted(rules.asked_one_by_one(NEW))
ALL_YES = Answers(tuple((name, "yes") for name in EVERY))


def read(cookie, on=DAY, compiled=NEW):
    return rules.read_answers(cookie, compiled, on)


def test_a_yes_given_before_its_choice_grew_is_not_given_and_the_others_stand():
    said = read(ALL_YES.write(BEFORE))
    assert {name for name, _ in said.said} == set(EVERY) - GROWN
    assert set(said.outgrown) == GROWN
    assert read(ALL_YES.write(BEFORE), compiled=OLD) == ALL_YES
    assert read(ALL_YES.write(NEW.policy.about.version)) == ALL_YES


def test_a_no_is_never_outgrown():
    refused = Answers(tuple((name, "no") for name in EVERY))
    assert read(refused.write(BEFORE)) == refused
    assert read(":".join(f"{name}.no" for name in EVERY)) == refused


@pytest.mark.parametrize(
    ("on", "counts"),
    [
        (date(2026, 11, 26), False),  # it may be half a year old, from before the change
        (date(2027, 4, 30), False),
        (date(2027, 5, 1), True),  # written on 1 November at the earliest: older ones are gone from every browser
    ],
)
def test_a_cookie_without_its_version_counts_from_the_first_day_it_could_be_of(on, counts):
    assert (read("adverts.yes", on=on) == Answers((("adverts", "yes"),))) is counts


@pytest.mark.parametrize("version", ["v20991231", "v20260231", "v20261102"])
def test_a_version_that_there_was_not_yet_is_not_believed(version):
    assert read(f"{version}:adverts.yes").outgrown == ("adverts",)
    assert read(f"{version}:adverts.no").said == (("adverts", "no"),)


@given(
    st.dictionaries(st.sampled_from(EVERY), st.sampled_from(["yes", "no"])), st.sampled_from([OLD, NEW]),
    st.sampled_from(sorted(NEW.policy.brands)),
)  # fmt: skip
def test_what_counts_of_a_cookie_is_what_counts_of_a_person_who_said_the_same_that_day(said, under, brand):
    kept = dict(read(Answers(tuple(sorted(said.items()))).write(under.policy.about.version)).said)
    at = datetime.combine(under.policy.about.version, datetime.min.time(), UTC) + timedelta(hours=1)
    kinds = {"yes": "consent", "no": "refusal"}
    events = [Said(kinds[how], f"{name}:{brand}", at, policy=under.digest) for name, how in said.items()]
    stands = fold(events, NEW, at + timedelta(days=1))
    for name in EVERY:
        mask = matching(NEW.book.slots, f"{name}:{brand}")
        assert ("no" if stands.no & mask else "yes" if stands.yes & mask else None) == kept.get(name)


@pytest.mark.django_db(databases=["default", "keys"], transaction=True)
@pytest.mark.urls("tests.tracking.urls")
def test_a_browser_is_asked_again_once_and_until_then_nothing_of_it_is_written_down(stranger, clock):
    now = clock.at
    clock.pass_(days=(date(2026, 10, 20) - now.date()).days)
    stranger.answer("all")
    refuser = Browser()
    refuser.answer("none")
    stranger.look()
    seen = PageSeen.objects.count()
    assert seen == 1
    assert "Accept all" not in stranger.look().content.decode()

    clock.pass_(days=(now.date() - clock.at.date()).days)
    seen = PageSeen.objects.count()
    page = stranger.look().content.decode()
    assert "Accept all" in page
    assert "That has come to mean more" in page
    assert PageSeen.objects.count() == seen
    assert "Accept all" not in refuser.look().content.decode()

    stranger.answer("all")
    assert stranger.kept["choices"].startswith("v20261101:")
    assert "Accept all" not in stranger.look().content.decode()
    assert PageSeen.objects.count() == seen + 1
    assert Event.objects.filter(kind="consent", pattern="adverts:tarn").count() == 2, "each yes with its own words"
