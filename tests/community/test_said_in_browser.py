"""Saying something in Chromium: by keyboard, without script, in narrow windows; for who cannot see the stars."""

import re

import pytest
from tests.accessibility import barriers
from tests.community.conftest import LOUD, NOON, fresh, shown, write
from tests.community.test_pictures import drawn, written

from troth.community import actions, links
from troth.community.models import Remark
from troth.doors import policies
from troth.shop.actions import load_catalogue

pytestmark = [
    pytest.mark.urls("tests.community.urls"),
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
]
PIECES = {"tarn": ("nell", "nell-olive"), "holm": ("skarn", "skarn-peat"), "skerry": ("gale", "gale-violet")}


@pytest.fixture
def shops(live_server):
    load_catalogue()
    photo = written(drawn("RGB", 60, 80, 9), "JPEG")
    for brand, (style, _) in PIECES.items():
        shown(brand=brand, about=style, stars="5", photos=[photo], words=f"{LOUD} and warm. " * 12)
        shown(brand=brand, about=style, stars="3", email="bob@post.example", name="نعمة", words="مريح جداً")
        shown("testimonial", brand=brand, email="cat@post.example", online="yes", words="They mended it, twice.")
    return live_server.url


def addresses(brand):
    slug = PIECES[brand][1]
    return [
        f"/{brand}/shop/{slug}/", f"/{brand}/shop/{slug}/reviews/", f"/{brand}/shop/{slug}/review/",
        f"/{brand}/feedback/", f"/{brand}/kind-words/", f"/{brand}/said/thanks/review/",
    ]  # fmt: skip


def own_pages(brand):
    for state in ("unproven", "waiting", "refused", "withdrawn"):
        remark = write(brand=brand, about=state, email=f"{state}@post.example")
        if state != "unproven":
            actions.prove(remark.pk, at=NOON)
        if state == "refused":
            actions.refuse(remark.pk, "others", link=links.way, at=NOON)
        if state == "withdrawn":
            actions.withdraw(remark.pk, at=NOON)
        yield links.way(remark)
    yield links.way(Remark.objects.filter(brand=brand, kind="testimonial", state="shown").get())


@pytest.mark.parametrize(("brand", "width", "own"), [("tarn", 1280, 5), ("holm", 390, 3), ("skerry", 390, 0)])
def test_no_page_stands_in_anyones_way(page, shops, brand, width, own):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(reduced_motion="reduce")  # or a button is looked at while it changes colour
    for address in [*addresses(brand), *list(own_pages(brand))[:own]]:
        page.goto(f"{shops}{address}")
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        assert [(address, *one) for one in barriers(page)] == []


def test_a_form_with_problems_leads_to_each_of_them(page, shops):
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{shops}/tarn/shop/nell-olive/review/")
    page.evaluate("document.querySelector('.ask-form').noValidate = true")
    page.locator("#name").fill("ada@post.example")
    page.get_by_role("button", name="Send").click()
    assert page.get_by_role("alert").locator("a").count() == 4
    assert page.title().startswith("Not yet")
    page.wait_for_load_state()  # whole, with its style sheet
    assert barriers(page) == []
    page.get_by_role("alert").get_by_role("link", name="This looks like an address").click()
    assert page.url.endswith("#name")
    assert page.locator("#name").input_value() == "ada@post.example"


@pytest.mark.parametrize(("width", "letters"), [(320, 16), (768, 16), (640, 32)])
def test_no_page_needs_to_be_pushed_sideways(page, shops, width, letters):
    shown(brand="tarn", about="nell", email="long@post.example", name="W" * 40, words="w" * 400)
    page.set_viewport_size({"width": width, "height": 800})
    for address in [*addresses("tarn"), *own_pages("tarn")]:
        page.goto(f"{shops}{address}")
        page.evaluate(f"document.documentElement.style.fontSize = '{letters}px'")
        assert (address, page.evaluate("document.documentElement.scrollWidth")) == (address, width)


def test_no_page_complains(page, shops):
    heard = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("response", lambda answer: heard.append(answer.url) if answer.status >= 400 else None)
    for address in [*addresses("tarn"), *own_pages("tarn")]:
        page.goto(f"{shops}{address}")
        assert page.locator("script").count() == 0
    assert heard == []
    page.goto(f"{shops}/tarn/shop/nell-olive/reviews/")
    picture = page.locator(".sights img")
    picture.scroll_into_view_if_needed()
    picture.evaluate("one => one.complete || new Promise(done => one.addEventListener('load', done))")
    assert picture.evaluate("one => [one.naturalWidth, one.naturalHeight]") == [60, 80]


def test_a_review_is_written_proved_changed_and_taken_back_by_keyboard_and_without_script(browser, shops):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{shops}/tarn/shop/nell-slate/")
        page.get_by_role("link", name="Write a review").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/review/")
        page.get_by_label("3, Good").focus()
        page.keyboard.press("Space")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        page.keyboard.type("Warmer than it looks.")
        page.keyboard.press("Tab")
        page.keyboard.type("Juniper")
        page.keyboard.press("Tab")
        page.keyboard.type("juniper@post.example")
        page.keyboard.press("Enter")
        page.wait_for_url("**/said/thanks/review/")

        remark = Remark.objects.get(state="unproven")
        assert (remark.about, remark.stars) == ("nell", 4)
        page.goto(f"{shops}{links.way(remark)}")
        page.get_by_role("button", name="Yes, it was me").press("Enter")
        assert "One of us will read it soon" in page.get_by_role("status").inner_text()
        actions.show(remark.pk, version=fresh(remark).version, link=links.way, at=policies.now())

        page.goto(f"{shops}/tarn/shop/nell-olive/")
        assert "Warmer than it looks." in page.locator(".voices").inner_text()
        assert re.search(r"4\.0\s+out of 5, from 3 reviews", page.locator(".average").inner_text())

        page.goto(f"{shops}{links.way(remark)}")
        page.locator("summary", has_text="Change it").press("Enter")
        page.locator("#words").fill("It shrank.")
        page.get_by_role("button", name="Send it anew").press("Enter")
        assert "It shrank." in page.locator(".yours").inner_text()
        page.get_by_role("button", name="Take it back").press("Enter")
        assert "You took this back" in page.get_by_role("status").inner_text()
