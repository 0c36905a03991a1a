import json
from contextlib import suppress
from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from tests.doors.conftest import NOON, known_by, someone

from troth.doors import erasing, keep, policies
from troth.doors.collect import choose, collect
from troth.doors.contact import contact, release
from troth.doors.declare import job
from troth.doors.errors import CardNumber, Refused, Undeclared
from troth.doors.use import use
from troth.ledger import actions as ledger
from troth.ledger.errors import LedgerUnavailable
from troth.ledger.models import Row
from troth.ledger.verifying import verify
from troth.vault import identity, keys
from troth.vault.errors import NoKey, OutsideDoor, Tampered
from troth.vault.models import Identifier, Person

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)


def entries():
    return [json.loads(bytes(body)) for body in Row.objects.order_by("id").values_list("body", flat=True)]


def test_what_is_collected_can_be_used_and_both_are_recorded(ada):
    row = known_by(ada, "email", "ada@post.example")

    with job("order"), use("order", person=ada.pk, brand="tarn", at=NOON) as u:
        assert u.open(Identifier.objects.get(pk=row.pk).value) == "ada@post.example"

    assert [(e["verb"], e["purpose"], e["items"], e["allowed"]) for e in entries()] == [
        ("collect", "account", ["contact.email"], True),
        ("use", "order", ["contact.email"], True),
    ]
    assert "ada@post" not in json.dumps(entries())


def test_what_a_purpose_does_not_use_is_refused_and_the_refusal_is_recorded(ada):
    row = known_by(ada, "email", "ada@post.example")
    with job("systems"), pytest.raises(Refused) as no, use("systems", person=ada.pk, brand="tarn", at=NOON) as u:
        u.open(row.value)
    assert no.value.because.clause.startswith("purposes.systems")
    assert entries()[-1]["allowed"] is False


def test_a_refused_collect_keeps_nothing_but_the_record_of_the_refusal(ada):
    with (
        job("account"),
        pytest.raises(Refused) as no,
        collect("account", source="advert", brand="tarn", person=ada.pk, at=NOON) as c,
    ):
        c.save(Identifier(person_id=ada.pk, kind="email", mark=b"x", value="ada@post.example"))
    assert no.value.because.line == "sources.advert"
    assert not Identifier.objects.exists()
    assert [(e["verb"], e["allowed"], e["clause"]) for e in entries()] == [("collect", False, "sources.advert")]


def taking(person, value):
    """Take one address in, as the last thing of whatever transaction there is."""
    with job("account"), collect("account", source="register", brand="tarn", person=person.pk, at=NOON) as c:
        c.save(identity.identifier(person.pk, "email", value))
    return c


def test_an_act_alone_in_its_transaction_knows_its_entry_afterwards(ada):
    told = [taking(ada, value).entry for value in ("one@post.example", "two@post.example")]
    assert told == list(Row.objects.order_by("id").values_list("id", flat=True))


def test_the_entry_is_written_last_and_on_postgresql_together_with_commit(ada):
    with CaptureQueriesContext(connection) as asked:
        taking(ada, "one@post.example")
    last = 1 if connection.vendor == "postgresql" else 2
    sent = [one["sql"] for one in asked]
    *before, row = sent[:-last]
    assert row.startswith('INSERT INTO "vault_identifier"')
    assert before
    together = "; ".join(sent[-last:])
    assert together.startswith("INSERT INTO ledger_entry")
    assert together.endswith("; COMMIT")


def test_an_entry_is_undone_with_the_act_it_belongs_to_and_with_no_other(ada):
    with transaction.atomic():
        kept = taking(ada, "one@post.example")
        with suppress(KeyError), transaction.atomic():
            assert taking(ada, "two@post.example").entry > kept.entry > 0
            raise KeyError
        with suppress(KeyError), transaction.atomic():
            raise KeyError
    assert list(Row.objects.values_list("id", flat=True)) == [kept.entry]
    with suppress(KeyError), transaction.atomic():
        taking(ada, "three@post.example")
        raise KeyError
    assert taking(ada, "four@post.example").entry == Row.objects.latest("id").pk
    assert (Row.objects.count(), Identifier.objects.count()) == (2, 2)


def test_an_act_inside_another_keeps_its_entry_only_with_it(ada, bob):
    with (
        suppress(KeyError),
        job("account"),
        collect("account", source="register", brand="tarn", person=bob.pk, at=NOON) as c,
    ):
        c.save(identity.identifier(bob.pk, "email", "bob@post.example"))
        taking(ada, "one@post.example")
        raise KeyError
    assert not Row.objects.exists()
    assert not Identifier.objects.exists()


def test_what_cannot_be_recorded_is_not_stored_and_the_next_act_is(ada):
    with connection.schema_editor() as editor:
        editor.execute("ALTER TABLE ledger_entry RENAME TO ledger_gone")
    try:
        with pytest.raises(LedgerUnavailable):
            taking(ada, "one@post.example")
    finally:
        with connection.schema_editor() as editor:
            editor.execute("ALTER TABLE ledger_gone RENAME TO ledger_entry")
    assert not Identifier.objects.exists()
    assert taking(ada, "two@post.example").entry
    assert Identifier.objects.count() == Row.objects.count() == 1


def newcomer():
    """Somebody whose key is made and who is stored nowhere, and a row of theirs."""
    (coming,) = identity.coming([identity.someone(on=NOON.date(), residence="GB", age=34)])
    return coming, identity.identifier(coming.person.pk, "email", "new@post.example")


