"""The answer to "what do you hold about me?" is whole, and only yours."""

import json
import shutil
import threading

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from tests.conftest import ON_POSTGRESQL
from tests.rights.planting import NOON, leaves, planted, someone

from troth.doors import joining, keep, policies
from troth.doors.collect import choose
from troth.doors.declare import job
from troth.doors.disclose import disclose
from troth.doors.models import LegalHold, Message
from troth.doors.use import use
from troth.ledger.models import Row
from troth.rights import packet, seeing
from troth.rights.errors import NobodyKnown
from troth.vault.models import Identifier, Profile, held_models

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)


def held(found):
    """What an answer says stands in held fields."""
    sealed = {model.__name__: model.labels() for model in held_models()}
    return {
        (row.row, field): value
        for row in found.held
        for fields in row.values.values()
        for field, value in fields.items()
        if field in sealed.get(row.model, {})
    }


def test_every_held_field_of_the_person_is_in_it_and_nothing_of_the_neighbours():
    ada, bob = someone(), someone()
    mine = planted(ada, "canary-ada")
    theirs = planted(bob, "canary-bob")

    found = seeing.see(ada, NOON)

    assert held(found) == mine
    text = packet.as_json(found).decode()
    assert "canary-ada" in text
    assert not [word for word in ("canary-bob", str(bob), *(str(row) for row, _ in theirs)) if word in text]


def test_each_value_stands_under_the_item_its_field_declares():
    ada = someone()
    planted(ada, "canary")
    found = {
        (row.row, field): item for row in seeing.see(ada, NOON).held for item, fs in row.values.items() for field in fs
    }
    for model in held_models():
        for row in model.objects.all():
            for field, label in row.labels().items():
                assert found.get((row.pk, field)) == (label.of(row) if leaves(label.of(row)) else None)


def test_what_columns_outside_the_seal_say_about_the_person_is_in_it():
    ada, bob = someone(), someone()
    keep.hold(ada, owner="officer", because="claim 7", review_on=NOON.date(), at=NOON)
    keep.hold(bob, owner="officer", because="claim 8", review_on=NOON.date(), at=NOON)
    said = {(t.model, t.item): t.value for t in seeing.see(ada, NOON).things}
    assert said["LegalHold", "requests.request_details"] == "claim 7"
    assert said["Person", "visits.visit_times"] == NOON.date()
    assert said["Person", "identity.age_band"] in (40, NOON.date())
    assert LegalHold.objects.count() == 2


def test_each_row_says_when_it_is_gone_as_the_door_that_deletes_it_does():
    ada = someone()
    planted(ada, "canary")
    gone = {row.row: row.gone_by for row in seeing.see(ada, NOON).held}
    for model in held_models():
        for row in model.objects.all():
            if any(leaves(label.of(row)) for label in row.labels().values()):
                assert gone[row.pk] == {name: day for name, day in keep.until(row, NOON).items() if day}
    assert any(gone.values())


def test_what_never_leaves_is_not_in_it(settings, tmp_path):
    """Passwords are in a category that is never exported; here messages are put there."""
    shutil.copytree(policies.folder(), tmp_path / "policies")
    file = tmp_path / "policies" / "2026-11-01.toml"
    line = 'say     = "the messages we sent you"'
    text = file.read_text("utf-8")
    assert line in text
    file.write_text(text.replace(line, f'{line}\nnever   = ["export"]'), "utf-8")
    ada = someone()
    mine = planted(ada, "canary")
    sent = [model for model in held_models() if any(item.startswith("messages.") for item in model.items())]
    messages = {pk for model in sent for pk in model._base_manager.values_list("pk", flat=True)}
    assert Message in sent

    settings.TROTH_POLICIES = tmp_path / "policies"
    found = seeing.see(ada, NOON)

    assert held(found) == {(row, field): value for (row, field), value in mine.items() if row not in messages}
    assert messages.isdisjoint(row.row for row in found.held), "nor do the columns beside it tell"


