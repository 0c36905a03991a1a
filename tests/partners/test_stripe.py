"""What is Stripe's alone: its page's settings, its errors, its events. Against localstripe; see docs/partners.md."""

import json
import time

import pytest
import stripe as library

from troth.partners.errors import Forged, NotPossible
from troth.partners.stripe import way_back

from .companies import EXPIRY, LOCALSTRIPE
from .conftest import ask


@pytest.fixture
def front(stripe):
    return stripe.shopper.front


def kept(front, does):
    """A card kept at Stripe, of which the shop has the token."""
    year, month = EXPIRY.split("-")
    card = {"number": LOCALSTRIPE[does], "exp_month": month, "exp_year": year, "cvc": "123"}
    wanted = {"type": "card"} | {f"card[{name}]": value for name, value in card.items()}
    token = front.forward("POST", "/v1/payment_methods", wanted)[1]["id"]
    customer = front.forward("POST", "/v1/customers", {"description": "x"})[1]["id"]
    assert front.forward("POST", f"/v1/payment_methods/{token}/attach", {"customer": customer})[0] == 200
    return token, customer


def test_the_page_is_asked_to_authorise_only_and_to_keep_only_what_was_agreed_to(stripe, front):
    plain = front.sessions[stripe.adapter.fields(ask(order="T-7", amount=1234, currency="EUR")).reference]["asked"]
    assert plain["mode"] == "payment"
    assert plain["payment_intent_data[capture_method]"] == "manual"
    assert plain["line_items[0][price_data][unit_amount]"] == "1234"
    assert plain["line_items[0][price_data][currency]"] == "eur"
    assert plain["success_url"].endswith("?step=3&payment={CHECKOUT_SESSION_ID}")
    assert not [name for name in plain if "future" in name or "customer" in name or "email" in name]
    keeps = front.sessions[stripe.adapter.fields(ask(keep=True)).reference]["asked"]
    assert keeps["payment_intent_data[setup_future_usage]"] == "on_session"


@pytest.mark.parametrize(
    ("back", "there"),
    [
        ("https://tarn.example/paid/", "https://tarn.example/paid/?payment={CHECKOUT_SESSION_ID}"),
        ("https://tarn.example/?a=1&payment=x#top", "https://tarn.example/?a=1&payment={CHECKOUT_SESSION_ID}#top"),
    ],
)
def test_the_way_back_leaves_room_for_the_reference(back, there):
    assert way_back(back, "{CHECKOUT_SESSION_ID}") == there


def test_a_kept_card_that_is_declined_is_declined_with_a_reason(stripe, front):
    token, _ = kept(front, "declines")
    session = stripe.adapter.fields(ask(token=token))
    made = stripe.adapter.payment(session.reference)
    assert (made.state, made.because) == ("declined", "Your bank declined this card. It does not say why.")
    assert session.address.endswith(f"payment={session.reference}"), "straight back: there is no page to show"
    with pytest.raises(NotPossible):
        stripe.adapter.charge(session.reference, "charge-1")


def test_the_banks_own_page_is_where_the_shopper_goes_if_it_asks(stripe, front):
    token, _ = kept(front, "asks")
    session = stripe.adapter.fields(ask(token=token))
    assert session.address == f"{front.address}/bank"
    assert front.extra[session.reference]["return_url"].endswith(f"payment={session.reference}")
    stripe.shopper.bank(session.reference, yes=False)
    made = stripe.adapter.payment(session.reference)
    assert made.state in ("open", "declined")


def test_a_forgotten_card_takes_its_customer_with_it_and_a_crash_between_is_mended(stripe, front):
    token, customer = kept(front, "pays")
    front.forward("DELETE", f"/v1/customers/{customer}")  # as if we had been killed after the first of the two
    assert stripe.adapter.forget(token, "forget-2").reference == token
    assert front.forward("GET", f"/v1/customers/{customer}")[0] == 404
    assert front.forward("GET", f"/v1/payment_methods/{token}")[1]["customer"] is None


def test_a_refund_asked_again_after_stripe_forgot_the_key_does_nothing(stripe, front):
    session = stripe.adapter.fields(ask())
    stripe.shopper.pay(session)
    stripe.adapter.charge(session.reference, "charge-3")
    stripe.adapter.refund(session.reference, 100, "refund-3")
    front.answers.clear()  # a day has passed
    assert stripe.adapter.refund(session.reference, 100, "refund-3").refunded == 100
    assert stripe.adapter.charge(session.reference, "charge-3").refunded == 100


def event(about):
    body = json.dumps({"id": "evt_1", "object": "event", "type": "x", "data": {"object": about}})
    return body.encode(), {
        "stripe-signature": library.WebhookSignature.generate_signature_header(body, "whsec_of_ours", int(time.time()))
    }


def test_every_kind_of_event_leads_to_the_payment_it_is_about(stripe):
    session = stripe.adapter.fields(ask())
    stripe.shopper.pay(session)
    intent = stripe.shopper.front.sessions[session.reference]["payment_intent"]
    for about in (
        {"object": "checkout.session", "id": session.reference},
        {"object": "payment_intent", "id": intent},
        {"object": "charge", "id": "ch_1", "payment_intent": intent},
        {"object": "refund", "id": "re_1", "payment_intent": intent},
    ):
        assert stripe.adapter.told(*event(about)).reference == session.reference
    assert stripe.adapter.told(*event({"object": "payment_intent", "id": "pi_other"})).reference == "pi_other"
    assert stripe.adapter.told(*event({"object": "customer", "id": "cus_1"})).reference == ""


@pytest.mark.parametrize("about", [{}, {"object": "checkout.session"}], ids=str)
def test_an_event_of_another_shape_is_refused(stripe, about):
    with pytest.raises(Forged):
        stripe.adapter.told(*event(about))
