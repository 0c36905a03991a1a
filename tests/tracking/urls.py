"""The shops with their panel, the pages of the policy, what stands at known addresses; and a page with a tag."""

from django.http import HttpResponse
from django.template import engines
from django.urls import include, path

from troth.doors.declare import NOTHING_PERSONAL, purpose
from troth.shop.pages import shop

PAGE = (
    '{% extends "shop/base.html" %}{% load tracking %}{% block head %}'
    '{% third_party "adverts" "ad_partners" source %}{% endblock %}'
)


@purpose(NOTHING_PERSONAL)
def tagged(request, brand):
    """Show a page of the shop that wants another company's script on it."""
    context = {"shop": shop(request, brand), "source": "/tag.js"}
    return HttpResponse(engines["django"].from_string(PAGE).render(context, request))


@purpose(NOTHING_PERSONAL)
def tag(request):
    """Be that company's script: it notes what it was told before it ran."""
    del request
    words = "window.toldBefore = JSON.stringify([...dataLayer].map((one) => [...one]))"
    return HttpResponse(words, content_type="text/javascript")


urlpatterns = [
    path("tag.js", tag),
    path("<slug:brand>/tagged/", tagged),
    path(".well-known/", include("troth.tracking.well_known")),
    path("", include("troth.shop.urls")),
    path("", include("troth.front.urls")),
]
handler400 = "troth.front.notices.unusable"
handler404 = "troth.front.notices.not_here"
handler500 = "troth.front.notices.not_now"
