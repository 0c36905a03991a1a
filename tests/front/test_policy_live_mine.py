"""What changed since somebody was last told, and which of their yeses no longer reach what we now do."""

from datetime import UTC, datetime

import pytest
from tests.accounts.conftest import Visitor, _quick, clock, mail, opened, visitor  # noqa: F401 -- fixtures

from troth.choices.actions import standings
from troth.doors import policies
from troth.policy.book import matching
from troth.vault.models import Person

pytestmark = [
    pytest.mark.urls("tests.accounts.urls"),
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
]
MARCH, NOVEMBER = datetime(2026, 3, 15, 12, tzinfo=UTC), datetime(2026, 11, 26, 12, tzinfo=UTC)


def stands(person, pattern):
    compiled = policies.archive().in_force(policies.today())
    one, mask = (
        standings([Person.objects.get(pk=person)], compiled, policies.now())[person],
        matching(compiled.book.slots, pattern),
    )
    return "no" if (one.no | one.stop) & mask == mask else "yes" if one.yes & mask == mask else "open"


@pytest.fixture
def since_march(visitor, mail, clock):  # noqa: F811
    """Somebody who joined in March, and comes back in November, under another version."""
    clock.at = MARCH
    person = opened(visitor, mail)
    for about in ("adverts:tarn", "news:tarn:email"):
        assert visitor.post("choices/", about=about, answer="yes").status_code == 303
    assert (stands(person, "adverts:tarn"), stands(person, "news:tarn:email")) == ("yes", "yes")
    clock.at = NOVEMBER
    visitor.sign_in()
    return person


def test_who_comes_back_is_led_to_what_changed_since_they_last_said_something(since_march, visitor):  # noqa: F811
    way = "/privacy/tarn/changes/mine/"
    first = visitor.client.get(way)["Location"]
    page = visitor.client.get(first).content.decode()
    visitor.post("choices/", about="news:tarn:email", answer="no")

    assert first == "/privacy/tarn/changes/?since=2026-03-01"
    assert "18 changes" in page or "changes between the version of 1 Mar 2026" in page
    assert visitor.client.get(way)["Location"] == "/privacy/tarn/changes/?since=2026-11-01"


def test_signing_in_alone_is_not_being_told(since_march, visitor):  # noqa: F811
    visitor.sign_in()

    assert visitor.client.get("/privacy/tarn/changes/mine/")["Location"].endswith("since=2026-03-01")


def test_a_yes_to_what_has_grown_since_is_open_again_and_a_new_yes_counts(since_march, visitor):  # noqa: F811
    assert (stands(since_march, "adverts:tarn"), stands(since_march, "news:tarn:email")) == ("open", "yes")
    assert "We do not unless you say yes." in visitor.get("choices/").content.decode()
    visitor.post("choices/", about="adverts:tarn", answer="yes")

    assert stands(since_march, "adverts:tarn") == "yes"


def test_the_receipt_of_the_old_yes_still_says_what_was_agreed_then(since_march, visitor):  # noqa: F811
    page = visitor.get("receipts/").content.decode()

    assert page.count("You said yes") == 2
    assert "15 Mar 2026" in page


def test_each_of_two_people_is_led_by_their_own_history(since_march, visitor, mail):  # noqa: F811
    bob = Visitor()
    opened(bob, mail, email="bob.canary@post.example")

    assert bob.client.get("/privacy/tarn/changes/mine/")["Location"].endswith("since=2026-11-01")
    assert visitor.client.get("/privacy/tarn/changes/mine/")["Location"].endswith("since=2026-03-01")
