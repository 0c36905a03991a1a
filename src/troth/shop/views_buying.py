"""Basket and checkout. Nobody needs an account, or a script."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from moneyed import Money

from troth.accounts.pages import SeeOther
from troth.accounts.sessions import person_of
from troth.doors import policies
from troth.doors.collect import choose
from troth.doors.errors import CardNumber, Refused
from troth.doors.use import use
from troth.partners.errors import PartnerError
from troth.vault import identity
from troth.vault.errors import BadIdentifier
from troth.vault.models import Person, Profile

from . import addresses, baskets, cards, links, placing, settling, similar, vouchers
from .deliveries import deliveries
from .errors import Unfit
from .forms import CheckoutForm, PolicyForm, VoucherForm
from .models import Basket, Order, Parcel, Variant
from .pages import Shop, personal, say, shop
from .rules import MOST_OF_ONE, money, quantity

BUYING = ("order", "screen", "keep_card", "proof", "rights")
NEWS = "Would you like news of {brand} by email? Yes or no makes no difference to your order."
MAIL = ("For the order's letters. Nothing else, unless you say yes below.",
        "For the order's letters, and for news of similar things unless you say no below.")  # fmt: skip
KEEP = "Keep your card for next time, with our payment partner?"


# -- the basket ------------------------------------------------------------------------------------------------------


@personal("site")
def basket(request: HttpRequest, brand: str) -> HttpResponse:
    """Show the basket; put something in, change how many, take it out, pay with a voucher."""
    here = shop(request, brand)
    if request.method == "POST":
        done = {"add": _add, "change": _change, "voucher": _use_voucher}.get(request.POST.get("do", ""))
        if done is None:
            return say(request, brand, 400, "Nothing done", "Please use the buttons of the page.", here.to("basket"))
        return done(request, here)
    found = _basket(request, brand)
    lines = baskets.lines(found, here.currency) if found else []
    context: dict[str, Any] = {
        "shop": here, "lines": lines, "numbers": range(1, MOST_OF_ONE + 1), "gone": _gone(request, brand),
        "ready": all(line.enough for line in lines), "from": _cheapest(here.currency), **_sums(here, found, lines),
    }  # fmt: skip
    return render(request, "shop/basket.html", context)


def _sums(here: Shop, found: Basket | None, lines: Sequence[baskets.Line]) -> dict[str, Any]:
    goods = sum((line.cost for line in lines), money(0, here.currency))
    voucher = found.voucher if found and found.voucher_id else None
    if voucher and not vouchers.usable(voucher, here.currency, policies.today()):
        voucher = None
    return {
        "goods": goods,
        "seen": goods.get_amount_in_sub_unit(),
        "voucher": money(voucher.left, voucher.currency) if voucher else None,
    }


def _cheapest(currency: str) -> Money:
    return min(way.price(currency) for way in deliveries().ways.values())


def _basket(request: HttpRequest, brand: str) -> Basket | None:
    return baskets.find(request.COOKIES.get(baskets.COOKIE, ""), brand)


def _gone(request: HttpRequest, brand: str) -> tuple[Variant, int] | None:
    """Return what was just taken out, so that one press puts it back."""
    read = re.fullmatch(r"([0-9]{1,9})-([0-9]{1,2})", request.GET.get("gone", ""))
    if not read:
        return None
    variant = _variant(read[1], brand)
    count = quantity(read[2])
    return (variant, count) if variant and count else None


def _variant(text: str, brand: str) -> Variant | None:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        return None
    return Variant.objects.select_related("product").filter(pk=int(text), product__brand=brand).first()


def _add(request: HttpRequest, here: Shop) -> HttpResponse:
    brand = here.brand.slug
    variant, count = _variant(request.POST.get("variant", ""), brand), quantity(request.POST.get("quantity", "1"))
    if variant is None or not count:
        words = f"Please choose a size, and one to {MOST_OF_ONE} of it."
        return say(request, brand, 400, "Which size?", words, _back(request, here))
    try:
        _, token = baskets.put(_basket(request, brand), variant, count, here.currency, policies.now())
    except Unfit as no:
        return say(request, brand, 409, "Not in your basket", str(no), here.to("product", slug=variant.product.slug))
    return _with_basket(request, here, SeeOther(here.to("basket")), token)


def _back(request: HttpRequest, here: Shop) -> str:
    slug = request.POST.get("slug", "")
    return here.to("product", slug=slug) if re.fullmatch(r"[a-z0-9-]{1,80}", slug) else here.to("shelf")


def _change(request: HttpRequest, here: Shop) -> HttpResponse:
    brand, found = here.brand.slug, _basket(request, here.brand.slug)
    line, count = (
        request.POST.get("line", ""),
        quantity("0" if "remove" in request.POST else request.POST.get("quantity", "")),
    )
    if count is None or not re.fullmatch(r"[0-9]{1,18}", line):
        return say(request, brand, 400, "How many?", f"Please choose one to {MOST_OF_ONE}.", here.to("basket"))
    try:
        was = baskets.change(found, int(line), count, policies.now()) if found else None
    except Unfit as no:
        return say(request, brand, 409, "Not so many", str(no), here.to("basket"))
    undo = {"gone": f"{was.variant_id}-{was.quantity}"} if was and not count else {}
    return _with_basket(request, here, SeeOther(here.to("basket", dict(undo))), "")


def _use_voucher(request: HttpRequest, here: Shop) -> HttpResponse:
    brand, found = here.brand.slug, _basket(request, here.brand.slug)
    if found is None:
        return SeeOther(here.to("basket"))
    voucher = vouchers.find(request.POST.get("code", "")[:40], here.currency, policies.today())
    if voucher is None and "remove" not in request.POST:
        words = (
            f"We know no voucher with this code that is good for a payment in {here.currency}. Please look at it again."
        )
        return say(request, brand, 400, "No such voucher", words, here.to("basket"))
    Basket.objects.filter(pk=found.pk).update(voucher=None if "remove" in request.POST else voucher)
    return SeeOther(here.to("basket"))


def _with_basket(request: HttpRequest, here: Shop, response: HttpResponse, token: str) -> HttpResponse:
    """Let the browser remember the basket for thirty days from now."""
    if token := token or request.COOKIES.get(baskets.COOKIE, ""):
        response.set_cookie(
            baskets.COOKIE, token, max_age=baskets.KEPT, path=here.to("home").partition("?")[0], httponly=True,
            samesite="Lax", secure=request.is_secure() or not settings.TROTH_DEMO,
        )  # fmt: skip
    return response


# -- checkout --------------------------------------------------------------------------------------------------------


@personal(*BUYING)
def checkout(request: HttpRequest, brand: str) -> HttpResponse:
    """Ask what an order needs, on one page; then it is stored, and paid on the partner's page."""
    here, found, person = shop(request, brand), _basket(request, brand), person_of(request)
    if done := _placed_before(request):
        return SeeOther(order_page(here, done))
    lines = baskets.lines(found, here.currency) if found else []
    if found is None or not lines or not all(line.enough for line in lines):
        return SeeOther(here.to("basket"))
    kept = cards.of(person, brand, policies.now()) if person else []
    form = CheckoutForm(
        request.POST or None, currency=here.currency, cards=kept, known=person is not None,
        initial=_initial() | (_last_time(person, brand) if person and request.method != "POST" else {}),
    )  # fmt: skip
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                return SeeOther(order_page(here, _place(request, here, found, form, person)))
            except (Unfit, Refused, CardNumber, BadIdentifier) as no:
                form.add_error(None, said(no))
                status = 403 if isinstance(no, Refused) else 409
    context = {
        "shop": here, "form": form, "lines": lines,
        "notice": policies.notice("order", "checkout", "screen"),
        "cards": kept, "keep": KEEP, "ways": _ways(here), **_news(request, here, person), **_sums(here, found, lines),
    }  # fmt: skip
    return render(request, "shop/checkout.html", context, status=status)


