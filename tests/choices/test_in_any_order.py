"""What somebody says, what their browser signals, where they live: in any order, against two slow readers.

One reads a plain list of answers one slot at a time (`test_fold.oracle`), the other the precedence rules with plain ifs
(`tests.policy.oracle`). What is asked is what a door asks: the stored standing, and the engine's decision on it.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from contextlib import nullcontext
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, stateful
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.choices.test_fold import COMPILED, DAY
from tests.choices.test_fold import oracle as slot_oracle
from tests.policy import oracle

from troth.choices import actions as choices
from troth.choices.rules import Said
from troth.doors import periods
from troth.doors.collect import choose
from troth.doors.declare import job
from troth.doors.errors import Refused
from troth.laws import packs
from troth.policy import Act
from troth.vault import identity
from troth.vault.models import Person

POLICY, BOOK = COMPILED.policy, COMPILED.book
WHERE = ["GB", "DE", "FR", "US-CA", "US-OR", "US-NY", "US", "GB+US-CA", "JP", "*"]
WORDS = ["consent", "consent", "refusal", "withdrawal", "objection", "soft", "pause", "resume"]
PATTERNS = [
    "*", "news", "news:tarn", "news:*:email", "news:tarn:email:offers", "news:tarn:sms", "news:tarn:post:offers",
    "news:holm:email:offers", "fit_shop:tarn", "profile:tarn", "adverts", "adverts:tarn", "tracking", "tracking:tarn", "profile:tarn", "fit_shop",
    "fit_shop:tarn", "profile", "surveys", "personalise:tarn", "statistics:tarn", "italy_news",
]  # fmt: skip


def contacts(channel: str, brand: str = "tarn") -> Act:
    return Act("contact", "news", brand, channel=channel, topic="offers", hour=12)


def uses(purpose: str, *items: str, form: str = "plain") -> Act:
    return Act("use", purpose, "tarn", frozenset(items), given=frozenset(POLICY.purposes[purpose].needs), form=form)


ACTS = [
    contacts("email"), contacts("sms"), contacts("phone"), contacts("post"), contacts("email", "holm"),
    Act("contact", "surveys", "tarn", channel="email", hour=12),
    uses("tracking", "pages_seen"), uses("profile", "interests"), uses("fit_shop", "interests"),
    uses("personalise", "order_lines"), uses("adverts", "cookie_id"), uses("order", "email"),
    uses("statistics", "order_totals", form="pseudonymous"), uses("survey_join", "survey_answers", form="pseudonymous"),
    Act("disclose", "adverts", "tarn", frozenset(["cookie_id"]), to="ad_partners", form="hashed"),
]  # fmt: skip
TAKEN = Act("collect", "proof", "tarn", frozenset(["consents.choice_answers"]), source="choice", actor="person")
seen: dict[Act, set[bool]] = defaultdict(set)


class Saying(RuleBasedStateMachine):
    @initialize(where=st.sampled_from(WHERE), age=st.sampled_from([None, 12, 15, 17, 30]))
    def somebody_and_their_neighbour(self, where: str, age: int | None) -> None:
        self.at: datetime = DAY
        self.said: dict[UUID, list[Said]] = {}
        for residence, years in ((where, age), ("GB", 30)):
            self.said[identity.new(on=DAY.date(), residence=residence, age=years).pk] = []

    def later(self, **more: int) -> datetime:
        self.at += timedelta(**(more or {"seconds": 1}))
        return self.at

    def one(self, data: st.DataObject) -> UUID:
        return data.draw(st.sampled_from(list(self.said)))

    def says(self, who: UUID, kind: str, pattern: str, **more: Any) -> None:
        at = self.later()
        them = Person.objects.get(pk=who)
        taken = oracle.decide(POLICY, packs(), TAKEN, described(them, {}, day=at.date()), periods.today(them, at))
        with job("proof"), nullcontext() if taken.allowed else pytest.raises(Refused):
            choose(kind, pattern, person=who, brand="tarn", place="x", wording="May we?", at=at, **more)
        if taken.allowed:
            self.said[who].append(Said(kind, pattern, at, policy=COMPILED.digest, **more))

    @rule(
        data=st.data(), kind=st.sampled_from(WORDS), pattern=st.sampled_from(PATTERNS), sighted=st.booleans(),
        days=st.none() | st.integers(1, 40),
    )  # fmt: skip
    def they_say(self, data: st.DataObject, kind: str, pattern: str, sighted: bool, days: int | None) -> None:
        ends = self.at + timedelta(days=days) if days else None
        self.says(self.one(data), kind, pattern, sighted=sighted and kind == "consent", expires=ends)

    @rule(data=st.data(), act=st.sampled_from(ACTS))
    def they_agree_to_all_that_one_act_takes(self, data: st.DataObject, act: Act) -> None:
        who = self.one(data)
        for name in POLICY.purposes[act.purpose].choice:
            self.says(who, "consent", f"{name}:{act.brand}", sighted=True)

    @rule(data=st.data(), on=st.booleans())
    def their_browser_signals(self, data: st.DataObject, on: bool) -> None:
        self.says(self.one(data), "signal" if on else "signal_off", "*")

    @rule(data=st.data(), where=st.sampled_from(WHERE))
    def they_move(self, data: st.DataObject, where: str) -> None:
        self.later()
        Person.objects.filter(pk=self.one(data)).update(residence=where)

    @rule(days=st.sampled_from([1, 7, 30, 400]))
    def time_passes(self, days: int) -> None:
        self.later(days=days)

    @invariant()
    def everybody_is_decided_on_as_slow_readers_would(self) -> None:
        people, standings = choices.known(list(self.said), COMPILED, self.at)
        for who, said in self.said.items():
            them, day = people[who], periods.today(people[who], self.at)
            read = {slot: slot_oracle(said, self.at, slot) for slot in asked_of(day)}
            for act in ACTS:
                mine = [slot for slots in questions(act, day).values() for slot in slots]
                signals = {read[slot][3] for slot in mine}
                if len(signals) > 1:  # a yes in sight of the signal took it away from a part: the reader knows no parts
                    continue
                person = described(them, read, signal=signals == {True}, day=self.at.date())
                wanted = oracle.decide(POLICY, packs(), act, person, day)
                got = COMPILED.decide(act, standings[who], day)
                assert (got.allowed, got.because.code) == (wanted.allowed, wanted.codes[0]), (act, person, said)
                seen[act].add(got.allowed)


def questions(act: Act, day: date) -> dict[str, list[str]]:
    reader = oracle.Oracle(POLICY, packs(), act, {}, day)
    reader.purpose = POLICY.purposes[act.purpose]
    return reader.questions()


def asked_of(day: date) -> set[str]:
    return {slot for act in ACTS for slots in questions(act, day).values() for slot in slots}


def described(them: Person, read: dict[str, tuple[bool, ...]], *, day: date, signal: bool = False) -> oracle.Person:
    """Return somebody as the reader of the precedence rules wants them: lists of the slots each answer holds of."""
    yes, no, stop, soft = ([slot for slot, found in read.items() if found[place]] for place in (0, 1, 2, 4))
    person: oracle.Person = {
        "residence": them.residence, "yes": yes, "no": no, "stop": stop, "soft": soft, "signal": signal,
    }  # fmt: skip
    age = them.age(day)
    return person if age is None else person | {"age": age}


@pytest.mark.django_db(databases=["default", "keys"], transaction=True)
def test_answers_signals_and_laws_in_any_order():
    stateful.run_state_machine_as_test(
        Saying,
        settings=hypothesis_settings(
            max_examples=30, stateful_step_count=30, deadline=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    sys.stdout.write(f"{ {act.purpose + ' ' + act.channel: sorted(found) for act, found in seen.items()} }\n")
    assert len(seen) == len(ACTS)
    always = {act.purpose for act, found in seen.items() if len(found) == 1}
    assert always <= {"order"}, "every other act was a yes to somebody and a no to somebody"
