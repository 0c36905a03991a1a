"""The addresses of this room, below a shop's own. Who mounts them adds `around`: see views."""

from django.urls import path

from . import views, views_capture

urlpatterns = [
    path("stop/<str:key>/", views.stop, name="stop"),
    path("form/<slug:key>/", views_capture.form, name="form"),
    path("why/<str:key>/", views.why_this, name="why"),
]
