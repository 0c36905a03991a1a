"""Legal holds at the officer's desk: nothing of whoever is held is deleted, until it is let go, and each is looked at."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from tests.desk.conftest import signed_in, somebody
from tests.desk.test_officer import officer, words

from troth.doors import erasing, keep, policies
from troth.doors.collect import collect
from troth.doors.declare import job
from troth.doors.errors import Refused
from troth.doors.models import LegalHold
from troth.rights import seeing
from troth.rights.telling import told
from troth.vault import identity
from troth.vault.models import Person

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
ADA, CLAIM = "ada.canary@post.example", "Claim 4711 at the county court"


@pytest.fixture
def bea(transactional_db):
    return officer()


@pytest.fixture
def ada(bea):
    return customer(("email", ADA), ("name", "Ada Canary"))


def customer(*ways):
    """Somebody who is known by these."""
    at = policies.now()
    person = identity.new(on=at.date(), residence="GB").pk
    with job("account"), collect("account", source="register", brand="tarn", person=person, at=at) as c:
        c.save_all([identity.identifier(person, kind, value) for kind, value in ways])
    return person


def in_days(days):
    return (policies.today() + timedelta(days=days)).isoformat()


def holds(who, /, **sent):
    return who.post("/desk/holds/", {"do": "hold", "who": ADA, "because": CLAIM, "review_on": in_days(90)} | sent)


def acts(person):
    compiled = policies.archive().in_force(policies.today())
    return [told(entry, compiled) for _, entry in seeing.acts(person) if "hold" in entry.get("facts", {})]


def erase(person):
    return erasing.erase(person, at=policies.now())


def test_only_officers_come_in_and_everybody_else_sees_the_same(bea):
    others = [Client(), signed_in(Client(), somebody()), officer("care"), officer("marketer")]
    answers = [who.get("/desk/holds/") for who in others] + [holds(who) for who in others]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert "None stands" in words(bea.get("/desk/holds/"))
    assert not LegalHold.objects.exists()


def test_what_is_held_is_not_deleted_and_the_neighbours_is(bea, ada):
    bob = customer()
    assert holds(bea).status_code == 302
    with pytest.raises(Refused):
        erase(ada)
    erase(bob)
    assert list(Person.objects.filter(pk__in=[ada, bob]).values_list("pk", flat=True)) == [ada]

    page = words(bea.get("/desk/holds/"))
    assert CLAIM in page
    assert "90 days left" in page
    assert ADA not in page
    assert "Ada Canary" not in page
    assert CLAIM in [thing.value for thing in seeing.see(ada, policies.now()).things]
    assert acts(ada) == [
        "Held: nothing of yours is deleted while a dispute or a duty lasts, by our data protection officer."
    ]


def test_a_hold_sent_twice_is_one_and_for_another_dispute_another(bea, ada):
    for because in (CLAIM, f"  {CLAIM.replace(' ', '  ')}", "Claim 12"):
        assert holds(bea, because=because).status_code == 302
    assert sorted(LegalHold.objects.values_list("because", flat=True)) == ["Claim 12", CLAIM]
    assert len(acts(ada)) == 2


def test_a_hold_is_looked_at_again_and_let_go_and_another_that_stands_still_counts(bea, ada):
    holds(bea)
    holds(bea, because="Claim 12", review_on=in_days(10))
    page = bea.get("/desk/holds/").content.decode()
    soon, late = re.findall(r'name="hold" value="([^"]+)"', page)
    assert page.index("Claim 12") < page.index(CLAIM), "the one to look at first is in front"

    assert bea.post("/desk/holds/", {"do": "again", "hold": soon, "review_on": in_days(200)}).status_code == 302
    assert LegalHold.objects.get(pk=soon).review_on.isoformat() == in_days(200)
    for _ in range(2):
        assert bea.post("/desk/holds/", {"do": "lift", "hold": soon}).status_code == 302
    with pytest.raises(Refused):
        erase(ada)
    assert bea.post("/desk/holds/", {"do": "again", "hold": soon, "review_on": in_days(5)}).status_code == 302
    assert LegalHold.objects.get(pk=soon).review_on.isoformat() == in_days(200), "what was let go stays as it was"
    bea.post("/desk/holds/", {"do": "lift", "hold": late})
    assert [one.partition(":")[0] for one in acts(ada)] == [
        "Held", "Held", "Looked at again", "Held no longer", "Held no longer",
    ]  # fmt: skip
    erase(ada)
    assert not Person.objects.filter(pk=ada).exists()


def test_a_hold_that_should_have_been_looked_at_says_so(bea, ada):
    today = policies.today()
    keep.hold(ada, owner="officer", because=CLAIM, review_on=today - timedelta(days=3), at=policies.now())
    assert "3 days late" in words(bea.get("/desk/holds/"))


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"who": "nobody@post.example"}, "Nobody was found by that email address."),
        ({"who": "Ada Canary"}, "2 customers were found by that name."),
        ({"who": "x"}, "Type an order number"),
        ({"because": " ! "}, "Say what it is for"),
        ({"because": "x" * 201}, "Say what it is for"),
        ({"because": "Claim \0 4711"}, "Say what it is for"),
        ({"because": "Card 4242 4242 4242 4242"}, "There is a card number in it."),
        ({"review_on": ""}, "Say on which day"),
        ({"review_on": "31.1.2027"}, "Say on which day"),
        ({"review_on": "2001-01-01"}, "within a year"),
        ({"review_on": "2999-01-01"}, "within a year"),
        ({"do": "lift", "hold": "7"}, "There is no such hold any more."),
        ({"do": "again", "hold": "00000000-0000-0000-0000-000000000007"}, "There is no such hold any more."),
    ],
)
def test_what_cannot_be_used_is_told_and_changes_nothing(bea, ada, sent, said):
    customer(("name", "Ada Canary"))
    page = holds(bea, **sent)
    assert page.status_code == 400
    assert said in words(page)
    assert not LegalHold.objects.exists()
    assert bea.post("/desk/holds/", {"do": "dance"}).status_code == 409
