"""Files of numbers and addresses that nobody may ring or post to: what counts as a bad line of one, and what does not."""

from datetime import UTC, date, datetime

import pytest
from tests.marketing.campaigning import reader

from troth.marketing import screening
from troth.marketing.errors import BadFile
from troth.policy.acts import LISTED_PHONE
from troth.vault.models import Person

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
DAY = date(2026, 11, 20)


def read(lines, kind="tps", dated=DAY):
    return screening.read_list(kind, lines, dated=dated, at=NOON)


def test_a_number_that_stands_twice_is_no_bad_line():
    listed = reader(kind="phone", address="+44 20 7946 0001")
    once = [f"+4420794600{n:02}" for n in range(1, 11)]

    made = read([number for number in once for _ in range(3)])

    assert (made.rows, made.bad, made.ours) == (30, 0, 1)
    assert Person.objects.get(pk=listed.pk).flags & LISTED_PHONE


@pytest.mark.parametrize("apart", [7, 2_000])
def test_bad_lines_are_counted_alike_wherever_the_others_stand(apart):
    lines = ["+442079460001", *["+442079460002"] * apart, "020 7946 0001", "no number"]
    made = read(lines * 2)
    assert (made.rows, made.bad) == (2 * (apart + 3), 2)


def test_a_file_that_is_mostly_something_else_is_still_refused_however_often_its_numbers_stand():
    with pytest.raises(BadFile):
        read(["+442079460001"] * 7 + ["name", "street", "town"])
