from typing import Any

import pytest
from tests.doors.conftest import NOON

from troth.doors import joining
from troth.doors.collect import collect
from troth.doors.declare import job
from troth.doors.errors import Refused
from troth.doors.use import use
from troth.vault import identity
from troth.vault.models import Identifier, Join, Person

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
OFFICER: dict[str, Any] = {"actor": "officer", "given": ["merge review"], "at": NOON}


def someone(*addresses):
    person = identity.new(on=NOON.date(), residence="GB")
    with job("account"), collect("account", source="register", brand="tarn", person=person.pk, at=NOON) as c:
        for address in addresses:
            c.save(identity.identifier(person.pk, "email", address))
    return person.pk


def addresses(person):
    rows = Identifier.objects.filter(person_id=person).order_by("pk")
    with job("order"), use("order", person=person, brand="tarn", at=NOON) as u:
        return [u.open(row.value) for row in rows]


def test_a_join_moves_everything_and_parting_moves_exactly_that_back():
    ada, also, bob = someone("ada@post.example"), someone("ada@work.example"), someone("bob@post.example")

    with job("dedupe"):
        made = joining.join(ada, also, because="same phone", **OFFICER)
    assert addresses(ada) == ["ada@post.example", "ada@work.example"]
    assert identity.find("email", "ADA@work.example") == ada
    with job("account"), collect("account", source="register", brand="tarn", person=ada, at=NOON) as c:
        c.save(identity.identifier(ada, "email", "ada@new.example"))

    with job("dedupe"):
        assert joining.part(made, **OFFICER)
        assert not joining.part(made, **OFFICER)
    assert addresses(ada) == ["ada@post.example", "ada@new.example"]
    assert addresses(also) == ["ada@work.example"]
    assert addresses(bob) == ["bob@post.example"]


def test_nobody_joins_people_without_saying_why_they_may():
    ada, also = someone("ada@post.example"), someone("ada@work.example")
    with job("dedupe"), pytest.raises(Refused):
        joining.join(ada, also, because="x", actor="officer", given=[], at=NOON)
    assert not Join.objects.exists()
    assert addresses(also) == ["ada@work.example"]


def test_a_mailbox_points_to_one_person_however_it_is_written():
    ada, bob = someone("Ada@Post.example"), someone()
    with pytest.raises(identity.Taken):
        identity.identifier(bob, "email", "ada@POST.example")
    assert identity.find("email", " ADA@post.example") == ada
    assert addresses(ada) == ["Ada@Post.example"], "mail goes to the stored address"
    assert Person.objects.count() == 2