def test_the_number_of_queries_does_not_grow_with_the_rows():
    counts, rows = [], []
    for many in (3, 400 // len(held_models())):
        person = someone()
        rows = planted(person, "canary", many)
        with CaptureQueriesContext(connection) as found, CaptureQueriesContext(connections["keys"]) as keys:
            packet.as_json(seeing.see(person, NOON))
        counts.append((len(found), len(keys)))
    assert len(rows) > 300
    assert counts[0] == counts[1]


def test_a_look_is_one_recorded_act_and_the_answer_tells_of_it():
    ada, bob = someone(), someone()
    planted(ada, "canary")
    seeing.see(bob, NOON)
    before = Row.objects.count()

    found = seeing.see(ada, NOON)

    assert Row.objects.count() == before + 1
    assert [(entry["verb"], entry["purpose"]) for _, entry in found.acts] == [("use", "rights")]
    shown = {item for row in found.held for item in row.values}
    assert shown <= set(found.acts[0][1]["items"])


def test_someone_of_whom_nearly_nothing_is_held_is_answered_and_that_is_recorded_too():
    ada = someone()
    found = seeing.see(ada, NOON)
    assert {row.model for row in found.held} == {"Person"}
    assert len(found.acts) == 1


def test_who_received_something_and_who_looked_stand_apart():
    ada = someone()
    planted(ada, "canary")
    row = Identifier.objects.get(person_id=ada, kind="email")
    with job("order"), disclose("order", to="carriers", person=ada, brand="tarn", place="GB", at=NOON) as d:
        d.open(row.value)
    stated = ["open case", "reason", "time limit"]
    with job("order"), use("order", person=ada, brand="tarn", actor="care", given=stated, at=NOON) as u:
        u.open(row.value)

    found = seeing.see(ada, NOON)

    assert [entry["to"] for _, entry in found.disclosures] == ["carriers"]
    assert [entry["actor"] for _, entry in found.looks] == ["care"]
    document = json.loads(packet.as_json(found))
    assert document["disclosures"] == [found.acts[0][0]]
    assert document["looks"] == [found.acts[1][0]]


def test_what_was_said_stands_in_it_with_the_words_shown():
    ada = someone()
    with job("proof"):
        choose("refusal", "news", person=ada, brand="tarn", place="checkout", wording="May we write?", at=NOON)
    found = {thing.item: thing.value for thing in seeing.see(ada, NOON).things if thing.model == "Event"}
    assert found["consents.wording_shown"] == "May we write?"


def test_whoever_was_joined_into_another_is_answered_with_both_halves_and_all_acts():
    ada, also, bob = someone(), someone(), someone()
    planted(bob, "canary-bob")
    with job("order"), use("order", person=also, brand="tarn", items=["contact.email"], at=NOON):
        pass
    mine = planted(also, "canary-also") | planted(ada, "canary-ada")
    with job("dedupe"):
        joining.join(ada, also, because="same phone", actor="officer", given=["merge review"], at=NOON)

    for asked in (ada, also):
        found = seeing.see(asked, NOON)
        assert found.person == ada
        assert held(found) == mine
        assert found.acts[0][1]["purpose"] == "order", "from before the join"
        assert len({number for number, _ in found.acts}) == len(found.acts)


def test_nobody_unknown_is_seen():
    ada = someone()
    with pytest.raises(NobodyKnown):
        seeing.see(type(ada)(int=7), NOON)


@pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite lets nobody write meanwhile")
def test_all_of_it_is_of_one_moment():
    ada = someone()
    planted(ada, "canary")

    def write():
        Profile.objects.update(source="account")
        connection.close()

    def meanwhile(execute, sql, *rest):
        if sql.startswith("SELECT") and Profile._meta.db_table in sql:
            other = threading.Thread(target=write)
            other.start()
            other.join()
        return execute(sql, *rest)

    with connection.execute_wrapper(meanwhile):
        found = seeing.see(ada, NOON)

    assert Profile.objects.get().source == "account"
    assert [row.source for row in found.held if row.model == "Profile"] == ["order"]
