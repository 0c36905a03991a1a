"""The public pages and the shops, as the house will have them: for tests that need no more."""

from django.urls import include, path

urlpatterns = [path("", include("troth.shop.urls")), path("", include("troth.front.urls"))]
handler400 = "troth.front.notices.unusable"
handler404 = "troth.front.notices.not_here"
handler500 = "troth.front.notices.not_now"
