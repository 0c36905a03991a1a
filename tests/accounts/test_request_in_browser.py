"""Using a right in Chromium: axe on every page, wide and narrow, without a script, and to the end by keyboard alone."""

import re

import pytest
from tests.accounts.conftest import ADA
from tests.desk.test_desk_in_browser import look, tab_to

from troth.rights import links
from troth.rights.models import Request

pytestmark = [
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
    pytest.mark.urls("tests.accounts.urls"),
]


@pytest.fixture
def home(live_server, transactional_db):
    return f"{live_server.url}/tarn"


def way(live, kind):
    return f"{live}/rights/request/{links.key(Request.objects.get(right=kind).pk)}/"


def sent(page, home, right, email=ADA, *, fresh=True):
    if fresh:
        page.goto(f"{home}/rights/")
    page.get_by_label(right).check()
    page.get_by_label("Your name", exact=True).fill("Ada Canary")
    page.get_by_label("Email address", exact=True).fill(email)
    page.get_by_role("button", name="Send it").click()
    page.wait_for_url("**/rights/sent/**")


@pytest.mark.parametrize("width", [320])
def test_no_page_of_a_request_stands_in_anybodys_way(page, home, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{home}/rights/")
    look(page, "form", width)
    page.get_by_text("I ask for somebody else").click()
    page.get_by_role("button", name="Send it").click()
    page.get_by_role("alert").wait_for()
    look(page, "form with problems", width)
    page.goto(f"{home}/rights/complaint/")
    look(page, "complaint", width)
    sent(page, home, "Have it erased")
    look(page, "sent", width)
    page.goto(way(home, "erase"))
    look(page, "identifying", width)
    page.get_by_role("button", name="Yes, it was me").click()
    page.get_by_role("button", name="Plan the erasure").wait_for()
    look(page, "preview", width)
    page.get_by_label("I am sure").check()
    page.get_by_role("button", name="Plan the erasure").click()
    page.get_by_role("button", name="Call it off").wait_for()
    look(page, "planned", width)
    sent(page, home, "Correct what is wrong")
    page.goto(way(home, "correct"))
    page.get_by_role("button", name="Yes, it was me").click()
    page.get_by_role("heading", name="Tell us more").wait_for()
    look(page, "open", width)
    sent(page, home, "Take a copy away")
    page.goto(way(home, "copy"))
    page.get_by_role("button", name="Yes, it was me").click()
    page.get_by_role("button", name="Fetch the copy").wait_for()
    look(page, "answered", width)


def test_one_is_forgotten_by_keyboard_alone_and_without_a_script(browser, home):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{home}/rights/")
        tab_to(page, page.get_by_label("See what we hold"))
        for _ in range(3):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        page.keyboard.type("Ada Canary")
        page.keyboard.press("Tab")
        page.keyboard.type(ADA)
        page.keyboard.press("Enter")
        page.wait_for_url("**/rights/sent/")
        page.goto(way(home, "erase"))
        press(page, "Yes, it was me")
        tab_to(page, page.get_by_label("I am sure"))
        page.keyboard.press("Space")
        press(page, "Plan the erasure")
        page.get_by_role("button", name="Call it off").wait_for()
        assert re.search(r"We erase what we hold on\s+3 Dec 2026", page.content().replace("<strong>", ""))


def press(page, name):
    tab_to(page, page.get_by_role("button", name=name))
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.mark.parametrize("width", [1280, 320])
def test_whether_an_agent_gets_the_copy_is_asked_by_keyboard_and_both_pages_stand_in_nobodys_way(page, home, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{home}/rights/")
    page.get_by_text("I ask for somebody else").click()
    page.get_by_label("I am their agent").check()
    page.get_by_label("Your own name").fill("Tom Agent")
    page.get_by_label("Your own email").fill("tom@agents.example")
    sent(page, home, "See what we hold", fresh=False)
    found = Request.objects.get()
    page.goto(way(home, "see"))
    look(page, "agent asks", width)
    tab_to(page, page.get_by_label("me alone"))
    page.keyboard.press("ArrowDown")
    tab_to(page, page.get_by_role("button", name="Yes, I sent them"))
    page.keyboard.press("Enter")
    page.get_by_text("Whoever asked for you can fetch it too").wait_for()
    look(page, "agent may", width)
    page.goto(f"{home}/rights/agent/{links.agents_way(found).rstrip('/').rpartition('/')[2]}/")
    look(page, "agent fetches", width)
    with page.expect_download() as fetched:
        page.get_by_role("button", name="Fetch the copy").click()
    assert fetched.value.suggested_filename.endswith(".zip")
