"""Stripe's API, for those who take payments there. The card is typed on Stripe's own Checkout page.

A payment begun on that page goes by its Checkout Session (`cs_…`), one made with a kept card by its PaymentIntent
(`pi_…`). A kept card is a PaymentMethod attached to a Customer that stands for nothing but that card: forgetting the
card deletes both. docs/partners.md says what of this was tried against a server, and what was not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import stripe

from .errors import Forged, NoSuchPayment, NotPossible, PartnerUnavailable
from .payments import Ask, Card, Forgotten, Notice, Payment, Session, State

Read = dict[str, Any]
P = ParamSpec("P")
T = TypeVar("T")
HEADER = "stripe-signature"
ALREADY_GONE = "already-gone"
WHOLE = ["latest_charge", "payment_method"]  # what of a PaymentIntent we read along
STATES: dict[str, State] = {"requires_capture": "authorised", "canceled": "released"}
DECLINES = {  # Stripe's decline codes, in words for a shopper; the others have none of their own
    "insufficient_funds": "There is too little money on this card's account.",
    "expired_card": "Your bank says that this card has expired.",
    "payment_intent_authentication_failure": "Your bank could not make sure that it was you.",
}
DECLINED = "Your bank declined this card. It does not say why."


def plainly(act: Callable[P, T]) -> Callable[P, T]:
    """Turn Stripe's errors, and answers of another shape, into ours; `from None`, as theirs may quote what was sent."""

    @wraps(act)
    def do(*args: P.args, **named: P.kwargs) -> T:
        try:
            return act(*args, **named)
        except stripe.StripeError as problem:
            raise _error(problem) from None
        except (KeyError, TypeError, AttributeError, IndexError, ValueError):
            raise PartnerUnavailable("Stripe's answer makes no sense.") from None

    return do


