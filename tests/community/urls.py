"""The shops with what people say in them, as the house has them."""

from django.urls import include, path

urlpatterns = [path("", include("troth.shop.urls")), path("", include("troth.front.urls"))]
handler400 = "troth.front.notices.unusable"
handler404 = "troth.front.notices.not_here"
handler500 = "troth.front.notices.not_now"
