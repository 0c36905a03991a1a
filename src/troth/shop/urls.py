"""The addresses of the shops' public pages. What is about a person (account, basket, checkout) adds to `shelves`."""

from django.urls import URLPattern, URLResolver, include, path, register_converter

from . import views
from .brands import BrandConverter

register_converter(BrandConverter, "brand")

app_name = "shop"
shelves: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("shop/", views.shelf, name="shelf"),
    path("shop/<slug:slug>/", views.product, name="product"),
    path("search/", views.found, name="search"),
]
house = [path("houses/", views.houses, name="houses")]
urlpatterns = [*house, path("<brand:brand>/", include(shelves))]
