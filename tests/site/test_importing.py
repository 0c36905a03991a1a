from datetime import UTC, datetime

import pytest

from troth.choices.actions import standings
from troth.doors import erasing, policies
from troth.doors.declare import job
from troth.doors.use import use
from troth.policy import Act
from troth.shop.models import PastOrder
from troth.site import importing, people
from troth.vault import identity
from troth.vault.models import Identifier, Person, Profile

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOW = importing.Map.read(people.MAPS / "people.toml")


def take(rows, how=HOW, **options):
    steps = list(importing.bring_in(rows, how, at=NOON, **options))
    return steps[-1], [why for step in steps for why in step.aside]


def test_each_row_becomes_a_person_whose_values_open_as_they_were():
    rows = people.invented(30)
    last, aside = take(rows)
    assert (last.read, last.taken, last.known, aside) == (30, 30, 0, [])

    them = identity.find("email", rows[7]["email"].upper())
    profile = Profile.objects.get(person_id=them)
    with job("order"), use("order", person=them, brand="skerry", at=NOON) as u:
        assert u.open(profile.name) == f"{rows[7]['first']} {rows[7]['last']}"
        assert u.open(profile.home_address)["street"] == rows[7]["street"]


def test_a_second_run_takes_nobody_in_twice_even_after_half_of_the_first(monkeypatch):
    rows = people.invented(50)
    monkeypatch.setattr(importing, "BATCH", 10)
    steps = importing.bring_in(rows, HOW, at=NOON)
    for _ in range(2):
        next(steps)  # killed after two batches

    last, aside = take(rows)

    assert (last.taken, last.known, aside) == (30, 20, [])
    assert Person.objects.count() == 50


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"number": " "}, "number: every row needs one"),
        ({"country": "Great Britain"}, "country: write a country as GB or US-CA"),
        ({"born": "31/12/1980"}, "born: write a day as 1980-12-31"),
        ({"born": "2099-01-01"}, "born: nobody was born then"),
        ({"number": "x" * 9000}, "number: every row needs one"),
    ],
)
def test_a_bad_row_is_set_aside_with_its_reason_and_its_neighbours_come_in(change, why):
    rows = people.invented(3)
    rows[1] |= change
    last, aside = take(rows)
    assert (aside, last.taken) == ([(2, why)], 2)


def test_a_value_that_cannot_be_one_is_left_out_and_noted_without_being_repeated():
    rows = people.invented(1)
    rows[0]["mobile"] = "call me"
    steps = list(importing.bring_in(rows, HOW, at=NOON))
    assert steps[0].noted == [(1, "mobile: cannot be one, so it was left out")]
    assert sorted(Identifier.objects.values_list("kind", flat=True)) == ["customer", "email"]


def test_a_file_brings_no_permission_and_nobody_who_was_erased():
    rows = people.invented(2)
    take(rows)
    gone = identity.find("email", rows[0]["email"])
    assert gone
    erasing.erase(gone, at=NOON)

    last, aside = take(rows)

    assert aside == [(1, "this person was erased, and no file brings them back")]
    assert (last.taken, last.known) == (0, 1)
    (left,) = Person.objects.exclude(flags__gt=0)
    compiled = policies.archive().in_force(NOON.date())
    act = Act("contact", "news", "skerry", channel="email", topic="offers")
    assert not compiled.decide(act, standings([left], compiled, NOON)[left.pk], NOON.date()).allowed


def test_a_rehearsal_keeps_nothing():
    last, _ = take(people.invented(5), dry_run=True)
    assert (last.taken, Person.objects.count(), Identifier.objects.count()) == (5, 0, 0)


def test_a_file_without_the_columns_of_the_map_is_refused_by_name():
    with pytest.raises(importing.BadMap, match="The file has no column born"):
        take([{name: value for name, value in row.items() if name != "born"} for row in people.invented(1)])


def test_order_lines_go_to_who_placed_them_once():
    take(people.invented(2))
    how = importing.Map(
        "skerry",
        "order",
        "order",
        {"key": "who"},
        order={"reference": ["order", "line"], "placed": "on", "lines": ["sku"]},
    )
    lines = [{"who": "F00001", "order": "7", "line": str(n), "on": "2025-01-31", "sku": f"s{n}"} for n in range(3)]
    stranger = {**lines[0], "who": "F99999", "line": "9"}
    for taken in (3, 0):
        last, aside = take([*lines, stranger], how)
        assert (last.taken, aside) == (taken, [(4, "who: nobody here has this number; bring the people in first")])
    assert {row.person_id for row in PastOrder.objects.all()} == {identity.find("customer", "f00001")}


def test_files_with_a_byte_order_mark_null_bytes_and_short_lines_are_read(tmp_path):
    path = tmp_path / "people.csv"
    people.write_invented(path, 3)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes() + b"F9\x00,half a row\r\n\xff\xfe,,\r\n")
    rows = list(importing.rows_of(path))
    assert len(rows) == 5
    last, aside = take(rows)
    assert (last.taken, len(aside)) == (3, 2)
