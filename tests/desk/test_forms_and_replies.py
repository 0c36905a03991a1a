"""Forms built at the marketer's desk, and answers in plain words that somebody of care reads."""

import re
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.test import Client
from tests.desk.test_marketer import staff
from tests.marketing.campaigning import reader, says

from troth.care.models import Case
from troth.choices.actions import suppressed
from troth.choices.models import Event
from troth.doors import policies
from troth.doors.declare import job
from troth.marketing import answers, following
from troth.marketing.models import CaptureForm, Reply

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
ONCE = "a" * 32
BUILT = {
    "name": "Studio", "where": "tarn:open_studio", "form": "event.guest_list", "until": "2026-12-10",
    "title": "Open studio", "intro": "Tea at four.", "question": "May {brand} {what} by {channel}?",
    "may": ["event_guests"], "asks": ["news:email"], "topics": ["events"],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _at_noon(monkeypatch):
    monkeypatch.setattr(policies, "calendar_now", lambda: NOON)
    monkeypatch.setattr(policies, "localdate", NOON.date)
    following.forget()
    yield
    following.forget()


def words(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


# -- forms -------------------------------------------------------------------------------------------------------------


def test_a_form_is_looked_at_before_it_is_published_and_then_has_its_link_and_square():
    client = staff("marketer")
    looked = client.post("/desk/campaigns/forms/new/", BUILT | {"do": "preview"})
    for seen in ("May Tarn send you its own news about events by email?", "An empty box.", "Policy line", "Publish it"):
        assert seen in words(looked), seen
    assert CaptureForm.objects.count() == 0

    made = client.post("/desk/campaigns/forms/new/", BUILT | {"do": "publish"})
    assert made.status_code == 302
    page = client.get(made.headers["Location"])
    one = CaptureForm.objects.get()
    assert f"/form/{one.key}/" in page.content.decode()
    assert "<svg" in page.content.decode()
    assert Client().get(f"/tarn/form/{one.key}/").status_code == 200


def test_a_form_wider_than_its_source_is_named_and_not_published():
    client = staff("marketer")
    wider = BUILT | {"do": "publish", "may": ["age_band"], "asks": ["group_news:email"], "where": "skerry:open_studio"}
    answer = client.post("/desk/campaigns/forms/new/", wider)
    assert answer.status_code == 400
    for said in ("does not ask for", "does not put the question", "is not met there"):
        assert said in words(answer), said
    assert CaptureForm.objects.count() == 0
    for field in BUILT:
        odd = client.post("/desk/campaigns/forms/new/", BUILT | {"do": "publish", field: "\x00odd"})
        assert odd.status_code == 400, field


def test_the_list_tells_how_many_ticked_a_box_and_new_words_are_a_version_more():
    client = staff("marketer")
    way = client.post("/desk/campaigns/forms/new/", BUILT | {"do": "publish"}).headers["Location"]
    one = CaptureForm.objects.get()
    for number, tick in enumerate([{"yes-news-email": "yes"}, {}, {}]):
        page = Client().get(f"/tarn/form/{one.key}/").content.decode()
        once = re.search(r'name="once" value="([^"]+)"', page)
        assert once
        sent = {"once": once[1], "version": "1", "name": "Ada", "email": f"p{number}@post.example"} | tick
        assert Client().post(f"/tarn/form/{one.key}/", sent).status_code == 200
    assert "Filled in 3 times: 1 ticked a box, 2 did not." in words(client.get("/desk/campaigns/forms/"))

    newer = {"do": "reword", "title": "Open studio", "intro": "", "question": "Yes, {brand} may {what} by {channel}."}
    assert client.post(way, newer).status_code == 302
    assert client.post(way, newer | {"question": "Yes!"}).status_code == 409
    assert "Version 2" in words(client.get(way))
    assert client.post(way, {"do": "close"}).status_code == 302
    assert Client().get(f"/tarn/form/{one.key}/").status_code == 410
    assert client.post(way, newer | {"title": "Another"}).status_code == 409


@pytest.mark.parametrize("role", ["", "care", "officer"])
def test_nobody_else_builds_forms(role):
    client = staff(role)
    for way in ("forms/", "forms/new/", f"forms/{uuid4()}/"):
        assert client.get(f"/desk/campaigns/{way}").status_code == 404
    assert staff("marketer").get(f"/desk/campaigns/forms/{uuid4()}/").status_code == 404


# -- answers -----------------------------------------------------------------------------------------------------------


def answered(text="please leave me be", number="+447700900111"):
    person = reader((), address=number, kind="mobile")
    says("consent", "news:tarn:sms", "news:tarn:email", person=person, at=NOON.replace(hour=11))
    with job("care"):
        answers.keep(person.pk, "tarn", text, NOON)
    return person, Reply.objects.get(person_id=person.pk)


def test_what_waits_is_listed_without_a_word_of_it_and_read_under_a_case():
    person, row = answered()
    client = staff("care")
    assert "please leave me be" not in words(client.get("/desk/replies/"))
    assert "1 waits" in words(client.get("/desk/replies/"))
    page = client.post(f"/desk/replies/{row.pk}/", {"once": ONCE})
    assert "please leave me be" in words(page)
    assert (Case.objects.get().person_id, Event.objects.filter(kind="objection").count()) == (person.pk, 0)
    assert Reply.objects.get().read_at is None


@pytest.mark.parametrize(
    ("means", "channels"), [("numbers", {"sms", "phone"}), ("all", {"sms", "phone", "email", "chat", "post"})]
)
def test_a_refusal_in_plain_words_counts_at_once_and_as_often_as_it_is_pressed(means, channels):
    person, row = answered()
    neighbour, other = answered(number="+447700900222")
    client = staff("care")
    for _ in range(2):
        assert client.post(f"/desk/replies/{row.pk}/", {"once": ONCE, "means": means}).status_code == 302
    told = Event.objects.filter(kind="objection")
    assert {event.person_id for event in told} == {person.pk}
    patterns = {event.pattern for event in told}
    if means == "numbers":
        assert {pattern.rpartition(":")[2] for pattern in patterns} == channels
    else:
        assert patterns == {"news", "group_news", "partner_news", "italy_news", "america_news"}
    assert suppressed("mobile", "+447700900111")
    assert not suppressed("mobile", "+447700900222")
    assert [one.pk for one in Reply.objects.filter(read_at=None)] == [other.pk]
    assert neighbour.pk != person.pk


def test_words_that_refuse_nothing_are_read_and_stop_nothing():
    _, row = answered("when do you open?")
    client = staff("care")
    client.post(f"/desk/replies/{row.pk}/", {"once": ONCE, "means": "nothing"})
    assert not Event.objects.filter(kind="objection").exists()
    assert "None waits" in words(client.get("/desk/replies/"))
    assert not suppressed("mobile", "+447700900111")


def test_nobody_else_reads_them_and_what_cannot_be_used_changes_nothing():
    _, row = answered()
    for role in ("", "marketer", "officer"):
        client = staff(role)
        assert client.get("/desk/replies/").status_code == 404
        assert client.post(f"/desk/replies/{row.pk}/", {"once": ONCE, "means": "all"}).status_code == 404
    client = staff("care")
    assert client.get(f"/desk/replies/{row.pk}/").status_code == 405
    assert client.post(f"/desk/replies/{uuid4()}/", {"once": ONCE}).status_code == 404
    for bad in ({"once": "x"}, {"once": ONCE, "means": "perhaps"}):
        assert client.post(f"/desk/replies/{row.pk}/", bad).status_code == 409
    assert Reply.objects.get().read_at is None
    assert not Event.objects.filter(kind="objection").exists()
