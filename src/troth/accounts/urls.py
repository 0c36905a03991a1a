"""The addresses of this room, below a shop's own. Who mounts them adds `around`: see views."""

from django.urls import path

from . import views, views_choices, views_data, views_details, views_keeping, views_receipts, views_requests

pages = [
    path("account/", views_keeping.account, name="account"),
    path("account/register/", views.register, name="register"),
    path("account/register/<str:token>/", views.register_child, name="register_child"),
    path("account/open/<str:token>/", views.open_account, name="open_account"),
    path("account/sent/", views.sent, name="sent"),
    path("account/parent/<str:key>/", views.parent, name="parent"),
    path("account/sign-in/", views.sign_in, name="sign_in"),
    path("account/sign-in/passkey/", views.sign_in_by_passkey, name="sign_in_by_passkey"),
    path("account/sign-in/second/", views.second_step, name="second_step"),
    path("account/sign-out/", views.sign_out, name="sign_out"),
    path("account/forgotten/", views.forgotten, name="forgotten"),
    path("account/reset/<str:token>/", views.reset, name="reset"),
    path("account/choices/", views_choices.choices, name="choices_own"),
    path("choices/<str:key>/", views_choices.choices_by_link, name="choices_link"),
    path("account/details/", views_details.details_, name="details"),
    path("account/receipts/", views_receipts.receipts_, name="receipts"),
    path("account/receipts/<int:number>/", views_receipts.receipt, name="receipt"),
    path("rights/", views_requests.ask, name="rights"),
    path("rights/sent/", views_requests.sent, name="rights_sent"),
    path("rights/complaint/", views_requests.complain, name="complain"),
    path("rights/request/<str:key>/", views_requests.request, name="request"),
    path("rights/request/<str:key>/copy/", views_requests.copy, name="request_copy"),
    path("rights/agent/<str:key>/", views_requests.agents_copy, name="agents_copy"),
    path("account/requests/", views_requests.mine, name="requests"),
    path("account/data/", views_data.data, name="data"),
    path("account/data/copy/", views_data.copy, name="data_copy"),
    path("account/data/forget/", views_data.forget, name="forget"),
    path("account/password/", views_keeping.password, name="password"),
    path("account/email/", views_keeping.email, name="email"),
    path("account/email/<str:token>/", views_keeping.confirm_email, name="confirm_email"),
    path("account/sessions/", views_keeping.sessions_, name="sessions"),
    path("account/passkeys/", views_keeping.passkeys_, name="passkeys"),
    path("account/authenticator/", views_keeping.authenticator_, name="authenticator"),
]
urlpatterns = pages