def test_a_newcomer_is_stored_by_the_door_that_takes_them_in():
    coming, row = newcomer()
    assert not Person.objects.exists()
    whose = coming.person.pk
    with (
        job("account"),
        collect("account", source="register", brand="tarn", person=whose, newcomers=[coming], at=NOON) as c,
    ):
        c.save(row)

    assert list(Person.objects.values_list("pk", "residence", "known_age")) == [(whose, "GB", 34)]
    with job("order"), use("order", person=whose, brand="tarn", at=NOON) as u:
        assert u.open(Identifier.objects.get().value) == "new@post.example"


def test_a_newcomer_who_is_refused_is_nobody():
    coming, row = newcomer()
    with (
        job("account"),
        pytest.raises(Refused),
        collect("account", source="advert", brand="tarn", person=coming.person.pk, newcomers=[coming], at=NOON) as c,
    ):
        c.save(row)
    assert not Person.objects.exists()
    assert not Identifier.objects.exists()


def test_of_many_those_who_are_known_are_asked_about_and_newcomers_are_not_mistaken_for_them(ada):
    say(ada, "refusal", "news:skerry")
    coming, row = newcomer()
    people = [ada.pk, coming.person.pk]
    with (
        job("account"),
        collect("account", source="register", brand="tarn", people=people, newcomers=[coming], at=NOON) as c,
    ):
        c.save_all([identity.identifier(ada.pk, "email", "ada@post.example"), row])
        assert c.persons.keys() == set(people)
        assert [bool(c._known[1][one].no) for one in people] == [True, False]
    assert set(Identifier.objects.values_list("person_id", flat=True)) == set(people)


def test_a_newcomers_key_is_not_shown():
    coming, _ = newcomer()
    assert "key" not in repr(coming)


def test_a_door_opens_for_no_purpose_that_was_not_declared(ada):
    with pytest.raises(Undeclared), job("order"), use("account", person=ada.pk, brand="tarn", at=NOON):
        pass


def test_nothing_is_written_outside_a_door(ada):
    with pytest.raises(OutsideDoor):
        Identifier(person_id=ada.pk, kind="email", mark=b"x", value="a@b.example").save()
    assert not Identifier.objects.exists()


def test_nobody_is_opened_under_another_persons_act(ada, bob):
    row = known_by(bob, "email", "bob@post.example")
    with job("order"), use("order", person=ada.pk, brand="tarn", at=NOON) as u, pytest.raises(Refused):
        u.open(row.value)


def test_a_card_number_is_refused_where_none_belongs(ada):
    with pytest.raises(CardNumber):
        known_by(ada, "email", "4111 1111 1111 1111")
    assert not Identifier.objects.exists()
    assert entries() == []


def test_a_sealed_column_opens_in_no_other_row(ada, bob):
    hers, his = known_by(ada, "email", "ada@post.example"), known_by(bob, "email", "bob@post.example")
    QuerySet.update(Identifier.objects.filter(pk=his.pk), sealed=bytes(hers.sealed))
    with job("order"), use("order", person=bob.pk, brand="tarn", at=NOON) as u, pytest.raises(Tampered):
        u.open(Identifier.objects.get(pk=his.pk).value)


def test_erasing_one_person_leaves_the_other_whole(ada, bob):
    known_by(ada, "email", "ada@post.example")
    his = known_by(bob, "email", "bob@post.example")

    certificate = erasing.erase(ada.pk, at=NOON)

    assert [(line.model, line.kept) for line in certificate.lines] == [("Identifier", False)]
    assert list(Person.objects.values_list("pk", flat=True)) == [bob.pk]
    with pytest.raises(NoKey):
        keys.of(ada.pk)
    with job("order"), use("order", person=bob.pk, brand="tarn", at=NOON) as u:
        assert u.open(his.value) == "bob@post.example"


def test_the_sweep_takes_what_is_over_and_nothing_a_day_early(databases):
    old = someone(last_seen=date(2023, 11, 24))
    edge = someone(last_seen=date(2023, 11, 26))
    for person in (old, edge):
        known_by(person, "email", f"{person.pk}@x.example")
    steps = [s for s in keep.sweep(NOON.replace(tzinfo=NOON.tzinfo)) if s.count]
    assert [(s.model, s.clause, s.count) for s in steps] == [("Identifier", "data.contact.keep", 1)]
    assert [r.person_id for r in Identifier.objects.all()] == [edge.pk]


def say(person, kind, *patterns, at=NOON):
    with job("proof"):
        return choose(kind, *patterns, person=person.pk, brand="skerry", place="test", wording="May we?", at=at)


def test_news_goes_only_to_who_said_yes_and_stops_at_once(ada, monkeypatch):
    known_by(ada, "email", "ada@post.example")
    sent = []

    def send(message, *, give_up_after):
        sent.append(message.address)

    def ask(once):
        return contact(
            ada.pk,
            purpose="news",
            channel="email",
            topic="offers",
            brand="skerry",
            content={"text": "Sale"},
            once=once,
            at=NOON,
        )

    monkeypatch.setattr(policies, "now", lambda: NOON)
    with job("news"):
        assert not ask("1")
        say(ada, "consent", "news:skerry:email:offers", at=NOON - timedelta(minutes=5))
    with job("news"):
        assert ask("2")
        assert not ask("1"), "one key, one answer"
        assert [m.state for m in release({"email": send}, at=NOON)] == ["sent"]
        assert ask("3")
    say(ada, "withdrawal", "news:skerry")
    with job("news"):
        assert [m.state for m in release({"email": send}, at=NOON)] == ["refused"]
    assert sent == ["ada@post.example"]


def test_the_log_seals_and_proves(ada):
    known_by(ada, "email", "ada@post.example")
    ledger.seal(NOON)
    report = verify()
    assert (report.size, report.problems) == (1, [])
    assert ledger.receipt(Row.objects.get().pk)["place"] == 0
