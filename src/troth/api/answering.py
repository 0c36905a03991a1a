"""How the API reads a request and answers it: JSON in, JSON or a problem (RFC 9457) out, and never what was typed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from troth.choices.errors import StillSending
from troth.doors.declare import purpose
from troth.doors.errors import CardNumber, Refused
from troth.ledger.errors import LedgerUnavailable
from troth.mobile.errors import BadValue, Unlinked

LONGEST: Final = 16_384  # bytes of a body
ONCE: Final = re.compile(r"[A-Za-z0-9_.:\-]{22,100}")  # 22 of them hold 128 random bits
Answering = Callable[..., HttpResponse]


class BadRequest(Exception):
    """The request cannot be read. Says what to send instead."""


def endpoint(method: str, *purposes: str) -> Callable[[Answering], Answering]:
    """Make a function an endpoint: one method, its purposes declared, every refusal a problem with its policy line.

    It takes no cookie, so there is none to be abused: what stands for the caller is the key in the header.
    """

    def made(function: Answering) -> Answering:
        @wraps(function)
        def served(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:  # noqa: ANN401 -- whatever the address carries
            try:
                return function(request, *arguments, **named)
            except Refused as no:
                because = no.because
                return problem(403, "Refused", because.say, policy=because.clause, law=because.law, code=because.code)
            except (BadRequest, BadValue, CardNumber) as bad:
                return problem(400, "This cannot be used", str(bad))
            except Unlinked as gone:
                answer = problem(401, "Not linked", str(gone))
                answer["WWW-Authenticate"] = "Bearer"
                return answer
            except (LedgerUnavailable, StillSending):
                answer = problem(503, "Not now", "Nothing was changed. Send the same request again in a moment.")
                answer["Retry-After"] = "2"
                return answer

        return csrf_exempt(require_http_methods([method])(purpose(*purposes)(served)))

    return made


def problem(status: int, title: str, detail: str, **more: str) -> JsonResponse:
    """Return a problem as RFC 9457 writes it; `policy` and `law` name the lines that decided."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    told = {name: value for name, value in more.items() if value}
    return answer(body | told, status=status, content_type="application/problem+json")


def answer(body: Mapping[str, Any], *, status: int = 200, content_type: str = "application/json") -> JsonResponse:
    """Return JSON that nothing on the way keeps."""
    made = JsonResponse(dict(body), status=status, content_type=content_type)
    made["Cache-Control"] = "no-store"
    return made


def sent(request: HttpRequest) -> dict[str, Any]:
    """Return the object in a request's body. Raises BadRequest."""
    if len(request.body) > LONGEST:
        raise BadRequest("The body is longer than 16 kB.")
    try:
        found = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        raise BadRequest("The body should be one JSON object.") from None
    if not isinstance(found, dict):
        raise BadRequest("The body should be one JSON object.")
    return found


def once(request: HttpRequest) -> str:
    """Return the caller's own random key for a request. Raises BadRequest."""
    key = request.headers.get("Idempotency-Key", "")
    if not ONCE.fullmatch(key):
        raise BadRequest("Send a header Idempotency-Key with at least 128 random bits, 22 to 100 letters and digits.")
    return key


def bearer(request: HttpRequest) -> str:
    """Return the key a request shows; empty if none."""
    kind, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip() if kind.lower() == "bearer" else ""
