"""What browsers and people who find a hole look for at a known address."""

from __future__ import annotations

from datetime import UTC, timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import path, reverse

from troth.doors import policies
from troth.doors.declare import NOTHING_PERSONAL, purpose

HOLDS = timedelta(days=180)  # of security.txt: read anew long before (RFC 9116, 2.5.5: less than a year)


@purpose(NOTHING_PERSONAL)
def gpc(request: HttpRequest) -> HttpResponse:
    """Say that we obey Global Privacy Control; not whether this visitor sent it. Source: W3C GPC draft."""
    del request
    about = policies.archive().in_force(policies.today()).policy.about
    return JsonResponse({"gpc": True, "lastUpdate": about.version.isoformat()})


@purpose(NOTHING_PERSONAL)
def security(request: HttpRequest) -> HttpResponse:
    """Say where to report a hole, and until when this may be believed: told anew each time. Source: RFC 9116."""
    about = policies.archive().in_force(policies.today()).policy.about
    officer = about.officer if ":" in about.officer else f"mailto:{about.officer}"
    until = (policies.now() + HOLDS).astimezone(UTC).replace(microsecond=0)
    lines = (
        f"Contact: {officer}",
        f"Expires: {until:%Y-%m-%dT%H:%M:%SZ}",
        f"Preferred-Languages: {about.locale.partition('-')[0]}",
        f"Canonical: https://{request.get_host()}{request.path}",
    )
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@purpose(NOTHING_PERSONAL)
def change_password(request: HttpRequest) -> HttpResponse:
    """Lead a password manager to the form. Source: W3C, A Well-Known URL for Changing Passwords."""
    response = HttpResponseRedirect(reverse("shop:password", kwargs={"brand": _brand(request)}))
    response.headers["Cache-Control"] = "no-store"
    return response


def _brand(request: HttpRequest) -> str:
    """Return the brand whose host was asked; where the brands share one, the first."""
    host = request.get_host().partition(":")[0].lower()
    brands = policies.archive().in_force(policies.today()).policy.brands
    own = [name for name, brand in brands.items() if any(host in (site, f"www.{site}") for site in brand.sites)]
    return own[0] if own else next(iter(brands))


urlpatterns = [
    path("gpc.json", gpc, name="gpc"),
    path("security.txt", security, name="security"),
    path("change-password", change_password, name="change_password"),
]