class Stripe:
    """Stripe as our payment partner. `address` is another server that speaks its API; `wait`, seconds for an answer."""

    def __init__(self, secret: str, notice_secret: str, *, address: str = "", wait: float = 5.0) -> None:
        self._notice_secret = notice_secret
        self._api = stripe.StripeClient(
            secret,
            base_addresses={"api": address} if address else None,
            max_network_retries=1,  # with the same key: the library gives each POST one, and ours is kept
            http_client=stripe.RequestsClient(timeout=wait),
        )

    def __repr__(self) -> str:
        return "Stripe()"  # without its secrets

    # -- beginning -------------------------------------------------------------------------------------------------

    @plainly
    def fields(self, ask: Ask) -> Session:
        return self._with_kept(ask) if ask.token else self._on_their_page(ask)

    def _on_their_page(self, ask: Ask) -> Session:
        back = way_back(ask.back, "{CHECKOUT_SESSION_ID}")  # Stripe puts the reference there
        intent: dict[str, Any] = {"capture_method": "manual", "metadata": {"order": ask.order}}
        wanted: Any = {
            "mode": "payment",
            "payment_method_types": ["card"],
            "client_reference_id": ask.order,
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": ask.currency.lower(),
                        "unit_amount": ask.amount,
                        "product_data": {"name": f"Order {ask.order}"},
                    },
                }
            ],
            "success_url": back,
            "cancel_url": back,
            "payment_intent_data": intent,
        }
        if ask.keep:
            intent["setup_future_usage"] = "on_session"
            wanted["customer_creation"] = "always"
        made = self._do(lambda: self._api.v1.checkout.sessions.create(wanted, {"idempotency_key": ask.once}))
        return Session(made["id"], made["url"])

    def _with_kept(self, ask: Ask) -> Session:
        """Pay with a kept card: no page, unless the bank has a question of its own.

        Made and confirmed in two steps, because the way back carries the reference, which the first one gives.
        """
        customer = self._customer(ask.token)
        if not customer:
            raise NotPossible("No card is kept under that token.")
        wanted: Any = {
            "amount": ask.amount,
            "currency": ask.currency.lower(),
            "customer": customer,
            "payment_method": ask.token,
            "payment_method_types": ["card"],
            "capture_method": "manual",
            "metadata": {"order": ask.order},
        }
        intent = self._do(lambda: self._api.v1.payment_intents.create(wanted, {"idempotency_key": ask.once}))
        reference = str(intent["id"])
        back = way_back(ask.back, reference)
        if self._intent(reference)["status"] == "requires_confirmation":
            self._confirm(reference, back, ask.once)
        bank = (self._intent(reference).get("next_action") or {}).get("redirect_to_url") or {"url": back}
        return Session(reference, bank["url"])

    def _confirm(self, reference: str, back: str, once: str) -> None:
        try:
            self._api.v1.payment_intents.confirm(
                reference, {"return_url": back}, {"idempotency_key": f"{once}:confirm"}
            )
        except stripe.CardError:
            return  # declined, which the payment itself says

    # -- what became of it -----------------------------------------------------------------------------------------

    @plainly
    def payment(self, reference: str) -> Payment:
        if not reference.startswith("cs_"):
            return _payment(reference, self._intent(reference))
        session = self._session(reference)
        # While their page is open, one card that failed is not the end; once it has expired, nothing more can come.
        unpaid: State = "released" if session["status"] == "expired" else "open"
        if session.get("payment_intent"):
            made = _payment(reference, self._intent(session["payment_intent"]))
            return replace(made, state=unpaid, because="") if made.state in ("open", "declined") else made
        return Payment(
            reference=reference,
            state=unpaid,
            order=session["client_reference_id"],
            amount=session["amount_total"],
            currency=session["currency"].upper(),
        )

    @plainly
    def keep(self, reference: str) -> Card:
        found = self._intent_of(reference)
        intent = self._intent(found) if found else {}
        made = _payment(reference, intent) if intent.get("setup_future_usage") else None
        if made is None or made.card is None or not made.card.token:
            raise NotPossible("No card was kept with this payment.")
        return made.card

    # -- money -----------------------------------------------------------------------------------------------------

    @plainly
    def charge(self, reference: str, once: str) -> Payment:
        """Capture. What is charged already is answered as it is: Stripe itself forgets keys after a day."""
        before = self.payment(reference)
        if before.state in ("charged", "refunded"):
            return before
        if before.state != "authorised":
            raise NotPossible(f"This payment is {before.state}.")
        intent = self._intent_of(reference)
        try:
            self._do(lambda: self._api.v1.payment_intents.capture(intent, options={"idempotency_key": once}))
        except stripe.InvalidRequestError:  # perhaps somebody else was faster
            if self.payment(reference).state not in ("charged", "refunded"):
                raise
        return self.payment(reference)

    @plainly
    def release(self, reference: str, once: str) -> Payment:
        before = self.payment(reference)
        if before.state == "released":
            return before
        if before.state in ("charged", "refunded"):
            raise NotPossible(f"This payment is {before.state}.")
        if reference.startswith("cs_") and self._session(reference)["status"] == "open":
            self._do(lambda: self._api.v1.checkout.sessions.expire(reference, options={"idempotency_key": once}))
        elif intent := self._intent_of(reference):
            self._do(lambda: self._api.v1.payment_intents.cancel(intent, options={"idempotency_key": once}))
        return self.payment(reference)

    @plainly
    def refund(self, reference: str, amount: int, once: str) -> Payment:
        """Refund. Each refund carries our key in its metadata, so that asking again years later still does nothing."""
        before = self.payment(reference)
        if before.state not in ("charged", "refunded"):
            raise NotPossible(f"This payment is {before.state}.")
        intent = self._intent_of(reference)
        for made in self._refunds(intent):
            if (made.get("metadata") or {}).get("once") == once:
                if made["amount"] != amount:
                    raise NotPossible("This key was used before, for something else. A new act needs a new key.")
                return before
        if not 0 < amount <= before.amount - before.refunded:
            raise NotPossible(f"This payment is {before.state}, and less than that of it is left to give back.")
        wanted: Any = {"payment_intent": intent, "amount": amount, "metadata": {"once": once}}
        self._do(lambda: self._api.v1.refunds.create(wanted, {"idempotency_key": once}))
        return self.payment(reference)

    # -- cards and notices -----------------------------------------------------------------------------------------

    @plainly
    def forget(self, token: str, once: str) -> Forgotten:
        """Delete a card and the Customer made for it. Stripe gives no receipt: the token itself can be looked up there.

        Each of the two may find its work done: whatever a crash leaves, asking again finishes it.
        """
        at = datetime.now(UTC)
        try:
            customer = self._customer(token)
        except NotPossible:
            return Forgotten(token, ALREADY_GONE, at)
        if customer:
            self._do_if_there(lambda: self._api.v1.customers.delete(customer))  # with it Stripe detaches the card
            self._do_if_there(lambda: self._api.v1.payment_methods.detach(token, options={"idempotency_key": once}))
        return Forgotten(token, token, at)

    @plainly
    def told(self, body: bytes, headers: Mapping[str, str]) -> Notice:
        """Read an event. Its reference is empty where it is about no payment of ours."""
        given = next((value for name, value in headers.items() if name.lower() == HEADER), "")
        try:
            stripe.WebhookSignature.verify_header(body, given, self._notice_secret, stripe.Webhook.DEFAULT_TOLERANCE)
            event = json.loads(body)
            told, number = event["data"]["object"], str(event["id"])
            if told["object"] == "checkout.session":
                return Notice(number, str(told["id"]))
            intent = told["id"] if told["object"] == "payment_intent" else told.get("payment_intent")
        except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise Forged("Stripe did not sign this notice within the last five minutes.") from None
        if not isinstance(intent, str):
            return Notice(number, "")
        found = self._do(lambda: self._api.v1.checkout.sessions.list({"payment_intent": intent, "limit": 1}))["data"]
        return Notice(number, found[0]["id"] if found else intent)

    # -- Stripe's objects ------------------------------------------------------------------------------------------

    def _session(self, reference: str) -> Read:
        return self._do(lambda: self._api.v1.checkout.sessions.retrieve(reference))

    def _intent(self, reference: str) -> Read:
        if not reference.startswith("pi_"):
            raise NoSuchPayment("Stripe knows no such payment.")
        return self._do(lambda: self._api.v1.payment_intents.retrieve(reference, {"expand": WHOLE}))

    def _intent_of(self, reference: str) -> str:
        """Return the PaymentIntent behind a payment; nothing while the shopper has not confirmed it."""
        if not reference.startswith(("cs_", "pi_")):
            raise NoSuchPayment("Stripe knows no such payment.")
        return str(self._session(reference).get("payment_intent") or "") if reference.startswith("cs_") else reference

    def _refunds(self, intent: str) -> list[Read]:
        """Return all refunds of a payment: a hundred is the most that Stripe lists at once."""
        found: list[Read] = []
        while True:
            after: Any = {"starting_after": found[-1]["id"]} if found else {}
            wanted: Any = {"payment_intent": intent, "limit": 100} | after
            read = self._do(partial(self._api.v1.refunds.list, wanted))
            found += read["data"]
            if not read["has_more"]:
                return found

    def _customer(self, token: str) -> str:
        """Return the Customer that a kept card belongs to; nothing once it is forgotten. Raises `NotPossible`."""
        if not token.startswith("pm_"):
            raise NotPossible("No card is kept under that token.")
        try:
            return str(self._do(lambda: self._api.v1.payment_methods.retrieve(token)).get("customer") or "")
        except stripe.InvalidRequestError:
            raise NotPossible("No card is kept under that token.") from None

    def _do(self, act: Callable[[], stripe.StripeObject]) -> Read:
        """Return what Stripe answered, as plain dictionaries."""
        return act().to_dict()

    def _do_if_there(self, act: Callable[[], object]) -> None:
        try:
            act()
        except stripe.InvalidRequestError:
            return  # gone, or not attached any more


