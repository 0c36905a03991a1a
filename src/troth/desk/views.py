"""The order desk: find a customer, say why, see what the case needs, do what they asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from typing import Any, NamedTuple
from uuid import UUID

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.crypto import get_random_string
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods

from troth.accounts.errors import TooSoon
from troth.accounts.rules import say_wait
from troth.accounts.sessions import person_of
from troth.care import actions as care
from troth.care import rules
from troth.care.errors import NobodyOfUs, NoCase, NoReason
from troth.care.models import Case
from troth.choices.errors import StillSending
from troth.doors import policies
from troth.doors.declare import purpose
from troth.doors.errors import CardNumber, Refused
from troth.marketing import stopping
from troth.partners.errors import PartnerError
from troth.shop import changing, returns, screening, sending, settling
from troth.shop.errors import Unfit
from troth.shop.forms import AddressForm
from troth.shop.models import Order, Return
from troth.vault.errors import NoKey

from . import proving
from .errors import Unproved, Unusable
from .finding import find, read_back
from .showing import customer, waiting

Page = Callable[..., HttpResponse]
LOOKING = ("care", "administration")
DOING = (*LOOKING, "order", "screen", "rights", "proof")  # proof: what a sale opens is written down with it
NO = (Unfit, Refused, CardNumber, PartnerError, StillSending, NoReason, Unusable, NoKey)


class Here(NamedTuple):
    """Who of us is at the desk, and when."""

    agent: UUID
    at: datetime


def staff(*purposes: str, role: str = "care", post: bool = False) -> Callable[[Page], Page]:
    """Make a function a page for staff in one role: kept nowhere, and the same 404 for whoever else comes."""

    def made(page: Page) -> Page:
        @wraps(page)
        def served(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:  # noqa: ANN401
            at = policies.now()
            try:
                here = Here(care.must_be(person_of(request), role, at), at)
                response = page(request, here, *arguments, **named)
            except NobodyOfUs as no:
                response = _say(request, 404, "Nothing to see here", str(no))
            except NoCase as no:
                response = _say(request, 404, "No such case", str(no))
            except NO as no:
                because = no.because.say if isinstance(no, Refused) else str(no)
                line = no.because.line if isinstance(no, Refused) else ""
                response = _say(request, 409, "That cannot be done", because, line=line, way=request.path)
            patch_cache_control(response, private=True, no_store=True)
            response.headers["Referrer-Policy"] = "same-origin"
            return response

        methods = ["POST"] if post else ["GET", "HEAD", "POST"]
        return purpose(*purposes)(require_http_methods(methods)(served))

    return made


def _say(request: HttpRequest, status: int, title: str, words: str, *, line: str = "", way: str = "") -> HttpResponse:
    context = {"title": title, "words": words, "line": line, "way": way or reverse("desk:home")}
    return render(request, "desk/say.html", context, status=status)


@staff(*LOOKING)
def home(request: HttpRequest, here: Here) -> HttpResponse:
    """Show the search, one's open cases, and what waits for a person. A search is sent, never put in an address."""
    listed = policies.archive().in_force(policies.today()).policy.brands
    context: dict[str, Any] = {
        "cases": care.open_cases(here.agent, here.at), "waiting": waiting(), "about": rules.ABOUT,
        "brands": [(name, brand.say or name.title()) for name, brand in listed.items()],
        "fresh_once": get_random_string(32),
    }  # fmt: skip
    if request.method == "POST":
        text = request.POST.get("q", "")
        try:
            hits, by = find(text)
        except Unusable as problem:
            return render(request, "desk/home.html", context | {"problem": str(problem), "q": text[:320]}, status=400)
        context |= {"hits": hits, "by": by, "searched": True, "once": get_random_string(32)}
    return render(request, "desk/home.html", context)


@staff(*LOOKING, post=True)
def open_case(request: HttpRequest, here: Here) -> HttpResponse:
    """Open a case on whoever was found, or on whose order waits."""
    sent = request.POST
    number = sent.get("order", "")
    order = Order.objects.filter(number=number).first() if number else None
    if number and order is None:
        raise Unusable("There is no such order any more.")
    person, brand = (order.person_id, order.brand) if order else (read_back(sent.get("who", "")), sent.get("brand", ""))
    if brand not in policies.archive().in_force(policies.today()).policy.brands:
        raise Unusable("Say for which of our brands it is.")
    once = sent.get("once", "")
    if not 20 <= len(once) <= 64 or not once.isalnum():
        raise Unusable("This page had grown old. Find the customer again.")
    about = sent.get("about", "")
    if about not in rules.ABOUT:
        raise Unusable("Say what it is about.")
    once += person.hex[:8]  # one search page may open a case on each who was found
    made = care.open_case(here.agent, person, brand=brand, about=about, why=sent.get("why", ""), once=once, at=here.at)
    return redirect("desk:case", number=made.number)


