"""The marketer's desk: a campaign planned, checked, sent and watched, by whoever has that role and nobody else."""

import html
import re
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from tests.doors.conftest import someone
from tests.marketing.campaigning import Network, reader, says

from troth.accounts import sessions
from troth.care.actions import appoint
from troth.care.models import Case
from troth.doors import policies
from troth.doors.declare import job
from troth.marketing import adverts, campaigns, following, health, release, screening
from troth.marketing.models import Advert, Call, Campaign
from troth.marketing.segments import Condition

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
WORDS = {"subject": "Coats", "text": "Coats are in.\r\n{sender}, {address}\r\n{stop}\r\n{why}"}


@pytest.fixture(autouse=True)
def _at_noon(monkeypatch):
    monkeypatch.setattr(policies, "calendar_now", lambda: NOON)
    following.forget()
    yield
    following.forget()


def staff(role):
    """Somebody with a place at the desk, signed in."""
    person = reader(())
    if role:
        appoint(person.pk, role, NOON)
    client = Client()
    with job("sign_in"):
        request = type("R", (), {"headers": {}, "COOKIES": {}, "META": {}, "session": None})()
        client.cookies[sessions.COOKIE] = sessions.begin(request, person.pk, "tarn", NOON)
    return client


def begun(client, channel="email", **more):
    sent = {"name": "Coats", "brand": "tarn", "purpose": "news", "topic": "offers", "channel": channel}
    answer = client.post("/desk/campaigns/new/", sent | more)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return answer.headers["Location"]


def steps(client, way, *names):
    for name in names:
        answer = client.post(way, {"step": name, "sure": "yes"} | (WORDS if name == "edit" else {}))
        assert answer.status_code == 302, re.sub(r"<[^>]+>|\s+", " ", answer.content.decode())[:1500]


def test_a_campaign_goes_from_its_first_word_to_its_report():
    reader(), reader()
    says("refusal", "news", person=reader())
    client = staff("marketer")
    way = begun(client)
    steps(client, way, "edit", "check", "freeze")
    before = client.get(way).content.decode()
    for words in ("May receive it", "choices.news", "2 may receive it", "FH-P-004", "Send it"):
        assert words in before, words
    steps(client, way, "send")
    release.run(Campaign.objects.get(), Network())
    after = client.get(way).content.decode()

    assert "100 in a hundred are through" in after
    assert campaigns.progress(Campaign.objects.get()).sent == 2
    assert "Send it" not in after
    assert client.get("/desk/campaigns/").content.decode().count("2 of 2 sent") == 1


def test_what_is_wrong_is_said_and_nothing_is_done():
    client = staff("marketer")
    way = begun(client)
    answer = client.post(way, {"step": "edit", "subject": "", "text": "Buy! <img src=x>"})
    assert answer.status_code == 302
    for step in ("check", "send", "freeze", "nonsense"):
        answer = client.post(way, {"step": step})
        assert answer.status_code == 409
    assert Campaign.objects.get().state == "draft"
    assert b"picture" in client.get(way).content


def test_looking_at_the_desk_changes_no_campaign():
    client = staff("marketer")
    way = begun(client)
    steps(client, way, "edit", "check", "freeze")
    before = list(Campaign.objects.values())
    client.get(way), client.get("/desk/campaigns/")
    assert list(Campaign.objects.values()) == before


def test_calls_are_rung_one_by_one():
    reader(("news:tarn:phone",), "+442079460901", kind="phone")
    reader(("news:tarn:phone",), "+442079460902", kind="phone")
    screening.read_list("tps", ["+442079460000"], dated=date(2026, 11, 20), at=NOON)
    client = staff("marketer")
    way = begun(client, "phone")
    steps(client, way, "edit", "check", "freeze", "send")
    release.run(Campaign.objects.get(), None)

    first = client.post(f"{way}call/").content.decode()
    rung = [number for number in ("+442079460901", "+442079460902") if number in first]
    assert len(rung) == 1  # one at a time
    message = re.search(r'name="message" value="([^"]+)"', first)
    assert message
    second = client.post(f"{way}call/", {"message": message[1], "outcome": "stop"}).content.decode()
    assert "+4420794609" in second
    assert rung[0] not in second
    assert Call.objects.get().outcome == "stop"
    assert client.post(f"{way}call/", {"message": "x", "outcome": "spoke"}).status_code == 409


@pytest.mark.parametrize("role", ["care", "officer", None])
def test_others_find_nothing_there(role):
    client = staff(role)
    pages = ("", "new/", "health/", "wordings/", "adverts/", f"{uuid4()}/")
    for way in pages:
        assert client.get(f"/desk/campaigns/{way}").status_code == 404
    for way in ("new/", "adverts/", f"{uuid4()}/asked/", f"adverts/{uuid4()}/"):
        assert client.post(f"/desk/campaigns/{way}", {"name": "x", "brand": "tarn"}).status_code == 404
    assert Campaign.objects.count() == Advert.objects.count() == 0


