"""Asking for the mobile service, telling about the device, being located, and taking it all back.

An app is known by its key: a random number, the person's identifier of kind "app". Whoever shows it is taken for the
app, as with any password; it can be changed at any time, and goes with the link (R46).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from uuid import UUID

from django.db import IntegrityError, transaction

from troth.doors import keep, periods, policies
from troth.doors.collect import Collecting, choose, collect
from troth.doors.errors import Refused
from troth.doors.use import use
from troth.policy import Act
from troth.vault import identity
from troth.vault.marks import mark, mark_of
from troth.vault.models import Identifier, Person

from . import rules
from .errors import Unlinked
from .models import Device, Position

ASKED = ("request for the service",)
WORDING = "Show shops near you, from the place your phone says it is at, to about a kilometre."
NEAR = 50.0  # km
LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


@dataclass(frozen=True)
class App:
    """A linked app: whose it is, of which brand, and the identifier that is its key."""

    person: UUID
    brand: str
    link: Identifier


@dataclass(frozen=True)
class Shop:
    """A shop of ours, and how far it is."""

    name: str
    kilometres: float


def ask(brand: str, system: str, once: str, sent: Mapping[str, object], *, at: datetime) -> str:
    """Take in a request for the service, with what the app tells about its device; return its key.

    `system` is the app's, as the policy lists it ("ios"); `once` the app's own random key: asked twice with the same
    one, the answer is the same. Raises Refused, BadValue.
    """
    fields = rules.device(sent)
    key = _key(brand, system, once)
    if identity.find("app", key):
        return key
    try:
        with transaction.atomic():
            person = identity.new(on=at.date(), residence=str(fields.get("country") or "*")).pk
            with _collecting(brand, person, at, where=system) as c:
                link = c.save(identity.identifier(person, "app", key, evidence="observed"))
                device = Device(person_id=person, link=link.pk)
                for name, value in fields.items():
                    setattr(device, name, value)
                c.save(device)
    except IntegrityError:
        if identity.find("app", key) is None:
            raise
    return key  # also where the same request came twice at the same moment


def linked(brand: str, key: str) -> App:
    """Return the app that shows a key. Raises Unlinked, for a key that never was as for one that is gone."""
    found = Identifier.objects.filter(kind="app", mark=mark_of("app", key)).first() if _is_key(key) else None
    if found is None:
        raise Unlinked
    return App(found.person_id, brand, found)


def not_asked(brand: str, fields: Mapping[str, object], at: datetime) -> Refused:
    """Return the refusal that an app gets which tells before anybody asked for the service: by which line, and why."""
    compiled = policies.archive().in_force(policies.today())
    items = frozenset(f"device.{name}" for name in fields if name in rules.FIELDS) or Device.items()
    act = Act("collect", "mobile", brand, items, source="app", actor="person")
    return Refused(compiled.decide(act, compiled.standing(), at.date()))


def tell(app: App, sent: Mapping[str, object], *, at: datetime) -> None:
    """Take in what changed about a device; null takes a field back. Raises BadValue, Refused."""
    fields = rules.device(sent)
    with _collecting(app.brand, app.person, at) as c:
        device = Device.objects.filter(person_id=app.person, link=app.link.pk).first()
        device = device or Device(person_id=app.person, link=app.link.pk)
        for name, value in fields.items():
            setattr(device, name, value)
        c.save(device)


def renew(app: App, once: str, *, at: datetime) -> str:
    """Change an app's key for a new one; the old one is nobody's from then on."""
    key = _key(app.link.pk.hex, once)
    with transaction.atomic():
        with _collecting(app.brand, app.person, at) as c:
            link = c.save(identity.identifier(app.person, "app", key, evidence="observed"))
        Device.objects.filter(person_id=app.person, link=app.link.pk).update(link=link.pk)
        keep.end([app.link], at)
    return key


def unlink(app: App, *, at: datetime) -> None:
    """Take the link back: what the app told goes with it, at once (R46)."""
    with transaction.atomic():
        gone = [app.link, *Device.objects.filter(person_id=app.person, link=app.link.pk)]
        keep.end(gone, at)


def allow(app: App, *, yes: bool, at: datetime) -> int:
    """Take in a yes or a no to being located. Returns its entry in the ledger."""
    compiled, them = policies.archive().in_force(policies.today()), Person.objects.get(pk=app.person)
    lasts, expires = compiled.policy.choices["nearby"].keep, None
    if yes and lasts:
        expires = periods.end_of(lasts.after(periods.today(them, at)), them.zone)
    return choose(
        "consent" if yes else "refusal", f"nearby:{app.brand}", person=app.person, brand=app.brand, place="app",
        wording=WORDING, expires=expires, at=at,
    )  # fmt: skip


def near(app: App, sent: Mapping[str, object], *, at: datetime) -> list[Shop]:
    """Take in where the device is, coarsely, and return the brand's shops near it. Raises Refused without a yes (R15).

    What is answered is worked out from what is held: nothing finer than that is used either.
    """
    latitude, longitude = rules.position(sent)
    asked = collect("nearby", source="location", brand=app.brand, person=app.person, actor="person", at=at)
    with transaction.atomic(), asked as c:
        place = Position.objects.filter(person_id=app.person).first() or Position(person_id=app.person)
        place.gps, place.seen_at = {"latitude": latitude, "longitude": longitude}, at
        c.save(place)
    with use("nearby", person=app.person, brand=app.brand, actor="person", at=at) as u:
        held = u.open(place.gps)
    here = (held["latitude"], held["longitude"])
    found = [Shop(name, round(rules.apart(here, there))) for name, there in _shops(app.brand, at)]
    return sorted((shop for shop in found if shop.kilometres <= NEAR), key=lambda shop: shop.kilometres)


def _collecting(brand: str, person: UUID, at: datetime, where: str = "") -> AbstractContextManager[Collecting]:
    return collect("mobile", source="app", brand=brand, person=person, actor="person", where=where, given=ASKED, at=at)


def _key(*parts: str) -> str:
    """Return a key that follows from the app's own random one, and from nothing that anybody else knows.

    Written in letters alone: in a long row of digits somebody might see a card's number.
    """
    return mark("link", " ".join(parts)).hex().translate(LETTERS)


def _is_key(key: str) -> bool:
    return len(key) == 64 and key.isascii() and key.isalpha()


def _shops(brand: str, at: datetime) -> list[tuple[str, tuple[float, float]]]:
    """Return the brand's shops that are open on a day, and where they stand."""
    listed = policies.archive().in_force(policies.today()).policy.brands[brand].properties
    places = _places().get(brand, {})
    return [
        (listed[name].at, (place["latitude"], place["longitude"]))
        for name, place in places.items()
        if name in listed and listed[name].begin <= at.date() < listed[name].end
    ]


@cache
def _places() -> dict[str, dict[str, dict[str, float]]]:
    return tomllib.loads(Path(__file__).with_name("shops.toml").read_text("utf-8"))
