"""A yes of many people at once is what a yes of each would have been."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TransactionTestCase
from tests.doors.conftest import someone

from troth.choices.actions import agree_all, say
from troth.choices.errors import UnknownSlot
from troth.choices.models import Event, Folded
from troth.doors.collect import collect
from troth.doors.declare import job

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
PATTERN = "news:tarn:email"
KINDS = ["consent", "soft", "refusal", "withdrawal", "objection", "pause", "signal"]
EARLIER = st.lists(
    st.tuples(st.sampled_from(KINDS), st.sampled_from(["*", "news", "news:tarn", PATTERN, f"{PATTERN}:offers", "news:holm"])),
    max_size=4,
)  # fmt: skip


def said(person, kind, pattern, at):
    expires = at + timedelta(days=30) if kind == "pause" else None
    with job("proof"), collect("proof", source="choice", brand="tarn", person=person, at=at) as c:
        say(c.save, person, kind, [pattern], compiled=c.compiled, at=at, place="x", wording="?", expires=expires)


def left(person):
    events = Event.objects.filter(person_id=person).order_by("at", "id")
    columns = ("kind", "pattern", "at", "expires", "policy", "place", "actor", "event_at")
    folded = Folded.objects.filter(person_id=person).values_list("layout", "bits", "lapses_at")
    return list(events.values_list(*columns)), list(folded)


class Together(TransactionTestCase):
    databases = {"default", "keys"}  # noqa: RUF012 -- as Django declares it

    @settings(max_examples=25, deadline=None)
    @given(st.lists(EARLIER, min_size=1, max_size=4))
    def test_many_who_agree_together_stand_where_they_would_have_alone(self, lives):
        alone, together = ([someone("GB").pk for _ in lives] for _ in range(2))
        for people in (alone, together):
            for person, life in zip(people, lives, strict=True):
                for minute, (kind, pattern) in enumerate(life):
                    said(person, kind, pattern, NOON + timedelta(minutes=minute))
        at = NOON + timedelta(hours=1)
        with job("proof"), collect("proof", source="choice", brand="tarn", people=alone + together, at=at) as c:
            how: dict[str, Any] = {"compiled": c.compiled, "at": at, "place": "list", "actor": "system"}
            for person in alone:
                say(c.save, person, "consent", [PATTERN], wording="May Tarn?", proof={"by": "A"}, **how)
            agree_all(c.save_all, {person: ("May Tarn?", {"by": "A"}) for person in together}, PATTERN, **how)
        assert [left(person) for person in together] == [left(person) for person in alone]


@pytest.mark.django_db(databases=["default", "keys"], transaction=True)
def test_a_question_the_policy_does_not_know_is_refused():
    person = someone("GB").pk
    with (
        job("proof"),
        pytest.raises(UnknownSlot),
        collect("proof", source="choice", brand="tarn", person=person, at=NOON) as c,
    ):
        agree_all(c.save_all, {person: ("?", {})}, "newz", compiled=c.compiled, at=NOON, place="x", actor="system")
    assert Event.objects.count() == 0
