"""The shops in Chromium: for keyboards, screen readers, narrow windows and large letters; without script, without fuss."""

import pytest
from tests.accessibility import barriers

from troth.shop.actions import load_catalogue
from troth.shop.catalogue import BRANDS

pytestmark = [
    pytest.mark.urls("tests.shop.urls"),
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
]
PIECES = {"tarn": "nell-olive", "holm": "skarn-peat", "skerry": "gale-violet"}
PAGES = [f"/{b}/{rest}" for b in BRANDS for rest in ("", "shop/?colour=blue&kind=spaceship", f"shop/{PIECES[b]}/")]
PAGES += ["/houses/", "/tarn/search/?q=derby", "/holm/shop/?in=EUR&page=2", "/skerry/shop/none/"]


@pytest.fixture
def shops(live_server):
    load_catalogue()
    return live_server.url


@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_stands_in_anyones_way(page, shops, width):
    page.set_viewport_size({"width": width, "height": 900})
    for address in PAGES:
        page.goto(f"{shops}{address}")
        page.evaluate("document.querySelectorAll('details').forEach((one, at) => { if (at < 1) one.open = true })")
        assert [(address, *one) for one in barriers(page)] == []


@pytest.mark.parametrize(("width", "letters"), [(320, 16), (768, 16), (1600, 16), (640, 32)])
def test_no_page_needs_to_be_pushed_sideways(page, shops, width, letters):
    page.set_viewport_size({"width": width, "height": 800})
    for address in PAGES:
        page.goto(f"{shops}{address}")
        page.evaluate(f"document.documentElement.style.fontSize = '{letters}px'")
        assert (address, page.evaluate("document.documentElement.scrollWidth")) == (address, width)


def test_no_page_complains_or_breaks_its_own_content_rules(page, shops):
    heard, failed = [], []
    page.on("console", lambda message: heard.append(message.text))
    page.on(
        "response",
        lambda answer: failed.append(answer.url) if answer.status >= 400 and "none" not in answer.url else None,
    )
    for address in PAGES:
        page.goto(f"{shops}{address}")
        assert page.locator("script").count() == 0
        assert page.evaluate("[...document.fonts].filter(face => face.status === 'error').length") == 0
    assert ([text for text in heard if "status of 404" not in text], failed) == ([], [])


@pytest.mark.parametrize("brand", BRANDS)
def test_nothing_moves_when_the_pictures_come(browser, shops, brand):
    def heights(*, pictures):
        with browser.new_context(viewport={"width": 900, "height": 800}) as context:
            if not pictures:
                context.route("**/*.webp*", lambda route: route.abort())
            page = context.new_page()
            for address in (f"/{brand}/", f"/{brand}/shop/", f"/{brand}/shop/{PIECES[brand]}/"):
                page.goto(f"{shops}{address}")
                page.evaluate("document.fonts.ready")  # what the type faces move is not what is asked here
                yield page.evaluate("document.documentElement.scrollHeight")

    assert list(heights(pictures=True)) == pytest.approx(list(heights(pictures=False)), abs=2)  # a rounded pixel


@pytest.mark.parametrize("brand", BRANDS)
def test_a_keyboard_gets_from_the_door_by_the_filters_to_a_piece(page, shops, brand):
    page.goto(f"{shops}/{brand}/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the goods"
    page.keyboard.press("Enter")
    page.locator("#main:focus").wait_for()
    _tab_to(page, "See everything")
    page.keyboard.press("Enter")
    page.wait_for_url("**/shop/")

    _tab_to(page, "Colour")
    page.keyboard.press("Enter")
    _tab_to(page, "Blue")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_url("**colour=blue**")
    _tab_to(page, "Take away Blue")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    page.wait_for_url(f"**/{brand}/shop/*/")
    assert page.locator(".sizes li").count() >= 1


def _tab_to(page, words):
    """Press Tab until what has the focus, or the label around it, says these words; and be able to see where it is."""
    for _ in range(80):
        page.keyboard.press("Tab")
        said = page.evaluate(
            "(document.activeElement.closest('label') || document.activeElement).textContent.replace(/[\\u00d7\\s]+/g, ' ').trim()"
        )
        if said == words:
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
    pytest.fail(f"Tab never reaches {words!r}.")


@pytest.mark.parametrize("brand", BRANDS)
def test_everything_works_without_script(browser, shops, brand):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{shops}/{brand}/shop/")
        everything = int(page.locator(".count").inner_text().split()[0])
        page.locator("summary", has_text="Colour").click()
        page.get_by_label("Green").check()
        page.locator("fieldset button:visible").click()
        assert (
            0 < int(page.locator(".count").inner_text().split()[0]) == page.locator(".cards > li").count() < everything
        )
        page.get_by_role("searchbox").fill("cotton")
        page.get_by_role("searchbox").press("Enter")
        assert "cotton" in page.locator("h1").inner_text()
        page.locator(".cards a").first.click()
        page.locator("summary", has_text="Returns").click()
        assert page.locator(".fold[open] p").is_visible()


@pytest.mark.parametrize("width", [1280, 360])
def test_what_can_be_pressed_is_large_enough_to_hit(page, shops, width):
    page.set_viewport_size({"width": width, "height": 800})
    for address in PAGES:
        page.goto(f"{shops}{address}")
        small = page.evaluate(
            """[...document.querySelectorAll('a, button, select, summary, input:not([type=hidden])')]
               .filter(el => el.checkVisibility() && !el.closest('p:not(:has(.go, .button))') && !el.matches('.skip'))
               .map(el => [el, (el.closest('label') || el).getBoundingClientRect()])
               .filter(([el, box]) => box.height < 24 || box.width < 24).map(([el]) => el.outerHTML.slice(0, 120))"""
        )
        assert (address, small) == (address, [])


def test_whoever_wants_calm_gets_it(page, shops):
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{shops}/tarn/shop/")
    moving = "[...document.querySelectorAll('*')].filter(el => parseFloat(getComputedStyle(el).transitionDuration) > 0).length"
    assert page.evaluate(moving) == 0
