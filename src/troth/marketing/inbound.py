"""Where partners tell us what happened to a message: answers to texts. Signed by them; what is not gets a 400."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from troth.choices.errors import StillSending
from troth.doors import policies
from troth.doors.declare import purpose
from troth.partners.errors import Forged
from troth.partners.sms import texts

from . import answers


@csrf_exempt  # a partner's program: its signature is what nobody forges
@purpose("proof", "stop_list", "care")
@require_POST
def told(request: HttpRequest) -> HttpResponse:
    """Hear an answer to a text. Told twice, it is taken once; where we cannot do it now, 503: tell us again."""
    try:
        partner = texts()
        try:
            what = partner.told(request.body, {name.lower(): value for name, value in request.headers.items()})
        finally:
            partner.close()
        answers.hear(what, at=policies.now())
    except Forged:
        return HttpResponse("This is not signed as it should be.", status=400, content_type="text/plain")
    except ImproperlyConfigured:
        return HttpResponse("No company carries our texts.", status=404, content_type="text/plain")
    except StillSending:
        return HttpResponse("Not now. Please tell us again.", status=503, content_type="text/plain")
    return HttpResponse(status=204)


urlpatterns = [path("told/", told, name="texts_told")]
