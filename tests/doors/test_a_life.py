"""People's lives in random order, against a plain dictionary of what should be true."""

import os
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connections
from hypothesis import settings, stateful
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from troth.choices import actions as choices
from troth.choices.models import Event, Folded, Lease, Suppression
from troth.doors import erasing, joining, keep, policies
from troth.doors.collect import choose, collect
from troth.doors.contact import contact, release
from troth.doors.declare import job
from troth.doors.errors import Refused
from troth.doors.models import LegalHold, Message
from troth.doors.use import use
from troth.ledger.actions import seal
from troth.ledger.models import Head, Mention, Row, Tile
from troth.ledger.verifying import verify
from troth.shop.models import PastOrder
from troth.vault import identity, keys
from troth.vault.errors import NoKey
from troth.vault.models import Identifier, Join, Person, Profile
from troth.vault.safe import Key, Tombstone

LONG = bool(os.environ.get("TROTH_LONG"))
BEGIN = datetime(2026, 11, 26, 12, tzinfo=UTC)
TOPICS, BRANDS = ("offers", "events"), ("tarn", "skerry")
steps: Counter[str] = Counter()


class Life(RuleBasedStateMachine):
    """The oracle: what each living person has, said and is owed."""

    @initialize()
    def an_empty_house(self):
        for model in (
            Mention,
            Row,
            Tile,
            Head,
            Event,
            Folded,
            Lease,
            Suppression,
            Message,
            LegalHold,
            PastOrder,
            Profile,
            Identifier,
            Join,
            Person,
        ):
            model._base_manager.all()._raw_delete("default")
        for apart in (Key, Tombstone):
            apart._base_manager.all()._raw_delete("keys")
        keys.forget_ring()
        self.at = BEGIN
        self.people, self.gone, self.count, self.sent = {}, set(), 0, 0

    def later(self, **more):
        self.at += timedelta(seconds=1, **more)
        policies.now = lambda: self.at

    def one(self, data):
        return data.draw(st.sampled_from(list(self.people)))

    @rule()
    def somebody_comes(self):
        self.later()
        person = identity.new(on=self.at.date(), residence="GB", zone="UTC").pk
        self.people[person] = {"mail": [], "yes": set(), "held": False, "seen": self.at.date()}
        steps["comes"] += 1

    @rule(data=st.data())
    def they_give_an_address(self, data):
        if not self.people:
            return
        self.later()
        who, self.count = self.one(data), self.count + 1
        value = f"P{self.count}@Post.example"
        with (
            job("account"),
            collect("account", source="register", brand="tarn", person=who, actor="person", at=self.at) as c,
        ):
            c.save(identity.identifier(who, "email", value))
        self.people[who]["mail"].append(value)
        self.people[who]["seen"] = self.at.date()
        steps["address"] += 1

    @rule(
        data=st.data(),
        kind=st.sampled_from(["consent", "refusal", "objection"]),
        brand=st.sampled_from(BRANDS),
        topic=st.sampled_from(TOPICS),
        wide=st.booleans(),
    )
    def they_say(self, data, kind, brand, topic, wide):
        if not self.people:
            return
        self.later()
        who = self.one(data)
        said = self.people[who]["yes"]
        pattern = f"news:{brand}" if wide and kind != "consent" else f"news:{brand}:email:{topic}"
        with job("proof"):
            choose(kind, pattern, person=who, brand=brand, place="x", wording="May we?", at=self.at)
        self.people[who]["seen"] = self.at.date()
        if kind == "consent":
            said.add((brand, topic))
        else:
            said -= {(brand, t) for t in TOPICS} if wide else {(brand, topic)}
        steps["say"] += 1

    @rule(data=st.data(), brand=st.sampled_from(BRANDS), topic=st.sampled_from(TOPICS), silent=st.booleans())
    def we_write(self, data, brand, topic, silent):
        if not self.people:
            return
        self.later()
        who, self.sent = self.one(data), self.sent + 1
        them, handed = self.people[who], []
        with job("news"):
            queued = contact(
                who,
                purpose="news",
                channel="email",
                topic=topic,
                brand=brand,
                content={"t": "x"},
                once=str(self.sent),
                at=self.at,
            )
        assert bool(queued) == ((brand, topic) in them["yes"] and bool(them["mail"]))
        if silent and queued:
            with job("proof"):
                choose(
                    "objection",
                    "news",
                    person=who,
                    brand=brand,
                    place="x",
                    wording="Stop?",
                    at=self.at + timedelta(milliseconds=1),
                )
            them["yes"] = set()
            them["seen"] = self.at.date()
            self.later()
        with job("news"):
            list(release({"email": lambda message, **_: handed.append(message.address)}, at=self.at))
        assert handed == ([them["mail"][0]] if queued and not silent else [])
        steps["write"] += 1

    @rule(data=st.data())
    def a_hold_is_put_or_lifted(self, data):
        if not self.people:
            return
        self.later()
        who = self.one(data)
        held = LegalHold.objects.filter(person_id=who, lifted_at=None).first()
        if held:
            keep.lift(held, self.at)
        else:
            keep.hold(who, owner="officer", because="claim", review_on=date(2030, 1, 1), at=self.at)
        self.people[who]["held"] = held is None
        steps["hold"] += 1

    @rule(data=st.data())
    def they_ask_to_be_forgotten(self, data):
        if not self.people:
            return
        self.later()
        who = self.one(data)
        if self.people[who]["held"]:
            with pytest.raises(Refused):
                erasing.erase(who, at=self.at)
            return
        erasing.erase(who, at=self.at)
        del self.people[who]
        self.gone.add(who)
        steps["erase"] += 1

    @rule(data=st.data())
    def two_are_joined_and_parted(self, data):
        if len(self.people) < 2:
            return
        self.later()
        one, two = data.draw(st.permutations(list(self.people)))[:2]
        if self.people[one]["held"] or self.people[two]["held"]:
            return
        with job("dedupe"):
            made = joining.join(one, two, because="x", actor="officer", given=["merge review"], at=self.at)
            assert Identifier.objects.filter(person_id=one).count() == len(self.people[one]["mail"]) + len(
                self.people[two]["mail"]
            )
            joining.part(made, actor="officer", given=["merge review"], at=self.at)
        steps["join"] += 1

    @rule(days=st.integers(1, 500))
    def time_passes_and_the_sweep_runs(self, days):
        self.later(days=days)
        list(keep.sweep(self.at))
        for who, them in self.people.items():
            last = them["seen"].replace(
                year=them["seen"].year + 3, day=min(them["seen"].day, 28 if them["seen"].month == 2 else 31)
            )
            if self.at.date() > last and not them["held"]:  # three years after their last visit
                them["mail"] = []
            assert Identifier.objects.filter(person_id=who).count() == len(them["mail"])
        steps["sweep"] += 1

    @rule()
    def the_ledger_is_sealed(self):
        seal(self.at)
        report = verify()
        assert (report.unsealed, report.problems) == (0, [])
        steps["seal"] += 1

    @invariant()
    def everybody_has_what_they_gave_and_nobody_else_does(self):
        if not hasattr(self, "people"):
            return
        for who, them in self.people.items():
            rows = list(Identifier.objects.filter(person_id=who).order_by("pk"))
            with job("rights"), use("rights", person=who, brand="tarn", at=self.at) as u:
                assert [u.open(row.value) for row in rows] == them["mail"]
        assert list(choices.verify(policies.archive().in_force(self.at.date()), self.at)) == []

    @invariant()
    def nobody_who_was_erased_is_anywhere(self):
        for who in getattr(self, "gone", ()):
            with pytest.raises(NoKey):
                keys.of(who)
            assert not Identifier.objects.filter(person_id=who).exists()
            assert not Event.objects.filter(person_id=who).exists()


@pytest.mark.django_db(databases=["default", "keys"], transaction=True)
def test_lives_in_any_order(monkeypatch):
    monkeypatch.setattr(policies, "now", policies.now)
    keys.forget_ring()
    stateful.run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=int(os.environ["TROTH_LONG"]) if LONG else 12,
            stateful_step_count=40,
            deadline=None,
            derandomize=not LONG,
        ),
    )
    for connection in connections.all():
        connection.close()
    sys.stdout.write(f"{sum(steps.values())} steps: {dict(steps)}\n")
