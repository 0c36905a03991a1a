"""Accounts in Chromium: a passkey made and used, every page fit for everybody, and none of it needs a script but that."""

import re
from collections.abc import Iterator

import pytest
from tests.accessibility import barriers
from tests.accounts.conftest import ADA, BOB, GOOD, Mail

from troth.accounts.models import Passkey, Session
from troth.doors import policies

pytestmark = [
    pytest.mark.urls("tests.accounts.urls"),
    pytest.mark.django_db(databases=["default", "keys"], transaction=True),
]
MUM = "mum.canary@post.example"


@pytest.fixture
def clock():
    """The real time: cookies end by the browser's own clock, and a challenge by the signature's."""

    class Now:
        @property
        def at(self):
            return policies.now()

    return Now()


@pytest.fixture
def home(live_server):
    return live_server.url.replace("127.0.0.1", "localhost") + "/tarn/account"


@pytest.fixture
def letters(clock):
    return Mail(clock)


def fit(page) -> Iterator[tuple[str, ...]]:
    """Yield what stands in anybody's way on a page, once it is whole."""
    page.wait_for_load_state()
    for width, letters in ((320, 16), (640, 32)):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(f"document.documentElement.style.fontSize = '{letters}px'")
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            yield page.url, "pushed sideways", f"{wide} of {width}"
    page.set_viewport_size({"width": 1280, "height": 900})
    page.evaluate("document.documentElement.style.fontSize = '16px'")
    for one in barriers(page):
        yield page.url, *one


def opened(page, home, letters, email=ADA):
    page.goto(f"{home}/register/")
    page.fill("#email", email)
    page.get_by_label("18 or older").check()
    page.get_by_role("button", name="Send me the link").click()
    page.wait_for_url("**/sent/")
    page.goto(letters.link(email))
    page.fill("#name", "Ada Canary")
    page.fill("#password", GOOD)
    page.get_by_role("button", name="Open the account").click()
    page.wait_for_url("**/account/?new=1")


def signed_out(page, home):
    page.goto(f"{home}/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/tarn/")


def with_authenticator(page):
    chrome = page.context.new_cdp_session(page)
    chrome.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    made = chrome.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return chrome, made["authenticatorId"]


def test_a_passkey_is_made_used_and_removed(page, home, letters):
    opened(page, home, letters)
    chrome, device = with_authenticator(page)
    page.goto(f"{home}/passkeys/")
    page.fill("#label", "My laptop")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_text("My laptop").first.wait_for()
    assert list(fit(page)) == []
    (credential,) = chrome.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
    assert credential["rpId"] == "localhost"
    assert ADA.encode() not in credential["userHandle"].encode()

    signed_out(page, home)
    page.goto(f"{home}/sign-in/?next=/tarn/account/sessions/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_role("heading", name="Where you are signed in").wait_for()
    row = Passkey.objects.get()
    assert (row.site, row.count > 0, row.used_at is not None) == ("localhost", True, True)

    page.goto(f"{home}/passkeys/")
    page.get_by_role("button", name="Remove My laptop").click()
    page.get_by_text("Those you have").wait_for(state="detached")
    signed_out(page, home)
    page.goto(f"{home}/sign-in/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("We know no account with this passkey").wait_for()
    assert Session.objects.filter(ended_at=None).count() == 0


def test_a_passkey_whose_count_goes_back_was_copied_and_lets_nobody_in(page, home, letters):
    opened(page, home, letters)
    with_authenticator(page)
    page.goto(f"{home}/passkeys/")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_text("Those you have").wait_for()
    Passkey.objects.update(count=1_000)
    signed_out(page, home)

    page.goto(f"{home}/sign-in/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("We know no account with this passkey").wait_for()


def test_every_page_is_fit_for_everybody(page, home, letters):
    found: list[tuple[str, ...]] = []
    heard: list[str] = []
    page.on("console", lambda one: heard.append(one.text) if "Content Security" in one.text else None)
    for way in ("register/", "sign-in/", "forgotten/", "sent/", "sent/?to=parent", "reset/x/"):
        page.goto(f"{home}/{way}")
        found += fit(page)
    page.goto(f"{home}/register/")
    page.get_by_role("button", name="Send me the link").click()
    page.get_by_role("alert").wait_for()
    found += fit(page)
    page.fill("#email", BOB)
    page.get_by_label("13 to 15").check()
    page.get_by_role("button", name="Send me the link").click()
    page.get_by_role("heading", name="A parent agrees first").wait_for()
    found += fit(page)
    page.fill("#parent_name", "Mother Canary")
    page.fill("#parent_email", MUM)
    page.get_by_role("button", name="Ask them").click()
    page.wait_for_url("**/sent/?to=parent")
    page.goto(letters.link(MUM))
    found += fit(page)
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("heading", name="Thank you").wait_for()
    found += fit(page)
    opened(page, home, letters)
    found += fit(page)
    for way in ("password/", "email/", "sessions/", "passkeys/", "authenticator/", "data/", "data/forget/", "choices/"):
        page.goto(f"{home}/{way}")
        found += fit(page)

    assert (found, heard) == ([], [])


def test_all_but_a_passkey_goes_without_a_script_and_by_keyboard(browser, home, letters):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        opened(page, home, letters)
        signed_out(page, home)
        page.goto(f"{home}/sign-in/")
        assert not page.get_by_role("button", name="Sign in with a passkey").is_visible()
        page.locator("#email").focus()
        page.keyboard.type(ADA)
        page.keyboard.press("Tab")
        page.keyboard.type(GOOD)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/tarn/account/$"))
        assert page.get_by_role("heading", level=1).inner_text() == "Ada Canary"
