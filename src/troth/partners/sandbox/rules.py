"""What a test card does, what a typed card must look like, and which step a payment may take.

Pure: no clock, no database, no HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from .errors import Mistyped, NotPossible

TRIES = 5  # cards that may fail on one payment before it counts as declined

# From which states each act is possible. What an act would bring about and is so already needs no doing.
POSSIBLE = {
    "charge": {"authorised"},
    "release": {"open", "declined", "authorised"},
    "refund": {"charged"},
}
BECOMES = {"charge": "charged", "release": "released"}
DONE = {"charge": {"charged", "refunded"}, "release": {"released"}}


@dataclass(frozen=True)
class Sample:
    """A card to rehearse with."""

    number: str
    brand: str
    does: Literal["pays", "asks", "declines"]
    say: str  # for the table on the page
    because: str = ""  # of one that declines, in words for the shopper


SAMPLES = (
    Sample("4242424242424242", "Visa", "pays", "is paid"),
    Sample("5555555555554444", "Mastercard", "pays", "is paid"),
    Sample("4000000000003220", "Visa", "asks", "the bank asks first"),
    Sample("4000000000000002", "Visa", "declines", "is declined", "Your bank declined this card. It does not say why."),
    Sample(
        "4000000000009995",
        "Visa",
        "declines",
        "has too little money",
        "There is too little money on this card's account.",
    ),
    Sample("4000000000000069", "Visa", "declines", "has expired", "Your bank says that this card has expired."),
)
BY_NUMBER = {sample.number: sample for sample in SAMPLES}
NOT_YOU = "You told your bank that this was not you, so nothing was paid."
WENT_BACK = "You went back without paying."


def luhn(number: str) -> bool:
    """Whether the last digit checks the others (ISO/IEC 7812-1, annex B).

    >>> luhn("4242424242424242"), luhn("4242424242424241")
    (True, False)
    """
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def read_card(form: Mapping[str, str], today: date) -> tuple[Sample, str]:
    """Return the test card that was typed and its expiry, "2028-05". Raises `Mistyped`, naming each field once."""
    wrong: dict[str, str] = {}
    number = re.sub(r"[\s-]", "", form.get("number", ""))
    if problem := _number_problem(number):
        wrong["number"] = problem
    expiry = read_expiry(form.get("expiry", ""))
    if not expiry:
        wrong["expiry"] = "Type the month and the year as they stand on the card, such as 05/28."
    elif expiry < f"{today:%Y-%m}":
        wrong["expiry"] = "That month is over. Look at the date on the card again, or use another card."
    if not re.fullmatch(r"[0-9]{3}", form.get("cvc", "").strip()):
        wrong["cvc"] = "Type the three digits from the back of the card."
    if wrong:
        raise Mistyped(wrong)
    return BY_NUMBER[number], expiry


def _number_problem(number: str) -> str:
    if not re.fullmatch(r"[0-9]{12,19}", number):
        return "Type the long number on the front of the card: 12 to 19 digits."
    if not luhn(number):
        return "One digit of this number is wrong. Please check it against the card."
    if number not in BY_NUMBER:
        return "This is a rehearsal and takes no real card. Use one of the test cards on this page."
    return ""


def read_expiry(typed: str) -> str:
    """Return "2028-05" of what people write, or nothing.

    >>> [read_expiry(typed) for typed in ("05/28", "5 / 2028", "0528", "2028-05", "13/28", "May 28")]
    ['2028-05', '2028-05', '2028-05', '2028-05', '', '']
    """
    typed = typed.strip()
    if found := re.fullmatch(r"(20[0-9]{2})-([0-9]{2})", typed):
        year, month = int(found[1]), int(found[2])
    elif found := re.fullmatch(r"([0-9]{1,2})\s*[/. -]\s*((?:20)?[0-9]{2})|([0-9]{2})([0-9]{2})", typed):
        month, year = int(found[1] or found[3]), int(found[2] or found[4]) % 100 + 2000
    else:
        return ""
    return f"{year}-{month:02}" if 1 <= month <= 12 else ""


def step(act: str, state: str) -> str | None:
    """Return the state that an act leads to, or nothing if it is so already. Raises `NotPossible`."""
    if state in DONE[act]:
        return None
    if state not in POSSIBLE[act]:
        raise NotPossible(f"This payment is {state}.")
    return BECOMES[act]


def refund(state: str, amount: int, refunded: int, more: int) -> tuple[str, int]:
    """Return state and sum given back after giving back `more`. Raises `NotPossible`. Amounts in minor units."""
    if state not in POSSIBLE["refund"]:
        raise NotPossible(f"This payment is {state}.")
    if more > amount - refunded:
        raise NotPossible("This payment is charged, and less than that of it is left to give back.")
    return ("refunded" if refunded + more == amount else "charged"), refunded + more


def way_back(back: str, reference: str) -> str:
    """Return the shop's address with `payment` in its query.

    >>> way_back("https://tarn.example/pay/?step=3", "pay_1")
    'https://tarn.example/pay/?step=3&payment=pay_1'
    """
    parts = urlsplit(back)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "payment"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("payment", reference)])))


def origin(address: str) -> str:
    """Return scheme, host and port of an address, as content rules name them."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
