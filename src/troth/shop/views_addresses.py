"""The address book of an account (policy form delivery). A change has every open order checked again (R79)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from troth.accounts import details
from troth.accounts.pages import Here, SeeOther, me, page
from troth.doors import policies
from troth.doors.acting import whole
from troth.doors.collect import collect
from troth.doors.errors import CardNumber, Refused
from troth.doors.use import use
from troth.vault.models import Profile

from . import addresses, cards, changing, postal
from .errors import Unfit
from .forms import BookForm
from .models import Order, Parcel
from .rules import IN_PROCESS, SAID
from .views_buying import BUYING, said, try_onward

BOOK: Final = {"to": "delivery_address", "bill": "billing_address", "home": "home_address"}
Addresses = dict[str, dict[str, str] | None]


@page("account", *BUYING, signed=True, fresh=True)
def book(here: Here) -> HttpResponse:
    """Show the addresses of an account, and change them; open orders are checked again, and may go there as well."""
    at, person = policies.now(), me(here)
    stands, orders = _stands(person, here.brand, at), _open(person)
    choices = [(one.number, f"Order {one.number} ({SAID[one.state].lower()})") for one in orders]
    post = here.request.POST
    typed = {f"{prefix}_{part}": text for prefix, one in stands.items() for part, text in (one or {}).items()}
    form = BookForm(post or None, orders=choices, initial={} if post else typed)
    status = 200
    if here.request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                return _save(here, person, stands, form.cleaned_data, orders, at)
            except (Unfit, Refused, CardNumber) as no:
                form.add_error(None, said(no))
                status = 409
    changed = here.request.GET.get("changed", "")
    context = {
        "shop": here.shop, "form": form, "orders": choices, "cards": cards.of(person, here.brand, at),
        "notice": policies.notice("account", "delivery"), "changed": changed if changed.isdecimal() else "",
        "same": "same" in here.request.GET, "again": here.request.GET.get("again") == "1",
        "lines": {name: addresses.lines(one) for name, one in stands.items() if one},
    }  # fmt: skip
    return render(here.request, "shop/address_book.html", context, status=status)


def _stands(person: UUID, brand: str, at: datetime) -> Addresses:
    profile = details.profile_of(person)
    if profile is None:
        return dict.fromkeys(BOOK)
    with use("account", brand=brand, person=person, actor="person", at=at) as u:
        opened = u.open(*(getattr(profile, name) for name in BOOK.values()))
    return dict(zip(BOOK, opened, strict=True))


def _open(person: UUID) -> list[Order]:
    """Return the orders of a person whose address may still change, of every brand."""
    return list(Order.objects.filter(person_id=person, state__in=IN_PROCESS, kind="goods").order_by("-seen_at"))


def _save(
    here: Here, person: UUID, stands: Addresses, read: dict[str, Any], orders: list[Order], at: datetime
) -> HttpResponse:
    """Save what differs, and have open orders checked again. Raises Unfit, CardNumber, Refused; then nothing is."""
    changed = [prefix for prefix in BOOK if read[prefix] != stands[prefix]]
    entry, looked = 0, [one for one in orders if changed or one.number in read["also"]]
    with whole():
        if changed:
            entry = _keep(person, {BOOK[prefix]: read[prefix] for prefix in changed}, here.brand, at)
        for order in looked:
            if order.number in read["also"]:
                changing.address(order, name=_name_on(order, at), delivery=read["to"], billing=None, at=at)
            else:
                changing.recheck(order, at)
    for order in looked:
        try_onward(order)
    if changed:
        details.told(person, [f"contact.{BOOK[one]}" for one in changed], here.brand, here.way("home"), entry, at)
    query = ({"changed": str(entry)} if entry else {"same": "1"}) | ({"again": "1"} if looked else {})
    return SeeOther(here.to("address_book", query))


def _keep(person: UUID, wanted: Addresses, brand: str, at: datetime) -> int:
    profile = details.profile_of(person) or Profile(person_id=person)
    for name, one in wanted.items():
        setattr(profile, name, one)
    profile.source = ""  # where it comes from now
    with collect("account", source="account", brand=brand, person=person, actor="person", at=at) as c:
        c.save(profile)
        if "home_address" in wanted:
            postal.moved(c, person, wanted["home_address"], at)
    return c.entry


def _name_on(order: Order, at: datetime) -> str:
    parcel = Parcel.objects.get(order=order)
    with use("order", brand=order.brand, person=order.person_id, actor="person", at=at) as u:
        name: str = u.open(parcel.recipient)
    return name
