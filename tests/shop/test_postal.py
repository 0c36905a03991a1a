"""A home address in the account is where post goes, and what the mail preference file is matched with."""

from datetime import date

import pytest
from tests.shop.selling import ADDRESS
from tests.shop.test_address_book import BOOK, entered
from tests.shop.test_buying import paid_order

from troth.doors import policies
from troth.doors.declare import job
from troth.doors.use import use
from troth.marketing import screening
from troth.policy.acts import LISTED_POST
from troth.shop.models import Order
from troth.vault import identity
from troth.vault.models import Identifier, Person

pytestmark = [
    pytest.mark.urls("tests.shop.urls"),
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
    pytest.mark.usefixtures("shelves"),
]
HOME = {name.replace("to_", "home_"): value for name, value in ADDRESS.items()}


@pytest.fixture
def person(client, bank):
    made, _ = paid_order(client, bank)
    entered(client, made.person_id)
    return made.person_id


def houses(person):
    rows = list(Identifier.objects.filter(person_id=person, kind="postal"))
    with job("rights"), use("rights", person=person, brand="tarn") as u:
        return [u.open(row.value) for row in rows]


def save(client, **changed):
    answer = client.post(BOOK, ADDRESS | changed)
    assert answer.status_code == 303, answer.content.decode()


def test_a_home_is_one_house_that_moves_and_goes(client, person):
    save(client, **HOME)
    assert houses(person) == ["3 Weir Lane, BATH, BA1 1AA"]
    save(client, **HOME)
    save(client, **HOME | {"home_street": "9 Cloth Row"})
    assert houses(person) == ["9 Cloth Row, BATH, BA1 1AA"]
    assert identity.find("postal", "9 Cloth Row, Bath, BA1 1AA") == person
    save(client)
    assert houses(person) == []


def test_an_order_alone_is_no_home(client, person):
    assert Order.objects.exists()
    assert houses(person) == []
    save(client, to_street="9 Cloth Row")
    assert houses(person) == []


@pytest.mark.parametrize(
    "line",
    ["3 Weir Lane, Bath, BA1 1AA", " 3 WEIR LANE ,bath,,BA1 1AA , United Kingdom", '"3 Weir Lane, Bath, BA1 1AA"'],
)
def test_the_mail_preference_file_finds_the_house_however_it_is_written(client, person, line):
    save(client, **HOME)
    made = screening.read_list("mps", [line, "4 Weir Lane, Bath, BA1 1AA"], dated=date(2026, 11, 20), at=policies.now())
    assert made.ours == 1
    assert Person.objects.get(pk=person).flags & LISTED_POST
    screening.read_list("mps", ["4 Weir Lane, Bath, BA1 1AA"], dated=date(2026, 11, 21), at=policies.now())
    assert not Person.objects.get(pk=person).flags & LISTED_POST
