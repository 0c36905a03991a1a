"""What is theirs, in Chromium: by keyboard alone and without a script somebody refuses, corrects, sees, takes all away."""

import os
import zipfile

import pytest
from tests.accounts.conftest import ADA
from tests.accounts.test_accounts_in_browser import clock, fit, home, letters, opened  # noqa: F401 -- fixtures
from tests.shop.selling import ADDRESS

from troth.choices.models import Event
from troth.doors.declare import job
from troth.doors.use import use
from troth.vault import identity
from troth.vault.models import Profile

pytestmark = [
    pytest.mark.urls("tests.accounts.urls"),
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
]
PICTURES = os.environ.get("TROTH_PICTURES", "")


def look(page, name):
    """Keep a picture of a page, wide and narrow, where one is wanted."""
    for width in (1280, 390) if PICTURES else ():
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=f"{PICTURES}/{name}-{width}.png", full_page=True)


def press(page, name, times=400):
    """Reach a button or a link with the tab key alone, and press it."""
    for _ in range(times):
        page.keyboard.press("Tab")
        told = page.evaluate("document.activeElement.innerText.trim()")
        if told == name:
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"{name} is not reached by keyboard")


def test_by_keyboard_alone_all_is_refused_paused_corrected_seen_and_taken_away(home, letters, page):  # noqa: F811 -- fixtures
    opened(page, home, letters)
    ada = identity.find("email", ADA)
    page.goto(f"{home}/")
    press(page, "Your choices")
    page.wait_for_url("**/account/choices/")
    press(page, "Stop everything")
    page.wait_for_url("**saved=*")
    assert page.locator(".first .saved").is_visible()
    assert Event.objects.get(person_id=ada).kind == "objection"
    page.locator("#c-news-tarn-email").get_by_role("button", name="Yes").first.press("Enter")
    page.wait_for_url("**news*")
    assert page.locator("#c-news-tarn-email .saved").is_visible(), "the receipt stands where the tap was"
    page.get_by_role("button", name="30 days").press("Enter")
    page.wait_for_url("**about=pause*")
    assert page.get_by_text("Paused. News").is_visible()
    look(page, "choices")
    page.get_by_role("button", name="Undo").press("Enter")
    page.wait_for_url("**about=undo*")
    assert not page.get_by_text("Paused. News").is_visible()

    page.goto(f"{home}/details/")
    page.fill("#name", "Ada Marlow")
    page.fill("#birth_date", "18/12/1990")
    page.fill("#mobile", "+44 7700 900123")
    page.keyboard.press("Enter")
    page.wait_for_url("**changed=*")
    look(page, "details")
    page.goto(f"{home}/addresses/")
    for name, value in ADDRESS.items():
        if name != "to_country":
            page.fill(f"#id_{name}", value)
    page.get_by_role("button", name="Save").press("Enter")
    page.wait_for_url("**changed=*")
    look(page, "addresses")
    profile = Profile.objects.get(person_id=ada)
    with job("rights"), use("rights", person=ada, brand="tarn") as u:
        assert u.open(profile.name) == "Ada Marlow"
        assert u.open(profile.delivery_address)["postcode"] == "BA1 1AA"
    page.goto(f"{home}/data/")
    assert page.get_by_text("Ada Marlow").first.is_visible()
    assert page.get_by_role("table", name="What goes when").is_visible()
    look(page, "data")
    with page.expect_download() as taken:
        press(page, "Take a copy")
    with zipfile.ZipFile(taken.value.path()) as copy:
        assert "Ada Marlow" in copy.read("data.json").decode()
        assert any(name.startswith("receipts/") for name in copy.namelist())


def test_every_page_of_ones_own_is_fit_for_everybody(home, letters, page):  # noqa: F811 -- fixtures
    opened(page, home, letters)
    page.goto(f"{home}/choices/")
    page.get_by_role("button", name="30 days").click()
    page.wait_for_url("**about=pause*")
    found = list(fit(page))
    for way in ("data/", "details/", "addresses/", "choices/?of=holm"):
        page.goto(f"{home}/{way}")
        found += fit(page)
    page.goto(f"{home}/details/")
    page.fill("#birth_date", "yesterday")
    page.get_by_role("button", name="Save").click()
    page.wait_for_selector("[role=alert]")
    found += fit(page)
    assert found == []
