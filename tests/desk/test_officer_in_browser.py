"""The officer's case desk in Chromium: axe on every page, wide and narrow, and a refusal agreed on by keyboard alone."""

from datetime import timedelta

import pytest
from django.test import Client
from tests.desk.conftest import signed_in, somebody
from tests.desk.test_desk_in_browser import look, tab_to
from tests.desk.test_officer import TOLD, asks, do, drafts, looks

from troth.accounts import sessions
from troth.care import actions as care
from troth.doors import policies
from troth.doors.collect import collect
from troth.doors.declare import job
from troth.rights import doing
from troth.rights.models import Request
from troth.shop import sending
from troth.shop.models import GiftMessage, Order

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)


def officer():
    person = somebody()
    care.appoint(person, "officer", policies.now())
    return signed_in(Client(), person)


@pytest.fixture
def desk(page, live_server, order):
    """An officer's page, and a customer with words of theirs about somebody else."""
    made = GiftMessage(person_id=order.person_id, order=order)
    made.words = TOLD
    with job("order"), collect("order", source="order", brand="tarn", person=order.person_id, at=policies.now()) as c:
        c.save(made)
    page.officer = officer()
    cookie = page.officer.cookies[sessions.COOKIE].value
    page.context.add_cookies(
        [{"name": sessions.COOKIE, "value": cookie, "url": live_server.url.replace("http:", "https:")}]
    )
    page.ada = order.person_id
    return f"{live_server.url}/desk/requests/"


@pytest.mark.parametrize("width", [1280, 320])
def test_no_page_of_the_case_desk_stands_in_an_officers_way(page, desk, width):
    at = policies.now()
    late, found = asks(page.ada, "appeal", at=at - timedelta(days=60)), asks(page.ada, "see", "All of it, please")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(desk)
    look(page, "list", width)
    page.get_by_role("link", name=late.number).click()
    look(page, "closed", width)
    page.goto(f"{desk}{found.number}/")
    page.get_by_label("Why you need to look").fill("To answer their request")
    page.get_by_role("button", name="Open it").click()
    page.get_by_role("heading", name="What may be about somebody else").wait_for()
    look(page, "case", width)
    page.get_by_role("button", name="Withhold it").click()
    page.get_by_text("1 passage").or_(page.get_by_text("2 passages")).wait_for()
    drafts(page.officer, Request.objects.get(pk=found.pk), answer="")
    page.reload()
    look(page, "draft", width)


def test_a_refusal_is_agreed_on_and_sent_by_keyboard_alone(page, desk):
    found, other = asks(page.ada), officer()
    looks(other, found)
    drafts(other, found, "refuse", code="right", answer="We looked again.")
    page.goto(f"{desk}{found.number}/")
    tab_to(page, page.get_by_label("Why you need to look"))
    page.keyboard.type("To look at it a second time")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="I agree with it").wait_for()
    assert page.get_by_text("We looked again.").first.is_visible()
    tab_to(page, page.get_by_role("button", name="I agree with it"))
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Send it", exact=True).wait_for()
    assert do(other, found, "send").status_code == 302
    assert Request.objects.get().state == "refused"


@pytest.mark.parametrize("width", [1280, 320])
def test_letters_to_recipients_and_an_officer_alone_stand_in_nobodys_way(page, desk, width):
    order = Order.objects.get(person_id=page.ada)
    with job("order"):
        sending.dispatch(order, policies.now())
    found, alone = asks(page.ada), asks(page.ada, "appeal")
    looks(page.officer, found)
    do(page.officer, found, "pass_on", item="contact.delivery_address")
    looks(page.officer, alone)
    drafts(page.officer, alone, "refuse", code="right", answer="We looked again.")
    with job("rights", "proof"):
        doing.upkeep(policies.now())
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(desk)
    look(page, "list with letters", width)
    page.goto(f"{desk}{alone.number}/")
    page.get_by_label("Why it cannot wait").wait_for()
    look(page, "alone", width)
    page.goto(f"{desk}recipients/")
    look(page, "letters", width)
    page.get_by_role("button", name="I have sent it").click()
    page.get_by_role("button", name="They have done it").wait_for()
    look(page, "waiting", width)
    page.get_by_role("button", name="They have done it").click()
    page.get_by_text("No letter waits to be sent.").wait_for()
    page.goto(f"{desk}{found.number}/")
    page.get_by_role("heading", name="Who was told").wait_for()
    look(page, "told", width)


@pytest.mark.parametrize("width", [1280, 320])
def test_a_hold_is_begun_and_let_go_by_keyboard_and_stands_in_nobodys_way(page, desk, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(desk)
    tab_to(page, page.get_by_role("link", name="Legal holds"))
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="None stands").wait_for()
    look(page, "no holds", width)
    number = Order.objects.get(person_id=page.ada).number
    tab_to(page, page.get_by_label("Order number, email address"))
    page.keyboard.type("NOSUCH99")
    page.get_by_label("What it is for").fill("Claim 4711 at the county court")
    page.get_by_label("Look at it again on").fill((policies.today() + timedelta(days=40)).isoformat())
    page.get_by_role("button", name="Hold it").click()
    page.get_by_role("alert").wait_for()
    assert page.get_by_label("What it is for").input_value() == "Claim 4711 at the county court", (
        "nothing typed is lost"
    )
    look(page, "nobody found", width)
    tab_to(page, page.get_by_label("Order number, email address"))
    page.keyboard.press("Control+a")
    page.keyboard.type(number)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Claim 4711 at the county court").wait_for()
    assert page.get_by_text("40 days left").is_visible()
    look(page, "a hold", width)
    tab_to(page, page.get_by_role("button", name="Let go"))
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="None stands").wait_for()
