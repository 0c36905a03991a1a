"""Shared by all tests: how hard Hypothesis looks, and a browser that never leaves this machine."""

import os
import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, Page, Request, Route, WebSocketRoute, sync_playwright

# "ci" tries the same examples on every run, so a red run is red for everyone; "deep" goes looking for new ones.
settings.register_profile("ci", derandomize=True, deadline=None, max_examples=100, print_blob=True)
settings.register_profile("deep", deadline=None, max_examples=5_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
LOCAL_SCHEMES = ("file", "data", "blob", "about")
CHROMIUM_ARGS = [
    "--no-sandbox",  # Chromium refuses to sandbox itself for root, which is who runs tests in a container
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Playwright does not show us redirected requests before they are made; with no names to resolve, they end here.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]",
]


@pytest.hookimpl(tryfirst=True)  # before `-m` is applied
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whatever needs Chromium, so that `-m "not browser"` leaves out exactly that."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is. A machine without one fails the test: a skipped page is a page nobody has looked at."""
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if not found:
        pytest.fail(
            "There is no Chromium here. `make browser` gets one; `make test BROWSER=0` goes without.", pytrace=False
        )
    return found


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """One headless Chromium per test file.

    Not per session: while it runs, this thread counts as "inside an event loop", which Django takes as a reason to
    refuse the database and asyncio as a reason to refuse `run`. Both end with the file that asked for a browser.
    """
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        chrome = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        yield chrome
        chrome.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Give a fresh page that may speak to this machine only; the test fails if it tries to speak to another."""
    strangers: list[str] = []

    def note(request: Request) -> None:  # sees redirects, which routes do not
        if not _is_local(request.url):
            strangers.append(request.url)

    def guard(route: Route) -> None:
        route.continue_() if _is_local(route.request.url) else route.abort()

    def guard_socket(socket: WebSocketRoute) -> None:
        if _is_local(socket.url):
            socket.connect_to_server()
        else:
            strangers.append(socket.url)
            socket.close()

    with browser.new_context(service_workers="block") as context:  # a worker's requests would pass unseen
        context.on("request", note)
        context.route("**/*", guard)
        context.route_web_socket("**/*", guard_socket)
        yield context.new_page()
    assert strangers == [], "the page asked another machine"


def _is_local(url: str) -> bool:
    parts = urlsplit(url)
    host = parts.hostname or ""
    return parts.scheme in LOCAL_SCHEMES or host in LOOPBACK or host.endswith(".localhost")
