"""Every address of the house. Each declares its purpose: see `troth.doors.declare`."""

from django.urls import include, path

from . import views

urlpatterns = [
    path(".well-known/", include("troth.tracking.well_known")),
    path("healthz", views.healthz, name="healthz"),
    path("desk/", include("troth.desk.urls")),
    path("api/", include("troth.api.urls")),
    path("texts/", include("troth.marketing.inbound")),
    path("mail/", include("troth.marketing.told")),
    path("", include("troth.front.urls")),
    path("", include("troth.shop.urls")),
]
handler400 = "troth.front.notices.unusable"
handler404 = "troth.front.notices.not_here"
handler500 = "troth.front.notices.not_now"