# -- beginning one -----------------------------------------------------------------------------------------------------


def words(answer):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def test_an_empty_desk_says_how_to_begin():
    assert "Begin the first one" in words(staff("marketer").get("/desk/campaigns/"))


def test_a_segment_is_chosen_on_the_form_and_said_in_words():
    reader(residence="IE"), reader(residence="GB")
    client = staff("marketer")
    way = begun(client, fact0="country", op0="in", value0="IE, FR", fact1="age", op1=">=", value1="18")
    assert Campaign.objects.get().whom.segment == (
        Condition("country", "in", ["IE", "FR"]), Condition("age", ">=", 18),
    )  # fmt: skip
    page = words(client.get(way))
    assert "The country they live in is one of IE, FR; Their age in years at least 18" in page
    steps(client, way, "edit", "check", "freeze")
    page = words(client.get(way))
    assert "All together: 0 may receive it, 1 may not, 2 were not meant" in page  # to choose by age is asked apart


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"brand": "fellwater"}, "Choose one of these"),
        ({"name": " "}, "Give it a name"),
        ({"sender": "nobody"}, "not of the brand"),
        ({"fact0": "age", "op0": ">=", "value0": "old"}, "give a whole number"),
        ({"fact0": "taste_in_music", "op0": "is", "value0": "x"}, "Segments know no"),
    ],
)
def test_what_is_wrong_with_a_plan_is_said_beside_its_field_and_nothing_is_begun(sent, said):
    client = staff("marketer")
    right = {"name": "Coats", "brand": "tarn", "purpose": "news", "topic": "offers", "channel": "email"}
    answer = client.post("/desk/campaigns/new/", right | sent)
    assert answer.status_code == 400
    assert said in words(answer)
    assert b'aria-invalid="true"' in answer.content
    assert not Campaign.objects.exists()


def test_what_the_check_finds_stands_beside_each_field():
    client = staff("marketer")
    way = begun(client)
    client.post(way, {"step": "edit", "subject": "", "text": "Coats are in. {sender}, {address}, {why}"})
    page = client.get(way).content.decode()
    assert "It needs a subject." in page.partition('id="w-subject"')[2].partition("</ul>")[0]
    assert "{stop}" in page.partition('id="w-text"')[2].partition("</ul>")[0]


# -- sending, with care --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["send", "stop"])
def test_what_cannot_be_taken_back_is_asked_about_once_more(what):
    reader()
    client = staff("marketer")
    way = begun(client)
    steps(client, way, "edit", "check", "freeze")
    answer = client.post(way, {"step": what})
    assert answer.status_code == 200
    assert "No, leave it as it is" in words(answer)
    assert Campaign.objects.get().state == "ready"


def test_above_the_size_another_person_agrees_first(monkeypatch):
    monkeypatch.setattr(campaigns, "SECOND_LOOK", 1)
    reader(), reader()
    author, colleague = staff("marketer"), staff("marketer")
    way = begun(author)
    steps(author, way, "edit", "check", "freeze")
    assert author.post(way, {"step": "send", "sure": "yes"}).status_code == 409
    assert author.post(way, {"step": "approve"}).status_code == 409
    assert "ask a colleague" in words(author.get(way))
    steps(colleague, way, "approve")
    steps(author, way, "send", "pause", "resume", "stop")
    assert "What it came to" in words(author.get(way))


def test_nobody_is_named_before_it_goes():
    ada = reader(address="ada@post.example")
    client = staff("marketer")
    way = begun(client)
    steps(client, way, "edit", "check", "freeze")
    page = client.get(way).content.decode()
    assert "Somebody, 1 of 1" in page
    for named in ("ada@post.example", str(ada.pk), ada.pk.hex):
        assert named not in page


# -- why did they not get it -------------------------------------------------------------------------------------------

ASKED = {"why": "They rang about it", "once": "a" * 32}


def test_why_somebody_did_not_get_it_is_the_decision_and_nothing_of_them():
    reader()
    ada = reader(address="ada@post.example")
    says("refusal", "news", person=ada)
    client = staff("marketer")
    way = begun(client)
    steps(client, way, "edit", "check", "freeze")
    answer = client.post(f"{way}asked/", ASKED | {"who": " Ada@Post.example "})
    assert answer.status_code == 200
    assert "choices.news" in words(answer)
    for named in ("ada@post.example", "Ada@", str(ada.pk)):
        assert named not in answer.content.decode()
    look = Case.objects.get(person_id=ada.pk)  # they see who looked, and why
    assert look.closed_at
    assert "We know nobody by that" in words(client.post(f"{way}asked/", ASKED | {"who": "no@post.example"}))


