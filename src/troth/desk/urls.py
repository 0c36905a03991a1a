"""The addresses of the desk. What stands in them is random numbers: no name, no address, no search."""

from django.urls import path

from . import views

app_name = "desk"
urlpatterns = [
    path("", views.home, name="home"),
    path("case/", views.open_case, name="open"),
    path("case/<slug:number>/", views.case, name="case"),
    path("case/<slug:number>/longer/", views.longer, name="longer"),
    path("case/<slug:number>/close/", views.close, name="close"),
    path("case/<slug:number>/order/<slug:order>/address/", views.address, name="address"),
    path("case/<slug:number>/order/<slug:order>/<slug:what>/", views.act, name="act"),
    path("case/<slug:number>/return/<uuid:back>/", views.received, name="received"),
]
