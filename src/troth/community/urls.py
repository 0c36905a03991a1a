"""The addresses of this room, below a shop's own. Who mounts them adds `around`: see views."""

from django.urls import path

from . import views

urlpatterns = [
    path("shop/<slug:slug>/reviews/", views.reviews, name="reviews"),
    path("shop/<slug:slug>/review/", views.write_review, name="write_review"),
    path("stories/<slug:slug>/", views.comments, name="comments"),
    path("stories/<slug:slug>/comment/", views.write_comment, name="write_comment"),
    path("feedback/", views.feedback, name="feedback"),
    path("kind-words/", views.kind_words, name="kind_words"),
    path("said/thanks/<slug:kind>/", views.thanks, name="thanks"),
    path("said/pictures/<uuid:photo_id>/", views.picture, name="picture"),
    path("said/<str:key>/", views.remark, name="remark"),
]
