"""The addresses of the public pages."""

from django.urls import path

from . import views, views_live

app_name = "front"
urlpatterns = [
    path("", views.door, name="door"),
    path("ask/", views.ask_policy, name="ask"),
    path("receipts/", views.verify, name="verify"),
    path("privacy/", views.privacy, name="privacy"),
    path("privacy/source/<str:version>/", views.source, name="source"),
    path("privacy/source/<str:version>/policy.toml", views.source_file, name="toml"),
    path("privacy/law/<str:code>/", views.law, name="law"),
    path("privacy/record/", views.record, name="record"),
    path("privacy/record/record.csv", views.record_csv, name="record_csv"),
    path("privacy/record/record.json", views.record_json, name="record_json"),
    path("privacy/source/<str:version>/policy.jsonld", views.vocabulary, name="dpv"),
    path("privacy/choices/", views.choices, name="choices"),
    path("privacy/contacts/", views_live.contact_directory, name="contacts"),
    path("privacy/<str:brand>/", views.policy, name="policy"),
    path("privacy/<str:brand>/coming/", views_live.coming, name="coming"),
    path("privacy/<str:brand>/questions/", views_live.questions_asked, name="questions"),
    path("privacy/<str:brand>/changes/mine/", views_live.since_mine, name="changes_mine"),
    path("privacy/<str:brand>/<str:version>/questions/", views_live.questions_asked, name="questions_then"),
    path("privacy/<str:brand>/versions/", views.versions, name="versions"),
    path("privacy/<str:brand>/changes/", views.changed, name="changes"),
    path("privacy/<str:brand>/<str:version>/", views.policy, name="version"),
    path("privacy/<str:brand>/<str:version>/page.json", views.policy_json, name="json"),
]
