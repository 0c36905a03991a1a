"""What someone takes away: data for programs, a page for people, proofs; the same each time."""

import dataclasses
import io
import json
import zipfile
from base64 import b64encode
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from tests.accessibility import barriers
from tests.ledger import verifier
from tests.rights.planting import NOON, planted, someone

from troth.doors.collect import choose
from troth.doors.contact import contact
from troth.doors.declare import job
from troth.ledger import actions as ledger
from troth.rights import packet, seeing

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)


def lived(person):
    """Let someone say no, and be refused a message for it."""
    with job("proof"):
        choose(
            "refusal", "news:skerry", person=person, brand="skerry", place="checkout", wording="May we write?", at=NOON
        )
    with job("news"):
        later = NOON + timedelta(minutes=1)
        contact(person, purpose="news", channel="email", topic="offers", brand="skerry", content={}, once="1", at=later)


def opened(made):
    archive = zipfile.ZipFile(io.BytesIO(made))
    return {name: archive.read(name) for name in archive.namelist()}


def test_it_holds_a_page_data_and_a_proof_of_every_act():
    ada = someone()
    planted(ada, "canary")
    lived(ada)
    found = seeing.see(ada, NOON)
    ledger.seal(NOON)

    files = opened(packet.as_zip(found))

    proofs = [f"receipts/{number}.json" for number, _ in found.acts]
    assert list(files) == ["READ ME.txt", "data.json", "data.html", *proofs]
    assert len(proofs) == 3
    for name, (_, entry) in zip(proofs, found.acts, strict=True):
        receipt = json.loads(files[name])
        assert json.loads(receipt["entry"]) == entry
        assert verifier.holds(json.dumps(receipt), receipt["key"])


def test_equal_packets_give_equal_bytes():
    ada = someone()
    planted(ada, "canary")
    first, second = seeing.see(ada, NOON), seeing.see(ada, NOON)
    ledger.seal(NOON)
    again = dataclasses.replace(second, acts=first.acts)
    assert packet.as_zip(again) == packet.as_zip(first)
    assert packet.as_zip(second) != packet.as_zip(first), "it has seen the first look"


def test_the_data_says_what_each_item_is_called():
    ada = someone()
    planted(ada, "canary")
    document = json.loads(packet.as_json(seeing.see(ada, NOON)))
    assert document["format"] == packet.FORMAT
    assert document["items"]["contact.email"] == {"say": "email address", "category": "your contact details"}
    assert set(document["items"]) == {item for row in document["held"] for item in row["values"]}
    told = packet.README.partition("data.json\n")[2]
    assert {name for name in document if name not in told} == set()
    assert {name for row in document["held"] for name in row if name not in told} == set()


def as_json_has_it(value):
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return str(value) if isinstance(value, date | Decimal) else value


def test_the_data_holds_each_value_as_json_writes_it():
    ada = someone()
    mine = planted(ada, "canary")
    document = json.loads(packet.as_json(seeing.see(ada, NOON)))
    written = {
        (UUID(row["row"]), field): value
        for row in document["held"] for fields in row["values"].values() for field, value in fields.items()
    }  # fmt: skip
    kinds = set()
    for place, value in mine.items():
        kinds.add(type(value))
        assert written[place] == as_json_has_it(value)
    assert kinds >= {str, bytes, date, dict}
    assert {row["seen_at"] for row in document["held"] if row["kind"] == "Profile"} == {"2026-11-26T12:00:00Z"}


def test_the_page_reads_well_and_for_everybody(page, tmp_path):
    ada, bob = someone(), someone()
    mine = planted(ada, "canary-ada")
    planted(bob, "canary-bob")
    lived(ada)
    file = tmp_path / "data.html"
    file.write_text(packet.as_page(seeing.see(ada, NOON)), "utf-8")

    page.goto(file.as_uri())

    assert page.get_by_role("heading", level=1).text_content() == "What we hold about you"
    text = page.locator("main").inner_text()
    assert [value for value in mine.values() if isinstance(value, str) and value not in text] == []
    assert "canary-bob" not in text
    assert "Refused: a message by email about offers, to send you this brand's own news, because you said no." in text
    assert page.locator("script").count() == 0
    assert barriers(page) == []