def _news(request: HttpRequest, here: Shop, person: UUID | None) -> dict[str, Any]:
    """Return what the page asks about news: whether somebody wants it, or the no to what a sale opens where they live.

    A guest's country is known when the form comes back; until then it is the one the form begins with.
    """
    bill = "bill_country" if "to_country" not in request.POST or request.POST.get("same") == "no" else "to_country"
    country = request.POST.get(bill, "")
    lives = _lives(person, country if re.fullmatch("[A-Z]{2}", country) else "GB")
    brand, version = here.brand, similar.to_show(here.brand.slug, lives, person, policies.now())
    question, hint = similar.words(version, brand.say) if version else (NEWS.format(brand=brand.say), "")
    return {"news": question, "news_hint": hint, "told": version, "email_hint": MAIL[bool(version)]}


def _lives(person: UUID | None, otherwise: str) -> str:
    known = Person.objects.filter(pk=person).values_list("residence", flat=True).first() if person else None
    return known or otherwise


def _told(read: dict[str, Any], brand: str, person: UUID | None, *, sure: bool) -> str:
    """Return which words an order is to keep in mind: those it answered by neither yes nor no, where a sale counts."""
    if read.get("news") or not sure:
        return ""
    lives = _lives(person, addresses.residence(read["billing"]))
    return similar.told(read.get("told", ""), brand, lives, policies.today())


