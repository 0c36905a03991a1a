"""The answer to "what do you hold about me?" is whole, and only yours."""

import io
import json
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from django.db import connection
from django.test.utils import CaptureQueriesContext

from troth.choices.models import Event
from troth.doors.collect import choose
from troth.doors.declare import job
from troth.doors.models import Message
from troth.ledger import actions as ledger
from troth.rights import packet, seeing
from troth.shop.models import PastOrder
from troth.vault import covers, identity
from troth.vault.models import HeldRow, Identifier, Profile, held_models

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
VALUES = {
    "text": lambda c: c,
    "json": lambda c: {"inner": c},
    "date": lambda _: date(1980, 2, 29),
    "decimal": lambda _: Decimal("1.5"),
    "bytes": str.encode,
}


def rows_for(person, canary, count=1):
    """One row of every held model, each held field with a canary of its own."""
    made: list[HeldRow] = []
    for n in range(count):
        made += [
            Identifier(person_id=person, kind=kind, mark=f"{canary}{kind}{n}".encode()[:32])
            for kind in ("email", "mobile", "handle")
        ]
        made += [
            Profile(person_id=person), PastOrder(person_id=person, reference=f"{canary}-{n}"),
            Event(person_id=person, kind="soft", pattern="news:tarn", at=NOON, policy="x", place="x", actor="person"),
            Message(person_id=person, once=f"{canary}{n}", purpose="news", brand="tarn", channel="email", actor="system",
                    verdict=[], message_id="x"),
        ]  # fmt: skip
    for row in made:
        for name, label in row.labels().items():
            setattr(row, name, VALUES[label.kind](f"{canary}.{type(row).__name__}.{name}.{row.pk}"))
    assert {type(row) for row in made} == set(held_models()), "plant the new model here too"
    everything = frozenset().union(*(row.brings() for row in made))
    with covers.opened(covers.Cover("collect", everything, NOON, "order")):
        for row in made:
            row.save()
    return made


def someone():
    return identity.new(on=NOON.date(), residence="GB", age=40).pk


def test_every_value_of_the_person_is_in_it_and_none_of_the_neighbours():
    ada, bob = someone(), someone()
    mine = rows_for(ada, "canary-ada")
    rows_for(bob, "canary-bob")

    text = packet.as_json(seeing.see(ada, NOON)).decode()

    for row in mine:
        for name, label in row.labels().items():
            if label.kind in ("text", "json"):
                assert f"canary-ada.{type(row).__name__}.{name}.{row.pk}" in text
    assert "canary-bob" not in text
    assert str(bob) not in text


def test_the_number_of_queries_does_not_grow_with_the_rows():
    counts = []
    for many in (1, 40):
        person = someone()
        rows_for(person, f"canary{many}", many)
        with CaptureQueriesContext(
            connection,
        ) as found:
            seeing.see(person, NOON)
        counts.append(len(found))
    assert counts[0] == counts[1]


def test_looking_is_recorded_and_is_in_the_next_answer():
    ada = someone()
    rows_for(ada, "canary")
    seeing.see(ada, NOON)
    acts = [(entry["verb"], entry["purpose"]) for _, entry in seeing.see(ada, NOON).acts]
    assert set(acts) == {("use", "rights")}


def test_what_was_said_stands_in_it_with_the_words_shown():
    ada = someone()
    with job("proof"):
        choose("refusal", "news", person=ada, brand="tarn", place="checkout", wording="May we write?", at=NOON)
    found = {thing.item: thing.value for thing in seeing.see(ada, NOON).things if thing.model == "Event"}
    assert found["consents.wording_shown"] == "May we write?"


def test_a_packet_holds_a_page_data_and_receipts_and_is_the_same_each_time():
    ada = someone()
    rows_for(ada, "canary")
    seeing.see(ada, NOON)
    ledger.seal(NOON)
    found = seeing.see(ada, NOON)

    made = packet.as_zip(found)

    assert made == packet.as_zip(found)
    names = zipfile.ZipFile(io.BytesIO(made)).namelist()
    assert names[:3] == ["READ ME.txt", "data.json", "data.html"]
    assert names[3:], "the first look is sealed, so its receipt is here"
    assert json.loads(zipfile.ZipFile(io.BytesIO(made)).read("data.json"))["format"] == packet.FORMAT


def test_nobody_unknown_is_seen():
    ada = someone()
    with pytest.raises(LookupError):
        seeing.see(type(ada)(int=7), NOON)


def test_the_page_reads_well_and_for_everybody(page, tmp_path):
    ada = someone()
    rows_for(ada, "canary")
    file = tmp_path / "data.html"
    file.write_text(packet.as_page(seeing.see(ada, NOON)), "utf-8")
    page.goto(file.as_uri())
    assert page.get_by_role("heading", level=1).text_content() == "What we hold about you"
    assert Axe().run(page).response["violations"] == []
