"""What every page of this room does: who may see it, what it says when something is refused, and what is never kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from troth.choices.errors import StillSending
from troth.doors import policies
from troth.doors.declare import purpose
from troth.doors.errors import CardNumber, Refused
from troth.vault.marks import mark_of

from . import rules, sessions
from .errors import BadForm, DeadLink, ParentFirst, TooSoon
from .throttle import Key

Around = Callable[[HttpRequest, str, str, str], "dict[str, Any] | None"]
View = Callable[..., HttpResponse]
Context = dict[str, Any]
# Our own script, for passkeys alone; it speaks to the browser, and to nobody else.
WITH_SCRIPT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
FLOOR = 0.4  # seconds: an answer that must not tell whether we know somebody never comes sooner


class SeeOther(HttpResponseRedirect):
    """What was sent is done; the browser gets the next page."""

    status_code = 303


@dataclass(frozen=True)
class Here:
    """Where a request came to, and what its page stands in."""

    request: HttpRequest
    brand: str
    shop: Any  # what `around` gave: the shop's own frame

    def to(self, name: str, query: Mapping[str, str] | None = None, **parts: str) -> str:
        """Return the address of a page of this brand."""
        way: str = self.shop.to(name, dict(query or {}), **parts)
        return way

    def way(self, name: str, **parts: str) -> str:
        """Return the whole address of a page of this brand, for a letter."""
        return self.request.build_absolute_uri(reverse(f"shop:{name}", kwargs={"brand": self.brand} | parts))

    def page(self, template: str, context: Context | None = None, status: int = 200) -> HttpResponse:
        more = {"shop": self.shop, "problems": {}, "typed": {}}
        return render(self.request, f"accounts/{template}.html", more | (context or {}), status=status)

    def again(self, template: str, no: BadForm, context: Context | None = None, status: int = 400) -> HttpResponse:
        """Show a form once more, with what was typed but the secrets, and what is wrong with it."""
        typed = {name: self.request.POST.get(name, "")[:400] for name in ("email", "age", "name", "parent_name",
                 "parent_email", "news", "label")}  # fmt: skip
        return self.page(template, {"typed": typed, "problems": no.problems} | (context or {}), status=status)

    @property
    def onward(self) -> str:
        """Return where somebody was going before they were asked to sign in: a page of ours, or their account."""
        asked = self.request.POST.get("next") or self.request.GET.get("next") or ""
        host = {self.request.get_host()}
        fine = url_has_allowed_host_and_scheme(asked, host, require_https=self.request.is_secure())
        return (
            asked if fine and asked.startswith("/") and asked.isprintable() and len(asked) < 400 else self.to("account")
        )


def page(
    *purposes: str, signed: bool = False, fresh: bool = False, script: bool = False, methods: str = "GET HEAD POST"
) -> Callable[[Callable[..., HttpResponse]], View]:
    """Make a view a page of an account: sent by a form of ours, and never kept by a browser or an index.

    `signed`: only for who is signed in; `fresh`: and was so lately. Others are asked to sign in, and come back.
    """

    def make(view: Callable[..., HttpResponse]) -> View:
        @wraps(view)
        def served(request: HttpRequest, brand: str, around: Around, **parts: str) -> HttpResponse:
            here = Here(request, brand, (around(request, brand, "", "") or {})["shop"])
            response = _answer(view, here, parts, signed=signed, fresh=fresh)
            patch_cache_control(response, private=True, no_store=True)
            response.headers["Referrer-Policy"] = "same-origin"
            response.headers["X-Robots-Tag"] = "noindex"
            if script:
                response.headers["Content-Security-Policy"] = WITH_SCRIPT
            return response

        return purpose(*purposes)(require_http_methods(methods.split())(csrf_protect(served)))

    return make


def _answer(view: Callable[..., HttpResponse], here: Here, parts: Mapping[str, str], **who: bool) -> HttpResponse:
    """Answer a request; what is refused becomes a page that says what to do."""
    if asked := _who(here, **who):
        return asked
    if here.request.method == "POST":
        sessions.touch(here.request, policies.now())
    try:
        return view(here, **parts)
    except TooSoon as no:
        say = f"That was tried very often. Please wait {rules.say_wait(no.wait)}, and then once more."
        response = here.page("say", {"title": "A moment, please", "words": say}, status=429)
        response.headers["Retry-After"] = str(no.wait)
        return response
    except (DeadLink, ParentFirst, Refused, CardNumber, StillSending) as no:
        return _refused(here, no)


def _refused(here: Here, no: Exception) -> HttpResponse:
    title, status = next(told for kind, told in REFUSED.items() if isinstance(no, kind))
    words = no.because.say if isinstance(no, Refused) else str(no)
    locked = isinstance(no, Refused) and no.because.code == "restricted"
    return here.page("say", {"title": title, "words": words, "locked": locked}, status=status)


REFUSED: dict[type[Exception], tuple[str, int]] = {
    DeadLink: ("This link is over", 404),
    ParentFirst: ("A parent agrees first", 403),
    Refused: ("This is not possible", 403),
    CardNumber: ("Not yet", 400),
    StillSending: ("Not yet", 409),
}


def _who(here: Here, *, signed: bool, fresh: bool) -> HttpResponse | None:
    """Return the way to signing in for somebody who has to, first."""
    request = here.request
    if not (signed or fresh) or (
        sessions.person_of(request) and (not fresh or sessions.fresh(request, policies.now()))
    ):
        return None
    query = {"next": request.path} | ({"again": "1"} if sessions.person_of(request) else {})
    return SeeOther(f"{here.to('sign_in').partition('?')[0]}?{urlencode(query)}")


def me(here: Here) -> UUID:
    """Return who is signed in, on a page for those who are."""
    found = sessions.person_of(here.request)
    assert found is not None  # noqa: S101 -- `page(signed=True)` saw to it
    return found


def steady(begun: float) -> None:
    """Wait until an answer comes when it would have come in any case: `begun` as time.monotonic() told it."""
    time.sleep(max(0.0, FLOOR - (time.monotonic() - begun)))


def from_here(request: HttpRequest) -> bool:
    """Tell whether a form was sent by one of our own pages, by what the browser itself says of it.

    Beside it our cookies are never sent along from elsewhere (SameSite). No token, so no cookie for one: a page with a
    basket's form, or the panel's, stays free of cookies. Source: Fetch Metadata, W3C; OWASP CSRF cheat sheet.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site and site not in ("same-origin", "none"):
        return False
    return origin is None or urlsplit(origin).netloc == request.get_host()


def mailbox_key(kind: str, email: str, also: str = "") -> Key:
    """Return the key tries for a mailbox are counted by."""
    return Key(kind, mark_of("email", email).hex() + also)