def _initial() -> dict[str, str]:
    return {"once": secrets.token_urlsafe(24), "same": "yes", "way": "standard"}


def _last_time(person: UUID, brand: str) -> dict[str, str]:
    """Return what whoever is signed in would type again: their name, and the address of their account or last order."""
    profile = Profile.objects.filter(person_id=person).order_by("-seen_at").first()
    parcel = Parcel.objects.filter(person_id=person, order__brand=brand).order_by("-seen_at").first()
    with use("order", brand=brand, person=person, actor="person", at=policies.now()) as u:
        name, to = u.open(parcel.recipient, parcel.delivery) if parcel else ("", {})
        mine, booked = u.open(profile.name, profile.delivery_address) if profile else ("", None)
        name, to = mine or name, booked or to
    return {"name": name} | {f"to_{part}": value for part, value in (to or {}).items()}


def _ways(here: Shop) -> list[tuple[str, Money, str]]:
    """Return what each delivery costs, and the countries it goes to."""
    told = deliveries()
    return [
        (way.say, way.price(here.currency), ", ".join(told.countries[c] for c in told.countries if c in way.to))
        for way in told.ways.values()
    ]


def _placed_before(request: HttpRequest) -> Order | None:
    """Return what this very page ordered before: sent twice, it is ordered once."""
    once = request.POST.get("once", "")
    return Order.objects.filter(once=once).first() if 20 <= len(once) <= 64 and "\x00" not in once else None


def said(no: Exception) -> str:
    """Return a refusal as the shopper reads it."""
    return no.because.say if isinstance(no, Refused) else str(no)


def _place(request: HttpRequest, here: Shop, found: Basket, form: CheckoutForm, person: UUID | None) -> Order:
    read, at = form.cleaned_data, policies.now()
    card = read.get("card") or ""
    sure = person is not None or identity.find("email", read["email"]) is None
    answers = placing.Answers(
        once=read["once"], name=read["name"], age=int(read["age_band"]) if "age_band" in read else None,
        email=read.get("email", ""), billing=read["billing"], delivery=read["delivery"], way=read["way"],
        mobile=read["mobile"], gift=read["gift"], keep=read.get("keep") == "yes", card=UUID(card) if card else None,
        seen=read["seen"], home=request.build_absolute_uri(here.to("home").partition("?")[0]),
        told=_told(read, here.brand.slug, person, sure=sure),
    )  # fmt: skip
    made = placing.place(here.brand.slug, here.currency, found, answers, person, at)
    _choose(read, made, here, "checkout", sure=sure)
    return try_onward(made)


