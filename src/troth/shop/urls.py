"""The addresses of the shops: the public pages first, then what is about a basket, an order or a person."""

from django.urls import URLPattern, URLResolver, include, path, register_converter

from . import inviting, views, views_addresses, views_buying, views_orders, views_wishes
from .around import around
from .brands import BrandConverter
from .styles import SHELF

register_converter(BrandConverter, "brand")

app_name = "shop"
shelves: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("shop/", views.shelf, name="shelf"),
    path("shop/<slug:slug>/", views.product, name="product"),
    path("search/", views.found, name="search"),
    path("basket/", views_buying.basket, name="basket"),
    path("checkout/", views_buying.checkout, name="checkout"),
    path("checkout/paid/", views_buying.paid, name="paid"),
    path("voucher/", views_buying.voucher, name="voucher"),
    path("voucher/<str:key>/", views_orders.present, name="present"),
    path("invited/<uuid:message>/", inviting.invited, name="invited"),
    path("wishes/", views_wishes.wishes, name="wishes"),
    path("orders/", views_orders.orders, name="orders"),
    path("order/<str:key>/", views_orders.order, name="order"),
    path("order/<str:key>/onward/", views_orders.onward, name="onward"),
    path("order/<str:key>/cancel/", views_orders.cancel, name="cancel"),
    path("order/<str:key>/address/", views_orders.address, name="address"),
    path("order/<str:key>/return/", views_orders.send_back, name="return"),
    path("order/<str:key>/contest/", views_orders.contest, name="contest"),
    path("account/addresses/", views_addresses.book, {"around": around}, name="address_book"),
    path("account/cards/", views_orders.saved_cards, name="cards"),
    path("", include("troth.accounts.urls"), {"around": around}),
    path("", include("troth.community.urls"), {"around": around}),
    path("", include("troth.marketing.urls"), {"around": around}),
    path("", include("troth.tracking.urls"), {"around": around, "shelf": SHELF}),
]
house = [
    path("houses/", views.houses, name="houses"),
    path("payments/told/", views_orders.told, name="told"),
]
urlpatterns = [*house, path("<brand:brand>/", include(shelves))]
