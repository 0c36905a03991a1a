"""A receipt in hand: read, taken away, and checked on one's own device; what was changed in it shows."""

import json
import os

import pytest
from tests.accounts.test_accounts_in_browser import clock, fit, home, letters, opened  # noqa: F401 -- fixtures

pytestmark = [
    pytest.mark.urls("tests.accounts.urls"),
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
]
CHANGED = {
    "the time": lambda one: one["consent_record"]["events"][0].update(event_time="2020-01-01T00:00:00.000+00:00"),
    "the answer": lambda one: one["consent_record"]["events"][0].update(event_state="consent given"),
    "what it was about": lambda one: one["consent_record"]["events"][0].update(event_scope="news:holm:email"),
    "whose it is": lambda one: one["consent_record"].update(pii_principal_id="AAAAAAAAAAAAAAAAAAAAAA=="),
    "the policy": lambda one: one["consent_record"].update(policy_digest="0" * 64),
    "the proof": lambda one: one["proof"].update(place=one["proof"]["place"] + 1),
}


def shot(page, name):
    if folder := os.environ.get("TROTH_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def taken(page, button):
    with page.expect_download() as waiting:
        page.get_by_role("button", name=button).click()
    return json.loads(waiting.value.path().read_text(encoding="utf-8"))


def checked(page, made):
    page.fill("#receipt-text", json.dumps(made))
    page.get_by_role("button", name="Check it").click()
    heading = page.locator("#receipt-result h2")
    heading.wait_for()
    said = heading.inner_text()
    page.evaluate("document.querySelector('#receipt-result').replaceChildren()")
    return said


def test_a_receipt_is_read_taken_away_and_checked_offline(page, home, letters):  # noqa: F811
    opened(page, home, letters)
    page.goto(f"{home}/choices/")
    page.locator("section", has=page.get_by_text("own news, by email?")).get_by_role("button", name="No").first.click()
    page.goto(f"{home}/")
    page.get_by_role("link", name="Your receipts").click()
    assert page.get_by_text("You said no: May we send you this brand's own news, by email?").count() == 1
    found = list(fit(page))
    shot(page, "receipts")
    page.get_by_role("link", name="Receipt").first.click()
    found += list(fit(page))
    shot(page, "receipt")
    assert found == []
    made, older = taken(page, "Receipt (ISO/IEC TS 27560)"), taken(page, "The same for older readers")
    page.get_by_role("link", name="Check one").click()
    page.wait_for_load_state()
    page.context.set_offline(True)

    assert [checked(page, one) for one in (made, older, made["proof"])] == ["This receipt holds"] * 3
    for what, change in CHANGED.items():
        wrong = json.loads(json.dumps(made))
        change(wrong)
        assert (what, checked(page, wrong)) == (what, "This receipt does not hold")
    assert checked(page, older | {"consentTimestamp": 0}) == "This receipt does not hold"
