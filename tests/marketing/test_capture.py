"""Forms at events and contests: no wider than the policy, every box empty, each yes with its words and its place."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from django.test import Client
from tests.marketing.campaigning import BEA, reader

from troth.choices import actions
from troth.choices.models import Event
from troth.doors import policies
from troth.doors.declare import job
from troth.doors.use import use
from troth.marketing import capture
from troth.marketing.capture import Spec
from troth.marketing.errors import NotFit, NotNow
from troth.marketing.models import Attendance, CaptureForm, Entry
from troth.policy import Act
from troth.vault import identity
from troth.vault.models import Identifier, Person

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
STUDIO = Spec(
    "Studio", "tarn", "open_studio", "event.guest_list", date(2026, 12, 10), "Open studio, 10 December",
    "Tea at four.", may=("mobile", "event_guests"), asks=(("news", "email"), ("news", "sms")), topics=("events", "offers"),
)  # fmt: skip
PRIZE = Spec("Prize", "tarn", "", "contest.entry", date(2026, 12, 10), "Win a coat", asks=(("news", "email"),))
LETTER = Spec(
    "News",
    "holm",
    "",
    "sign_up.newsletter",
    date(2027, 3, 1),
    "Our news",
    asks=(("news", "email"), ("group_news", "email")),
)
ADA = {"name": "Ada Lovelace", "email": "ada@post.example", "event_guests": "2", "age_band": "18"}


@pytest.fixture(autouse=True)
def _at_noon(monkeypatch):
    monkeypatch.setattr(policies, "calendar_now", lambda: NOON)
    monkeypatch.setattr(policies, "localdate", NOON.date)


def published(spec=STUDIO):
    return capture.publish(spec, by=BEA, at=NOON)


def way(one):
    return f"/{one.brand}/form/{one.key}/"


def hidden(page):
    return dict(re.findall(r'type="hidden" name="(once|version)" value="([^"]+)"', page.content.decode()))


def send(one, client=None, **typed):
    client = client or Client()
    return client.post(way(one), ADA | hidden(client.get(way(one))) | typed)


def said():
    return [(e.kind, e.pattern) for e in Event.objects.order_by("id")]


def test_every_box_is_empty_and_the_notice_is_the_policys_own():
    one = published()
    page = Client().get(way(one)).content.decode()
    assert "checked" not in page
    assert re.findall(r'type="checkbox" name="([^"]+)" value="yes">', page) == ["yes-news-email", "yes-news-sms"]
    assert "May Tarn send you its own news about events and offers by email?" in page
    for line in policies.notice("event", "guest_list").lines:
        assert line.say in page.replace("&#x27;", "'")


def test_what_is_ticked_is_a_yes_with_its_words_place_version_and_proof_and_the_rest_is_none():
    one = published()
    assert send(one, **{"yes-news-email": "yes"}).status_code == 200
    assert sorted(said()) == [("consent", "news:tarn:email:events"), ("consent", "news:tarn:email:offers")]
    event = Event.objects.order_by("id")[0]
    assert event.place == f"form {one.key}"
    with job("proof"), use("proof", brand="tarn", person=event.person_id, actor="person", given=["inspection"]) as u:
        words, proof = u.open(event.wording, event.proof)
    assert words == "May Tarn send you its own news about events and offers by email?"
    assert proof == {
        "form": one.key, "version": "1", "asked_by": "Tarn", "medium": "form", "where": "Tarn Open Studio, London",
    }  # fmt: skip
    standing = actions.standings(
        [Person.objects.get(pk=event.person_id)], policies.archive().in_force(NOON.date()), NOON
    )
    compiled = policies.archive().in_force(NOON.date())
    answers = [
        compiled.decide(
            Act("contact", "news", "tarn", channel=c, topic=t, hour=12), standing[event.person_id], NOON.date()
        )
        for c, t in (("email", "events"), ("email", "products"), ("sms", "events"))
    ]
    assert [one_.allowed for one_ in answers] == [True, False, False]
    assert capture.answered(CaptureForm.objects.get()) == (1, 0)


def test_coming_depends_on_no_yes_and_the_place_on_the_list_is_kept():
    one = published()
    assert send(one).status_code == 200
    assert said() == []
    came = Attendance.objects.get()
    assert came.event_at
    assert (came.form, came.wording, came.event_at.date()) == (one.pk, 1, STUDIO.until)
    with job("events"), use("events", brand="tarn", person=came.person_id, actor="marketer", given=["guest list"]) as u:
        assert (u.open(came.event), u.open(came.guests)) == ("Open studio, 10 December", 2)
    assert identity.find("email", ADA["email"]) == came.person_id
    assert capture.answered(CaptureForm.objects.get()) == (0, 1)


def test_sent_twice_it_is_once_and_a_page_too_old_says_so():
    one, client = published(PRIZE), Client()
    sent = ADA | hidden(client.get(way(one))) | {"yes-news-email": "yes"}
    assert [client.post(way(one), sent).status_code for _ in range(3)] == [200] * 3
    assert (Entry.objects.count(), len(said()), CaptureForm.objects.get().sent) == (1, 1, 1)
    assert client.post(way(one), sent | {"once": "x"}).status_code == 400


def test_whoever_types_a_known_mailbox_says_no_yes_for_it_however_often_they_send_it():
    known = reader((), address=ADA["email"])
    one, client = published(), Client()
    sent = ADA | hidden(client.get(way(one))) | {"yes-news-email": "yes", "mobile": "+447700900123"}
    for _ in range(2):
        client.post(way(one), sent)
    assert said() == []
    assert Attendance.objects.get().person_id == known.pk
    assert not Identifier.objects.filter(kind="mobile").exists(), "what is known of its owner stays as it is"


def test_a_newsletter_takes_an_address_with_its_yes_and_children_get_nothing():
    one = published(LETTER)
    send(one, **{"yes-news-email": "yes", "yes-group_news-email": "yes"})
    assert sorted(said()) == [("consent", "group_news:holm:email"), ("consent", "news:holm:email")]
    send(one, email="child@post.example", age_band="13", **{"yes-news-email": "yes"})
    child = identity.find("email", "child@post.example")
    if child:
        stands = actions.standings([Person.objects.get(pk=child)], policies.archive().in_force(NOON.date()), NOON)[
            child
        ]
        act = Act("contact", "news", "holm", channel="email", topic="offers", hour=12)
        assert not policies.archive().in_force(NOON.date()).decide(act, stands, NOON.date()).allowed


WIDER = [
    ({"may": ("age_band",)}, "does not ask for"),
    ({"may": ("birth_date",)}, "does not ask for"),
    ({"asks": (("group_news", "email"),)}, "does not put the question"),
    ({"asks": (("adverts", ""),)}, "does not put the question"),
    ({"asks": (("news", "push"),)}, "knows no"),
    ({"asks": ()}, "at least one thing"),
    ({"topics": ("weather",)}, "knows no topic weather"),
    ({"where": "letters"}, "not met there"),
    ({"where": "warehouse_day"}, "not met there"),
    ({"until": date(2026, 11, 25)}, "over already"),
    ({"until": date(2026, 12, 22)}, "only until"),
    ({"form": "register.account"}, "one of the policy's forms"),
    ({"form": "order.checkout"}, "one of the policy's forms"),
    ({"brand": "barn"}, "Choose a brand"),
    ({"question": "May we write?"}, "nobody says yes to what is not named"),
    ({"question": "May {brand} {what} by {channel} {x}?"}, "only {brand}"),
    ({"title": " "}, "title"),
    ({"intro": "Tea \u202eruof ta"}, "cannot be seen"),
]


@pytest.mark.parametrize(("change", "why"), WIDER, ids=lambda one: str(one)[:40])
def test_a_form_wider_than_its_source_is_refused_with_the_line(change, why):
    with pytest.raises(NotFit, match=re.escape(why)):
        published(replace(STUDIO, **change))
    assert CaptureForm.objects.count() == 0


def test_new_words_are_a_version_more_and_an_answer_names_the_one_it_was_to():
    one, client = published(PRIZE), Client()
    old = hidden(client.get(way(one)))
    newer = replace(PRIZE, question="Yes, {brand} may {what} by {channel}.")
    assert capture.reword(one, newer, by=BEA, at=NOON).version == 2
    assert capture.reword(one, newer, by=BEA, at=NOON).version == 2, "the same words are no new version"
    client.post(way(one), ADA | old | {"yes-news-email": "yes"})
    send(one, email="bob@post.example", **{"yes-news-email": "yes"})
    shown = []
    for event in Event.objects.order_by("id"):
        with (
            job("proof"),
            use("proof", brand="tarn", person=event.person_id, actor="person", given=["inspection"]) as u,
        ):
            shown.append((u.open(event.wording)[:9], u.open(event.proof)["version"]))
    assert shown == [("May Tarn ", "1"), ("Yes, Tarn", "2")]
    assert [w.version for w in one.wordings.order_by("version")] == [1, 2]


@pytest.mark.parametrize("over", ["closed", "past", "place"])
def test_a_form_that_is_over_takes_nothing(over, monkeypatch):
    one, client = published(), Client()
    sent = ADA | hidden(client.get(way(one)))
    if over == "closed":
        capture.close(one, NOON)
    else:
        day = date(2026, 12, 11) if over == "past" else date(2026, 12, 23)
        monkeypatch.setattr(policies, "today", lambda: day)
    assert client.get(way(one)).status_code == 410
    assert client.post(way(one), sent).status_code == 410
    assert Person.objects.count() == 0
    if over == "closed":
        with pytest.raises(NotNow):
            capture.reword(one, replace(STUDIO, title="Other"), by=BEA, at=NOON)


@pytest.mark.parametrize("typed", [
    {"email": "nobody"}, {"email": ""}, {"name": ""}, {"name": "x" * 101}, {"name": "4111 1111 1111 1111"},
    {"event_guests": "-1"}, {"event_guests": "ten"}, {"mobile": "12"}, {"name": "A\u202eB"}, {"email": "a@b.example\r\nBcc: c"},
])  # fmt: skip
def test_what_cannot_be_used_is_said_beside_its_field_and_changes_nothing(typed):
    answer = send(published(), **typed)
    assert (answer.status_code, "error" in answer.content.decode()) == (400, True)
    assert (Person.objects.count(), Attendance.objects.count()) == (0, 0)


def test_the_link_of_another_brand_and_a_page_from_elsewhere_do_nothing():
    one = published()
    assert Client().get(f"/holm/form/{one.key}/").status_code == 404
    assert Client().get("/tarn/form/nosuchform/").status_code == 404
    sent = ADA | hidden(Client().get(way(one)))
    assert Client().post(way(one), sent, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert Attendance.objects.count() == 0
    assert isinstance(one.made_by, UUID)
