"""The addresses of this room, below a shop's own. Who mounts them adds `around` and a `shelf`: see views."""

from django.urls import path

from . import views

urlpatterns = [
    path("cookies/", views.cookies, name="cookies"),
    path("account/interests/", views.interests_, name="interests"),
]
