"""The marketer's desk in Chromium: axe on every page, wide and narrow, and a campaign sent and stopped by hand."""

import pytest
from django.test import Client
from tests.accessibility import barriers
from tests.desk.conftest import signed_in, somebody
from tests.doors.conftest import someone
from tests.marketing.campaigning import reader, says

from troth.accounts import sessions
from troth.care.actions import appoint
from troth.doors import policies
from troth.doors.declare import job
from troth.marketing import adverts, following
from troth.marketing.models import Campaign

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
WORDS = "Coats are in.\n{sender}, {address}\nNo more of these: {stop}\nWhy you got this: {why}"


@pytest.fixture
def desk(page, live_server, transactional_db):
    """The address of the campaigns, and a marketer's page; a few people, of whom some said yes."""
    following.forget()
    for place in range(3):
        reader(("news:tarn:email", "audiences:tarn"), f"reader{place}@post.example")
    for _ in range(22):
        says("consent", "news:tarn:email", "news:holm:sms", person=someone())
    says("refusal", "news", person=reader(address="no@post.example"))
    person = somebody()
    appoint(person, "marketer", policies.now())
    token = signed_in(Client(), person).cookies[sessions.COOKIE].value
    page.context.add_cookies(
        [{"name": sessions.COOKIE, "value": token, "url": live_server.url.replace("http:", "https:")}]
    )
    yield f"{live_server.url}/desk/campaigns/"
    following.forget()


def look(page, name):
    page.wait_for_load_state()
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert [(name, *one) for one in barriers(page)] == []
        assert (name, page.evaluate("document.documentElement.scrollWidth")) == (name, width)


def test_a_campaign_from_its_first_word_to_its_stop(page, desk):
    page.goto(desk)
    look(page, "none yet")
    page.get_by_role("link", name="Begin the first one").click()
    look(page, "new")
    page.get_by_role("button", name="Begin, and write").click()
    look(page, "new, and wrong")
    page.get_by_label("among ourselves").fill("Winter coats")
    page.get_by_label("Brand", exact=True).select_option("tarn")
    page.get_by_role("button", name="Begin, and write").click()
    look(page, "draft")
    page.get_by_label("Subject").fill("Coats")
    page.get_by_label("Text").fill(WORDS)
    for name in ("Keep these words", "Check the words", "Freeze the list"):
        page.get_by_role("button", name=name).click()
        page.wait_for_load_state()
    look(page, "ready")
    assert "3 may receive it" in page.inner_text("main")
    page.get_by_role("button", name="Send it").click()
    look(page, "sure")
    page.get_by_role("button", name="Yes: send it").click()
    look(page, "sending")
    page.get_by_label("Their email address").fill("no@post.example")
    page.get_by_label("Why you need to know").fill("They rang and asked")
    page.get_by_role("button", name="Ask", exact=True).click()
    look(page, "asked")
    page.get_by_role("link", name="Back to the campaign").click()
    page.get_by_role("button", name="Stop for good").click()
    page.get_by_role("button", name="Yes: stop for good").click()
    look(page, "stopped")
    assert Campaign.objects.get().state == "stopped"
    page.goto(desk)
    look(page, "list")


def test_the_pages_beside_it(page, desk):
    page.goto(f"{desk}health/")
    page.get_by_text("The same as a table").click()
    look(page, "health")
    page.goto(f"{desk}wordings/")
    look(page, "wordings")
    with job("audiences", "marketing_plans"):
        made, _ = adverts.hand_over("Boots", adverts.matching("tarn"), by=somebody(), at=policies.now())
        adverts.end(made, policies.now())
    page.goto(f"{desk}adverts/")
    page.get_by_label("among ourselves").fill("Coats")
    page.get_by_label("Brand", exact=True).select_option("tarn")
    page.get_by_role("button", name="Count").click()
    look(page, "adverts")
    assert "3 may be in it" in page.inner_text("main")
