"""The addresses of the desk. What stands in them is random numbers: no name, no address, no search."""

from django.urls import path

from . import marketer, views, views_adverts, views_forms, views_holds, views_officer, views_permissions, views_replies

app_name = "desk"
urlpatterns = [
    path("", views.home, name="home"),
    path("case/", views.open_case, name="open"),
    path("case/<slug:number>/", views.case, name="case"),
    path("case/<slug:number>/longer/", views.longer, name="longer"),
    path("case/<slug:number>/close/", views.close, name="close"),
    path("case/<slug:number>/stop/", views.stop, name="stop"),
    path("case/<slug:number>/order/<slug:order>/address/", views.address, name="address"),
    path("case/<slug:number>/order/<slug:order>/<slug:what>/", views.act, name="act"),
    path("case/<slug:number>/return/<uuid:back>/", views.received, name="received"),
    path("requests/", views_officer.requests, name="requests"),
    path("requests/recipients/", views_officer.recipients, name="recipients"),
    path("requests/<slug:number>/", views_officer.request, name="request"),
    path("holds/", views_holds.holds, name="holds"),
    path("campaigns/", marketer.listed, name="campaigns"),
    path("campaigns/health/", views_permissions.health, name="health"),
    path("campaigns/wordings/", views_permissions.wordings, name="wordings"),
    path("campaigns/adverts/", views_adverts.listed, name="adverts"),
    path("campaigns/adverts/<uuid:pk>/", views_adverts.step, name="advert"),
    path("campaigns/forms/", views_forms.listed, name="forms"),
    path("campaigns/forms/new/", views_forms.new, name="form_new"),
    path("campaigns/forms/<uuid:pk>/", views_forms.form, name="form"),
    path("replies/", views_replies.replies, name="replies"),
    path("replies/<uuid:pk>/", views_replies.reply, name="reply"),
    path("campaigns/new/", marketer.new, name="campaign_new"),
    path("campaigns/<uuid:pk>/", marketer.campaign, name="campaign"),
    path("campaigns/<uuid:pk>/asked/", marketer.asked, name="campaign_asked"),
    path("campaigns/<uuid:pk>/call/", marketer.call, name="campaign_call"),
    path("campaigns/<uuid:pk>/print/", marketer.prints, name="campaign_print"),
]
