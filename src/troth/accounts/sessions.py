"""Who is signed in, and where. A cookie holds a random number of 256 bits; we keep its hash.

`signed_in` is the middleware: a page that asks for `request.person_id` costs one query, a page that does not costs
none. A session counts at the brand it was begun at: one customer, one brand, one view.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache, cached_property
from typing import Any, Final, cast
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token

from troth.doors import policies
from troth.doors.collect import collect
from troth.doors.use import use

from . import rules
from .models import Session

COOKIE: Final = "__Host-session"  # purposes.site.cookies.session
TOUCH: Final = timedelta(minutes=5)  # a session is noted as used at most so often
Handler = Callable[[HttpRequest], HttpResponse]


class Signed(HttpRequest):
    """A request that can say who sent it."""

    @cached_property
    def session_row(self) -> Session | None:
        """The session in force, whether or not its second step is done."""
        found = find(self.COOKIES.get(COOKIE, ""), policies.now())
        brand = self.resolver_match.kwargs.get("brand") if self.resolver_match else None
        return found if found and brand in (None, found.brand) else None

    @cached_property
    def person_id(self) -> UUID | None:
        """Who is signed in."""
        row = self.session_row
        return row.person_id if row and not row.half else None


@cache
def _signed(kind: type[HttpRequest]) -> type[HttpRequest]:
    return cast("type[HttpRequest]", type(kind.__name__, (Signed, kind), {}))


def signed_in(get_response: Handler) -> Handler:
    """Let each request say who sent it, as soon as a page asks."""

    def handle(request: HttpRequest) -> HttpResponse:
        request.__class__ = _signed(type(request))  # type: ignore[arg-type]  # the stubs say a request has no hash
        return get_response(request)

    return handle


def mark(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def find(token: str, at: datetime) -> Session | None:
    """Return the session a cookie stands for, if it is in force."""
    if not rules.TOKEN.fullmatch(token):
        return None
    return in_force(at).filter(mark=mark(token)).first()


def in_force(at: datetime) -> QuerySet[Session]:
    found: QuerySet[Session] = Session.objects.filter(ended_at=None, until__gt=at)
    return found


def known_browser(token: str, person: UUID) -> bool:
    """Tell whether a browser carries a session of this person, in force or run out: strangers cannot."""
    return bool(rules.TOKEN.fullmatch(token)) and Session.objects.filter(mark=mark(token), person_id=person).exists()


def begin(request: HttpRequest, person: UUID, brand: str, at: datetime, *, half: bool = False) -> str:
    """Begin a session and end the one this browser had. Returns the number for its cookie.

    Whatever number the browser brought is never taken over, so nobody can be signed in under one they were given.
    """
    token = secrets.token_urlsafe(32)
    until = at + rules.HALF if half else rules.ends(at, at)
    row = Session(person_id=person, mark=mark(token), brand=brand, half=half, used_at=at, until=until)
    row.device = rules.kind_of_browser(request.headers.get("User-Agent", "")[:400])
    with collect("sign_in", source="browse", brand=brand, person=person, actor="person", at=at) as c:
        c.save(row)
    end(request.COOKIES.get(COOKIE, ""), at)
    rotate_token(request)
    return token


def end(token: str, at: datetime) -> None:
    if rules.TOKEN.fullmatch(token):
        in_force(at).filter(mark=mark(token)).update(ended_at=at)


def end_all(person: UUID, at: datetime, *, but: UUID | None = None) -> int:
    """End every session of a person's, `but` one. Returns how many."""
    others = in_force(at).filter(person_id=person)
    return (others.exclude(pk=but) if but else others).update(ended_at=at)


def end_one(person: UUID, session: UUID, at: datetime) -> bool:
    """End one session of a person's. False if it is none of theirs."""
    return bool(in_force(at).filter(person_id=person, pk=session).update(ended_at=at))


def touch(request: HttpRequest, at: datetime) -> None:
    """Note that a session was used. Only where something was sent: reading a page writes nothing."""
    row = row_of(request)
    if row and not row.half and at - row.used_at >= TOUCH:
        Session.objects.filter(pk=row.pk, ended_at=None).update(used_at=at, until=rules.ends(row.seen_at, at))


def mine(person: UUID, brand: str, at: datetime) -> list[tuple[Session, str]]:
    """Return a person's sessions in force, the newest first, each with its kind of browser in words."""
    rows = list(in_force(at).filter(person_id=person, half=False).order_by("-seen_at", "-pk"))
    if not rows:
        return []
    with use("sign_in", brand=brand, person=person, actor="person", at=at) as u:
        return [(row, u.open(row.device)) for row in rows]


# -- the cookie --------------------------------------------------------------------------------------------------------


def give(response: HttpResponse, token: str) -> None:
    """Let the browser keep the number. Secure always: browsers take http://localhost for safe, so the demo works."""
    days = int(rules.LONGEST_SESSION.total_seconds())
    response.set_cookie(COOKIE, token, max_age=days, path="/", secure=True, httponly=True, samesite="Lax")


def take(response: HttpResponse) -> None:
    """Have the browser forget it. A `__Host-` cookie goes only the way it came: Secure, at the root."""
    response.set_cookie(COOKIE, "", max_age=0, path="/", secure=True, httponly=True, samesite="Lax")


def person_of(request: HttpRequest) -> UUID | None:
    return cast("UUID | None", getattr(request, "person_id", None))


def row_of(request: HttpRequest) -> Session | None:
    return cast("Session | None", getattr(request, "session_row", None))


def fresh(request: HttpRequest, at: datetime) -> bool:
    """Tell whether somebody signed in so lately that they may change how they sign in."""
    row: Any = row_of(request)
    return bool(row and not row.half and at - row.seen_at <= rules.FRESH)
