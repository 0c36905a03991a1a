"""The living pages in Chromium: nobody is kept out of them, at any size of letter or screen."""

import os

import pytest
from tests.accessibility import barriers
from tests.front.test_policy_live import announced  # noqa: F401 -- a fixture

pytestmark = [pytest.mark.django_db(databases=["default", "keys"], transaction=True)]
PAGES = {
    "coming": "/privacy/tarn/coming/",
    "questions": "/privacy/holm/questions/?region=eu",
    "contacts": "/privacy/contacts/?region=eu",
    "changes": "/privacy/skerry/changes/",
    "policy": "/privacy/tarn/",
}


@pytest.mark.parametrize("name", PAGES)
def test_nobody_is_kept_out_of_a_living_page(page, live_server, announced, name):  # noqa: F811
    page.goto(f"{live_server.url}{PAGES[name]}")
    for width, letters in ((320, 16), (640, 32)):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(f"document.documentElement.style.fontSize = '{letters}px'")
        assert page.evaluate("document.documentElement.scrollWidth") == width
    page.set_viewport_size({"width": 1280, "height": 900})
    page.evaluate("document.documentElement.style.fontSize = ''")
    if folder := os.environ.get("TROTH_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=name != "policy")

    assert barriers(page) == []
