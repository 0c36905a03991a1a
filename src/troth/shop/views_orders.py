"""An order after it was placed: its page, what may still be changed, the cards kept, and what the partner tells us."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from troth.accounts.pages import SeeOther
from troth.accounts.sessions import person_of
from troth.doors import policies
from troth.doors.declare import purpose
from troth.doors.errors import CardNumber, Refused
from troth.doors.use import use
from troth.partners.errors import Forged, PartnerError

from . import addresses, cards, changing, links, partners, returns, settling, vouchers
from .deliveries import deliveries
from .errors import Unfit
from .forms import AddressForm, ContestForm
from .models import GiftMessage, Order, Parcel, Present, Return, Screening, Voucher
from .pages import Shop, missing, personal, say, shop
from .rules import IN_PROCESS, MOVES, SAID, WITH_A_PERSON, money
from .screening import TOLD
from .views_buying import BUYING, order_page, said, try_onward

CONTESTED = WITH_A_PERSON | {"refused"}
Act = Callable[[HttpRequest, Shop, Order], HttpResponse]


def _theirs(request: HttpRequest, brand: str, key: str) -> Order | None:
    """Return the order a link opens, or one of whoever is signed in. Not theirs and not there are the same."""
    number, person = links.name("order", key), person_of(request)
    if number:
        return Order.objects.filter(number=number, brand=brand).first()
    if person and re.fullmatch(r"[0-9A-Z]{1,12}", key):
        return Order.objects.filter(number=key, brand=brand, person_id=person).first()
    return None


def _doing(act: Act) -> Callable[..., HttpResponse]:
    """Make a page that does one thing to an order, and then shows the order."""

    @personal(*BUYING)
    def page(request: HttpRequest, brand: str, key: str) -> HttpResponse:
        found, here = _theirs(request, brand, key), shop(request, brand)
        if found is None:
            return missing(request, brand)
        if request.method != "POST":
            return SeeOther(order_page(here, found))
        try:
            return act(request, here, found)
        except (Unfit, Refused, CardNumber) as no:
            return say(request, brand, 409, "That cannot be done now", said(no), order_page(here, found))

    page.__name__ = act.__name__.strip("_")
    return page


# -- the page of an order --------------------------------------------------------------------------------------------


@personal("order", "screen")
def order(request: HttpRequest, brand: str, key: str) -> HttpResponse:
    here, found = shop(request, brand), _theirs(request, brand, key)
    if found is None:
        return missing(request, brand)
    at = policies.now()
    context: dict[str, Any] = {
        "shop": here, "order": found, "key": links.key("order", found.number), "state": SAID[found.state],
        "bank": _bank(found) if "back" in request.GET else "", "contest": ContestForm(),
        "contest_notice": policies.notice("request", "rights_request"), "reasons": _reasons(found, at),
        "contested": found.state in CONTESTED,
        "heard": "heard" in request.GET, "may_cancel": (found.state, "cancel") in MOVES,
        "may_move": found.state in IN_PROCESS and found.kind == "goods", "may_return": returns.may(found, at),
        **_told(found, at),
    }  # fmt: skip
    return render(request, "shop/order.html", context)


def _told(found: Order, at: Any) -> dict[str, Any]:  # noqa: ANN401 -- a moment
    """Return what an order says, opened with one entry in the ledger."""
    parcel, words = Parcel.objects.filter(order=found).first(), GiftMessage.objects.filter(order=found).first()
    wanted = [found.lines, found.answer, *([words.words] if words else [])]
    wanted += [parcel.recipient, parcel.billing, parcel.delivery] if parcel else []
    with use("order", brand=found.brand, person=found.person_id, actor="person", at=at) as u:
        opened = list(u.open(*wanted))
    lines, answer = opened[:2]
    name, billing, delivery = opened[-3:] if parcel else ("", None, None)
    backs = {back.place: back for back in Return.objects.filter(order=found).exclude(state="")}
    way = deliveries().ways.get(found.way)
    return {
        "lines": [_line(found, place, line, backs.get(place)) for place, line in enumerate(lines)], "answer": answer,
        "gift": opened[2] if words else "", "delivered": addresses.lines(delivery, name) if delivery else [],
        "billed": addresses.lines(billing) if billing and billing != delivery else [], "way": way,
        "goods": money(found.goods, found.currency), "delivery": money(found.delivery, found.currency),
        "by_voucher": money(found.by_voucher, found.currency), "by_card": money(found.by_card, found.currency),
        "total": money(found.total, found.currency),
    }  # fmt: skip


def _line(found: Order, place: int, line: dict[str, Any], back: Return | None) -> dict[str, Any]:
    cost = money(line["price"] * line["quantity"], found.currency)
    told = returns.told(back, found.currency) if back else ""
    return line | {"place": place, "cost": cost, "back": told, "counts": range(1, line["quantity"] + 1)}


def _reasons(found: Order, at: Any) -> list[str]:  # noqa: ANN401 -- a moment
    """Return why a machine doubted, as long as that matters."""
    row = Screening.objects.filter(order=found, state="doubt").last() if found.state in CONTESTED else None
    if row is None:
        return []
    try:
        with use("screen", brand=found.brand, person=found.person_id, actor="person", given=TOLD, at=at) as u:
            reasons: list[str] = u.open(row.reasons)
    except Refused:  # they have objected to screening since
        return []
    return reasons


def _bank(found: Order) -> str:
    """Ask the partner how the payment stands. Reads only: a page that is looked at changes nothing."""
    if found.state != "open" or not found.reference:
        return ""
    try:
        return partners.payments().payment(found.reference).state
    except PartnerError:
        return ""


@_doing
def onward(_: HttpRequest, here: Shop, found: Order) -> HttpResponse:
    try_onward(found)
    return SeeOther(order_page(here, found))


@_doing
def cancel(_: HttpRequest, here: Shop, found: Order) -> HttpResponse:
    changing.cancel(found, policies.now())
    try_onward(found)
    return SeeOther(order_page(here, found))


@_doing
def send_back(request: HttpRequest, here: Shop, found: Order) -> HttpResponse:
    place, count = (request.POST.get(name, "") for name in ("place", "quantity"))
    if not re.fullmatch(r"[0-9]{1,2}", place) or not re.fullmatch(r"[0-9]{1,2}", count):
        return say(request, found.brand, 400, "What comes back?", "Please choose it again.", order_page(here, found))
    returns.ask(found, int(place), int(count), policies.now())
    return SeeOther(order_page(here, found))


@_doing
def contest(request: HttpRequest, here: Shop, found: Order) -> HttpResponse:
    form = ContestForm(request.POST)
    if found.state not in CONTESTED:
        raise Unfit("There is nothing to contest: no check stands against this order.")
    if not form.is_valid():
        words = " ".join(str(one) for each in form.errors.values() for one in each)
        return say(request, found.brand, 400, "Your side", words, order_page(here, found))
    changing.contest(found, form.cleaned_data["words"], policies.now())
    return SeeOther(order_page(here, found) + ("&" if here.currency != "GBP" else "?") + "heard=1")


@personal(*BUYING)
def address(request: HttpRequest, brand: str, key: str) -> HttpResponse:
    """Change where an order in process goes: it is checked again, and held meanwhile."""
    here, found, person, at = shop(request, brand), _theirs(request, brand, key), person_of(request), policies.now()
    if found is None:
        return missing(request, brand)
    parcel = Parcel.objects.filter(order=found).first()
    if parcel is None or found.state not in IN_PROCESS or found.kind != "goods":
        words = "The address of this order cannot be changed any more. Ring us: perhaps we still catch the parcel."
        return say(request, brand, 409, "Too late for that", words, order_page(here, found))
    form = AddressForm(request.POST or None, initial=_present(found, parcel) if request.method != "POST" else {})
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            read = form.cleaned_data
            try:
                changing.address(found, name=read["name"], delivery=read["delivery"], billing=read["billing"], at=at)
                try_onward(found)
                return SeeOther(order_page(here, found))
            except (Unfit, Refused, CardNumber) as no:
                form.add_error(None, said(no))
                status = 409
    mine = person if person == found.person_id else None
    context = {
        "shop": here, "form": form, "order": found, "notice": policies.notice("account", "delivery"),
        "key": links.key("order", found.number), "cards": cards.of(mine, brand, at) if mine else [],
    }  # fmt: skip
    return render(request, "shop/address.html", context, status=status)


def _present(found: Order, parcel: Parcel) -> dict[str, str]:
    with use("order", brand=found.brand, person=found.person_id, actor="person") as u:
        name, delivery = u.open(parcel.recipient, parcel.delivery)
    return {"name": name, "same": "keep"} | {f"to_{part}": value for part, value in delivery.items()}


# -- of whoever is signed in -----------------------------------------------------------------------------------------


@personal("order")
def orders(request: HttpRequest, brand: str) -> HttpResponse:
    here, person = shop(request, brand), person_of(request)
    if person is None:
        return _signed_out(request, brand)
    rows = Order.objects.filter(person_id=person, brand=brand).order_by("-seen_at")[:100]
    listed = [(row, SAID[row.state], money(row.total, row.currency), order_page(here, row)) for row in rows]
    return render(request, "shop/orders.html", {"shop": here, "orders": listed})


def _signed_out(request: HttpRequest, brand: str) -> HttpResponse:
    words = "Sign in to see what belongs to your account. Without one, the link in our letter opens your order."
    return say(request, brand, 403, "You are not signed in", words)


@personal("order", "rights", "keep_card")
def saved_cards(request: HttpRequest, brand: str) -> HttpResponse:
    """List the cards that are kept, and delete one: here and at the partner, with the partner's receipt."""
    here, person, at = shop(request, brand), person_of(request), policies.now()
    if person is None:
        return _signed_out(request, brand)
    receipt, waiting = None, False
    if request.method == "POST":
        try:
            receipt = cards.forget(person, UUID(request.POST.get("card", "")), brand, at)
        except ValueError:
            return missing(request, brand)
        except PartnerError:
            waiting = True
        if receipt is None and not waiting:
            return missing(request, brand)
    context = {"shop": here, "cards": cards.of(person, brand, at), "receipt": receipt, "waiting": waiting}
    return render(request, "shop/cards.html", context)


