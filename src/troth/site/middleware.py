"""What every request meets on its way in, and every answer on its way out."""

import logging
import time
from collections.abc import Callable
from typing import cast
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from troth.doors import policies
from troth.front.house import Visit
from troth.front.notices import not_yet

from . import logs

log = logging.getLogger("troth.site")
Handler = Callable[[HttpRequest], HttpResponse]

# Our own style sheet, pictures and forms; no script, from us or anyone.
CONTENT = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
SENSORS = (
    "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer", "microphone", "midi",
    "payment", "usb", "browsing-topics",
)  # fmt: skip
HEADERS = {
    "Content-Security-Policy": CONTENT,
    "Permissions-Policy": ", ".join(f"{name}=()" for name in SENSORS),
    "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
    "Cross-Origin-Resource-Policy": "same-origin",
}


def outside(get_response: Handler) -> Handler:
    """Give every answer its headers and its number, and write one line about it."""

    def handle(request: HttpRequest) -> HttpResponse:
        number, start = uuid4().hex, time.perf_counter()
        token = logs.request_id.set(number)
        response = get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers["X-Request-Id"] = number
        patch_vary_headers(response, ["Sec-GPC"])
        # The route, never the path: people put names into addresses.
        route = request.resolver_match.route if request.resolver_match else "(no page)"
        took = (time.perf_counter() - start) * 1000
        log.info("%s /%s %s %.0f ms", request.method, route, response.status_code, took)
        logs.request_id.reset(token)
        return response

    return handle


def house(get_response: Handler) -> Handler:
    """Hand every page the policy and the day, so that no page looks for them itself."""

    def handle(request: HttpRequest) -> HttpResponse:
        archive, day = policies.archive(), policies.today()
        if day < archive.versions[0].policy.about.version:
            return not_yet(request)
        visit = cast("Visit", request)
        visit.archive, visit.today = archive, day
        return get_response(request)

    return handle
