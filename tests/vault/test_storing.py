"""Many rows at once are the same rows as one by one."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, models, transaction
from hypothesis import given
from hypothesis import strategies as st
from tests.plans import asked, plan

from troth.choices.models import Folded, Lease
from troth.ledger.cursors import asking
from troth.vault.lookups import Ids
from troth.vault.models import Identifier, Person, Profile, held_models, holding
from troth.vault.storing import fresh, read_all, rows_of, store_all

DAY, NOON = date(2026, 11, 26), datetime(2026, 11, 26, 12, tzinfo=UTC)


def columns(row: models.Model) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def some_people(count: int) -> list[Person]:
    return [
        fresh(Person, last_seen=DAY, residence="GB" if n % 2 else "US-CA", known_age=n or None) for n in range(count)
    ]


@pytest.mark.django_db(databases=["default", "keys"])
def test_what_is_stored_together_is_what_django_reads_one_by_one():
    people = some_people(3)
    store_all(people)
    said = [
        Identifier(person_id=them.pk, kind="phone", mark=mark, sealed=b"\\x\t\n\0" + mark, evidence="\\N\t'\n€")
        for them, mark in zip(people, (bytes(32), bytes(range(32)), b"\\." * 16), strict=True)
    ]
    store_all(said)
    for row in (*people, *said):
        found = type(row)._base_manager.get(pk=row.pk)
        assert {name: plain(value) for name, value in columns(found).items()} == columns(row)
        assert not row._state.adding
    assert Identifier.objects.count() == 3


@pytest.mark.django_db(databases=["default", "keys"])
def test_rows_read_together_are_those_the_queryset_yields_in_its_order():
    people = some_people(5)
    store_all(people)
    store_all([Profile(person_id=them.pk, sealed=b"x", seen_at=NOON, event_at=NOON) for them in people])
    for rows in (Person.objects.order_by("-pk"), Profile.objects.filter(person_id=people[2].pk).order_by("pk")):
        read = read_all(rows)
        assert [columns(row) for row in read] == [columns(row) for row in rows.all()]
        assert [type(value) for value in columns(read[0]).values()] == [
            type(value) for value in columns(rows[0]).values()
        ]
    assert read_all(Person.objects.filter(residence="FR")) == []


@pytest.mark.django_db(databases=["default", "keys"])
def test_every_kind_of_column_is_read_together_as_django_reads_it_even_where_nothing_is_asked_for():
    person = store_all(some_people(1))[0]
    for bits, lapses in (
        ({"yes": "ff", "Zoë": [1, None]}, NOON),
        ({}, None),
        ({"%s": "100%"}, NOON.replace(microsecond=1)),
    ):
        Folded.objects.all().delete()
        Folded.objects.create(person_id=person.pk, layout="100%", bits=bits, lapses_at=lapses)
        (row,) = read_all(Folded.objects.filter(layout="100%"))
        (by_django,) = Folded.objects.values()
        assert Folded.objects.aggregate(last=models.Max("lapses_at"))["last"] == lapses
        assert columns(row) == by_django
        assert (row.bits, row.lapses_at) == (bits, lapses)
    assert read_all(Folded.objects.filter(pk__in=[])) == []


@pytest.mark.django_db(databases=["default", "keys"], transaction=True)
def test_rows_that_are_known_already_undo_all_of_them_or_are_left_out_when_that_is_said():
    lease = fresh(Lease, person=UUID(int=1), fence=UUID(int=7), until=NOON)
    store_all([lease])
    again = [fresh(Lease, person=UUID(int=n), fence=UUID(int=8), until=NOON) for n in (2, 1)]
    with pytest.raises(IntegrityError), transaction.atomic():
        store_all(again)
    assert Lease.objects.count() == 1
    store_all(again, but_known=True)
    assert dict(Lease.objects.values_list("person", "fence")) == {UUID(int=1): UUID(int=7), UUID(int=2): UUID(int=8)}


@pytest.mark.parametrize("model", [Person, *held_models()], ids=lambda model: model.__name__)
def test_a_fresh_row_begins_as_one_from_the_constructor(model):
    ids = {field.attname for field in model._meta.concrete_fields if callable(field.default)}
    made, plain = columns(fresh(model)), columns(model())
    assert {name: value for name, value in made.items() if name not in ids} == {
        name: value for name, value in plain.items() if name not in ids
    }
    assert {name: type(made[name]) for name in ids} == {name: type(plain[name]) for name in ids}


@pytest.mark.django_db(databases=["default", "keys"])
@given(wanted=st.sets(st.integers(0, 9)))
def test_among_finds_exactly_those_that_are_named(wanted):
    Person.objects.all()._raw_delete("default")
    store_all([fresh(Person, id=UUID(int=n), last_seen=DAY) for n in range(0, 10, 2)])
    found = Person.objects.filter(pk__among=[UUID(int=n) for n in wanted]).values_list("pk", flat=True)
    assert set(found) == {UUID(int=n) for n in wanted if n % 2 == 0}


@pytest.mark.database
@pytest.mark.django_db(databases=["default", "keys"])
def test_among_finds_exactly_the_marks_that_are_named():
    them = some_people(1)
    store_all(them)
    marks = [bytes([n]) * 32 for n in range(4)] + [b"\\x,'%s\0\n" * 4]
    said = [Identifier(person_id=them[0].pk, kind="phone", mark=mark, sealed=b"s") for mark in marks]
    store_all(said)
    for wanted in ([], marks[:1], marks[1::2], [*marks, b"of nobody"]):
        found = Identifier.objects.filter(mark__among=wanted).values_list("mark", flat=True)
        assert {bytes(mark) for mark in found} == set(wanted) - {b"of nobody"}


@pytest.mark.database
@pytest.mark.django_db(databases=["default", "keys"], transaction=True)
def test_a_question_that_is_asked_again_is_answered_for_whoever_it_is_asked_about_and_after_anything_went_wrong():
    people = some_people(9)
    store_all(people)
    store_all([Profile(person_id=them.pk, sealed=bytes([n]), seen_at=NOON) for n, them in enumerate(people[:8])])
    for _ in range(2):
        for n, them in enumerate(people):
            assert [bytes(row.sealed) for row in rows_of(Profile, them.pk)] == [bytes([n])] * (n < 8)
            assert holding(Ids([them.pk])) == [Profile] * (n < 8)
        with pytest.raises(IntegrityError), transaction.atomic():
            store_all(people[:1])


@pytest.mark.database
@pytest.mark.django_db(databases=["default", "keys"])
def test_a_statement_keeps_its_percent_signs_and_takes_its_parameters_by_place_or_by_name():
    takes = "CAST(%s AS varchar(9))"
    for _ in range(2):
        with asking(connection) as cursor:
            cursor.execute(f"SELECT '100%%', {takes}, {takes}", ["%s", "?"])
            assert cursor.fetchall() == [("100%", "%s", "?")]
        with connection.cursor() as cursor:
            cursor.execute("SELECT '100%%', CAST(%(of)s AS varchar(9))", {"of": "%%"})
            assert cursor.fetchall() == [("100%", "%%")]
            cursor.execute("SELECT '100%'")
            assert cursor.fetchall() == [("100%",)]


@pytest.mark.database
@pytest.mark.django_db(databases=["default", "keys"])
def test_who_holds_anything_of_somebody_is_found_by_the_index_though_the_database_has_counted_nothing_yet():
    them = some_people(2)
    store_all(them)
    store_all(Profile(person_id=them[0].pk, sealed=b"x", seen_at=NOON) for _ in range(3000))
    assert holding(Ids([one.pk for one in them])) == [Profile]
    found = plan(*asked(lambda: holding(Ids([them[1].pk])))[0])
    once_through = ("Seq Scan on vault_profile", "SCAN vault_profile", "SCAN rows")
    assert any(way in plan("SELECT sealed FROM vault_profile") for way in once_through)
    assert not any(way in found for way in once_through)


@pytest.mark.database
@pytest.mark.django_db(databases=["default", "keys"])
def test_one_index_finds_marks_and_keeps_mailboxes_but_not_telephones_to_one_person():
    ada, eve = some_people(2)
    store_all([ada, eve])

    def said(kind: str, n: int, who: Person = ada) -> Identifier:
        return Identifier(person_id=who.pk, kind=kind, mark=n.to_bytes(32), sealed=b"x")

    store_all([*(said("email", n) for n in range(2000)), *(said("phone", n, eve) for n in range(2000, 4000))])
    store_all([said("phone", 2000), said("name", 3000)])
    with pytest.raises(IntegrityError), transaction.atomic():
        store_all([said("email", 7, eve)])
    assert Identifier.objects.filter(mark=(7).to_bytes(32)).count() == 1
    assert Identifier.objects.filter(mark=(2000).to_bytes(32)).count() == 2
    sql, parameters = Identifier.objects.filter(kind__in=["phone"], mark=bytes(32)).query.sql_with_params()
    assert "one_mailbox_one_person" in plan(sql, parameters)
