"""People's lives in any order, against plain lists of what they gave and said, and what should be left of it."""

from __future__ import annotations

import base64
import copy
import os
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connections, models
from hypothesis import HealthCheck, Phase, stateful
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from troth.choices import actions as choices
from troth.doors import erasing, joining, keep, policies
from troth.doors.collect import choose, collect
from troth.doors.contact import NotTaken, Outgoing, contact, release
from troth.doors.declare import job
from troth.doors.errors import Refused
from troth.doors.models import LegalHold, Message
from troth.doors.use import use
from troth.ledger.actions import seal
from troth.ledger.verifying import verify
from troth.policy import Act
from troth.vault import identity, keys
from troth.vault.errors import NoKey, Tampered
from troth.vault.held import reveal
from troth.vault.models import Identifier, Join, Person, Profile, person_rows
from troth.vault.safe import Key, Root, Tombstone

LONG = int(os.environ.get("TROTH_LIVES", "2500")) if os.environ.get("TROTH_LONG") else 0
BEGIN = datetime(2026, 11, 26, 12, tzinfo=UTC)
BRANDS, TOPICS = ("tarn", "skerry"), ("offers", "events")
PATTERNS = ["news", *[f"news:{b}" for b in BRANDS], *[f"news:{b}:email:{t}" for b in BRANDS for t in TOPICS]]
MOST = 5  # people at a time: few enough that everything happens to the same ones
steps: Counter[str] = Counter()

a_pattern, a_brand, a_topic = st.sampled_from(PATTERNS), st.sampled_from(BRANDS), st.sampled_from(TOPICS)


@dataclass(eq=False)
class Thing:
    """A row somebody has: what it is, and what it says."""

    owner: UUID
    kind: str  # email, name, said, message
    value: Any
    at: datetime


@dataclass
class World:
    """All that should be true; copied for a backup, and put back with it."""

    seen: dict[UUID, date] = field(default_factory=dict)
    things: list[Thing] = field(default_factory=list)
    holds: dict[UUID, UUID] = field(default_factory=dict)
    joins: dict[UUID, tuple[UUID, UUID, list[Thing]]] = field(default_factory=dict)
    stops: dict[str, datetime] = field(default_factory=dict)  # addresses of people who were erased

    def of(self, who: UUID, kind: str) -> list[Thing]:
        return [thing for thing in self.things if thing.owner == who and thing.kind == kind]

    def allows(self, who: UUID, brand: str, topic: str) -> bool:
        """Tell whether they may be written to, by REQUIREMENTS §1 read slowly: answer against answer."""
        slot, said = f"news:{brand}:email:{topic}", [thing.value for thing in self.of(who, "said")]
        about = [(n, kind, pattern) for n, (kind, pattern) in enumerate(said) if f"{slot}:".startswith(f"{pattern}:")]
        yes = [n for n, kind, _ in about if kind == "consent"]
        noes = [(n, pattern) for n, kind, pattern in about if kind in ("refusal", "objection", "withdrawal")]
        if not yes or any(n > yes[-1] for n, _ in noes):
            return False
        return all(
            any(later > n and f"{said[later][1]}:".startswith(f"{no}:") for later in yes) for n, no in noes
        )  # every no has met a later yes of equal or narrower scope

    def reachable(self, who: UUID) -> str | None:
        """Return the address that mail goes to: the first, unless it is stopped and no yes came since."""
        mail = self.of(who, "email")
        if not mail:
            return None
        stopped = self.stops.get(mail[0].value.lower())
        since = [thing for thing in self.of(who, "said") if thing.value[0] == "consent"]
        return None if stopped and not any(thing.at > stopped for thing in since) else mail[0].value


