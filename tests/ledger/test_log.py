"""Any edit, removal, insertion, reordering, truncation or fork of the stored log is found, and where it was."""

import base64
import json
import threading
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from types import MappingProxyType

import pytest
import rfc8785
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from tests.plans import asked, plan

from troth.laws import packs
from troth.ledger import actions, merkle, note, signer
from troth.ledger.entry import Entry
from troth.ledger.errors import BadCheckpoint, NotAName
from troth.ledger.models import Head, Mention, Row, Tile
from troth.ledger.verifying import verify

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
database = pytest.mark.django_db(transaction=True)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz_.:", min_size=1, max_size=12)


def entry(number, **more):
    return Entry(at=NOON, verb="use", purpose="order", items=("contact.email",), facts={"n": number}, **more)


def filled(count):
    with transaction.atomic():
        actions.record_all(entry(n, subject=bytes([n % 251]) * 16) for n in range(count))
    actions.seal(NOON)


def newest():
    head = actions.head()
    assert head
    return head


def sql(text, *values):
    with connection.cursor() as cursor:
        cursor.execute(text, values)


@database
def test_entries_written_together_are_answered_with_their_own_numbers():
    actions.record(entry(99))
    with transaction.atomic():
        numbers = actions.record_all(entry(n, subject=b"" if n % 2 else bytes(16), law="BDSG § 26") for n in range(5))
        numbers += actions.record_all([entry(5)])
    rows = {row.pk: row for row in Row.objects.all()}
    assert [json.loads(bytes(rows[number].body))["facts"]["n"] for number in numbers] == [0, 1, 2, 3, 4, 5]
    subjects = [rows[number].subject for number in numbers]
    assert [one and bytes(one) for one in subjects] == [bytes(16), None, bytes(16), None, bytes(16), None]
    assert {json.loads(bytes(rows[number].body))["law"] for number in numbers[:5]} == {"BDSG § 26"}
    assert actions.record_all([]) == []


@database
def test_many_receipts_are_the_single_ones_and_what_is_not_sealed_yet_has_none():
    filled(700)
    with transaction.atomic():
        late = actions.record(entry(701))
    numbers = list(Row.objects.order_by("pk").values_list("pk", flat=True))

    made = actions.receipts([*numbers, late + 1])

    assert sorted(made) == [number for number in numbers if number != late]
    assert {number: actions.receipt(number) for number in made} == made
    assert actions.receipts([]) == actions.receipts([late]) == {}


@given(
    NAMES,
    st.lists(NAMES, max_size=4),
    st.dictionaries(NAMES, NAMES | st.integers(0, 2**40), max_size=4),
    st.binary(max_size=16),
)
def test_an_entry_is_written_as_rfc_8785_writes_it(purpose, items, facts, subject):
    body = Entry(
        at=NOON, verb="use", purpose=purpose, items=tuple(sorted(items)), facts=facts, subject=subject
    ).encode()
    assert body == rfc8785.dumps(json.loads(body))


def test_facts_are_written_as_they_are_given_however_alike_the_last_ones_were():
    ways: list[dict[str, str | int]] = [
        {"n": 1},
        {"n": True},
        {"n": 0},
        {"n": False},
        {"n": "1"},
        {"m": 1},
        {"n": 1, "m": 2},
        {"m": 2, "n": 1},
        {},
    ]
    for facts in ways * 2:
        read = json.loads(Entry(at=NOON, verb="use", facts=facts).encode())
        assert repr(sorted(read.get("facts", {}).items())) == repr(sorted(facts.items()))


@pytest.mark.parametrize("value", ["ada@post.example\n", 'a "quoted" name', "Zoë", "x" * 201, "{", "a\x00b"])
def test_what_may_be_a_value_is_not_taken_for_a_name(value):
    for wrong in (
        Entry(at=NOON, verb="use", purpose=value),
        Entry(at=NOON, verb="use", facts={"x": value}),
        Entry(at=NOON, verb="use", items=(value,)),
    ):
        with pytest.raises(NotAName) as refused:
            wrong.encode()
        assert value not in str(refused.value)


def cites(of):
    """Yield whatever is given as the law anywhere in a part of a law pack."""
    if isinstance(of, dict | MappingProxyType):
        of = tuple(of.values())
    if isinstance(of, tuple | list):
        for one in of:
            yield from cites(one)
    elif is_dataclass(of):
        yield from [of.cite] if hasattr(of, "cite") else []
        for one in fields(of):
            yield from cites(getattr(of, one.name))