def _error(problem: stripe.StripeError) -> Exception:
    """Return what Stripe's error means to us. Only what it surely refused is anything but `PartnerUnavailable`."""
    if problem.code == "idempotency_key_in_use":
        return PartnerUnavailable("Stripe is still busy with the same request.")
    if isinstance(problem, stripe.IdempotencyError):
        return NotPossible("This key was used before, for something else. A new act needs a new key.")
    if isinstance(problem, stripe.InvalidRequestError):
        if problem.http_status == 404:
            return NoSuchPayment("Stripe knows no such payment.")
        return NotPossible(f"Stripe refused ({problem.code or 'no reason given'}).")
    if isinstance(problem, stripe.CardError):
        return NotPossible("Stripe refused: the card was declined.")
    return PartnerUnavailable(f"Stripe did not answer sensibly ({type(problem).__name__}).")


def _payment(reference: str, intent: Read) -> Payment:
    refunded = (intent.get("latest_charge") or {}).get("amount_refunded", 0)
    failed: Read = intent.get("last_payment_error") or {}
    state: State = STATES.get(intent["status"], "open")
    if intent["status"] == "succeeded":
        state = "refunded" if refunded >= intent["amount"] else "charged"
    if intent["status"] == "requires_payment_method" and failed:
        state = "declined"
    paid = state in ("authorised", "charged", "refunded")
    return Payment(
        reference=reference,
        state=state,
        order=(intent.get("metadata") or {}).get("order", ""),
        amount=intent["amount"],
        currency=intent["currency"].upper(),
        refunded=refunded,
        card=_card(intent["payment_method"]) if paid else None,
        because=_because(failed) if state == "declined" else "",
    )


def _because(failed: Read) -> str:
    codes = (failed.get("decline_code"), failed.get("code"))
    return next((DECLINES[code] for code in codes if code in DECLINES), DECLINED)


def _card(method: Read) -> Card:
    card = method["card"]
    return Card(
        token=method["id"] if method.get("customer") else "",
        brand=card["brand"].capitalize(),
        last4=card["last4"],
        expiry=f"{card['exp_year']}-{card['exp_month']:02}",
    )


def way_back(back: str, reference: str) -> str:
    """Return our own address with `payment` in its query; braces stay as they are, for Stripe to fill in."""
    parts = urlsplit(back)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "payment"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("payment", reference)], safe="{}")))