class Life(RuleBasedStateMachine):
    @initialize()
    def an_empty_house(self) -> None:
        empty()
        self.at, self.world, self.count, self.roots = BEGIN, World(), 0, 1
        self.gone: set[UUID] = set()
        self.accepted: set[str] = set()
        policies.now = lambda: self.at
        self.comes("Europe/London")
        self.comes("Europe/Berlin")
        self.backup = dumped(), copy.deepcopy(self.world)

    def later(self, what: str, **more: int) -> None:
        self.at += timedelta(**(more or {"seconds": 1}))
        steps[what] += 1

    def one(self, data: st.DataObject) -> UUID:
        self.touched = data.draw(st.sampled_from(list(self.world.seen)))
        return self.touched

    def somebody(self) -> bool:
        return bool(self.world.seen)

    def number(self) -> int:
        self.count += 1
        return self.count

    # -- they come, give and say --------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.world.seen) < MOST)
    @rule(zone=st.sampled_from(["Europe/London", "Europe/Berlin"]))
    def somebody_comes(self, zone: str) -> None:
        self.comes(zone)

    def comes(self, zone: str) -> None:
        self.later("come")
        self.touched = identity.new(on=self.at.date(), residence="GB", zone=zone).pk
        self.world.seen[self.touched] = self.at.date()

    @precondition(somebody)
    @rule(data=st.data(), again=st.integers(0, 5))
    def they_give_an_address(self, data: st.DataObject, again: int) -> None:
        """Mostly a new one; sometimes a neighbour's, or that of someone who was erased."""
        self.later("address")
        who, value = self.one(data), f"P{self.number()}@Post.example"
        known = {thing.value: thing.owner for thing in self.world.things if thing.kind == "email"}
        if again == 0 and known:
            value = data.draw(st.sampled_from(sorted(known))).swapcase()
        if again == 1 and self.world.stops:
            value = data.draw(st.sampled_from(sorted(self.world.stops)))
        owner = {mail.lower(): whose for mail, whose in known.items()}.get(value.lower())
        door = collect("account", source="register", brand="tarn", person=who, actor="person", at=self.at)
        if owner not in (None, who):
            with pytest.raises(identity.Taken), job("account"), door:
                identity.identifier(who, "email", value)
            return
        with job("account"), door as c:
            c.save(identity.identifier(who, "email", value))
        if owner is None:
            self.world.things.append(Thing(who, "email", value, self.at))
        self.world.seen[who] = self.at.date()

    @precondition(somebody)
    @rule(data=st.data(), wrong=st.booleans())
    def they_give_a_name(self, data: st.DataObject, wrong: bool) -> None:
        """Given, then perhaps corrected in the same row."""
        self.later("name")
        who, name = self.one(data), f"Ada {self.number()}"
        known = self.world.of(who, "name")
        row = Profile.objects.filter(person_id=who).order_by("pk")[0] if known and wrong else Profile(person_id=who)
        row.name = name
        with (
            job("account"),
            collect("account", source="register", brand="tarn", person=who, actor="person", at=self.at) as c,
        ):
            c.save(row)
        if known and wrong:
            known[0].value = name
        else:
            self.world.things.append(Thing(who, "name", name, self.at))
        self.world.seen[who] = self.at.date()

    @precondition(somebody)
    @rule(
        data=st.data(), kind=st.sampled_from(["consent", "consent", "refusal", "objection", "withdrawal"]), to=a_pattern
    )
    def they_say(self, data: st.DataObject, kind: str, to: str) -> None:
        self.later("say")
        who = self.one(data)
        with job("proof"):
            choose(kind, to, person=who, brand="tarn", place="x", wording="May we?", at=self.at)
        self.world.things.append(Thing(who, "said", (kind, to), self.at))
        self.world.seen[who] = self.at.date()

    @precondition(somebody)
    @rule(data=st.data(), on=st.booleans())
    def their_browser_signals(self, data: st.DataObject, on: bool) -> None:
        """It stops selling and tracking; it takes no news from anybody, and gives none."""
        self.later("signal")
        who = self.one(data)
        with job("proof"):
            choose(
                "signal" if on else "signal_off", "*", person=who, brand="tarn", place="x", wording="GPC", at=self.at
            )
        self.world.things.append(Thing(who, "said", ("signal", "*"), self.at))
        self.world.seen[who] = self.at.date()

    # -- we use and write ---------------------------------------------------------------------------------------------

    @precondition(somebody)
    @rule(data=st.data(), brand=a_brand, topic=a_topic)
    def we_queue_a_message(self, data: st.DataObject, brand: str, topic: str) -> None:
        self.later("queue")
        who, once = self.one(data), f"once-{self.number()}"
        asked: Any = {"purpose": "news", "channel": "email", "topic": topic, "brand": brand, "content": {"t": once}}
        with job("news"):
            answer = contact(who, once=once, at=self.at, **asked)
            again = contact(who, once=once, at=self.at, **asked)
        wanted = self.world.allows(who, brand, topic) and self.world.reachable(who) is not None
        assert (bool(answer), bool(again), again.entry) == (wanted, wanted, answer.entry)
        if wanted:
            self.world.things.append(Thing(who, "message", [once, brand, topic, self.at], self.at))

    @rule(fails=st.sampled_from(["", "", "", "not taken", "who knows"]))
    def we_hand_over_what_is_due(self, fails: str) -> None:
        self.later("release")
        handed: dict[str, str] = {}

        def transport(message: Outgoing, *, give_up_after: int) -> None:
            handed[message.content["t"]] = message.address
            if fails == "not taken":
                raise NotTaken
            if fails:
                raise OSError

        with job("news"):
            list(release({"email": transport}, at=self.at))
        due = [thing for thing in self.world.things if thing.kind == "message" and thing.value[3] <= self.at]
        wanted = {}
        for thing in due:
            once, brand, topic, _ = thing.value
            if self.world.allows(thing.owner, brand, topic) and (address := self.world.reachable(thing.owner)):
                wanted[once] = address
        assert handed == wanted
        assert not handed.keys() & self.accepted, "handed over twice"
        for thing in due:
            if fails == "not taken" and thing.value[0] in handed:
                thing.value[3] = self.at + timedelta(days=9999)  # it may go again some time later: see `_unsure`
                self.unsure(thing)
            else:
                self.world.things.remove(thing)
        self.accepted |= set() if fails == "not taken" else handed.keys()

    def unsure(self, thing: Thing) -> None:
        """Leave no message half way: when it is tried again is a matter of another test."""
        Message.objects.filter(once=thing.value[0]).update(state="failed")
        self.world.things.remove(thing)

    # -- they hold, join, leave ---------------------------------------------------------------------------------------

    @precondition(somebody)
    @rule(data=st.data())
    def a_hold_is_put_or_lifted(self, data: st.DataObject) -> None:
        self.later("hold")
        who = self.one(data)
        if self.world.holds.get(who):
            keep.lift(LegalHold.objects.get(pk=self.world.holds.pop(who)), self.at)
        else:
            made = keep.hold(who, owner="officer", because="claim", review_on=date(2030, 1, 1), at=self.at)
            self.world.holds[who] = made.pk

    @precondition(lambda self: len(self.world.seen) > 1)
    @rule(data=st.data())
    def two_are_joined(self, data: st.DataObject) -> None:
        folded, kept = self.one(data), self.one(data)
        joined = {who for one, two, _ in self.world.joins.values() for who in (one, two)}
        if folded == kept or {folded, kept} & (joined | self.world.holds.keys()):
            return
        self.later("join")
        with job("dedupe"):
            made = joining.join(kept, folded, because="x", actor="officer", given=["merge review"], at=self.at)
        moved = [thing for thing in self.world.things if thing.owner == folded]
        for thing in moved:
            thing.owner = kept
        self.world.things.sort(key=lambda thing: thing.at)
        self.world.joins[made.pk] = (kept, folded, moved)
        self.world.seen[kept] = max(self.world.seen[kept], self.world.seen[folded])

    @precondition(lambda self: self.world.joins)
    @rule(data=st.data())
    def two_are_parted(self, data: st.DataObject) -> None:
        made = data.draw(st.sampled_from(list(self.world.joins)))
        kept, folded, moved = self.world.joins[made]
        if {kept, folded} & self.world.holds.keys():
            return
        self.later("part")
        with job("dedupe"):
            found = Join.objects.get(pk=made)
            assert joining.part(found, actor="officer", given=["merge review"], at=self.at)
            assert not joining.part(found, actor="officer", given=["merge review"], at=self.at)
        del self.world.joins[made]
        for thing in self.world.things:
            if thing in moved and thing.owner == kept:
                thing.owner = folded

    @precondition(somebody)
    @rule(data=st.data())
    def they_ask_to_be_forgotten(self, data: st.DataObject) -> None:
        self.later("erase")
        who = self.one(data)
        if self.world.holds.get(who):
            with pytest.raises(Refused):
                erasing.erase(who, at=self.at)
            return
        erasing.erase(who, at=self.at)
        self.forget(who, self.at)

    def forget(self, who: UUID, at: datetime | None) -> None:
        self.gone.add(who)
        if at:
            self.world.stops |= {mail.value.lower(): at for mail in self.world.of(who, "email")}
        self.world.things = [thing for thing in self.world.things if thing.owner != who]
        self.world.joins = {made: two for made, two in self.world.joins.items() if who not in two[:2]}
        self.world.seen.pop(who, None)
        self.world.holds.pop(who, None)

    # -- the house goes on --------------------------------------------------------------------------------------------

    @rule(days=st.sampled_from([1, 30, 365, 1100, 2200]))
    def time_passes_and_the_sweep_runs(self, days: int) -> None:
        self.later("sweep", days=days)
        for thing in [thing for thing in self.world.things if thing.kind == "message"]:
            self.unsure(thing)
        list(keep.sweep(self.at))
        assert list(keep.sweep(self.at)) == [], "one sweep left something for the next"
        over = {who for who, seen in self.world.seen.items() if self.at.date() > three_years_after(seen)}
        over -= self.world.holds.keys()
        self.world.things = [t for t in self.world.things if t.owner not in over or t.kind not in ("email", "name")]

    @rule()
    def the_root_key_is_changed(self) -> None:
        self.later("rotate")
        self.roots += 1
        settings.TROTH_ROOT_KEY = ring(self.roots)
        keys.forget_ring()
        list(keys.rotate())
        assert set(Key.objects.values_list("root", flat=True)) <= {self.roots}

    @rule()
    def the_ledger_is_sealed(self) -> None:
        self.later("seal")
        seal(self.at)
        report = verify()
        assert (report.unsealed, report.problems) == (0, [])

    @rule()
    def a_backup_is_made(self) -> None:
        self.later("backup")
        self.backup = dumped(), copy.deepcopy(self.world)

    @precondition(lambda self: self.backup)
    @rule()
    def the_backup_is_put_back(self) -> None:
        """Of everything but the keys. Nobody who was erased meanwhile comes back."""
        self.later("restore")
        assert self.backup
        rows, world = self.backup
        put_back(rows)
        self.world = copy.deepcopy(world)
        list(erasing.replay(self.at))
        assert list(erasing.replay(self.at)) == []
        for who in self.gone & self.world.seen.keys():
            self.forget(who, None)
        for thing in [thing for thing in self.world.things if thing.kind == "message"]:
            self.unsure(thing)  # it may have gone between backup and restore
        for join in Join.objects.exclude(pk__in=self.world.joins):
            assert join.undone_at, "a join is back whose people are not"

    # -- and after each step ------------------------------------------------------------------------------------------

    @invariant()
    def everybody_has_what_they_gave(self) -> None:
        for who in self.world.seen if not LONG else {self.touched} & self.world.seen.keys():
            self.has(who)
            self.stands(who)

    def stands(self, who: UUID) -> None:
        """See that every question is answered as a slow reading of all they said answers it."""
        compiled, person = policies.archive().in_force(self.at.date()), Person.objects.get(pk=who)
        standing = choices.standings([person], compiled, self.at)[who]
        for brand, topic in product(BRANDS, TOPICS):
            act = Act("contact", "news", brand, channel="email", topic=topic, hour=12)
            assert compiled.decide(act, standing, self.at.date()).allowed == self.world.allows(who, brand, topic)

    def has(self, who: UUID) -> None:
        """Open all they have, and see that nobody else's key does."""
        mail = list(Identifier.objects.filter(person_id=who).order_by("pk"))
        names = list(Profile.objects.filter(person_id=who).order_by("pk"))
        with job("rights"), use("rights", person=who, brand="tarn", at=self.at) as u:
            assert [u.open(row.value) for row in mail] == [thing.value for thing in self.world.of(who, "email")]
            assert [u.open(row.name) for row in names] == [thing.value for thing in self.world.of(who, "name")]
        others = keys.fetch(self.world.seen.keys() - {who})
        for row in [*mail, *names][:1]:
            for other, key in others.items():
                with pytest.raises(Tampered):
                    reveal(row, key)
                stolen = copy.copy(row)
                stolen.person_id = other
                with pytest.raises(Tampered):
                    reveal(stolen, key)
                theirs = use("rights", person=other, brand="tarn", at=self.at)
                with job("rights"), theirs as u, pytest.raises(Refused):
                    u.open(row.value if isinstance(row, Identifier) else row.name)

    @invariant()
    def nobody_is_there_who_should_not_be(self) -> None:
        theirs = Counter((thing.owner, thing.kind) for thing in self.world.things)
        for kind, model in (("email", Identifier), ("name", Profile)):
            rows = Counter(model.objects.values_list("person_id", flat=True))
            assert {who: n for who, n in rows.items() if who in self.world.seen} == {
                who: n for (who, what), n in theirs.items() if what == kind
            }
        assert keys.fetch(self.gone) == {}
        for who in sorted(self.gone)[-1:]:
            with pytest.raises(NoKey):
                keys.of(who)
            assert not Person.objects.filter(pk=who).exists()
            assert not any(model._base_manager.filter(person_id__in=self.gone).exists() for model in person_rows())
        assert list(choices.verify(policies.archive().in_force(self.at.date()), self.at)) == []

    def teardown(self) -> None:
        if hasattr(self, "world"):
            seal(self.at)
            assert verify().problems == []
            for who in self.world.seen:
                self.has(who)


