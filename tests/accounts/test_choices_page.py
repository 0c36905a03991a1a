"""Yes and no are one tap each, count in the very next decision, and need no signing in."""

import re
from html import unescape

import pytest
from tests.accounts.conftest import BOB, Visitor, opened

from troth.accounts.views_choices import key
from troth.choices import actions
from troth.choices.models import Event
from troth.doors import contact, policies
from troth.doors.collect import choose
from troth.doors.declare import job
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
    assert "You said yes on 26 Nov 2026." in told
    assert re.search(r"Saved at 12:00 on 26 Nov 2026. It counts from that moment\. Receipt \d+", told)
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


def test_what_rests_on_our_interest_and_shows_on_a_page_has_its_switch_here(ada, visitor, clock):
    def fits(brand="tarn"):
        compiled = policies.archive().in_force(clock.at.date())
        standing = actions.standings([Person.objects.get(pk=ada)], compiled, clock.at)[ada]
        return compiled.decide(Act("use", "personalise", brand, frozenset({"taste.sizes"})), standing, clock.at.date())

    assert "May we make the shop fit what you told us and bought?" in words(visitor.get("choices/"))
    assert fits().allowed
    tap(visitor, "no", "personalise:tarn")
    assert fits().because.clause == "purposes.personalise"
    assert fits("holm").allowed
    assert [event.kind for event in Event.objects.all()] == ["objection"]
    clock.pass_(seconds=1)
    tap(visitor, "yes", "personalise:tarn")
    assert fits().allowed


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
    forms = re.findall(r"<form.*?</form>", page, re.DOTALL)
    only_no = [form for form in forms if 'value="no"' in form and 'value="yes"' not in form]
    assert not [form for form in forms if 'value="yes"' in form and 'value="no"' not in form]
    assert ['value="*"' in form or "nearby" in form for form in only_no] == [True, True], "whose yes is in the app"
    assert not Event.objects.exists()


def test_what_is_not_taken_here_by_the_policy_is_not_offered_and_not_taken(ada, visitor):
    assert tap(visitor, "yes", "nearby:tarn").status_code == 400
    stranger, way = Visitor(), f"/tarn/choices/{key(ada)}/"
    typed = {"about": "keep_card:tarn", "answer": "yes"}
    assert stranger.client.post(way, typed).status_code == 400, "a card is kept by who is signed in"
    assert not Event.objects.exists()
    assert stranger.client.post(way, typed | {"answer": "no"}).status_code == 303
    assert Event.objects.get().kind == "refusal"


def after(who, answer, about, way="choices/"):
    return words(who.client.get(tap(who, answer, about, way).headers["Location"].partition("#")[0]))


@pytest.mark.parametrize("days", [30, 90])
def test_a_pause_stops_every_brands_news_until_its_day_and_then_all_is_as_it_was(ada, visitor, clock, days):
    tap(visitor, "yes")
    clock.pass_(seconds=1)
    told = after(visitor, str(days), "pause")
    assert "Paused. News and invitations rest until" in told
    assert "You said yes on 26 Nov 2026." in told, "a pause takes nothing back"
    clock.pass_(days=days, minutes=-1)
    assert not allowed(ada, clock.at)
    assert not allowed(ada, clock.at, brand="holm", channel="post")
    clock.pass_(minutes=2)
    assert allowed(ada, clock.at)
    assert not Event.objects.filter(kind="pause", event_at=None).exists(), "its retention begins when it is over"


def test_a_pause_can_be_shortened_ended_and_undone(ada, visitor, clock):
    tap(visitor, "yes")
    clock.pass_(seconds=1)
    tap(visitor, "90", "pause")
    clock.pass_(seconds=1)
    assert "until 26 Dec 2026" in after(visitor, "30", "pause")
    clock.pass_(seconds=1)
    assert "until 24 Feb 2027" in after(visitor, "yes", "undo"), "the pause that stood before"
    clock.pass_(seconds=1)
    assert "Paused." not in after(visitor, "end", "pause")
    assert allowed(ada, clock.at)


