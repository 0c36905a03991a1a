"""What a page asks, or a job every minute, takes no longer because the house has many customers."""

import uuid

import pytest
from tests.plans import read_whole

from troth.accounts import actions as accounts
from troth.care import actions as care
from troth.desk import showing
from troth.doors import policies
from troth.doors.declare import job
from troth.marketing import capture, reading, recalling
from troth.marketing.audiences import Numbered
from troth.marketing.capture_models import CaptureForm
from troth.rights.passing_on import Known
from troth.shop import settling, views
from troth.shop.models import Order

pytestmark = [pytest.mark.database, pytest.mark.django_db(databases=["default", "keys"])]
NOBODY = uuid.UUID(int=7)


def of_a_member():
    Numbered.objects.get_or_create(person=NOBODY)
    assert recalling._inside(NOBODY) == Known(())


ASKED = {
    "the orders that wait for one of us": showing.waiting,
    "the cases somebody at the desk has open": lambda: list(care.open_cases(NOBODY, policies.now())),
    "the cases that end when somebody leaves the desk": lambda: care.dismiss(NOBODY, policies.now()),
    "the answers nobody has read": reading.waiting,
    "the audiences somebody is in": of_a_member,
    "the addresses to let go": lambda: accounts.let_old_addresses_go(policies.now()),
    "the orders, returns and cards that stopped half-way": lambda: settling.heal(policies.now()),
    "how many ticked a box of a form": lambda: capture.answered(CaptureForm(key="open-day", sent=1)),
    "a photograph by its name": lambda: views._named(["tarn-coat"]),
}


@pytest.mark.parametrize("what", ASKED)
def test_it_is_found_by_an_index(what):
    with job("order", "account", "care"):
        assert read_whole(ASKED[what]) == set()


def test_what_no_index_finds_is_told_of():
    assert read_whole(lambda: list(Order.objects.filter(currency="GBP"))) == {"shop_order"}
