"""The order desk in Chromium: axe on every page, wide and narrow, and a case opened by keyboard alone."""

import pytest
from django.test import Client
from tests.accessibility import barriers
from tests.desk.conftest import paid, signed_in, somebody

from troth.accounts import sessions
from troth.care import actions as care
from troth.doors import policies

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)


@pytest.fixture
def desk(page, live_server, bank):
    """The desk's address, and an agent's page on which nobody has looked for anybody yet."""
    person = somebody()
    care.appoint(person, "care", policies.now())
    token = signed_in(Client(), person).cookies[sessions.COOKIE].value
    page.context.add_cookies(
        [{"name": sessions.COOKIE, "value": token, "url": live_server.url.replace("http:", "https:")}]
    )
    return f"{live_server.url}/desk/"


def look(page, name, width):
    page.wait_for_load_state()  # whole, with its style sheet
    assert [(name, *one) for one in barriers(page)] == []
    assert (name, page.evaluate("document.documentElement.scrollWidth")) == (name, width)


def tab_to(page, locator):
    """Go there by the Tab key; the test fails if it cannot be reached."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if locator.evaluate("one => one === document.activeElement"):
            return
    pytest.fail(f"the keyboard never reaches {locator}")


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_no_page_of_the_desk_stands_in_an_agents_way(page, desk, bank, width):
    order = paid(bank)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(desk)
    look(page, "home", width)
    page.get_by_label("Order number, email").fill("nobody@post.example")
    page.get_by_role("button", name="Find").click()
    look(page, "nobody found", width)
    page.get_by_label("Order number, email").fill(order.number)
    page.get_by_role("button", name="Find").click()
    look(page, "found", width)
    page.get_by_role("button", name="Open a case").first.click()  # without a reason: the browser asks for one
    page.get_by_label("Why you need to look").fill("Rang to ask where it is")
    page.get_by_role("button", name="Open a case").first.click()
    look(page, "case", width)
    page.get_by_role("link", name="Change where it goes").click()
    look(page, "address", width)
    page.go_back()
    page.get_by_role("button", name="Close it now").click()
    look(page, "closed", width)


def test_a_case_is_opened_read_and_closed_by_keyboard_alone(page, desk, bank):
    paid(bank)
    page.goto(desk)
    tab_to(page, page.get_by_label("Order number, email"))
    page.keyboard.type("ada@post.example")
    page.keyboard.press("Enter")
    page.wait_for_selector("#found")
    tab_to(page, page.get_by_label("Why you need to look"))
    assert not page.get_by_text("3 Weir Lane").count()
    page.keyboard.type("Rang to ask where it is")
    page.keyboard.press("Enter")
    page.wait_for_selector(".timer")
    assert page.get_by_text("3 Weir Lane").first.is_visible()
    tab_to(page, page.get_by_role("button", name="Close it now"))
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert not page.get_by_text("3 Weir Lane").count()
