"""The policy as it lives: what is coming, what changed since somebody was here, questions, and whom to turn to."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control

from troth.accounts import sessions
from troth.doors.declare import NOTHING_PERSONAL, purpose
from troth.policy.view import View
from troth.rights import seeing

from . import changes, contacts, questions, reading
from .errors import NotHere
from .house import House, of
from .views import frame


@purpose(NOTHING_PERSONAL)
def coming(request: HttpRequest, brand: str) -> HttpResponse:
    """Announce the next version: what we will do from its day that we do not do now. Source: R87; GDPR art. 13(3)."""
    house = of(request)
    house.brand(brand, house.in_force)
    new = house.coming
    if new is None:
        way = (("The policy in force", reverse("front:policy", args=[brand])),)
        raise NotHere("No new version is announced: the policy stays as it is.", way)
    found = changes.between(house.in_force, new)
    context = {"new": new, "chapters": found, "material": changes.material(house.in_force, new)}
    return render(request, "front/coming.html", frame(house, house.in_force, brand) | context)


@purpose(NOTHING_PERSONAL)
def questions_asked(request: HttpRequest, brand: str, version: str = "") -> HttpResponse:
    """Answer common questions from the clauses of one version."""
    house = of(request)
    compiled = house.version(version) if version else house.in_force
    house.brand(brand, compiled)
    region = house.region(request.GET.get("region", ""), compiled)
    view = View(compiled, brand, region, house.read_on(compiled), seen=house.seen)
    groups = questions.answered(view, reading.marker(compiled))
    context = _place(house, region) | {"groups": groups, "then": bool(version)}
    return render(request, "front/questions.html", frame(house, compiled, brand) | context)


@purpose(NOTHING_PERSONAL)
def contact_directory(request: HttpRequest) -> HttpResponse:
    """List whom to turn to, by brand, region and topic."""
    house = of(request)
    compiled = house.in_force
    brand = house.brand(request.GET["brand"], compiled) if request.GET.get("brand") else ""
    region = house.region(request.GET.get("region", ""), compiled)
    found = contacts.desks(compiled, region, house.today, reading.marker(compiled))
    name, address = contacts.authority(compiled, region)
    context = _place(house, region) | {
        "desks": [desk for desk in found if brand in ("", desk.name)], "authority": name, "authority_url": address,
        "query": urlencode({"brand": brand} if brand else {}),
    }  # fmt: skip
    return render(request, "front/contacts.html", frame(house, compiled, brand) | context)


@purpose("proof")
def since_mine(request: HttpRequest, brand: str) -> HttpResponse:
    """Lead whoever is signed in to what changed since the version they last gave or said something under.

    The address it leads to names a day, as everybody's does, and nobody: it may be kept and passed on.
    """
    house = of(request)
    house.brand(brand, house.in_force)
    person = sessions.person_of(request)
    way = reverse("front:changes", args=[brand])
    if person:
        theirs = {entry["policy"] for _, entry in seeing.acts(person) if _shown(entry)}
        known = [one for one in house.archive.versions if one.digest in theirs]
        way += f"?since={known[-1].policy.about.version}" if known else ""
    response = redirect(way)
    patch_cache_control(response, private=True, no_store=True)
    return response


def _shown(entry: dict[str, object]) -> bool:
    """Tell whether an act was somebody's own at one of our forms, each of which shows its notice (R18).

    Signing in is none: it asks for what we hold already, and tells nothing new.
    """
    own = entry["verb"] == "collect" and entry.get("actor") == "person" and entry["allowed"]
    return bool(own and entry.get("purpose") != "sign_in")


def _place(house: House, region: str) -> dict[str, object]:
    packs = house.in_force.book.packs
    regions = [(code, pack.head.say) for code, pack in packs.items()]
    return {"region": region, "regions": regions, "region_name": packs[region].head.say}
