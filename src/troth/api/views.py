"""The endpoints. Each reads, asks one room, and answers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from troth.doors import policies
from troth.doors.declare import NOTHING_PERSONAL, purpose
from troth.mobile import actions
from troth.mobile.errors import Unlinked

from .answering import BadRequest, answer, bearer, endpoint, once, sent
from .openapi import described


@purpose(NOTHING_PERSONAL)
def openapi(request: HttpRequest) -> HttpResponse:
    """Answer with the description of all this."""
    made = answer(described(request.build_absolute_uri("/api/v1")))
    made["Cache-Control"] = "no-cache"
    return made


@endpoint("POST", "mobile")
def ask(request: HttpRequest, brand: str, system: str) -> HttpResponse:
    """Ask for the mobile service."""
    key = actions.ask(brand, _system(brand, system), once(request), sent(request), at=policies.now())
    return answer({"key": key}, status=201)


@endpoint("PATCH", "mobile")
def device(request: HttpRequest, brand: str) -> HttpResponse:
    """Tell what changed about the device. Before the service was asked for, everything is refused."""
    fields = sent(request)
    if not bearer(request):
        raise actions.not_asked(brand, fields, policies.now())
    actions.tell(_app(request, brand), fields, at=policies.now())
    return answer({"changed": sorted(fields)})


@endpoint("POST", "mobile")
def renew(request: HttpRequest, brand: str) -> HttpResponse:
    """Change the key for a new one."""
    return answer({"key": actions.renew(_app(request, brand), once(request), at=policies.now())}, status=201)


@endpoint("DELETE", "mobile")
def unlink(request: HttpRequest, brand: str) -> HttpResponse:
    """Take the link back. Sent twice it is gone all the same."""
    try:
        actions.unlink(_app(request, brand), at=policies.now())
    except Unlinked:
        if not bearer(request):
            raise
    return HttpResponse(status=204)


@endpoint("PUT", "proof")
def nearby(request: HttpRequest, brand: str) -> HttpResponse:
    """Say yes or no to being located."""
    said = sent(request).get("answer")
    if said not in ("yes", "no"):
        raise BadRequest('answer should be "yes" or "no".')
    entry = actions.allow(_app(request, brand), yes=said == "yes", at=policies.now())
    return answer({"answer": said, "wording": actions.WORDING, "receipt": entry})


@endpoint("POST", "nearby")
def locations(request: HttpRequest, brand: str) -> HttpResponse:
    """Answer with the shops near a place. Without a yes, nothing is taken in."""
    found = actions.near(_app(request, brand), sent(request), at=policies.now())
    return answer({"shops": [{"name": shop.name, "kilometres": shop.kilometres} for shop in found]})


def _app(request: HttpRequest, brand: str) -> actions.App:
    return actions.linked(brand, bearer(request))


def _system(brand: str, system: str) -> str:
    apps = policies.archive().in_force(policies.today()).policy.brands[brand].apps
    if system not in apps:
        raise BadRequest(f"This brand has apps for {', '.join(apps) or 'nothing'}.")
    return system