# -- vouchers, for whom they are -------------------------------------------------------------------------------------


@personal("order")
def present(request: HttpRequest, brand: str, key: str) -> HttpResponse:
    """Show a voucher to whoever has its link; its code is made when asked for, and shown this once."""
    here, id_ = shop(request, brand), links.name("present", key)
    found = Voucher.objects.select_related("order").filter(pk=UUID(id_), order__brand=brand).first() if id_ else None
    if found is None:
        return missing(request, brand)
    at = policies.now()
    code = vouchers.show_code(found, at) if request.method == "POST" else ""
    giver, words = _giver(found.order, at)
    context = {
        "shop": here, "voucher": found, "code": code, "key": key, "worth": money(found.worth, found.currency),
        "left": money(found.left, found.currency), "giver": giver, "words": words,
        "ours": Present.objects.filter(voucher=found.pk).exists(),
    }  # fmt: skip
    return render(request, "shop/present.html", context)


def _giver(found: Order, at: Any) -> tuple[str, str]:  # noqa: ANN401 -- a moment
    """Return who gave a voucher and their words, as long as we have them: they asked that the receiver sees both."""
    parcel, words = Parcel.objects.filter(order=found).first(), GiftMessage.objects.filter(order=found).first()
    if parcel is None:
        return "", ""
    with use("order", brand=found.brand, person=found.person_id, at=at) as u:
        name = u.open(parcel.recipient)
        return name, u.open(words.words) if words else ""


# -- what the partner tells us ---------------------------------------------------------------------------------------


@csrf_exempt
@purpose(*BUYING)
@require_POST
def told(request: HttpRequest) -> HttpResponse:
    """Hear from the payment partner that a payment changed. It is asked, never believed; again, nothing more is done.

    A notice nobody signed gets 400. Where we cannot do it now, 503: the partner tells us again.
    """
    try:
        partner = partners.payments()
        reference = partner.told(request.body, request.headers).reference
        found = Order.objects.filter(reference=reference).first()
        if found is None:  # the notice was quicker than our own pen
            found = Order.objects.filter(number=partner.payment(reference).order, reference=None).first()
        if found:
            settling.onward(found, policies.now())
    except Forged:
        return HttpResponse("This notice is not signed as it should be.", status=400, content_type="text/plain")
    except PartnerError:
        return HttpResponse("Not now. Please tell us again.", status=503, content_type="text/plain")
    return HttpResponse(status=204)
