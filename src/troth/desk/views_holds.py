"""Legal holds: for what somebody's data is not deleted while a dispute or a duty lasts, and when to look at it again.

Only staff in the role "officer". The page names nobody: whom a hold is on, the file of the dispute says (R40).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from troth.doors import keep, policies
from troth.doors.handling import cards_in
from troth.doors.models import LegalHold
from troth.policy.wording import say_day
from troth.vault.models import Person

from .casework import how_long
from .errors import Unusable
from .finding import people
from .views import Here, staff

SHORTEST, LONGEST = 3, 200  # characters of what a hold is for
A_YEAR: Final = timedelta(days=366)


class Standing(NamedTuple):
    """A hold in the list."""

    pk: UUID
    because: str
    since: str
    review: str
    left: str  # in words
    urgency: str  # late, soon, or nothing


def standing(today: date) -> list[Standing]:
    """Return the holds that stand, those to look at first in front."""
    return [
        Standing(
            one.pk, one.because, say_day(one.since.date()), say_day(one.review_on), *how_long(one.review_on, today)
        )
        for one in LegalHold.objects.filter(lifted_at=None).order_by("review_on", "since")
    ]


@staff("claims", role="officer")
def holds(request: HttpRequest, here: Here) -> HttpResponse:
    """List what is held and for what; hold, hold on, or let go."""
    today = policies.today()
    context: dict[str, Any] = {"earliest": today + timedelta(days=1), "latest": today + A_YEAR}
    if request.method == "POST":
        act = ACTS.get(request.POST.get("do", ""))
        if act is None:
            raise Unusable("Press one of the buttons.")
        try:
            act(request.POST, here)
        except Unusable as problem:
            context |= {"rows": standing(today), "problem": str(problem), "typed": request.POST}
            return render(request, "desk/holds.html", context, status=400)
        return redirect("desk:holds")
    return render(request, "desk/holds.html", context | {"rows": standing(today)})


def _begin(sent: QueryDict, here: Here) -> None:
    because, day = " ".join(sent.get("because", "").split()), _day(sent)
    if not SHORTEST <= len(because) <= LONGEST or not because.isprintable():
        raise Unusable("Say what it is for in up to 200 characters: the number of the claim, or the law.")
    if cards_in(because):
        raise Unusable("There is a card number in it. Leave it out.")
    found, by = people(sent.get("who", ""))
    if len(found) != 1:
        many = f"{len(found)} customers were" if found else "Nobody was"
        raise Unusable(f"{many} found by that {by}. Type an order number or an email address of theirs.")
    try:
        keep.hold(found[0], owner="officer", because=because, review_on=day, at=here.at)
    except Person.DoesNotExist:
        raise Unusable("They are not with us any more.") from None


def _again(sent: QueryDict, here: Here) -> None:
    keep.hold_on(_one(sent), _day(sent), here.at)


def _over(sent: QueryDict, here: Here) -> None:
    keep.lift(_one(sent), here.at)


ACTS: Final[Mapping[str, Callable[[QueryDict, Here], None]]] = {"hold": _begin, "again": _again, "lift": _over}


def _one(sent: QueryDict) -> LegalHold:
    try:
        return LegalHold.objects.get(pk=UUID(sent.get("hold", "")))
    except (ValueError, LegalHold.DoesNotExist):
        raise Unusable("There is no such hold any more.") from None


def _day(sent: QueryDict) -> date:
    try:
        day = date.fromisoformat(sent.get("review_on", ""))
    except ValueError:
        raise Unusable("Say on which day to look at it again, as 2027-01-31.") from None
    if not timedelta(0) < day - policies.today() <= A_YEAR:
        raise Unusable("Look at it again within a year: choose a day after today.")
    return day