@pytest.mark.parametrize("law", sorted(packs()))
def test_whatever_law_decides_can_be_written_down(law):
    every = list(cites(packs()[law]))
    assert len(every) > 3
    for cite in every:
        body = Entry(at=NOON, verb="use", law=cite, clause=f"{law}.transfers ({cite})").encode()
        assert body == rfc8785.dumps(json.loads(body))
        assert json.loads(body)["law"] == cite


@database
def test_a_whole_log_holds_and_every_entry_is_proved_alone():
    filled(300)
    report = verify()
    assert (report.size, report.unsealed, report.problems) == (300, 0, [])
    for row in Row.objects.filter(place__in=[0, 255, 256, 299]):
        assert actions.receipt(row.pk)["place"] == row.place


@database
@pytest.mark.parametrize("place", [0, 137, 255, 256, 299])
def test_an_edited_entry_is_found_and_named(place):
    filled(300)
    body = bytes(Row.objects.get(place=place).body).replace(b'"allowed":true', b'"allowed":false')
    sql("UPDATE ledger_entry SET body = %s WHERE place = %s", body, place)
    problems = verify().problems
    assert f"Entry {place} is not the one that was sealed." in problems
    assert [p for p in problems if p.startswith("Entry ")] == [f"Entry {place} is not the one that was sealed."]


@database
@pytest.mark.parametrize("place", [0, 100, 299])
def test_a_removed_entry_is_found(place):
    filled(300)
    sql("DELETE FROM ledger_entry WHERE place = %s", place)
    report = verify()
    assert not report.holds
    assert any(f"Entries {place} to {place} are missing" in p for p in report.problems) or place == 299


@database
def test_two_entries_that_changed_places_are_both_named():
    filled(300)
    one, two = Row.objects.get(place=20), Row.objects.get(place=21)
    sql("UPDATE ledger_entry SET place = NULL WHERE id = %s", one.pk)
    sql("UPDATE ledger_entry SET place = 20 WHERE id = %s", two.pk)
    sql("UPDATE ledger_entry SET place = 21 WHERE id = %s", one.pk)
    found = [p for p in verify().problems if p.startswith("Entry")]
    assert found == ["Entry 20 is not the one that was sealed.", "Entry 21 is not the one that was sealed."]


@database
def test_an_entry_slipped_in_behind_the_head_is_found():
    filled(30)
    sql("INSERT INTO ledger_entry (subject, verb, body, place) VALUES (NULL, 'use', %s, 30)", entry(99).encode())
    assert "The log was signed with 30 entries and holds 31." in verify().problems


@database
def test_a_look_up_column_that_lies_is_found():
    filled(30)
    sql("UPDATE ledger_entry SET subject = %s WHERE place = 3", b"x" * 16)
    sql("UPDATE ledger_entry SET verb = 'keep' WHERE place = 5")
    assert verify().problems == [f"Entry {place}: its look-up columns do not say what it says." for place in (3, 5)]


@database
@pytest.mark.parametrize(
    "change", ["UPDATE ledger_tile SET hashes = %s WHERE level = 1", "DELETE FROM ledger_tile WHERE level = 1"]
)
def test_a_tile_above_the_entries_that_was_changed_or_lost_is_found(change):
    filled(300)
    sql(change, *[b"x" * 32] * change.count("%s"))
    assert verify().problems == ["Tile 1/0 does not hold what follows from the entries."]


@database
def test_of_a_lost_tile_there_is_still_an_answer_and_it_proves_nothing():
    filled(600)
    sql("DELETE FROM ledger_tile WHERE level = 0 AND number = 0")
    made = actions.receipt(Row.objects.get(place=5).pk)
    path = [base64.b64decode(step) for step in made["path"]]
    signed = note.read(made["head"], signer.public())
    assert not merkle.included(merkle.leaf(made["entry"].encode()), 5, signed.size, path, signed.root)