@pytest.mark.parametrize("changed", [{"why": ""}, {"once": ""}, {"who": "@"}, {"who": "ring me"}])
def test_a_question_without_a_reason_or_an_address_is_not_answered(changed):
    ada = reader(address="ada@post.example")
    client = staff("marketer")
    way = begun(client)
    answer = client.post(f"{way}asked/", ASKED | {"who": "ada@post.example"} | changed)
    assert answer.status_code == 409
    assert client.get(f"{way}asked/").status_code == 405
    assert not Case.objects.filter(person_id=ada.pk).exists()


# -- the health of permissions -----------------------------------------------------------------------------------------


def test_the_health_page_counts_answers_and_gives_no_small_figure():
    long_ago = NOON - timedelta(days=200)
    for _ in range(23):
        says("consent", "news:tarn:email", person=someone(), at=long_ago)
    gone = someone()
    says("consent", "news:tarn:email", person=gone, at=long_ago)
    says("withdrawal", "news:*:email", person=gone, at=NOON)
    says("consent", "news:holm:sms", person=someone(), at=NOON)

    found = health.health(policies.archive().in_force(NOON.date()), digests(), NOON)
    assert [(one.brand, one.channel, one.yes[-1], one.no[-1]) for one in found.growth] == [
        ("", "email", 0, 1), ("holm", "sms", 1, 0), ("tarn", "email", 24, 0),
    ]  # fmt: skip
    assert found.standing == 24
    assert dict(found.ages)["6 to 12 months"] == 23
    assert [count for _, count in found.gaps] == [0, 0, 0]
    page = words(staff("marketer").get("/desk/campaigns/health/"))
    assert "Tarn, email Yes: about 20. No: none." in page
    assert "Holm, text message Yes: fewer than 20. No: none." in page


def test_a_yes_that_was_said_again_or_is_over_is_counted_once_or_not():
    ada, bob = someone(), someone()
    says("consent", "news:tarn:email", person=ada, at=NOON - timedelta(days=40))
    says("consent", "news:tarn:email", person=ada, at=NOON - timedelta(days=10))
    over = datetime(2027, 4, 10, tzinfo=UTC)
    says("consent", "audiences:tarn", person=bob, at=datetime(2026, 3, 10, tzinfo=UTC), expires=over)
    for at, standing, ending in ((NOON, 2, 0), (over - timedelta(days=20), 2, 1), (over, 1, 0)):
        found = health.health(policies.archive().in_force(at.date()), frozenset(), at)
        assert (found.standing, dict(found.ending)[30]) == (standing, ending)
        assert found.gaps[1] == ("words of a policy we no longer have", standing)


def digests():
    return frozenset(one.digest for one in policies.archive().versions)


def test_the_words_of_each_question_stand_with_the_days_they_were_in_force():
    says("consent", "news:tarn:email", person=someone())
    told = health.wordings(policies.archive().versions)
    news = told["news"]
    assert news[0].until is None
    assert news[-1].since == policies.archive().versions[0].policy.about.version
    assert sum(one.answers for one in news) == 1
    assert (
        policies.archive().versions[-1].policy.choices["news"].say
        in words(staff("marketer").get("/desk/campaigns/wordings/")).lower()
    )


# -- adverts -----------------------------------------------------------------------------------------------------------


def test_an_audience_is_counted_handed_over_and_taken_back():
    ada = reader(("audiences:tarn",), "ada@post.example")
    reader(("audiences:tarn",))
    client, way = staff("marketer"), "/desk/campaigns/adverts/"
    sent = {"name": "Coats", "brand": "tarn"}
    counted = client.post(way, sent | {"do": "count"})
    assert "2 may be in it, of 3 people we know" in words(counted)
    assert not Advert.objects.exists()
    file = client.post(way, sent | {"do": "hand"})
    assert file.headers["Content-Type"].startswith("text/csv")
    assert file.content.count(b"\n") == 3
    says("withdrawal", "audiences", person=ada)
    with job("audiences", "marketing_plans"):
        adverts.note(NOON + timedelta(minutes=1))
    assert "1 must come out, the first by 28 November 2026" in words(client.get(way))
    step = f"{way}{Advert.objects.get().pk}/"
    assert client.post(step, {"do": "remove"}).content.count(b"\n") == 2
    assert client.post(step, {"do": "confirm"}).status_code == 302
    assert "Nobody has to come out now" in words(client.get(way))
    assert client.post(step, {"do": "remove"}).status_code == 409


def test_an_audience_of_nobody_is_not_handed_over():
    reader()
    client = staff("marketer")
    answer = client.post("/desk/campaigns/adverts/", {"name": "Coats", "brand": "tarn", "do": "hand"})
    assert answer.status_code == 409
    assert "Nobody may be in it now" in words(answer)
    assert not Advert.objects.exists()
