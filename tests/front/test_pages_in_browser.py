"""The pages in Chromium: for keyboards, screen readers, narrow windows and paper; without script, without complaint."""

from urllib.parse import quote

import pytest
from tests.accessibility import barriers

BRANDS = ("tarn", "holm", "skerry")
QUESTION = "contact by email for news"
FIRST_LINES = ".mast, .opening, .listing li:nth-child(-n+60)"  # one line is like another; all 2,400 take minutes


@pytest.fixture
def addresses(house):
    version = house.in_force.policy.about.version
    shared = [
        "/",
        "/ask/",
        f"/ask/?q={quote(QUESTION)}",
        "/ask/?q=pigeon",
        f"/privacy/source/{version}/",
        "/privacy/law/uk/",
        "/privacy/record/",
        "/privacy/choices/?brand=skerry&region=us-ca",
        "/nowhere",
    ]
    branded = [f"/privacy/{b}/{rest}" for b in BRANDS for rest in ("", "versions/", "changes/")]
    return [*shared, *branded, f"/privacy/tarn/{house.days()[0]}/"]


@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_stands_in_anyones_way(page, live_server, addresses, width):
    page.set_viewport_size({"width": width, "height": 900})
    for address in addresses if width > 1000 else ["/", "/privacy/tarn/", f"/ask/?q={quote(QUESTION)}"]:
        page.goto(f"{live_server.url}{address}")
        found = barriers(page, FIRST_LINES if "/source/" in address else None)
        assert [(address, *one) for one in found] == []


def test_no_page_needs_to_be_pushed_sideways(page, live_server, addresses):
    page.set_viewport_size({"width": 320, "height": 640})
    for address in addresses:
        page.goto(f"{live_server.url}{address}")
        assert (address, page.evaluate("document.documentElement.scrollWidth")) == (address, 320)


def test_no_page_complains_or_breaks_its_own_content_rules(page, live_server, addresses):
    heard = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda problem: heard.append(str(problem)))
    for address in addresses:
        page.goto(f"{live_server.url}{address}")
        assert page.locator("script:not([type='application/ld+json'])").count() == 0
    unexpected = [text for text in heard if "status of 40" not in text]  # the browser notes pages we said are not there
    assert unexpected == []


@pytest.mark.parametrize("brand", BRANDS)
def test_a_keyboard_gets_from_the_skip_link_by_the_contents_to_a_section(page, live_server, brand):
    page.goto(f"{live_server.url}/privacy/{brand}/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the text"
    page.keyboard.press("Enter")
    page.locator("#main:focus").wait_for()

    page.locator(".contents a").nth(2).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**#use")
    page.locator("#use:target").wait_for()
    page.keyboard.press("Tab")
    page.locator("#use:focus-within").wait_for()


def test_a_keyboard_changes_the_region(page, live_server):
    page.goto(f"{live_server.url}/privacy/tarn/")
    page.get_by_role("link", name="California").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**region=us-ca")
    assert page.locator('.regions [aria-current="true"]').inner_text() == "California"


def test_a_mark_shows_itself_when_it_has_the_focus_and_says_where_it_leads(page, live_server):
    page.goto(f"{live_server.url}/privacy/tarn/")
    mark = page.locator(".short .mark").first
    assert mark.evaluate("el => getComputedStyle(el).opacity") == "0"
    mark.focus()
    page.wait_for_timeout(300)
    assert mark.evaluate("el => getComputedStyle(el).opacity") == "1"
    mark.press("Enter")
    page.wait_for_url("**/privacy/source/**")
    assert page.locator(":target").count() == 1


def test_everything_works_without_script(browser, live_server):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/ask/")
        page.get_by_label("What would we do?").fill(QUESTION)
        page.get_by_role("button", name="Ask").click()
        assert page.locator(".verdict").inner_text() in ("Yes.", "No.", "It depends.")


@pytest.mark.parametrize("brand", BRANDS)
def test_on_paper_it_is_a_letter(page, live_server, brand):
    page.goto(f"{live_server.url}/privacy/{brand}/")
    page.emulate_media(media="print")
    for gone in (".contents", ".regions", ".mark", ".mast nav", ".archive"):
        assert page.locator(gone).first.is_visible() is False
    for there in ("h1", ".short", "#contact", ".foot"):
        assert page.locator(there).first.is_visible() is True
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"


@pytest.mark.parametrize("brand", BRANDS)
def test_what_can_be_pressed_is_large_enough_to_hit(page, live_server, brand):
    page.goto(f"{live_server.url}/privacy/{brand}/")
    small = page.evaluate(
        """[...document.querySelectorAll('.mast a, .regions a, .contents a, button, select, .links a')]
           .filter(el => { const box = el.getBoundingClientRect(); return box.height < 24 || box.width < 24 })
           .map(el => el.outerHTML)"""
    )
    assert small == []
