"""The panel in Chromium: by keyboard, at 200 %, on a phone, for a screen reader; and what another company's script is told."""

import json

import pytest
from tests.accessibility import barriers

from troth.shop.actions import load_catalogue

pytestmark = [
    pytest.mark.urls("tests.tracking.urls"),
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
]
PAGES = [
    "/tarn/",
    "/holm/shop/skarn-peat/",
    "/skerry/",
    "/tarn/cookies/",
    "/skerry/cookies/",
    "/holm/account/interests/",
]


@pytest.fixture
def shops(live_server):
    load_catalogue()
    return live_server.url


def cookies(page):
    return {cookie["name"]: cookie["path"] for cookie in page.context.cookies()}


@pytest.mark.parametrize(("width", "signal"), [(1280, {}), (390, {"Sec-GPC": "1"})])
def test_nobody_is_kept_out(page, shops, width, signal):
    page.set_viewport_size({"width": width, "height": 900})
    page.set_extra_http_headers(signal)
    for address in PAGES:
        page.goto(f"{shops}{address}")
        assert [(address, *one) for one in barriers(page)] == []


@pytest.mark.parametrize(("width", "letters"), [(320, 16), (640, 32), (1280, 16)])
def test_nothing_needs_pushing_sideways_and_both_buttons_are_of_one_size(page, shops, width, letters):
    page.set_viewport_size({"width": width, "height": 800})
    for address in PAGES:
        page.goto(f"{shops}{address}")
        page.evaluate(f"document.documentElement.style.fontSize = '{letters}px'")
        assert (address, page.evaluate("document.documentElement.scrollWidth")) == (address, width)
    page.goto(f"{shops}/tarn/")
    yes, no = (page.get_by_role("button", name=f"{word} all").bounding_box() for word in ("Accept", "Refuse"))
    assert (yes["width"], yes["height"]) == pytest.approx((no["width"], no["height"]), abs=1)
    looks = [
        page.get_by_role("button", name=f"{word} all").evaluate(
            "one => { const s = getComputedStyle(one); return [s.color, s.backgroundColor, s.borderColor, s.font] }"
        )
        for word in ("Accept", "Refuse")
    ]
    assert looks[0] == looks[1]


def test_a_keyboard_passes_the_panel_or_refuses_in_it_and_is_held_by_neither(page, shops):
    page.goto(f"{shops}/tarn/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # skip to the goods, past the panel
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")

    page.goto(f"{shops}/tarn/shop/?kind=dresses")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Refuse all":
            break
    with page.expect_navigation(url=f"{shops}/tarn/shop/?kind=dresses"):
        page.keyboard.press("Enter")
    assert page.locator(".panel").count() == 0
    assert cookies(page) == {"choices": "/tarn/"}
    page.goto(f"{shops}/holm/")
    assert page.locator(".panel").count() == 1  # another brand asks for itself


def test_one_by_one_by_keyboard_and_back_again(page, shops):
    page.goto(f"{shops}/skerry/")
    page.get_by_role("link", name="Choose one by one").press("Enter")
    for group in page.get_by_role("group").all():
        assert group.get_by_role("radio").count() == 2
        assert group.locator(":checked").count() == 0  # no answer is given for anybody
        group.get_by_role("radio", name="No").focus()
        page.keyboard.press("Space")
    with page.expect_navigation():
        page.get_by_role("button", name="Save these answers").press("Enter")
    assert "this device alone remembers it" in page.get_by_role("status").inner_text()
    assert page.locator("input[value=no]:checked").count() == 5

    with page.expect_navigation():
        page.get_by_role("button", name="Accept all").click()
    assert cookies(page).keys() == {"choices", "visit", "interest"}
    with page.expect_navigation():
        page.get_by_role("button", name="Refuse all").click()
    assert cookies(page).keys() == {"choices"}
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


def test_without_a_yes_no_other_companys_script_is_even_asked_for(page, shops):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{shops}/tarn/tagged/")
    with page.expect_navigation():
        page.get_by_role("button", name="Refuse all").click()
    page.goto(f"{shops}/tarn/tagged/")

    assert [url for url in asked if url.endswith(".js")] == []
    assert page.locator("script").count() == 0


def test_after_a_yes_a_script_is_told_the_answers_before_it_runs(page, shops):
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{shops}/tarn/cookies/")
    for name, answer in {
        "tracking": "no",
        "appearance": "no",
        "profile": "no",
        "fit_shop": "no",
        "adverts": "yes",
    }.items():
        page.locator(f"input[name={name}][value={answer}]").check()
    with page.expect_navigation():
        page.get_by_role("button", name="Save these answers").click()
    page.goto(f"{shops}/tarn/tagged/")
    page.wait_for_load_state()  # with its scripts

    told = json.loads(page.evaluate("window.toldBefore"))
    words = ("ad_storage", "ad_user_data", "ad_personalization", "analytics_storage", "functionality_storage",
             "personalization_storage")  # fmt: skip
    assert told == [
        ["consent", "default", dict.fromkeys(words, "denied") | {"security_storage": "granted"}],
        ["set", "ads_data_redaction", False],
        ["set", "url_passthrough", False],
        ["consent", "update", dict.fromkeys(words[:3], "granted")],
    ]
    assert complaints == []

    page.set_extra_http_headers({"Sec-GPC": "1"})
    page.goto(f"{shops}/tarn/tagged/")
    assert page.locator("script").count() == 0  # the browser's word, before any tag
