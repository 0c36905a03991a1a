"""What has served is let go at once, sooner than it must; what must be kept is not, and a hold outlives a wish."""

from datetime import date, timedelta

import pytest
from tests.doors.conftest import NOON, known_by

from troth.doors import keep
from troth.doors.collect import collect
from troth.doors.declare import job
from troth.doors.models import LegalHold
from troth.ledger.models import Row
from troth.shop.models import PastOrder
from troth.vault.models import Identifier

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)


def test_what_somebody_removes_is_gone_at_once_and_the_neighbours_is_not(ada, bob):
    hers, his = known_by(ada, "email", "ada@post.example"), known_by(bob, "email", "bob@post.example")
    entries = Row.objects.count()
    assert keep.end([hers], NOON) == 1
    assert list(Identifier.objects.values_list("pk", flat=True)) == [his.pk]
    assert Row.objects.count() == entries + 1


def test_what_the_law_makes_us_keep_is_not_let_go_and_nothing_beside_it_either(ada):
    mail = known_by(ada, "email", "ada@post.example")
    order = PastOrder(person_id=ada.pk, reference="T-1", lines={"sku": "x"})
    with job("order"), collect("order", source="order", brand="tarn", person=ada.pk, at=NOON) as c:
        c.save(order)
    with pytest.raises(ValueError, match=r"orders\.order_lines must be kept"):
        keep.end([mail, order], NOON)
    assert Identifier.objects.count() == PastOrder.objects.count() == 1


def test_under_a_hold_it_stays_until_the_hold_is_lifted_and_its_period_over(ada):
    mail = known_by(ada, "email", "ada@post.example")
    keep.hold(ada.pk, owner="officer", because="claim", review_on=date(2027, 1, 1), at=NOON)
    assert keep.end([mail], NOON) == 0
    assert Identifier.objects.get().event_at == NOON
    keep.lift(LegalHold.objects.get(), NOON + timedelta(days=1))
    assert Identifier.objects.count() == 1
