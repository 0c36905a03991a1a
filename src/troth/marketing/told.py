"""Where a mail company tells us what came of a letter: with our secret, else a 400; with none set, nothing is here."""

from __future__ import annotations

from typing import Any, Final

from anymail.signals import EventType, RejectReason, tracking  # type: ignore[import-untyped]
from django.core.exceptions import ImproperlyConfigured, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from troth.choices.errors import StillSending
from troth.doors import policies
from troth.doors.declare import purpose

from . import bounces, returning
from .bounces import COMPLAINT, HARD, NOTHING, SOFT, Found
from .channels import company

LARGEST: Final = 1 << 20
UNDELIVERED: Final = (EventType.BOUNCED, EventType.FAILED, EventType.REJECTED)
NOES: Final = (EventType.COMPLAINED, EventType.UNSUBSCRIBED)  # at the company's link it is as much of a no as at ours
REASONS: Final = {
    RejectReason.INVALID: HARD, RejectReason.BOUNCED: HARD, RejectReason.SPAM: COMPLAINT,
    RejectReason.UNSUBSCRIBED: COMPLAINT,
}  # fmt: skip


@csrf_exempt  # a company's program: it shows the secret
@purpose("administration", "proof", "stop_list")
@require_POST
def told(request: HttpRequest) -> HttpResponse:
    """Hear notices. Told twice, each is taken once; where we cannot do it now, 503: tell us again.

    Who opened or clicked is not read: nobody was asked.
    """
    try:
        view = company.webhook(company.named())
    except ImproperlyConfigured:
        return HttpResponse("No company carries our mail.", status=404, content_type="text/plain")
    if int(request.headers.get("Content-Length") or 0) > LARGEST:
        return HttpResponse("This is too long.", status=413, content_type="text/plain")
    try:
        view.post(request)
    except StillSending:
        return HttpResponse("Not now. Please tell us again.", status=503, content_type="text/plain")
    except SuspiciousOperation:
        return HttpResponse("This does not show our secret.", status=400, content_type="text/plain")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ImproperlyConfigured):
        return HttpResponse("This cannot be read.", status=400, content_type="text/plain")
    return HttpResponse(status=204)


def heard(sender: object, event: Any, esp_name: str, **_: object) -> str:  # noqa: ANN401 -- the library's
    """Take one notice, as a letter that came back is taken."""
    del sender, esp_name
    kind = COMPLAINT if event.event_type in NOES else _judged(event) if event.event_type in UNDELIVERED else NOTHING
    keys = [*(event.tags or []), (event.metadata or {}).get("returns", "")]
    found = Found(kind, tuple(str(one) for one in keys if one), (), tuple(filter(None, [event.recipient])))
    return returning.take(found, at=policies.now()) if kind != NOTHING else NOTHING


def _judged(event: Any) -> str:  # noqa: ANN401 -- the library's
    """Return how bad a bounce is: by the other server's words where the company hands them on, else by its own."""
    said = " ".join(str(one) for one in (event.mta_response, event.description) if one)
    if bounces.STATUS.search(said) or bounces.CODE.search(said) or bounces.NOBODY.search(said):
        return bounces.judged(said)[0]
    return REASONS.get(event.reject_reason, SOFT)


tracking.connect(heard, dispatch_uid="troth.marketing.told")
urlpatterns = [path("told/", told, name="mail_told")]
