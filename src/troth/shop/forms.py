"""The forms of checkout, address, voucher and contest. Each names its form in the policy, and each field its item.

`checks.forms_fit` fails on a field the policy's form does not ask for.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from troth.accounts.forms import AGES
from troth.doors.handling import cards_in
from troth.vault.errors import BadIdentifier
from troth.vault.normal import normalise

from . import addresses
from .deliveries import deliveries
from .rules import money, tag
from .vouchers import WORTHS

YES_NO = [("yes", "Yes"), ("no", "No")]
JOINERS = "\u200c\u200d"  # show nothing, and yet belong to words of some languages and to some emoji
NO_CARD = "This looks like a card number. We never take one here: it is asked for later, on our payment partner's page."


def plain(value: str, *, lines: bool = False) -> str:
    """Return a text in one form of Unicode. Raises ValidationError for signs that show nothing or turn words around."""
    text = unicodedata.normalize("NFC", value)
    allowed = JOINERS + ("\n\r\t" if lines else "")
    if any(unicodedata.category(c) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp") and c not in allowed for c in text):
        raise ValidationError("Please leave out the signs in it that cannot be seen.")
    if cards_in(text):
        raise ValidationError(NO_CARD)
    return text.strip()


class Text(forms.CharField):
    """A line of text, or several."""

    def __init__(self, label: str, most: int, *, needed: str = "", lines: bool = False, **more: Any) -> None:  # noqa: ANN401
        self.fill = more.pop("fill", "off")
        super().__init__(
            label=label, max_length=most, required=bool(needed), strip=True,
            error_messages={"required": needed, "max_length": f"Please keep this to {most} characters."}, **more,
        )  # fmt: skip
        self.lines = lines

    def clean(self, value: Any) -> str:  # noqa: ANN401 -- Django's signature
        text: str = super().clean(value)
        return plain(text, lines=self.lines)


class Mailbox(Text):
    """An address mail can be sent to."""

    def __init__(self, label: str, *, needed: str, **more: Any) -> None:  # noqa: ANN401 -- handed on
        super().__init__(label, 320, needed=needed, **more)

    def clean(self, value: Any) -> str:  # noqa: ANN401 -- Django's signature
        text = super().clean(value)
        try:
            normalise("email", text)
        except BadIdentifier as problem:
            raise ValidationError(str(problem)) from None
        return text


def choice(label: str, choices: Iterable[tuple[str, str]], needed: str) -> forms.ChoiceField:
    """Return a question with a few answers, none of them given beforehand."""
    return forms.ChoiceField(
        label=label, choices=list(choices), required=bool(needed), widget=forms.RadioSelect,
        error_messages={"required": needed, "invalid_choice": needed or "Please choose one of these."},
    )  # fmt: skip


class PolicyForm(forms.Form):
    """A form of the policy. `items`: of each field, or field prefix; `offers`: the choice a field puts."""

    source: ClassVar[str]
    form: ClassVar[str]
    items: ClassVar[Mapping[str, str]] = {}
    offers: ClassVar[Mapping[str, str]] = {}
    beside: ClassVar[Mapping[str, tuple[str, str]]] = {}  # field: source and item, where it comes from another source
    technical: ClassVar[frozenset[str]] = frozenset({"once", "told"})
    use_required_attribute = False  # the browser's own bubbles vanish; our sentences stay

    once = forms.RegexField(r"^[A-Za-z0-9_-]{20,64}$", widget=forms.HiddenInput)


PARTS = {
    "country": "Country", "street": "Street and number", "city": "Town or city", "area": "State, province or county",
    "postcode": "Postcode",
}  # fmt: skip
FILL = {
    "country": "country", "street": "street-address", "city": "address-level2", "area": "address-level1",
    "postcode": "postal-code",
}  # fmt: skip


def address_fields(prefix: str, section: str) -> dict[str, forms.Field]:
    """Return the fields of one address; which of them a country needs is looked at when they are filled in."""
    made: dict[str, forms.Field] = {}
    for part, label in PARTS.items():
        name = f"{prefix}_{part}"
        if part == "country":
            made[name] = forms.ChoiceField(
                label=label, choices=list(deliveries().countries.items()), required=False, initial="GB",
                error_messages={"invalid_choice": "We do not deliver to this country yet."},
            )  # fmt: skip
        else:
            made[name] = Text(label, 200, lines=part == "street", fill=f"{section} {FILL[part]}")
    return made


def read_address(form: forms.Form, prefix: str) -> dict[str, str] | None:
    """Return the address in a form; None, with a sentence at each part that is wrong, if it cannot be used."""
    given = {part: form.cleaned_data.get(f"{prefix}_{part}") or "" for part in PARTS}
    if any(f"{prefix}_{part}" in form.errors for part in PARTS):
        return None
    try:
        return addresses.read(given["country"] or "GB", given)
    except addresses.BadAddress as problem:
        for part, say in problem.errors.items():
            form.add_error(f"{prefix}_{part}", say)
        return None


class BuyerForm(PolicyForm):
    """Who buys, how they are reached and who is billed: what every form of buying asks."""

    told = forms.CharField(max_length=12, required=False, widget=forms.HiddenInput)  # see `similar`
    name = Text("Your name", 100, needed="Please say your name, as it should stand on the invoice.", fill="name")
    age_band = choice(
        "Your age", AGES.items(), "Please say which group you belong to: under 16, a parent agrees first."
    )
    email = Mailbox("Email address", needed="Please say where we can write to you about it.", fill="email")

    def __init__(self, *arguments: Any, known: bool = False, **named: Any) -> None:  # noqa: ANN401 -- handed on
        super().__init__(*arguments, **named)
        if known:  # signed in: we know how old they are, and where to write
            del self.fields["age_band"], self.fields["email"]


class CheckoutForm(BuyerForm):
    """Order what is in the basket."""

    source, form = "order", "checkout"
    items: ClassVar = {
        "name": "name", "age_band": "age_band", "email": "email", "mobile": "mobile", "to": "delivery_address",
        "bill": "billing_address", "gift": "gift_message",
    }  # fmt: skip
    offers: ClassVar = {"news": "news", "keep": "keep_card"}
    technical: ClassVar = frozenset({"once", "told", "same", "way", "seen", "card"})

    mobile = Text("Mobile number", 40, fill="tel")
    same = choice("Billing address", [("yes", "The same"), ("no", "Another one")], "")
    way = choice("Delivery", [], "Please choose how we deliver.")
    gift = Text("Message to go with it", 400, lines=True)
    news = choice("News by email", YES_NO, "")
    keep = choice("Keep your card for next time?", YES_NO, "")
    card = choice("Pay with", [], "")
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, max_value=100_000_000)

    def __init__(
        self,
        *arguments: Any,  # noqa: ANN401 -- handed on
        currency: str,
        cards: Iterable[Any] = (),
        known: bool = False,
        **named: Any,  # noqa: ANN401 -- handed on
    ) -> None:
        super().__init__(*arguments, known=known, **named)
        self.fields |= address_fields("to", "shipping") | address_fields("bill", "billing")
        ways = deliveries().ways.values()
        self.fields["way"].choices = [(w.slug, f"{w.say}, {w.days}: {tag(w.price(currency))}") for w in ways]  # type: ignore[attr-defined]
        kept = [(str(c.id), f"{c.label} ending in {c.last4}, good until {c.expiry}") for c in cards]
        if kept:
            self.fields["card"].choices = [*kept, ("", "Another card")]  # type: ignore[attr-defined]
        else:
            del self.fields["card"]
        if not known:  # a kept card belongs to somebody who can come back to it
            del self.fields["keep"]

    def clean(self) -> dict[str, Any]:
        made = super().clean() or self.cleaned_data
        made["delivery"] = read_address(self, "to")
        made["billing"] = made["delivery"] if made.get("same") != "no" else read_address(self, "bill")
        country = (made["delivery"] or {}).get("country")
        way = deliveries().ways.get(made.get("way") or "")
        if way and country and country not in way.to:
            fitting = " or ".join(f"“{one.say}”" for one in deliveries().to(country))
            self.add_error("way", f"This does not go to {deliveries().countries[country]}. Please choose {fitting}.")
        _read_mobile(self, country or "GB")
        return made


def _read_mobile(form: forms.Form, region: str) -> None:
    given = form.cleaned_data.get("mobile")
    if given:
        try:
            normalise("mobile", given, region)
        except BadIdentifier as problem:
            form.add_error("mobile", str(problem))


class AddressForm(PolicyForm):
    """Send an order in process elsewhere."""

    source, form = "account", "delivery"
    items: ClassVar = {"to": "delivery_address", "bill": "billing_address"}
    beside: ClassVar = {"name": ("account", "name")}
    technical: ClassVar = frozenset({"once", "same"})

    name = Text("Name on the parcel", 100, needed="Please say whose name stands on the parcel.", fill="shipping name")
    same = choice("Billing address", [("keep", "As it is"), ("no", "Another one")], "")

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 -- handed on
        super().__init__(*arguments, **named)
        self.fields |= address_fields("to", "shipping") | address_fields("bill", "billing")
        del self.fields["once"]  # done twice, it is the same address

    def clean(self) -> dict[str, Any]:
        made = super().clean() or self.cleaned_data
        made["delivery"] = read_address(self, "to")
        made["billing"] = read_address(self, "bill") if made.get("same") == "no" else None
        return made


class BookForm(PolicyForm):
    """The addresses of an account, and the open orders that are to go to the new one."""

    source, form = "account", "delivery"
    items: ClassVar = {"to": "delivery_address", "bill": "billing_address", "home": "home_address"}
    technical: ClassVar = frozenset({"once", "also"})

    also = forms.MultipleChoiceField(
        label="Open orders", choices=[], required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *arguments: Any, orders: Iterable[tuple[str, str]] = (), **named: Any) -> None:  # noqa: ANN401
        super().__init__(*arguments, **named)
        for prefix, section in (("to", "shipping"), ("bill", "billing"), ("home", "home")):
            self.fields |= address_fields(prefix, section)
        self.fields["also"].choices = list(orders)  # type: ignore[attr-defined]
        del self.fields["once"]  # done twice, they are the same addresses

    def clean(self) -> dict[str, Any]:
        made = super().clean() or self.cleaned_data
        for prefix in ("to", "bill", "home"):
            written = any(made.get(f"{prefix}_{part}") for part in PARTS if part != "country")
            made[prefix] = read_address(self, prefix) if written else None
        if made.get("also") and not made["to"]:
            self.add_error("to_street", "Please give the address the order is to go to.")
        return made


class VoucherForm(BuyerForm):
    """Give somebody a voucher."""

    source, form = "voucher", "gift_voucher"
    items: ClassVar = {
        "name": "name", "age_band": "age_band", "email": "email", "bill": "billing_address", "worth": "vouchers",
        "gift": "gift_message",
    }  # fmt: skip
    offers: ClassVar = {"news": "news"}
    beside: ClassVar = {"their_name": ("gift", "name"), "their_email": ("gift", "email")}

    worth = choice("Worth", [], "Please choose what it is worth.")
    their_name = Text("Their name", 100, needed="Please say whom it is for.")
    their_email = Mailbox("Their email address", needed="Please say where we can send it.")
    gift = Text("Your message", 400, lines=True)
    news = choice("News by email", YES_NO, "")

    def __init__(self, *arguments: Any, currency: str, known: bool = False, **named: Any) -> None:  # noqa: ANN401 -- handed on
        super().__init__(*arguments, known=known, **named)
        self.fields |= address_fields("bill", "billing")
        self.fields["worth"].choices = [(str(w), tag(money(w, currency))) for w in WORTHS]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        made = super().clean() or self.cleaned_data
        made["billing"] = read_address(self, "bill")
        return made


class ContestForm(PolicyForm):
    """Say something against the result of a check."""

    source, form = "request", "rights_request"
    items: ClassVar = {"words": "request_details"}

    words = Text("Your side", 2000, lines=True, needed="Please say in a few words why the check is wrong.")

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 -- handed on
        super().__init__(*arguments, **named)
        del self.fields["once"]  # said twice, the newest words stand


FORMS: tuple[type[PolicyForm], ...] = (CheckoutForm, AddressForm, BookForm, VoucherForm, ContestForm)
