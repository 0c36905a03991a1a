"""The browser's side: one fresh profile a stage, the same pages in each, and everything they leave behind written down.

It only ever follows links and presses the two buttons of the panel. It speaks to the site, and to whatever machines the
site makes a browser speak to: that is what it is there to find.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urldefrag, urljoin, urlsplit

from .errors import NoBrowser, NotThere
from .seeing import (
    ACCEPTED,
    BEFORE,
    EMAIL,
    REFUSED,
    SIGNAL,
    STAGES,
    Button,
    Outward,
    Panel,
    Seen,
    Trace,
    Visit,
    bare,
    identity_in,
)  # fmt: skip

CHROMIUM: Final = ("chromium", "chromium-browser", "google-chrome")
SEE_PAGE: Final = (Path(__file__).with_name("page.js")).read_text(encoding="utf-8")
SEE_BUTTON: Final = """(e) => { const s = getComputedStyle(e), r = e.getBoundingClientRect();
  const look = [s.color, s.backgroundColor, s.fontSize, s.fontWeight, s.opacity];
  return {width: r.width, height: r.height, look}; }"""
SEE_TICKS: Final = """(e) => { let around = e, above;
  for (let up = 0; up < 4; up++) {
    above = around.parentElement;
    if (["BODY", "MAIN"].includes(above.tagName)) break;
    around = above; }
  return [...around.querySelectorAll("input[type=checkbox]:checked:not([disabled])")]
    .map((box) => (box.labels[0]?.innerText || box.name || "without a name").trim().slice(0, 80)); }"""
SAYS_NO: Final = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true });"
ACCEPT: Final = (
    "accept all",
    "accept",
    "allow all",
    "allow",
    "agree",
    "i agree",
    "agree to all",
    "yes to all",
    "ok",
    "got it",
)
REFUSE: Final = (
    "refuse all", "refuse", "reject all", "reject", "decline all", "decline", "deny all", "deny", "no to all",
    "only necessary", "necessary only", "continue without accepting",
)  # fmt: skip
BACK: Final = re.compile(
    r"\b(cookies?|privacy|consent)\b.*\b(choices|settings|preferences|options)\b"
    r"|\b(choices|settings|preferences)\b.*\b(cookies?|privacy)\b|\bmanage (cookies|consent)\b", re.IGNORECASE
)  # fmt: skip
KINDS: Final = {"script": "script", "image": "pixel", "document": "frame"}  # how a browser calls what it asks for
TINY: Final = 2  # a picture of at most so many pixels a side is looked at by nobody


@dataclass(frozen=True)
class Ask:
    """How to look: how many pages, how long to wait on each, and what the buttons say beside the usual words."""

    pages: int = 12
    wait: float = 0.5  # seconds after a page is there, for what comes late
    accept: str = ""
    refuse: str = ""
    sites: tuple[str, ...] = ()  # hosts that are the site's own beside the one we start at
    arguments: tuple[str, ...] = ()  # more for Chromium's command line


def look(start: str, ask: Ask) -> Seen:
    """Look at a site in every stage. Raises NoBrowser, NotThere."""
    try:
        from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 -- an extra: only who crawls needs it
    except ImportError:
        raise NoBrowser('A crawl drives a Chromium by Playwright: pip install "troth[crawl]"') from None
    seen = Seen(start)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=_chromium(), args=[*_arguments(), *ask.arguments])
        except Error:
            say = "There is no Chromium here that starts: `make browser` gets one, or your system's chromium package."
            raise NoBrowser(say) from None
        plan: list[str] = []
        for stage in STAGES:
            with browser.new_context(
                viewport={"width": 1280, "height": 860}, locale="en-GB",
                extra_http_headers={"Sec-GPC": "1"} if stage == SIGNAL else {},
            ) as context:  # fmt: skip
                plan = Stage(stage, context, seen, ask).walk(plan)
        browser.close()
    return seen


def _chromium() -> str | None:
    """Return where the system's Chromium is; none: Playwright's own, if it brought one."""
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


def _arguments() -> list[str]:
    quiet = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
    return [*quiet, "--no-sandbox"] if os.geteuid() == 0 else quiet  # Chromium refuses to sandbox itself for root


class Stage:
    """One stage of a crawl: a browser nobody has used before, and what it is asked to do first."""

    def __init__(self, stage: str, context: Any, seen: Seen, ask: Ask) -> None:  # noqa: ANN401 -- Playwright's, loaded late
        self.stage, self.context, self.seen, self.ask = stage, context, seen, ask
        self.page_now = seen.start
        self._known: set[tuple[str, str, str]] = set()
        self._asked: list[tuple[Any, str]] = []  # requests, and the page they were made on
        context.on("request", lambda request: self._asked.append((request, self.page_now)))
        if stage == SIGNAL:
            context.add_init_script(SAYS_NO)
        self.page = context.new_page()
        self.page.on("websocket", lambda socket: self._foreign("request", socket.url, self.page_now))

    def walk(self, plan: Sequence[str]) -> list[str]:
        """Go through the pages of a plan, or find them: returns those that were there."""
        answers = self.stage in (REFUSED, ACCEPTED)
        first = self._open(self.seen.start, note=not answers)  # what was there before the answer is another stage's
        if first is None:
            raise NotThere(f"{bare(self.seen.start)} could not be opened. Is it the whole address, and is the site up?")
        visit, links = first
        if answers:
            self._asked.clear()
            if not self._press(visit):
                return list(plan)
            again = self._open(self.seen.start)
            visit, links = again or first
            self.seen.asked_again |= bool(self.stage == REFUSED and visit.panel and visit.panel.accept)
        self.seen.pictures[self.stage] = self.page.screenshot(type="jpeg", quality=60)
        self.seen.visits.append(visit)
        if self.stage == SIGNAL:
            self.seen.says_signal = self._says_signal()
        return self._on(links) if self.stage == BEFORE else self._through(plan)

    def _on(self, links: Sequence[str]) -> list[str]:
        """Follow links, new ways before new questions on a known way, until there are pages enough."""
        done, ways = [self.seen.start], {_way(self.seen.start)}
        new, later = deque(links), deque[str]()
        while (new or later) and len(done) < self.ask.pages:
            address = new.popleft() if new else later.popleft()
            if address in done:
                continue
            if new and _way(address) in ways:
                later.append(address)
                continue
            ways.add(_way(address))
            if found := self._open(address):
                done.append(address)
                self.seen.visits.append(found[0])
                new.extend(one for one in found[1] if one not in done)
        return done

    def _through(self, plan: Sequence[str]) -> list[str]:
        for address in plan:
            if address != self.seen.start and (found := self._open(address)):
                self.seen.visits.append(found[0])
        return list(plan)

    def _open(self, address: str, *, note: bool = True) -> tuple[Visit, list[str]] | None:
        """Open one page and write down what it leaves; returns it and where it leads. None where no page was there."""
        from playwright.sync_api import Error  # noqa: PLC0415

        self.page_now = bare(address)
        try:
            answer = self.page.goto(address, wait_until="load", timeout=20_000)
            self.page.wait_for_timeout(self.ask.wait * 1000)
            if answer is None or "html" not in answer.headers.get("content-type", ""):
                return None
            facts = self.page.evaluate(SEE_PAGE)
            panel = self._panel()
        except Error as problem:
            if self.stage == BEFORE:
                self.seen.notes.append(f"{bare(address)} was not looked at: {_said(problem)}")
            return None
        if self.stage == BEFORE and address != self.seen.start and not self._ours(self.page.url):
            return None
        if note:
            self._note(facts)
        return self._visit(answer, facts, panel), self._links(facts)

    def _visit(self, answer: Any, facts: dict[str, Any], panel: Panel | None) -> Visit:  # noqa: ANN401
        outward = tuple(
            Outward(bare(link["href"]), link["text"], link["opener"]) for link in facts["links"]
            if urlsplit(link["href"]).scheme in ("http", "https") and not self._ours(link["href"])
        )  # fmt: skip
        back = any(BACK.search(words) for words in facts["words"])
        header = answer.headers.get("referrer-policy", "").rpartition(",")[2].strip().lower()
        return Visit(self.stage, self.page_now, answer.status, facts["referrer"] or header, panel, outward, back)

    def _links(self, facts: dict[str, Any]) -> list[str]:
        here = urlsplit(self.seen.start)
        found = [urldefrag(urljoin(self.page.url, link["href"])).url for link in facts["links"] if not link["file"]]
        return [one for one in dict.fromkeys(found) if self._ours(one) and urlsplit(one).port == here.port]

    # -- what is left behind -------------------------------------------------------------------------------------------

    def _note(self, facts: dict[str, Any]) -> None:
        now, site = time.time(), urlsplit(self.seen.start).hostname or ""
        cookies = self.context.cookies()
        for cookie in cookies:
            flags = [name for name, key in (("HttpOnly", "httpOnly"), ("Secure", "secure")) if cookie[key]]
            life = timedelta(seconds=cookie["expires"] - now) if cookie["expires"] > 0 else None
            host = cookie["domain"].lstrip(".")
            self._trace("cookie", cookie["name"], host, self.page_now, life, (*flags, f"SameSite={cookie['sameSite']}"))
        for frame in self.page.frames:
            held = facts["held"] if frame == self.page.main_frame else _held(frame)
            host = urlsplit(frame.url).hostname or site
            for place, name in held:
                kind = "worker" if place == "service worker" else "storage"
                self._trace(kind, bare(name) if kind == "worker" else name, host, self.page_now, None, (place,))
        mine = [(one["name"], one["value"]) for one in cookies if self._ours_host(one["domain"].lstrip("."))]
        self._judge_requests(mine)
        for link in facts["links"]:
            self._identity(link["href"], self.page_now, mine)

    def _judge_requests(self, mine: list[tuple[str, str]]) -> None:
        asked, self._asked = self._asked, []
        for request, page in asked:
            kind = KINDS.get(request.resource_type, "request")
            main = request.is_navigation_request() and request.frame.parent_frame is None
            if not main:
                self._foreign(kind, request.url, page)
            self._identity(request.url, page, mine)

    def _foreign(self, kind: str, address: str, page: str) -> None:
        if urlsplit(address).scheme in ("http", "https", "ws", "wss"):
            name = bare(address).partition("?")[0]
            self._trace(kind, name, urlsplit(address).hostname or "", page)

    def _trace(
        self, kind: str, name: str, host: str, page: str, life: timedelta | None = None, facts: tuple[str, ...] = ()
    ) -> None:
        if (kind, name, host) not in self._known:
            self._known.add((kind, name, host))
            shown = EMAIL.sub("…@…", name)
            self.seen.traces.append(Trace(kind, shown, host, self.stage, page, self._ours_host(host), life, facts))

    def _identity(self, address: str, page: str, mine: list[tuple[str, str]]) -> None:
        if urlsplit(address).scheme not in ("http", "https"):
            return
        if what := identity_in(address, ours=self._ours(address), numbers=mine):
            told = (self.stage, page, bare(address), what)
            if told not in self.seen.told:
                self.seen.told.append(told)

    # -- the panel -----------------------------------------------------------------------------------------------------

    def _panel(self) -> Panel | None:
        yes, no = self._button(ACCEPT, self.ask.accept), self._button(REFUSE, self.ask.refuse)
        either = yes or no
        if either is None:
            return None
        return Panel(_as_seen(yes), _as_seen(no), tuple(either[0].evaluate(SEE_TICKS)))

    def _button(self, words: Sequence[str], also: str) -> tuple[Any, str, str] | None:
        """Return a button, or a link, that says one of these, with its role and name: the first that can be seen."""
        said = "|".join(map(re.escape, (also.strip().lower(),) if also.strip() else words))
        name = re.compile(rf"^\s*(?:{said})(?: (?:the )?(?:cookies|optional cookies))?\s*$", re.IGNORECASE)
        for frame in self.page.frames:
            for role in ("button", "link"):
                for found in frame.get_by_role(role, name=name).all():
                    if found.is_visible():
                        return found, role, " ".join(found.inner_text().split())[:80]
        return None

    def _press(self, visit: Visit) -> bool:
        """Press the button of this stage; says so where there is none."""
        from playwright.sync_api import Error  # noqa: PLC0415

        yes = self.stage == ACCEPTED
        found = self._button(ACCEPT, self.ask.accept) if yes else self._button(REFUSE, self.ask.refuse)
        if found is None:
            which = "accepts" if yes else "refuses"
            self.seen.notes.append(f"{visit.page} has no button that {which}: what follows one was not looked at.")
            return False
        try:
            found[0].click(timeout=5_000)
            self.page.wait_for_load_state("load")
            self.page.wait_for_timeout(self.ask.wait * 1000)
        except Error as problem:
            self.seen.notes.append(f"“{found[2]}” could not be pressed: {_said(problem)}")
            return False
        return True

    def _says_signal(self) -> bool:
        """Tell whether the site says at the known address that it obeys the signal. Source: W3C GPC draft."""
        from playwright.sync_api import Error  # noqa: PLC0415

        try:
            answer = self.page.goto(urljoin(self.seen.start, "/.well-known/gpc.json"), timeout=20_000)
            return bool(answer and answer.ok and json.loads(answer.body())["gpc"] is True)
        except (Error, ValueError, KeyError, TypeError):
            return False

    # -- whose a machine is --------------------------------------------------------------------------------------------

    def _ours(self, address: str) -> bool:
        return self._ours_host(urlsplit(address).hostname or "")

    def _ours_host(self, host: str) -> bool:
        return any(host == site or host.endswith(f".{site}") for site in self._sites())

    def _sites(self) -> Iterator[str]:
        yield (urlsplit(self.seen.start).hostname or "").removeprefix("www.")
        yield from self.ask.sites


def _as_seen(found: tuple[Any, str, str] | None) -> Button | None:
    if found is None:
        return None
    button, role, name = found
    seen = button.evaluate(SEE_BUTTON)
    return Button(name, role, seen["width"], seen["height"], tuple(seen["look"]))


def _held(frame: Any) -> list[list[str]]:  # noqa: ANN401 -- Playwright's
    """Return what another site's frame keeps; nothing where it may not be asked."""
    from playwright.sync_api import Error  # noqa: PLC0415

    try:
        return list(frame.evaluate(SEE_PAGE)["held"])
    except Error:
        return []


def _way(address: str) -> str:
    return urlsplit(address).path


def _said(problem: Exception) -> str:
    """Return what a browser said of a problem, without the address it said it of."""
    return re.sub(r"https?://\S+", "…", str(problem).partition("\n")[0])[:120]
