"""What a page view leaves behind, after its answer has left: nothing, unless its person or device allows it.

A page is never slowed and never writes: the middleware hangs one note on the answer, and whoever serves it works the
notes off once the answer is on its way. While one thread writes, others only append, so that a busy shop writes in
groups. A process that dies loses what it had not written: a count may be missed, never made up.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control, patch_vary_headers

from troth.accounts import sessions
from troth.accounts.rules import TOKEN, kind_of_browser
from troth.doors import policies

from . import devices, rules

log = logging.getLogger("troth.tracking")
Handler = Callable[[HttpRequest], HttpResponse]
PAGES = ("home", "shelf", "product", "search")  # of a shop: what is looked at; never a basket, an order, an account
MOST_WAITING = 2_000  # notes; more than that are let go: counting must never be what brings a shop down
FETCHED_AHEAD = ("prefetch", "prerender")  # nobody has looked yet


@dataclass(frozen=True, slots=True)
class Note:
    """One page view of somebody who may have allowed it; whose it is, and whether they did, is found out later."""

    brand: str
    at: datetime
    session: str = ""  # the number in the session's cookie
    number: str = ""  # the device's
    signal: bool = False
    tracks: bool = False  # what this device lets happen, as far as it was asked
    fits: bool = False
    page: str = ""
    referrer: str = ""
    browser: str = ""
    advert: str = ""
    piece: str = ""
    words: str = ""


def noted(get_response: Handler) -> Handler:
    """Hang a note on the answer to each page that somebody looked at who can be told apart from a stranger."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        device = devices.asked_for(request)
        if device:
            patch_vary_headers(response, ["Cookie"])
        if device and device.hosts:
            response.headers["Content-Security-Policy"] = with_scripts_of(sorted(device.hosts))
        if device and response.status_code in (200, 304):
            _remember(device, request, response)
            if note := _note(device, request):
                _after(response, note)
        return response

    return handle


def with_scripts_of(hosts: Sequence[str]) -> str:
    """Return the content rules of a page that runs scripts of others, each of which has its yes."""
    them = " ".join(host for host in hosts if host != "'self'")
    return (
        f"default-src 'none'; script-src 'self' {them}; connect-src 'self' {them}; img-src 'self' {them}; "
        "style-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def _name(request: HttpRequest) -> str:
    match = request.resolver_match
    return (match.url_name or "") if match and match.namespace == "shop" else ""


def _note(device: devices.Device, request: HttpRequest) -> Note | None:
    """Return what there is to note; nothing for a stranger, and nothing where their own cookie says no."""
    session = request.COOKIES.get(sessions.COOKIE, "")
    session = session if TOKEN.fullmatch(session) else ""
    if not (session or device.number):
        return None
    tracks, fits = device.lets("tracking", known=bool(session)), device.lets("profile", known=bool(session))
    purpose = request.headers.get("Sec-Purpose", "")
    looked = request.method == "GET" and _name(request) in PAGES and not any(one in purpose for one in FETCHED_AHEAD)
    if not device.signal and not (looked and (tracks or fits)):
        return None
    bare = Note(device.brand, policies.now(), session, device.number, device.signal)
    if not looked:
        return bare
    advert = request.GET.get("ad", "")
    return replace(
        bare, tracks=tracks, fits=fits, page=request.path[: rules.LONGEST_WAY],
        referrer=rules.came_from(request.headers.get("Referer", "")[:400], request.get_host()),
        browser=kind_of_browser(request.headers.get("User-Agent", "")[:400]),
        advert=advert if rules.ADVERT.fullmatch(advert) else "", piece=device.piece,
        words=" ".join(request.GET.get("q", "")[: rules.LONGEST_SEARCH].split()) if _name(request) == "search" else "",
    )  # fmt: skip


def _remember(device: devices.Device, request: HttpRequest, response: HttpResponse) -> None:
    """Let the device itself remember a piece, where it said yes to that; no shared store keeps such an answer."""
    if device.piece and request.method == "GET" and device.lets("profile"):
        devices.keep_interest(device, response, device.interest.after(device.piece))
    if device.personal or rules.INTEREST in response.cookies:
        patch_cache_control(response, private=True)


def _after(response: HttpResponse, note: Note) -> None:
    close = response.close

    def closed() -> None:
        try:
            put(note)
        finally:
            close()

    response.close = closed  # type: ignore[method-assign]  # the one hook Django has for what comes after an answer


_waiting: deque[Note] = deque(maxlen=MOST_WAITING)
_writing = threading.Lock()


def put(note: Note) -> None:
    """Work off a note, with those of others that wait. Never raises: nobody is there any more to tell."""
    _waiting.append(note)
    while _waiting and _writing.acquire(blocking=False):
        try:
            _write()
        except Exception:  # a note is lost, and said so; never what was in it
            log.exception("page views could not be noted")
        finally:
            _writing.release()


def _write() -> None:
    from . import actions  # noqa: PLC0415 -- only where something is written

    some: list[Note] = []
    while _waiting and len(some) < 200:
        some.append(_waiting.popleft())
    if some:
        actions.note(some)
