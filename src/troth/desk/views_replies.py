"""Answers that came in plain words: somebody of us reads each, under a case, and writes down what it means."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import get_random_string

from troth.care import actions as care
from troth.care.errors import NoCase
from troth.doors.use import use
from troth.marketing import reading
from troth.marketing.errors import NotNow
from troth.marketing.models import Reply

from .errors import Unusable
from .views import LOOKING, Here, staff

WHY = "An answer in plain words that waits for one of us to read it"


@staff(*LOOKING)
def replies(request: HttpRequest, _: Here) -> HttpResponse:
    """List what waits: when it came and to which brand. Whose it is and what it says, only a case shows."""
    context = {"waiting": reading.waiting(), "once": get_random_string(32)}
    return render(request, "desk/replies.html", context)


@staff(*LOOKING, "proof", "stop_list", post=True)
def reply(request: HttpRequest, here: Here, pk: UUID) -> HttpResponse:
    """Open a case on an answer and show it; write down what it means. A no counts at once."""
    row, sent = Reply.objects.filter(pk=pk).first(), request.POST
    if row is None:
        raise NoCase
    once = sent.get("once", "")
    if not 20 <= len(once) <= 56 or not once.isalnum():
        raise Unusable("This page had grown old. Open the list anew.")
    case = care.open_case(
        here.agent, row.person_id, brand=row.brand, about="else", why=WHY, once=once + row.pk.hex[-8:], at=here.at
    )  # fmt: skip
    given = frozenset(care.stated(case, here.at))
    if means := sent.get("means", ""):
        try:
            reading.settle(row, means, at=here.at, given=given)
        except NotNow:
            raise Unusable("Say what it means: press one of the buttons.") from None
        return redirect("desk:replies")
    with use("care", brand=row.brand, person=row.person_id, actor="care", given=given, at=here.at) as u:
        words = u.open(row.words)
    context = {"row": row, "words": words, "case": case, "means": reading.MEANS.items(), "once": once}
    return render(request, "desk/reply.html", context)
