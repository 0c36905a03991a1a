"""Receipts: a list of what somebody said and gave and when, each as a page to read and as files to take away.

The files carry the log's proof. Anybody can check it, on their own device and offline: the page for that is
`front:verify`. What is another's, and what never was, look the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse

from troth.doors import policies
from troth.doors.use import use
from troth.ledger import actions as ledger
from troth.policy.wording import listed, say_day
from troth.rights import seeing
from troth.rights.telling import told

from . import receipts
from .pages import Context, Here, me, page
from .receipts import Answer, Entry, Slip, Ways

ON_A_PAGE = 40
SHAPES = {"record": ("receipt", receipts.receipt), "kantara": ("kantara", receipts.kantara)}
DID = {
    "consent": "You said yes", "refusal": "You said no", "withdrawal": "You took back a yes",
    "objection": "You objected", "signal": "Your browser said no for you",
    "signal_off": "Your browser stopped saying no", "soft": "A sale allowed it",
    "pause": "You paused our news", "resume": "You ended a pause", "often": "You said how often at most",
}  # fmt: skip


@page("proof", signed=True, methods="GET HEAD")
def receipts_(here: Here) -> HttpResponse:
    """List what was said and given, the latest first."""
    known = [(number, entry) for number, entry in reversed(seeing.acts(me(here))) if receipts.worth_one(entry)]
    before = here.request.GET.get("before", "")
    if before.isdigit():
        known = [one for one in known if one[0] < int(before[:18])]
    shown = known[:ON_A_PAGE]
    lines = [_line(slip) for slip in _slips(here, shown)]
    earlier = here.to("receipts", {"before": str(shown[-1][0])}) if len(known) > ON_A_PAGE else ""
    return here.page("receipts", {"lines": lines, "earlier": earlier})


@page("proof", signed=True)
def receipt(here: Here, number: int) -> HttpResponse:
    """Show one receipt; hand over its file, sealed into the log if it is not yet (which is why that is a POST)."""
    slip = _slip(here, number)
    ways = _ways(here, slip)
    if here.request.method == "POST":
        return _file(here, slip, ways)
    record = receipts.record(slip, ways)
    context: Context = _line(slip) | {"record": record, "wordings": [one for one in slip.answers if one.wording]}
    context["names"] = {party["party_id"]: party["party_name"] for party in record["party_identification"]}
    return here.page("receipt", context)


def _file(here: Here, slip: Slip, ways: Ways) -> HttpResponse:
    asked = here.request.POST.get("as", "")
    if asked not in SHAPES:
        words = "Please use the buttons of the page. Nothing was changed."
        return here.page("say", {"title": "Nothing done", "words": words}, status=400)
    ledger.seal(policies.now())
    name, made = SHAPES[asked]
    text = json.dumps(made(slip, ways, ledger.receipt(slip.number)), ensure_ascii=False, indent=1) + "\n"
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{slip.number}.json"'
    return response


def _slip(here: Here, number: int) -> Slip:
    """Return an entry of whoever is signed in. Raises Http404 for another's, as for one that is not there."""
    found = [(n, entry) for n, entry in seeing.acts(me(here)) if n == number and receipts.worth_one(entry)]
    if not found:
        raise Http404
    return next(_slips(here, found))


def _slips(here: Here, some: Sequence[tuple[int, Entry]]) -> Iterator[Slip]:
    """Yield entries with the answers they were written for, opened in one act."""
    by_moment = receipts.events_of(me(here), [entry for _, entry in some])
    with use("proof", brand=here.brand, person=me(here), actor="person") as u:
        opened = {
            event.pk: Answer(event.pattern, event.kind, u.open(event.wording) or "", event.place, event.expires)
            for events in by_moment.values() for event in events
        }  # fmt: skip
    for number, entry in some:
        mine = [event for event in by_moment.get(entry["at"], ()) if receipts.belongs(event, entry)]
        yield Slip(number, entry, tuple(opened[event.pk] for event in mine))


def _ways(here: Here, slip: Slip) -> Ways:
    policy = slip.compiled.policy
    brand = slip.entry["brand"] if slip.entry["brand"] in policy.brands else here.brand
    notice = reverse("front:version", args=[brand, policy.about.version.isoformat()])
    return Ways(here.request.build_absolute_uri(notice), here.way("choices_own"), here.way("home"))


def _line(slip: Slip) -> dict[str, Any]:
    """Return what the list says of one receipt."""
    policy = slip.compiled.policy
    if slip.said:
        about = [one.wording for one in slip.answers if one.wording] or [str(slip.entry["facts"].get("to", ""))]
        say = f"{DID.get(slip.said, slip.said.capitalize())}: {listed(about)}"
    else:
        say = told(slip.entry, slip.compiled)
    brand = policy.brands.get(slip.entry["brand"])
    return {
        "number": slip.number, "say": say, "said": bool(slip.said),
        "day": say_day(_here(slip.at).date()), "time": f"{_here(slip.at):%H:%M}",
        "brand": (brand.say if brand else "") or slip.entry["brand"], "version": say_day(policy.about.version),
    }  # fmt: skip


def _here(at: datetime) -> datetime:
    return at.astimezone(policies.house_zone())
