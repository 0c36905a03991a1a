"""What is done to values as they come in, and the three doors by which they leave."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.doors.conftest import NOON, known_by, someone

from troth.doors import handling
from troth.doors.contact import contact
from troth.doors.declare import job
from troth.doors.disclose import disclose
from troth.doors.errors import NotReady, Refused
from troth.doors.publish import publish
from troth.doors.use import use
from troth.ledger.models import Row

CARDS = ["4111 1111 1111 1111", "5500-0000-0000-0004", "340000000000009", "4111\u00a01111\u00a01111\u00a01111"]


@pytest.mark.parametrize("card", CARDS)
def test_a_card_number_in_free_text_keeps_its_last_four_digits_only(card):
    masked = handling.masked(f"please charge {card}, thanks")
    assert masked == f"please charge •••• {card[-4:]}, thanks"


@pytest.mark.parametrize(
    "text", ["order 4111111111111112", "+44 20 7946 0101", "1234 5678 9012 3456", "2026-11-26 12:00", ""]
)
def test_other_numbers_stay_as_they_are(text):
    assert handling.masked(text) == text


@given(st.text(), st.from_regex(r"4[0-9]{15}", fullmatch=True), st.text())
def test_masking_twice_is_masking_once_and_leaves_no_card(before, digits, after):
    once = handling.masked(f"{before} {digits} {after}")
    assert handling.masked(once) == once
    assert handling.cards_in(once) == []


@pytest.mark.parametrize(
    ("text", "flagged"), [("I am allergic to wool", True), ("for my maternity leave", True), ("a woollen coat", False)]
)
def test_what_may_be_delicate_is_flagged_for_a_careful_reader(text, flagged):
    assert bool(handling.STEPS["flag sensitive"]("notes.enquiries", {"text": [text]})[1]) is flagged


def test_a_place_is_made_coarser_than_a_street():
    assert handling.STEPS["coarsen"]("place.gps", {"lat": 54.123456, "lon": -2.987654})[0] == {
        "lat": 54.12,
        "lon": -2.99,
    }


def test_a_password_in_the_clear_is_refused_without_being_repeated():
    with pytest.raises(NotReady) as refused:
        handling.STEPS["hash"]("secrets.password", "hunter2")
    assert "hunter2" not in str(refused.value)
    handling.STEPS["hash"]("secrets.password", "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdA$aGFzaA")


def entries():
    return [json.loads(bytes(body)) for body in Row.objects.order_by("id").values_list("body", flat=True)]


database = pytest.mark.django_db(databases=["default", "keys"], transaction=True)


@database
def test_every_release_is_in_the_register(ada):
    row = known_by(ada, "email", "ada@post.example")
    with job("order"), disclose("order", to="carriers", person=ada.pk, brand="tarn", place="GB", at=NOON) as d:
        assert d.open(row.value) == "ada@post.example"
    entry = entries()[-1]
    assert (entry["verb"], entry["to"], entry["items"]) == ("disclose", "carriers", ["contact.email"])
    assert entry["facts"] == {"basis": "contract", "role": "processor", "form": "plain", "countries": "GB"}


@database
def test_nobody_gets_what_the_policy_does_not_give_them(ada):
    row = known_by(ada, "email", "ada@post.example")
    with (
        job("order"),
        pytest.raises(Refused) as no,
        disclose("order", to="fraud_agencies", person=ada.pk, brand="tarn", at=NOON) as d,
    ):
        d.open(row.value)
    assert no.value.because.line == "recipients.fraud_agencies.only_for"
    assert entries()[-1]["allowed"] is False


@database
def test_what_is_handed_over_has_the_form_its_recipient_may_have(ada):
    row = known_by(ada, "email", "ada@post.example")
    with (
        job("legal"),
        pytest.raises(Refused) as no,
        use("legal", person=ada.pk, brand="tarn", form="pseudonymous", actor="system", at=NOON) as u,
    ):
        u.open(row.value)
    assert no.value.because.code in ("not_covered", "form")
    with job("order"), use("order", person=ada.pk, brand="tarn", form="hashed", at=NOON) as u:
        assert u.open(row.value) == hashlib.sha256(b"ada@post.example").hexdigest()


@database
def test_an_email_is_never_published(ada):
    row = known_by(ada, "email", "ada@post.example")
    with (
        job("comments"),
        pytest.raises(Refused) as no,
        publish("comments", person=ada.pk, brand="tarn", channel="online", at=NOON) as p,
    ):
        p.open(row.value)
    assert no.value.because.line == "purposes.comments.shows"


@database
def test_many_people_are_one_recorded_act_with_the_list_it_reached():
    people = [someone() for _ in range(5)]
    rows = [known_by(person, "email", f"p{n}@post.example") for n, person in enumerate(people)]
    with job("books"), use("books", people=[p.pk for p in people[:4]], items=["email"], brand="tarn", at=NOON) as u:
        found = [values["value"] for _, values in u.open_rows(rows[:4])]
        with pytest.raises(Refused):
            u.open(rows[4].value)
    assert found == [f"p{n}@post.example" for n in range(4)]
    (entry,) = [e for e in entries() if e["verb"] == "use"]
    assert entry["facts"]["people"] == 4


@database
def test_a_service_message_goes_to_who_refused_marketing_and_marketing_does_not(ada):
    known_by(ada, "email", "ada@post.example")
    with job("order", "news"):
        assert contact(ada.pk, purpose="order", channel="email", brand="tarn", content={"t": "sent"}, once="a", at=NOON)
        assert not contact(
            ada.pk,
            purpose="news",
            channel="email",
            topic="offers",
            brand="tarn",
            content={"t": "buy"},
            once="b",
            at=NOON,
        )