def _choose(read: dict[str, Any], made: Order, here: Shop, place: str, *, sure: bool) -> None:
    """Take in the answers to the questions beside the form; silence is none (R10).

    `sure`: whoever typed a mailbox that belongs to somebody we know may say no for it, and not yes.
    """
    news, version = NEWS.format(brand=here.brand.say), read.get("told", "")
    if version in similar.WORDS:
        news = " ".join(similar.words(version, here.brand.say))
    asked = ((f"news:{here.brand.slug}:email", read.get("news"), news),
             ("keep_card", read.get("keep"), KEEP))  # fmt: skip
    for pattern, answer, wording in asked:
        if answer == "no" or (answer == "yes" and sure):
            choose(
                "consent" if answer == "yes" else "refusal", pattern, person=made.person_id, brand=here.brand.slug,
                place=place, wording=wording,
            )  # fmt: skip


def try_onward(made: Order) -> Order:
    """Take an order as far as it goes. A partner that does not answer stops nothing: it is tried again."""
    try:
        return settling.onward(made, policies.now())
    except PartnerError:
        return Order.objects.get(pk=made.pk)


def order_page(here: Shop, made: Order) -> str:
    return here.to("order", key=links.key("order", made.number))


@personal("order")
def paid(request: HttpRequest, brand: str) -> HttpResponse:
    """Receive the shopper from the partner's page. Only the browser that ordered is led to the order."""
    here, reference = shop(request, brand), request.GET.get("payment", "")[:80].replace("\x00", "")
    made = (
        Order.objects.select_related("basket").filter(reference=reference, brand=brand).first() if reference else None
    )
    token, person = request.COOKIES.get(baskets.COOKIE, ""), person_of(request)
    theirs = made and ((person and made.person_id == person) or (
        token and made.basket and bytes(made.basket.mark) == baskets.mark(token)))  # fmt: skip
    if made and theirs:
        return SeeOther(order_page(here, made) + ("&" if here.currency != "GBP" else "?") + "back=1")
    words = "We hear from your bank by ourselves, and write to you. The letter holds a link that opens your order."
    return say(request, brand, 200, "Thank you", words, here.to("shelf"))


# -- gift vouchers ---------------------------------------------------------------------------------------------------


@personal(*BUYING)
def voucher(request: HttpRequest, brand: str) -> HttpResponse:
    here, person = shop(request, brand), person_of(request)
    if done := _placed_before(request):
        return SeeOther(order_page(here, done))
    form = VoucherForm(request.POST or None, currency=here.currency, known=person is not None, initial=_initial())
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                return _buy_voucher(request, here, form, person)
            except (Unfit, Refused, CardNumber, BadIdentifier) as no:
                form.add_error(None, said(no))
                status = 403 if isinstance(no, Refused) else 409
    context = {
        "shop": here, "form": form,
        "notice": policies.notice("voucher", "gift_voucher", "screen"),
        "valid": vouchers.VALID // 365, **_news(request, here, person),
    }  # fmt: skip
    return render(request, "shop/voucher.html", context, status=status)


def _buy_voucher(request: HttpRequest, here: Shop, form: PolicyForm, person: UUID | None) -> HttpResponse:
    """Order a voucher. The basket's cookie leads the browser back to the order when it comes from the bank."""
    read, at = form.cleaned_data, policies.now()
    sure = person is not None or identity.find("email", read["email"]) is None
    answers = placing.Answers(
        once=read["once"], name=read["name"], age=int(read["age_band"]) if "age_band" in read else None,
        email=read.get("email", ""), billing=read["billing"], gift=read["gift"],
        home=request.build_absolute_uri(here.to("home").partition("?")[0]),
        told=_told(read, here.brand.slug, person, sure=sure),
    )  # fmt: skip
    to = (read["their_name"], read["their_email"])
    found, token = _basket(request, here.brand.slug), ""
    if found is None:
        found, token = baskets.fresh(here.brand.slug, at)
    made = placing.place_voucher(found, here.currency, int(read["worth"]), to, answers, person, at)
    _choose(read, made, here, "checkout", sure=sure)
    return _with_basket(request, here, SeeOther(order_page(here, try_onward(made))), token)
