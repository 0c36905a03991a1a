"""Receipts: anyone can check one, and no change to one goes unseen."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tests.accessibility import barriers
from tests.ledger.verifier import holds

from troth.ledger import merkle, note
from troth.ledger.entry import Entry

VECTORS = Path(__file__).with_name("vectors.json")
SEED = bytes(range(32))  # a key for test vectors, known to everybody
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def vectors():
    """Receipts of a log of 300 entries, made with a fixed key."""
    key = Ed25519PrivateKey.from_private_bytes(SEED)
    bodies = [
        Entry(at=NOON, verb="use", purpose="order", brand="tarn", items=("contact.email",), clause="purposes.order",
              code="contract", policy="00" * 32, subject=bytes([n % 256]) * 16, facts={"n": n}).encode()
        for n in range(300)
    ]  # fmt: skip
    growing = merkle.Growing(0, lambda _level, _number: b"")
    growing.add([merkle.leaf(body) for body in bodies])
    tree = merkle.Tree(300, lambda level, number: bytes(growing.changed[level, number]))
    head = note.sign(note.Checkpoint("house.example/ledger", 300, tree.root()), key)
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    made = [
        {
            "format": "troth-receipt-1", "entry": bodies[place].decode(), "place": place, "head": head, "key": public,
            "path": [base64.b64encode(step).decode() for step in tree.inclusion(place)],
        }
        for place in (0, 1, 255, 256, 299)
    ]  # fmt: skip
    bad = [made[2] | {"place": 254}, made[2] | {"entry": made[1]["entry"]}, made[2] | {"path": made[1]["path"]}]
    return {"key": public, "hold": made, "do_not_hold": bad}


def test_the_published_vectors_are_what_the_code_makes():
    made = json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n"
    assert VECTORS.read_text("utf-8") == made, "the format changed: say so in docs/ledger.md, and give it a new name"


def test_a_second_verifier_written_from_the_document_agrees():
    found = json.loads(VECTORS.read_text("utf-8"))
    assert [holds(json.dumps(receipt), found["key"]) for receipt in found["hold"]] == [True] * 5
    assert [holds(json.dumps(receipt), found["key"]) for receipt in found["do_not_hold"]] == [False] * 3


@given(st.integers(0, 4), st.integers(0, 10**6), st.integers(0, 6))
def test_no_single_bit_of_a_receipt_can_change(which, place, bit):
    found = json.loads(VECTORS.read_text("utf-8"))
    text = json.dumps(found["hold"][which], ensure_ascii=False, separators=(",", ":")).encode()
    changed = bytearray(text)
    changed[place % len(text)] ^= 1 << bit
    try:
        same = json.loads(changed) == json.loads(text)
    except ValueError:
        same = False
    assert not holds(changed.decode("utf-8", "replace"), found["key"]) or same


@pytest.fixture
def house(settings, monkeypatch, live_server):
    monkeypatch.setenv("TROTH_LEDGER_KEY", base64.b64encode(SEED).decode())
    return live_server.url


def check(page, house, receipt):
    page.goto(f"{house}/receipts/")
    page.get_by_label("or its text").fill(json.dumps(receipt))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    return page.get_by_role("status").get_by_role("heading").text_content()


def test_the_page_checks_a_receipt_with_the_network_off(page, house):
    found = json.loads(VECTORS.read_text("utf-8"))
    page.goto(f"{house}/receipts/")
    page.context.set_offline(True)
    page.get_by_label("or its text").fill(json.dumps(found["hold"][3]))
    page.get_by_role("button", name="Check it").click()
    assert page.get_by_role("status").get_by_role("heading").text_content() == "This receipt holds"
    assert "entry 256 of 300 in the log" in page.get_by_role("status").text_content()


def test_the_page_says_no_to_what_was_changed_by_keyboard_alone(page, house):
    found = json.loads(VECTORS.read_text("utf-8"))
    for receipt in [
        *found["do_not_hold"],
        {},
        found["hold"][0] | {"head": "x"},
        found["hold"][0] | {"key": base64.b64encode(b"k" * 32).decode()},
    ]:
        assert check(page, house, receipt) == "This receipt does not hold"


def test_the_page_can_be_used_by_everybody(page, house):
    found = json.loads(VECTORS.read_text("utf-8"))
    check(page, house, found["hold"][0])
    assert barriers(page) == []