@database
def test_a_proof_looks_its_tiles_up_and_does_not_read_them_all():
    Tile.objects.bulk_create(Tile(level=0, number=number, hashes=b"x" * 32) for number in range(3000))
    Tile.objects.bulk_create(Tile(level=1, number=number, hashes=b"y" * 32) for number in range(3000))
    answers = []
    statement = asked(lambda: answers.append(actions.tiles([(0, 7), (1, 7), (2, 7)])))[0]
    assert answers == [{(0, 7): b"x" * 32, (1, 7): b"y" * 32, (2, 7): b""}]
    found = plan(*statement)
    assert not [whole for whole in ("Seq Scan on ledger_tile", "SCAN ledger_tile", "SCAN tile") if whole in found], (
        found
    )


@database
def test_a_subject_that_was_taken_off_its_entry_is_found():
    with transaction.atomic():
        actions.record_all([entry(1, subject=b"a" * 16), entry(2, subject=b"b" * 16, to="carriers"), entry(3)])
    actions.seal(NOON)
    assert verify().holds
    sql("UPDATE ledger_entry SET subject = NULL WHERE place = 1")
    assert verify().problems == ["Entry 1: its look-up columns do not say what it says."]


@database
def test_a_log_cut_short_with_all_its_tiles_is_found_by_a_checkpoint_kept_outside():
    filled(20)
    filled(20)
    outside = note.read(newest().note, signer.public())
    sql("DELETE FROM ledger_entry WHERE place >= 20")
    Head.objects.filter(size=40).delete()
    for level, left in ((0, 20), (1, 20 // 16)):
        tile = Tile.objects.get(level=level, number=0)
        Tile.objects.filter(pk=tile.pk).update(hashes=bytes(tile.hashes)[: left * 32])
    assert verify().holds, "by itself it looks whole"
    assert verify(outside).problems == ["The checkpoint knows 40 entries; 20 of them are gone."]


@database
def test_a_log_grown_anew_is_a_fork_of_the_checkpoint():
    filled(20)
    outside = note.read(newest().note, signer.public())
    for model in (Mention, Row, Tile, Head):
        model.objects.all().delete()
    with transaction.atomic():
        actions.record_all(entry(n + 1000) for n in range(25))
    actions.seal(NOON)
    assert verify().holds
    assert verify(outside).problems == [
        "The first 20 entries are not those of the checkpoint: this log is a fork of it."
    ]


@database
def test_a_changed_list_of_people_is_found():
    with transaction.atomic():
        actions.record_list(entry(1), [bytes([n]) * 16 for n in range(5)])
    actions.seal(NOON)
    assert verify().holds
    assert [number for number, _ in actions.about(b"\x03" * 16)] == [Row.objects.get().pk]
    Mention.objects.filter(number=3).update(subject=b"x" * 16)
    assert "is not the one that was recorded" in verify().problems[0]


@database
def test_a_head_with_a_forged_signature_is_found():
    filled(3)
    head = newest()
    Head.objects.filter(pk=head.pk).update(note=head.note.replace("\n3\n", "\n4\n"))
    assert verify().problems == ["The signature of the newest head does not hold."]
    with pytest.raises(BadCheckpoint):
        note.read(head.note, b"\x01" * 32)


@database
def test_threads_that_record_while_somebody_seals_lose_nothing_and_nothing_twice():
    done, problems = [], []

    def write(start):
        try:
            done.extend([actions.record_durably(entry(start + n)) for n in range(25)])
        except Exception as problem:  # noqa: BLE001 -- shown by the assertion below
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(n * 1000,)) for n in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        actions.seal(NOON)
    actions.seal(NOON)
    assert problems == []
    assert len(set(done)) == 200
    report = verify()
    assert (report.size, report.unsealed, report.problems) == (200, 0, [])
    numbers = sorted(json.loads(bytes(b))["facts"]["n"] for b in Row.objects.values_list("body", flat=True))
    assert numbers == sorted(start * 1000 + n for start in range(8) for n in range(25))


@database
def test_an_entry_that_cannot_be_written_stops_the_act():
    from troth.ledger.errors import LedgerUnavailable  # noqa: PLC0415

    with connection.schema_editor() as editor:
        editor.execute("ALTER TABLE ledger_entry RENAME TO ledger_gone")
    try:
        with pytest.raises(LedgerUnavailable):
            actions.record_durably(entry(1))
    finally:
        with connection.schema_editor() as editor:
            editor.execute("ALTER TABLE ledger_gone RENAME TO ledger_entry")
