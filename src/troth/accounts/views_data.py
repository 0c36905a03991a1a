"""What we hold of whoever is signed in: to see, to take away, and to plan its erasure. No field is named here."""

from __future__ import annotations

from uuid import uuid4

from django.http import HttpResponse

from troth.doors import erasing, policies
from troth.ledger.actions import seal
from troth.policy.wording import say_day
from troth.rights import actions as steps
from troth.rights import blacking, doing, intake, links, packet

from . import mine
from .pages import Context, Here, SeeOther, me, page
from .views_requests import certified


@page("rights", signed=True, fresh=True)
def data(here: Here) -> HttpResponse:
    """Show everything: each value, where it came from, when it goes, who received it, who of us looked (R73).

    Of an item with many values the newest are there at once, and all of them with `?all=` and its name.
    """
    found = blacking.released(me(here), policies.now(), brand=here.brand)
    return here.page("data", mine.laid_out(found, here.request.GET.get("all", "")))


@page("rights", signed=True, fresh=True, methods="POST")
def copy(here: Here) -> HttpResponse:
    """Hand over all of it in one file: to read, for a program, and with a receipt for each act (GDPR art. 15, 20)."""
    at = policies.now()
    found = blacking.released(me(here), at, brand=here.brand)
    seal(at)
    response = HttpResponse(packet.as_zip(found), content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="my-data-{at:%Y-%m-%d}.zip"'
    return response


@page("rights", signed=True, fresh=True)
def forget(here: Here) -> HttpResponse:
    """Show what erasing would do, line by line; plan it when told to. It runs after days of grace (GDPR art. 17)."""
    at, person = policies.now(), me(here)
    planned = steps.live(person, "erase")
    if planned and planned.state == "planned":
        return SeeOther(here.to("request", key=links.key(planned.pk)))
    if here.request.method == "POST" and here.request.POST.get("sure") == "yes":
        made = planned or intake.from_account(
            person, "erase", "", brand=here.brand, home=here.way("home"), once=uuid4().hex, at=at
        )
        doing.plan(made if made.state == "open" else intake.prove(made, at), at)
        return SeeOther(here.to("request", key=links.key(made.pk)))
    unsure = here.request.method == "POST"
    compiled = policies.archive().in_force(policies.today())
    lines = certified(doing.certificate(erasing.preview(person, at), at), compiled)
    context: Context = {"lines": lines, "unsure": unsure, "orders": here.shop.open_orders(person)}
    return here.page("forget", context | {"day": say_day(doing.erased_on(person, at))}, status=400 if unsure else 200)
