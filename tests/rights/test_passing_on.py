"""Whoever got something of a person's is told what became of it, by their own numbers, once; a silent one by letter."""

from datetime import timedelta
from typing import ClassVar

import pytest
from tests.rights import planting
from tests.rights.planting import NOON

from troth.doors import keep, policies
from troth.doors.acting import entries_about
from troth.doors.declare import job
from troth.doors.disclose import disclose
from troth.ledger.models import Row
from troth.partners.errors import PartnerUnavailable
from troth.rights import actions, doing, passing_on
from troth.rights.errors import NotNow
from troth.rights.models import PassedOn
from troth.rights.passing_on import Heard, Known, Way
from troth.shop.deliveries import deliveries
from troth.shop.models import Parcel
from troth.vault.models import Person

HOME = "https://tarn.example/"
ORDERS = ("A1B2C3", "D4E5F6")
pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)


@pytest.fixture(autouse=True)
def officer():
    """What goes on here goes on for people's rights."""
    with job("rights"):
        yield


@pytest.fixture
def carrier(monkeypatch):
    """A recipient with a wire; what it was told is in `heard`, and `answers` is what it says."""
    name = next(iter(deliveries().ways.values())).carrier

    class Carrier:
        name: ClassVar[str]
        heard: ClassVar[list[passing_on.Telling]]
        answer: object = Heard("confirmed", "r-1")

    def tell(telling):
        Carrier.heard.append(telling)
        if isinstance(Carrier.answer, Exception):
            raise Carrier.answer
        return Carrier.answer

    Carrier.heard, Carrier.name = [], name
    monkeypatch.setattr(passing_on, "WAYS", {name: Way(lambda _: Known(ORDERS), tell)})
    return Carrier


def sent(carrier, who="canary"):
    """Somebody whose parcel was handed to the carrier."""
    person = planting.someone()
    planting.planted(person, who)
    parcel = Parcel.objects.filter(person_id=person)[0]
    with job("order"), disclose("order", to=carrier.name, brand="tarn", person=person, at=NOON) as d:
        d.open(parcel.recipient, parcel.delivery)
    return person


def corrected(person, items, entry=1):
    return doing.corrected(person, items, brand="tarn", home=HOME, words="New.", entry=entry, at=NOON)


def test_of_an_erasure_a_recipient_is_told_once_and_afterwards_by_numbers_alone(carrier):
    ada, bob = sent(carrier), sent(carrier, "neighbour")
    was = {entry["subject"] for _, entry in entries_about(ada) if "subject" in entry}
    doing.erase_at_once(ada, NOON, HOME)
    assert not Person.objects.filter(pk=ada).exists()
    for _ in range(3):
        passing_on.deliver(NOON)
    (telling,) = carrier.heard
    assert (telling.kind, telling.known_by) == ("erase", ORDERS)
    assert "contact.delivery_address" in telling.items
    row = PassedOn.objects.get()
    assert (row.state, row.known_by, row.receipt, row.told_at) == ("confirmed", [], "r-1", NOON)
    told = [
        bytes(body).decode() for body in Row.objects.values_list("body", flat=True) if b'"code":"told"' in bytes(body)
    ]
    assert len(told) == 1
    assert was
    assert not any(name in told[0] for name in was)  # of the remnant, whom nothing ties to her
    assert not any(entry.get("code") == "told" for _, entry in entries_about(bob))


def test_a_correction_is_told_to_those_alone_who_got_what_was_corrected(carrier):
    ada = sent(carrier)
    assert corrected(ada, ["identity.birth_date"]) == []
    assert corrected(ada, ["contact.delivery_address"], entry=2) == [carrier.name]
    passing_on.deliver(NOON)
    (telling,) = carrier.heard
    assert (telling.kind, telling.items) == ("correct", {"contact.delivery_address"})
    doing.settle(NOON)
    assert PassedOn.objects.get().request.state == "answered"


def test_nobody_is_told_of_an_erasure_that_a_hold_stops(carrier):
    ada = sent(carrier)
    keep.hold(ada, owner="officer", because="a dispute", review_on=NOON.date(), at=NOON)
    with pytest.raises(Exception, match="hold"):
        doing.erase_at_once(ada, NOON, HOME)
    passing_on.deliver(NOON + timedelta(days=30))
    assert carrier.heard == []


def test_one_who_is_silent_is_asked_again_and_at_last_written_to(carrier):
    ada, at = sent(carrier), NOON
    carrier.answer = PartnerUnavailable("silent")
    corrected(ada, ["contact.delivery_address"])
    for turn in range(passing_on.MOST_TRIES):
        assert len(carrier.heard) == turn
        passing_on.deliver(at)
        passing_on.deliver(at)  # not due yet: nobody is asked twice in a moment
        at += passing_on.LONGEST_WAIT
    row = PassedOn.objects.get()
    assert (row.state, row.wired, row.told_at) == ("letter", False, None)
    ((to, rows),) = passing_on.to_write()
    text = passing_on.letter(to, rows, policies.archive().in_force(policies.today()))
    assert to == carrier.name
    assert all(number in text for number in ORDERS)
    assert "canary" not in text
    passing_on.written([row.pk], at)
    with pytest.raises(NotNow):
        passing_on.written([row.pk], at)
    passing_on.written([row.pk], at, confirmed=True)
    assert PassedOn.objects.get().state == "confirmed"


def test_an_erasure_overtakes_what_was_still_on_its_way(carrier):
    ada = sent(carrier)
    corrected(ada, ["contact.delivery_address"])
    doing.erase_at_once(ada, NOON, HOME)
    passing_on.deliver(NOON)
    assert [one.kind for one in carrier.heard] == ["erase"]
    assert sorted(PassedOn.objects.values_list("kind", "state")) == [("correct", "overtaken"), ("erase", "confirmed")]


def test_a_restriction_and_its_end_are_told_each(carrier):
    ada = sent(carrier)
    assert passing_on.received(ada, policies.archive().in_force(policies.today())).keys() == {carrier.name}
    made = actions.begin(
        ada, "restrict", brand="tarn", home=HOME, way="account", words="", once="r" * 32, at=NOON, known=True,
        checks={"how": "they were signed in"},
    )  # fmt: skip
    for kind in ("restrict", "lift"):
        assert passing_on.plan(made, kind, NOON) == [carrier.name]
        assert passing_on.plan(made, kind, NOON) == [carrier.name]  # noted again, the same
        passing_on.deliver(NOON)
    assert [one.kind for one in carrier.heard] == ["restrict", "lift"]
