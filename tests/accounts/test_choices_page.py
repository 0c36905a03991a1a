"""Yes and no are one tap each, count in the very next decision, and need no signing in."""

import re
from html import unescape

import pytest
from tests.accounts.conftest import BOB, Visitor, opened

from troth.accounts.views_choices import key
from troth.choices import actions
from troth.choices.models import Event
from troth.doors import policies
from troth.policy import Act
from troth.vault.models import Person

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)


def allowed(person, at, brand="tarn", topic="offers", channel="email"):
    compiled = policies.archive().in_force(at.date())
    standing = actions.standings([Person.objects.get(pk=person)], compiled, at)[person]
    act = Act("contact", "news", brand, channel=channel, topic=topic, hour=12)
    return compiled.decide(act, standing, at.date()).allowed


def tap(who, answer, about="news:tarn:email", way="choices/"):
    return who.post(way, about=about, answer=answer)


def words(page):
    assert page.status_code == 200, page.content.decode()
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode())))


def test_a_tap_counts_in_the_next_decision_and_only_for_what_it_was_about(ada, visitor, clock):
    assert not allowed(ada, clock.at)
    assert tap(visitor, "yes").status_code == 303
    assert allowed(ada, clock.at)
    assert not allowed(ada, clock.at, brand="skerry")
    assert not allowed(ada, clock.at, channel="sms")
    clock.pass_(seconds=1)
    tap(visitor, "no", "news:tarn:email:offers")
    assert not allowed(ada, clock.at)
    assert allowed(ada, clock.at, topic="events")


def test_what_was_said_is_shown_with_its_receipt_and_a_no_after_a_yes_is_a_withdrawal(ada, visitor, clock):
    told = words(visitor.client.get(tap(visitor, "yes").headers["Location"].partition("#")[0]))
    assert "You said yes." in told
    assert re.search(r"entry \d+ of our log", told)
    clock.pass_(seconds=1)
    tap(visitor, "no")
    assert [event.kind for event in Event.objects.order_by("at")][-2:] == ["consent", "withdrawal"]


def test_stopping_everything_stops_every_brand_and_one_thing_can_be_allowed_again(ada, visitor, clock):
    tap(visitor, "yes")
    clock.pass_(seconds=1)
    tap(visitor, "no", "*")
    assert not allowed(ada, clock.at)
    assert not allowed(ada, clock.at, brand="holm", channel="post")
    clock.pass_(seconds=1)
    tap(visitor, "yes")
    assert allowed(ada, clock.at)
    assert not allowed(ada, clock.at, brand="holm", channel="post")


def test_nobody_signs_in_to_say_no(ada, visitor, clock):
    tap(visitor, "yes")
    clock.pass_(seconds=1)
    stranger = Visitor()
    way = f"/tarn/choices/{key(ada)}/"
    assert "May we" in words(stranger.client.get(way))
    assert stranger.client.post(way, {"about": "news:tarn:email", "answer": "no"}).status_code == 303
    assert not allowed(ada, clock.at)


def test_a_link_somebody_made_up_opens_nothing(ada, mail, clock):
    bob = opened(Visitor(), mail, email=BOB, name="Bob Canary")
    good = key(ada)
    for forged in (ada.hex, f"{bob.hex}~{good.partition('~')[2]}", good[:-1], "x", f"{good}x"):
        answer = Visitor().client.post(f"/tarn/choices/{forged}/", {"about": "news:tarn:email", "answer": "yes"})
        assert answer.status_code == 404
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("about", "answer"),
    [("news:skerry:email", "yes"), ("nonsense", "yes"), ("*", "yes"), ("", ""), ("news:tarn:email", "perhaps"),
     ("order:tarn", "no"), ("news:tarn:email:offers:more", "no"), ("a\x00b", "no"), ("x" * 10_000, "no")],
)  # fmt: skip
def test_what_the_page_does_not_offer_is_refused_and_changes_nothing(ada, visitor, about, answer):
    assert tap(visitor, answer, about).status_code == 400
    assert not Event.objects.exists()


def test_looking_changes_nothing_and_every_yes_has_an_equal_no(ada, visitor):
    page = visitor.get("choices/").content.decode()
    assert page.count('value="yes"') == page.count('value="no"') - 1, "one more no: stop everything"
    assert not Event.objects.exists()


def test_whoever_is_signed_out_is_asked_to_sign_in_or_to_use_their_link():
    assert "sign-in" in Visitor().get("choices/")["Location"]