def test_how_often_at_most_is_kept_with_its_words_and_shown(ada, visitor):
    page = visitor.client.get(tap(visitor, "30", "often:news:tarn").headers["Location"]).content.decode()
    assert re.search(r'value="30" aria-pressed="true">One a month', page)
    assert [(one.pattern, one.days) for one in Event.objects.all()] == [("news:tarn", 30)]
    tap(visitor, "yes", "undo")
    assert [one.days for one in Event.objects.order_by("at")] == [30, None]


def test_undo_says_what_stood_before_and_never_more(ada, visitor, clock):
    tap(visitor, "yes", "news:tarn:email:offers")
    told = after(visitor, "no", "*")
    assert "Undo" in told
    told = after(visitor, "yes", "undo")
    assert "Undo" in told
    clock.pass_(minutes=1)
    assert allowed(ada, clock.at)
    assert not allowed(ada, clock.at, topic="events")
    assert not allowed(ada, clock.at, channel="post"), "what was never answered stays a no"


def test_undoing_a_yes_takes_it_back_and_after_an_hour_there_is_no_undo(ada, visitor, clock):
    assert "Undo" in after(visitor, "yes", "news:tarn:email")
    tap(visitor, "yes", "undo")
    clock.pass_(minutes=1)
    assert not allowed(ada, clock.at)
    tap(visitor, "yes")
    clock.pass_(hours=1)
    assert tap(visitor, "yes", "undo").status_code == 400
    assert allowed(ada, clock.at)


def test_choices_of_the_other_brands_are_a_link_away_and_stay_theirs(ada, visitor, clock):
    page = visitor.get("choices/", of="holm").content.decode()
    assert "news:holm:email" in page
    assert "news:tarn:email" not in page
    tap(visitor, "yes", "news:holm:email", "choices/?of=holm")
    assert allowed(ada, clock.at, brand="holm")
    assert not allowed(ada, clock.at)
    assert tap(visitor, "yes", "news:holm:email").status_code == 400


def test_a_receipt_of_somebody_elses_is_not_shown_as_ones_own(ada, mail, visitor):
    bob = Visitor()
    opened(bob, mail, email=BOB, name="Bob Canary")
    number = re.findall(r"saved=(\d+)", tap(bob, "yes").headers["Location"])[0]
    assert "Saved at" not in words(visitor.get("choices/", saved=number, about="news:tarn:email"))


def test_a_yes_in_sight_of_the_browsers_no_counts(ada, visitor, clock):
    with job("proof"):
        choose("signal", "adverts", person=ada, brand="tarn", place="browser", wording="GPC", at=clock.at)
    page = words(visitor.get("choices/"))
    assert "Your browser says no for you" in page
    clock.pass_(seconds=1)
    tap(visitor, "yes", "adverts:tarn")
    assert [one.sighted for one in Event.objects.order_by("at")] == [False, True]


def test_whoever_is_signed_out_is_asked_to_sign_in_or_to_use_their_link():
    assert "sign-in" in Visitor().get("choices/")["Location"]


def test_whoever_asked_for_less_gets_no_more_than_that_from_that_brand(ada, visitor, mail, clock):
    def news(once, brand="tarn"):
        with job("news"):
            content = {"subject": "News", "text": "News"}
            answer = contact.contact(ada, purpose="news", channel="email", topic="offers", brand=brand,
                                     content=content, once=once, at=clock.at)  # fmt: skip
        mail.fetch()
        return answer.decision.because.line if not answer else "sent"

    tap(visitor, "yes")
    tap(visitor, "yes", "news:holm:email", "choices/?of=holm")
    tap(visitor, "30", "often:news:tarn")
    clock.pass_(seconds=1)
    assert news("1") == "sent"
    clock.pass_(days=20)
    assert news("2") == "choices.news", "the policy alone would allow two a week"
    assert news("3", "holm") == "sent"
    clock.pass_(days=10, seconds=1)
    assert news("4") == "sent"