def three_years_after(day: date) -> date:
    """Return the last day of a period that began on a day."""
    try:
        return day.replace(year=day.year + 3)
    except ValueError:  # a leap day
        return date(day.year + 3, 2, 28)


def ring(newest: int) -> str:
    """Return root keys as the environment brings them: the newest, and the one before."""
    made = {n: base64.b64encode(n.to_bytes(32, "big")).decode() for n in range(max(1, newest - 1), newest + 1)}
    return " ".join(f"{n}:{key}" for n, key in made.items())


def tables() -> list[type[models.Model]]:
    """Return every table but the keys', those that others point to last."""
    found = [model for model in apps.get_models() if model not in (Key, Root, Tombstone) and model._meta.managed]
    return sorted(found, key=lambda model: len([f for f in model._meta.get_fields() if f.one_to_many]))


def empty() -> None:
    for model in tables():
        model._base_manager.all()._raw_delete("default")
    for apart in (Key, Root, Tombstone):
        apart._base_manager.all()._raw_delete("keys")
    settings.TROTH_ROOT_KEY = ring(1)
    keys.forget_ring()


def dumped() -> list[tuple[type[models.Model], list[dict[str, Any]]]]:
    """Return every row of every table, as it lies there."""
    return [(model, list(model._base_manager.values())) for model in tables()]


