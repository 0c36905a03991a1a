"""The addresses of the API."""

from django.urls import path

import troth.shop.urls  # noqa: F401 -- it says what a brand is in an address

from . import views

app_name = "api"
urlpatterns = [
    path("openapi.json", views.openapi, name="openapi"),
    path("v1/<brand:brand>/app/<slug:system>", views.ask, name="ask"),
    path("v1/<brand:brand>/app", views.unlink, name="unlink"),
    path("v1/<brand:brand>/app/key/renew", views.renew, name="renew"),
    path("v1/<brand:brand>/device", views.device, name="device"),
    path("v1/<brand:brand>/choices/nearby", views.nearby, name="nearby"),
    path("v1/<brand:brand>/locations", views.locations, name="locations"),
]
