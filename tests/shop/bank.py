"""A payment partner in memory. It can crash before or after any call, as a machine does that loses its power."""

from dataclasses import replace
from datetime import UTC, datetime

from troth.partners.errors import Forged, NoSuchPayment, NotPossible
from troth.partners.payments import Card, Forgotten, Notice, Payment, Session


class PowerCut(BaseException):
    """Nothing in the program may catch this."""


class Bank:
    """Keeps payments and answers by key; `crash_at` counts down the moments before and after each call."""

    def __init__(self):
        self.payments, self.answers, self.cards = {}, {}, {}
        self.crash_at = None
        self.calls = []

    # -- what the shop calls ------------------------------------------------------------------------------------------

    def fields(self, ask):
        return self._once("fields", ask.once, lambda: self._begin(ask))

    def payment(self, reference):
        return self._once("payment", None, lambda: self._known(reference))

    def charge(self, reference, once):
        return self._once("charge", once, lambda: self._step(reference, {"authorised": "charged"}))

    def release(self, reference, once):
        return self._once(
            "release",
            once,
            lambda: self._step(reference, dict.fromkeys(("open", "declined", "authorised"), "released")),
        )

    def refund(self, reference, amount, once):
        return self._once("refund", once, lambda: self._refund(reference, amount))

    def keep(self, reference):
        found = self._known(reference).card
        if not found or not found.token:
            raise NotPossible("none was to be kept")
        return found

    def forget(self, token, once):
        return self._once("forget", once, lambda: self._forget(token))

    def told(self, body, headers):
        if headers.get("Pennyfold-Signature") != "good":
            raise Forged("not ours")
        return Notice(body.decode(), body.decode())

    # -- what the shopper does on its page ------------------------------------------------------------------------------

    def pay(self, reference, *, well=True, because="Your bank declined this card."):
        found = self.payments[reference]
        if found.state == "open":
            kept = self.cards.get(reference)
            self.payments[reference] = replace(
                found, state="authorised" if well else "declined", because="" if well else because, card=kept
            )

    # -- how it works -------------------------------------------------------------------------------------------------

    def _begin(self, ask):
        reference = f"pay-{len(self.payments)}"
        self.payments[reference] = Payment(reference, "open", ask.order, ask.amount, ask.currency)
        token = f"tok-{reference}" if ask.keep else ""
        self.cards[reference] = Card(token, "Visa", "4242", "2031-05")
        self.asked = ask
        return Session(reference, f"https://pennyfold.example/pay/{reference}")

    def _known(self, reference):
        if reference not in self.payments:
            raise NoSuchPayment("none")
        return self.payments[reference]

    def _step(self, reference, moves):
        found = self._known(reference)
        if found.state in moves.values():
            return found
        if found.state not in moves:
            raise NotPossible(f"it is {found.state}")
        self.payments[reference] = replace(found, state=moves[found.state])
        return self.payments[reference]

    def _refund(self, reference, amount):
        found = self._known(reference)
        if found.state != "charged" or amount > found.amount - found.refunded:
            raise NotPossible(f"it is {found.state}")
        gone = found.refunded + amount
        self.payments[reference] = replace(
            found, refunded=gone, state="refunded" if gone == found.amount else "charged"
        )
        return self.payments[reference]

    def _forget(self, token):
        for reference, card in self.cards.items():
            if card.token == token:
                self.cards[reference] = replace(card, token="")
        return Forgotten(token, f"gone-{token}", datetime(2026, 11, 26, tzinfo=UTC))

    def _once(self, name, once, do):
        self._may_crash()
        self.calls.append(name)
        if once and once in self.answers:
            made = self.answers[once]
        else:
            made = do()
            if once:
                self.answers[once] = made
        self._may_crash()
        return made

    def _may_crash(self):
        if self.crash_at is not None:
            self.crash_at -= 1
            if self.crash_at < 0:
                self.crash_at = None
                raise PowerCut

    def held(self):
        """Return what shoppers are out of pocket: charged and not given back."""
        return sum(p.amount - p.refunded for p in self.payments.values() if p.state in ("charged", "refunded"))