def put_back(rows: list[tuple[type[models.Model], list[dict[str, Any]]]]) -> None:
    for model in tables():
        model._base_manager.all()._raw_delete("default")
    with connections["default"].cursor() as cursor:
        for model, found in reversed(rows):
            columns = model._meta.concrete_fields
            names = ", ".join(connections["default"].ops.quote_name(column.column) for column in columns)
            marks = ", ".join(["%s"] * len(columns))
            values = [
                [column.get_db_prep_save(row[column.attname], connections["default"]) for column in columns]
                for row in found
            ]
            if values:
                cursor.executemany(f"INSERT INTO {model._meta.db_table} ({names}) VALUES ({marks})", values)  # noqa: S608


@pytest.fixture
def quick():
    """Nothing is killed here, so nothing need wait for the disk."""
    now, root = policies.now, settings.TROTH_ROOT_KEY
    for alias in ("default", "keys"):
        with connections[alias].cursor() as cursor:
            sqlite = connections[alias].vendor == "sqlite"
            cursor.execute("PRAGMA synchronous=OFF" if sqlite else "SET synchronous_commit = off")
    yield
    policies.now, settings.TROTH_ROOT_KEY = now, root
    empty()
    settings.TROTH_ROOT_KEY = root
    keys.forget_ring()
    for connection in connections.all():
        connection.close()


@pytest.mark.django_db(databases=["default", "keys"], transaction=True)
def test_lives_in_any_order(quick):
    stateful.run_state_machine_as_test(
        Life,
        settings=hypothesis_settings(
            max_examples=LONG or 25,
            stateful_step_count=60 if LONG else 40,
            deadline=None,
            derandomize=not LONG,
            phases=[Phase.generate] if LONG else [Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
    sys.stdout.write(f"{sum(steps.values())} steps: {dict(steps)}\n")
    assert steps.keys() >= {"come", "address", "say", "queue", "release", "erase", "sweep", "rotate", "seal", "restore"}