@staff(*DOING)
def case(request: HttpRequest, here: Here, number: str) -> HttpResponse:
    """Show what a case needs of its customer; nothing any more once it is over."""
    found = care.case_of(here.agent, number)
    context: dict[str, Any] = {"case": found, "about": rules.ABOUT[found.about], "over": True}
    if care.stated(found, here.at):
        compiled = policies.archive().in_force(policies.today())
        context |= {"over": False, "customer": customer(found, here.at)}
        context["stops"] = stopping.ways(compiled, found.person_id, found.brand, here.at)
        context["minutes"] = max(1, round((found.until - here.at).total_seconds() / 60))
    return render(request, "desk/case.html", context)


@staff(*LOOKING, post=True)
def longer(request: HttpRequest, here: Here, number: str) -> HttpResponse:
    care.last_longer(care.case_of(here.agent, number), here.at)
    return redirect("desk:case", number=number)


@staff(*LOOKING, post=True)
def close(request: HttpRequest, here: Here, number: str) -> HttpResponse:
    care.close(care.case_of(here.agent, number), here.at)
    return redirect("desk:home")


@staff(*DOING, post=True)
def stop(request: HttpRequest, here: Here, number: str) -> HttpResponse:
    """Write down that they want no more marketing by one way from the case's brand: one step, at once (R69)."""
    found = care.case_of(here.agent, number)
    _must_be_open(found, here.at)
    try:
        stopping.stop_by_care(
            found.person_id, found.brand, request.POST.get("channel", ""), case=found.number, at=here.at
        )
    except KeyError:
        raise Unusable("Say which way they want no more of: press one of the buttons.") from None
    return redirect(f"{reverse('desk:case', args=[number])}#stops")


def _must_be_open(found: Case, at: datetime) -> None:
    if not care.stated(found, at):
        raise Unusable("This case is over. Find the customer again, and say why you need to look.")


def _order_of(found: Case, number: str, at: datetime) -> Order:
    """Return an order of the case's own customer and brand, while the case is open. Raises NoCase, Unusable."""
    _must_be_open(found, at)
    mine = Order.objects.filter(person_id=found.person_id, brand=found.brand)
    order: Order | None = mine.filter(number=number).first()
    if order is None:
        raise NoCase
    return order


@staff(*DOING, post=True)
def act(request: HttpRequest, here: Here, number: str, order: str, what: str) -> HttpResponse:
    """Do to an order what its table allows."""
    found = care.case_of(here.agent, number)
    one, given = _order_of(found, order, here.at), care.stated(found, here.at)
    if what == "dispatch":
        label = sending.dispatch(one, here.at, actor="care", given=given)
        picture = mark_safe(segno.make_qr(one.number).svg_inline(omitsize=True))  # noqa: S308 -- a number of ours
        return render(request, "desk/label.html", {"label": label, "case": found, "order": one, "picture": picture})
    acts: Mapping[str, Callable[[], object]] = {
        "cancel": lambda: changing.cancel(one, here.at),
        "clear": lambda: screening.review(one, well=True, at=here.at),
        "refuse": lambda: screening.review(one, well=False, at=here.at),
        "deliver": lambda: sending.deliver(one, here.at),
    }
    if what not in acts:
        raise Unusable("There is no such act.")
    acts[what]()
    settling.onward(Order.objects.get(pk=one.pk), here.at)
    return redirect("desk:case", number=number)


@staff(*DOING, post=True)
def received(request: HttpRequest, here: Here, number: str, back: UUID) -> HttpResponse:
    """Note that a return is here, and give back what it is worth."""
    found = care.case_of(here.agent, number)
    row = Return.objects.select_related("order").filter(pk=back).first()
    if row is None:
        raise NoCase
    _order_of(found, row.order.number, here.at)
    if row.state == "asked":
        returns.receive(row, here.at)
    returns.refund(row, here.at)
    return redirect("desk:case", number=number)


@staff(*DOING)
def address(request: HttpRequest, here: Here, number: str, order: str) -> HttpResponse:
    """Change where an order goes, on request: it is checked again, and the customer is written to (R78, R79)."""
    found = care.case_of(here.agent, number)
    one, given = _order_of(found, order, here.at), care.stated(found, here.at)
    form = AddressForm(request.POST if request.method == "POST" else None, initial={"same": "keep"})
    said = {name: request.POST.get(f"said_{name}", "") for name in proving.ASKED}
    context = {"case": found, "order": one, "form": form}
    context["asked"] = [(name, say, said[name][: proving.LONGEST]) for name, say in proving.ASKED.items()]
    if request.method == "POST" and form.is_valid():
        try:
            proved = proving.must_be_them(found, one, said, here.at)
        except Unproved as no:
            return render(request, "desk/address.html", context | {"unproved": str(no)}, status=400)
        except TooSoon as no:
            told = f"Too many answers were wrong. The next can be checked in {say_wait(no.wait)}; or let them sign in."
            page = render(request, "desk/address.html", context | {"unproved": told}, status=429)
            page["Retry-After"] = str(no.wait)
            return page
        made = form.cleaned_data
        changing.address(
            one, name=made["name"], delivery=made["delivery"], billing=made["billing"], at=here.at, actor="care",
            given=given, proved=proved,
        )  # fmt: skip
        settling.onward(Order.objects.get(pk=one.pk), here.at)
        return redirect("desk:case", number=number)
    return render(request, "desk/address.html", context, status=400 if request.method == "POST" else 200)
