"""What a crawl saw. Plain values: the browser fills them, the rules judge them, the report shows them."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

BEFORE, REFUSED, ACCEPTED, SIGNAL = "before", "refused", "accepted", "signal"
STAGES: Final = (BEFORE, REFUSED, ACCEPTED, SIGNAL)
SAID: Final = {
    BEFORE: "before any choice", REFUSED: "after refusing all", ACCEPTED: "after accepting all",
    SIGNAL: "with Global Privacy Control",
}  # fmt: skip
EMAIL: Final = re.compile(r"[\w.+-]{1,64}@[\w-]{1,60}(?:\.[\w-]{1,60}){1,4}")


@dataclass(frozen=True)
class Trace:
    """One thing a site left on a device, or one machine it made the browser speak to."""

    kind: str  # cookie, storage, worker; script, pixel, frame, request
    name: str  # a cookie's or key's name; a request's address without what stands behind the question mark
    host: str
    stage: str
    page: str  # where it was first seen
    ours: bool  # of the site's own host
    life: timedelta | None = None  # of a cookie; none: until the browser closes
    facts: tuple[str, ...] = ()  # its flags, or where a key is kept


@dataclass(frozen=True)
class Button:
    """A button of the panel as it meets the eye. `look`: its colours, size of type and weight, as the browser says."""

    name: str
    role: str
    width: float
    height: float
    look: tuple[str, ...]


@dataclass(frozen=True)
class Panel:
    """The first layer of a question: what there is to press, and what is ticked beforehand."""

    accept: Button | None
    refuse: Button | None
    ticked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outward:
    """A link to another site."""

    address: str
    text: str
    opener: bool  # it opens a window that can reach back into this one


@dataclass(frozen=True)
class Visit:
    """One page as it was met."""

    stage: str
    page: str
    status: int
    referrer_policy: str
    panel: Panel | None
    outward: tuple[Outward, ...] = ()
    back: bool = False  # there is a way back to the choices


@dataclass
class Seen:
    """All of it."""

    start: str
    traces: list[Trace] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    told: list[tuple[str, str, str, str]] = field(default_factory=list)  # stage, page, to whom, what: identity in URLs
    pictures: dict[str, bytes] = field(default_factory=dict)  # by stage, JPEG
    notes: list[str] = field(default_factory=list)  # what could not be looked at, and why
    asked_again: bool = False  # the panel came back although it had been refused
    says_signal: bool = False  # /.well-known/gpc.json is there and says so

    @property
    def pages(self) -> list[str]:
        return list(dict.fromkeys(visit.page for visit in self.visits))


def bare(address: str) -> str:
    """Return an address as it may be shown: no value behind the question mark, no email address in its path.

    >>> bare("https://a.example/x/ada@post.example?q=1&id=7#top")
    'https://a.example/x/…@…?q=…&id=…'
    """
    parts = urlsplit(address)
    names = "&".join(f"{EMAIL.sub('…@…', name)}=…" for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    way = EMAIL.sub("…@…", unquote(parts.path))
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{way}{'?' if names else ''}{names}"


# Parameters that by their name say who somebody is: told to another site, and told to one's own log.
NAMES_THEM: Final = frozenset({
    "email", "e-mail", "e_mail", "mail", "phone", "tel", "mobile", "firstname", "first_name", "lastname", "last_name",
    "fullname", "dob", "birthdate", "postcode", "uid", "user", "user_id", "userid", "customer", "customer_id",
})  # fmt: skip
NAMES_THEM_AT_HOME: Final = frozenset({"email", "e-mail", "e_mail", "phone", "mobile", "dob", "birthdate"})
LEAST: Final = 8  # characters of a cookie's value that can be nobody else's


def identity_in(address: str, *, ours: bool, numbers: Collection[tuple[str, str]]) -> str:
    """Return what an address tells of who somebody is; empty if nothing. `numbers`: names and values of our cookies.

    >>> identity_in("https://a.example/?u=ada%40post.example", ours=True, numbers=())
    'an email address'
    >>> identity_in("https://b.example/?x=12345678abc", ours=False, numbers=[("visit", "12345678abc")])
    'the value of our cookie visit'
    """
    plain = unquote(unquote(address))
    if EMAIL.search(plain.partition("://")[2].partition("/")[2]):
        return "an email address"
    known = NAMES_THEM_AT_HOME if ours else NAMES_THEM
    for name, value in parse_qsl(urlsplit(address).query):
        if value and name.lower() in known:
            return f"the parameter {name.lower()}"
    for name, value in () if ours else numbers:
        if len(value) >= LEAST and value in plain:
            return f"the value of our cookie {name}"
    return ""
