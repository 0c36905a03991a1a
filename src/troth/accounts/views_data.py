"""What we hold of whoever is signed in: to see, to take away, and to have erased. No field is named here."""

from __future__ import annotations

from django.http import HttpResponse

from troth.doors import erasing, policies
from troth.ledger.actions import seal
from troth.policy import Compiled
from troth.policy.wording import listed, say_day
from troth.rights import packet, seeing

from . import sessions
from .pages import Context, Here, me, page

LATEST = 40  # acts shown; the copy has them all


@page("rights", signed=True, fresh=True)
def data(here: Here) -> HttpResponse:
    """Show everything: each value, where it came from, when it goes, who received it, who of us looked (R73)."""
    found = seeing.see(me(here), policies.now(), brand=here.brand)
    return here.page("data", packet.shown(found, LATEST) | {"latest": LATEST, "more": len(found.acts) > LATEST})


@page("rights", signed=True, fresh=True, methods="POST")
def copy(here: Here) -> HttpResponse:
    """Hand over all of it in one file: to read, for a program, and with a receipt for each act (GDPR art. 15, 20)."""
    at = policies.now()
    found = seeing.see(me(here), at, brand=here.brand)
    seal(at)
    response = HttpResponse(packet.as_zip(found), content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="my-data-{at:%Y-%m-%d}.zip"'
    return response


@page("rights", signed=True, fresh=True)
def forget(here: Here) -> HttpResponse:
    """Show what erasing would do, line by line; do it when told to, and show the certificate (GDPR art. 17)."""
    at, person = policies.now(), me(here)
    compiled = policies.archive().in_force(policies.today())
    if here.request.method != "POST":
        return here.page("forget", {"lines": _told(erasing.preview(person, at), compiled)})
    if here.request.POST.get("sure") != "yes":
        context = {"lines": _told(erasing.preview(person, at), compiled), "unsure": True}
        return here.page("forget", context, status=400)
    done = erasing.erase(person, at=at)
    told = {"lines": _told(done.lines, compiled), "entry": done.entry, "at": say_day(at.date())}
    response = here.page("forgotten", told)
    sessions.take(response)
    return response


def _told(lines: tuple[erasing.Line, ...], compiled: Compiled) -> list[Context]:
    """Return the lines of a certificate as people read them: what goes, and what stays, why and until when."""
    labels = compiled.book.labels
    return [
        {
            "what": listed([labels[item].say for item in line.items if item in labels]) or "what goes with it",
            "kept": line.kept, "say": line.say, "until": say_day(line.until) if line.until else "", "rows": line.rows,
        }
        for line in sorted(lines, key=lambda line: line.kept)
    ]  # fmt: skip
