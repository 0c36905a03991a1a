"""One browser at one brand: what it answered, what it signals, and what it therefore lets happen.

Read from its own cookies and headers: a stranger costs no query. Only where somebody is signed in and the panel is
open does it look where they live, because another law may then hold.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import cast
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from troth.accounts import sessions
from troth.choices.actions import core
from troth.doors import policies
from troth.policy import Compiled
from troth.policy.law import ANYWHERE
from troth.policy.rows import Slot
from troth.vault.models import Person

from . import rules


class Device:
    """What a request tells of the browser it came from."""

    def __init__(self, request: HttpRequest, brand: str) -> None:
        self.request, self.brand = request, brand
        self.piece = ""  # the slug of the piece this page is about
        self.personal = False  # this page shows something of this device's own
        self.hosts: set[str] = set()  # where scripts of others on this page come from, each after its yes
        self.told = False  # our script that tells them the answers stands on the page

    @cached_property
    def on(self) -> date:
        return policies.today()

    @cached_property
    def compiled(self) -> Compiled:
        return policies.archive().in_force(self.on)

    @cached_property
    def answers(self) -> rules.Answers:
        return rules.read_answers(self.request.COOKIES.get(rules.CHOICES, ""), self.compiled, self.on)

    @cached_property
    def signal(self) -> bool:
        return rules.signalled(self.request.headers.get("Sec-GPC"))

    @cached_property
    def interest(self) -> rules.Interest:
        return rules.read_interest(self.request.COOKIES.get(rules.INTEREST, ""))

    @cached_property
    def number(self) -> str:
        """The number it goes by, which it has only after a yes. It is nobody's name."""
        visit = self.request.COOKIES.get(rules.VISIT, "")
        return visit if rules.NUMBER.fullmatch(visit) else self.interest.number

    @cached_property
    def person(self) -> Person | None:
        """Who is signed in."""
        found: UUID | None = sessions.person_of(self.request) if sessions.COOKIE in self.request.COOKIES else None
        return Person.objects.filter(pk=found).first() if found else None

    @property
    def residence(self) -> str:
        """Where they live, as far as we know it. Of a stranger we know nothing: every law protects them."""
        return self.person.residence if self.person else ANYWHERE

    @cached_property
    def asks(self) -> bool:
        """Tell whether the panel is open: some question of it has no answer yet."""
        return not self.answers.answered(rules.asked(self.compiled))

    @cached_property
    def resting(self) -> dict[str, Slot]:
        return dict(rules.resting(self.compiled, self.brand, self.residence, self.on))

    def silenced(self, choice: str) -> bool:
        """Tell whether its signal says no to a choice: where the policy, or a law that protects it, says so."""
        return self.signal and choice in self.resting and bool(self.resting[choice].signal)

    def closed(self, choice: str) -> str:
        """Return why a choice is not one for whoever is signed in, such as their age; nothing for anybody else."""
        if self.person is None:
            return ""
        told = core(self.person, policies.now())
        return rules.closed(self.compiled, choice, self.brand, self.person.residence, told, self.on)

    def lets(self, purpose: str, *, known: bool = False) -> bool:
        """Tell whether this browser lets a purpose happen. `known`: where it was not asked, somebody else decides."""
        choices = self.compiled.policy.purposes[purpose].choice
        if known and not any(self.answers.get(choice) for choice in choices):
            return True
        return rules.device_allows(
            self.compiled, purpose, self.brand, self.answers, self.signal, ANYWHERE, self.on
        )  # fmt: skip

    @property
    def home(self) -> str:
        """Return the path its cookies belong to: one brand's pages, and no other's."""
        return reverse("shop:home", kwargs={"brand": self.brand})


def of(request: HttpRequest, brand: str) -> Device:
    """Return the browser a request came from, as this brand knows it."""
    found = asked_for(request)
    if found is None or found.brand != brand:
        found = Device(request, brand)
        request._troth_device = found  # type: ignore[attr-defined]  # noqa: SLF001 -- ours: one look a request
    return found


def asked_for(request: HttpRequest) -> Device | None:
    """Return the browser of a request whose page has asked for it; None for pages that do not."""
    return cast("Device | None", getattr(request, "_troth_device", None))


# -- its cookies: none but those the policy names, each under the purpose it serves ------------------------------------


def keep_answers(device: Device, response: HttpResponse, answers: rules.Answers) -> None:
    _keep(device, response, "site", rules.CHOICES, answers.write(device.compiled.policy.about.version))


def keep_number(device: Device, response: HttpResponse, number: str) -> None:
    _keep(device, response, "tracking", rules.VISIT, number)


def keep_interest(device: Device, response: HttpResponse, interest: rules.Interest) -> None:
    _keep(device, response, "profile", rules.INTEREST, interest.write())


def _keep(device: Device, response: HttpResponse, purpose: str, cookie: str, value: str) -> None:
    """Set a cookie of the policy, for as long as it says there. Raises KeyError for one it does not name."""
    response.set_cookie(
        cookie, value, max_age=rules.life(device.compiled, purpose, cookie, device.on), path=device.home,
        secure=device.request.is_secure() or not settings.TROTH_DEMO, httponly=True, samesite="Lax",
    )  # fmt: skip


def drop(device: Device, response: HttpResponse, cookie: str) -> None:
    if cookie in device.request.COOKIES:
        response.delete_cookie(cookie, path=device.home, samesite="Lax")
