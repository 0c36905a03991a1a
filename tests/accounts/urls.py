"""The shops with their accounts, and the pages of the policy they lead to."""

from django.urls import include, path

urlpatterns = [path("", include("troth.shop.urls")), path("", include("troth.front.urls"))]
handler400 = "troth.front.notices.unusable"
handler404 = "troth.front.notices.not_here"
handler500 = "troth.front.notices.not_now"
