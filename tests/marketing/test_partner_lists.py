"""Yeses that others collected: good rows in, bad ones set aside with the reason, and no file makes a no a yes."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.marketing.campaigning import Network, going, reader, says

from troth.choices.models import Event
from troth.doors import erasing, policies
from troth.doors.declare import job
from troth.marketing import partner_lists, release
from troth.vault import identity
from troth.vault.models import Person

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
ROW = {
    "email": "new@post.example", "residence": "GB", "said_on": "", "asked_by": "Abacroft Fairs", "medium": "event",
    "wording": "May Tarn send you its news by email?",
}  # fmt: skip


def bring(*rows, at=None):
    at = at or policies.now()
    with job("proof"):
        steps = list(partner_lists.bring_in((with_day(row, at) for row in rows), brand="tarn", at=at))
    return steps[-1]


def with_day(row, at):
    made = ROW | row
    return made | {"said_on": made["said_on"] or at.date().isoformat()}


def test_a_row_with_its_proof_comes_in_once_and_is_written_to():
    first = bring({})
    again = bring({})

    assert (first.taken, first.already, again.taken, again.already) == (1, 0, 0, 1)
    event = Event.objects.get(kind="consent")
    assert (event.pattern, event.place) == ("news:tarn:email", "partner list")
    network = Network()
    release.run(going(), network)
    assert network.addresses == ["new@post.example"]


SPOILT = [
    ({"wording": "May we and our partners write?"}, "does not name us"),
    ({"wording": ""}, "no proof"),
    ({"asked_by": " "}, "no proof"),
    ({"medium": "telepathy"}, "medium"),
    ({"said_on": "2020-01-01"}, "half a year"),
    ({"said_on": "2999-01-01"}, "ahead"),
    ({"said_on": "yesterday"}, "2026-11-30"),
    ({"email": "no address"}, "email address"),
    ({"email": "a@post.example\r\nBcc: x@y.example"}, "email address"),
    ({"residence": "Narnia"}, "residence"),
    ({"asked_by": "x" * 500}, "too long"),
    ({"asked_by": "4111 1111 1111 1111"}, "does not belong"),
    ({"wording": None}, "too few fields"),
]


def test_a_row_without_proof_is_set_aside_with_the_reason():
    done = bring(*(spoilt for spoilt, _ in SPOILT), {"email": "good@post.example"})
    assert (done.taken, [number for number, _ in done.aside]) == (1, list(range(1, len(SPOILT) + 1)))
    assert [why for (_, said), (_, why) in zip(done.aside, SPOILT, strict=True) if why not in said] == []
    assert Person.objects.count() == 1


def test_no_file_makes_a_no_a_yes_or_brings_anybody_back():
    refused, objected, erased = (reader(address=f"{name}@post.example") for name in ("refused", "objected", "erased"))
    says("refusal", "news:tarn:email", person=refused)
    says("objection", "*", person=objected)
    erasing.erase(erased.pk, at=policies.now())
    rows = [{"email": f"{name}@post.example"} for name in ("refused", "OBJECTED", "erased", "fine")]
    done = bring(*rows, at=policies.now() + timedelta(minutes=1))

    assert (done.taken, done.set_aside, done.read) == (1, 3, 4)
    assert identity.find("email", "erased@post.example") is None
    network = Network()
    release.run(going(), network)
    assert network.addresses == ["fine@post.example"]


def test_the_numbers_add_up_over_many_rows_with_rubbish_in_them():
    rows = [{"email": f"p{n}@post.example"} if n % 20 else {"email": f"rubbish {n}"} for n in range(700)]
    done = bring(*rows, at=datetime(2026, 11, 26, 12, tzinfo=UTC))
    assert (done.read, done.taken, done.set_aside) == (700, 665, 35)
    assert Event.objects.count() == 665
