"""What things cost, how words are matched, which filters can be asked for, how an order goes. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Final, NamedTuple, Protocol

from moneyed import Money

SIGNS = {"GBP": "£", "EUR": "€", "USD": "$"}
SCALES = {
    "letters": ("XS", "S", "M", "L", "XL"),
    "dress": ("8", "10", "12", "14", "16"),
    "waist": ("28", "30", "32", "34", "36"),
    "shoe": ("40", "41", "42", "43", "44", "45", "46"),
    "one": ("One size",),
}
SIZES = tuple(dict.fromkeys(size for scale in SCALES.values() for size in scale))
ORDERS = {"": "The house's order", "low": "Price, low to high", "high": "Price, high to low"}
MOST_WORDS, LONGEST_WORD, LONGEST_TEXT = 8, 32, 200
DEAREST = 10_000_000  # pence: beyond it, a price in a filter is a slip of the finger


def money(minor: int, currency: str) -> Money:
    """Return an amount given in minor units, pence or cents, as the database keeps it. Prices include tax."""
    return Money(Decimal(minor).scaleb(-2), currency)


def tag(amount: Money) -> str:
    """Write an amount as a price tag does: no pence where there are none.

    >>> print(tag(money(18500, "GBP")), tag(money(1250, "EUR")))
    £185 €12.50
    """
    whole, rest = divmod(amount.get_amount_in_sub_unit(), 100)
    return f"{SIGNS[amount.currency.code]}{whole:,}" + (f".{rest:02}" if rest else "")


class Prices(NamedTuple):
    """What one thing costs in each currency."""

    gbp: Money
    eur: Money
    usd: Money

    def in_(self, currency: str) -> Money:
        return next(price for price in self if price.currency.code == currency)


def currency(asked: str) -> str:
    """Return the currency asked for, or pounds."""
    return asked if asked in SIGNS else "GBP"


# -- words -----------------------------------------------------------------------------------------------------------


def words(text: str) -> list[str]:
    """Return the words of a text as the index knows them: folded, without endings of the plural.

    Both data bases are only ever given what comes out here, so no character of a query means anything to them.

    >>> words("Crêpe DRESSES, 100 % accessories")
    ['crepe', 'dress', '100', 'accessori']
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = (
        "".join(c for c in plain if not unicodedata.combining(c))
        .replace("'", "")
        .replace("\N{RIGHT SINGLE QUOTATION MARK}", "")
    )
    return [_stem(word) for word in re.findall(r"[^\W_]+", bare)]


def _stem(word: str) -> str:
    for ending, left in (("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x"), ("ies", "i")):
        if word.endswith(ending):
            return word.removesuffix(ending) + left
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word[:-1] + "i" if len(word) > 3 and word.endswith("y") else word


def asked(text: str) -> list[str] | None:
    """Return the words to look for, or None where no product can have them all.

    Only the first words count, and only their beginnings: more is no search, and an index need not read it. A text with
    no words in it, or with letters the catalogue is not written in, finds nothing; an empty text is no question at all.
    """
    found = words(text[:LONGEST_TEXT])[:MOST_WORDS]
    if any(not word.isascii() for word in found) or (text.strip() and not found):
        return None
    return [word[:LONGEST_WORD] for word in dict.fromkeys(found)]


# -- filters ---------------------------------------------------------------------------------------------------------


class Query(Protocol):
    """What a page was asked: Django's QueryDict, or anything like it."""

    def get(self, key: str, /) -> str | None: ...
    def getlist(self, key: str, /) -> list[str]: ...


@dataclass(frozen=True)
class Filters:
    """What a shelf is narrowed to. An empty filter lets everything through."""

    kinds: frozenset[str] = frozenset()
    families: frozenset[str] = frozenset()
    sizes: frozenset[str] = frozenset()
    low: int | None = None  # minor units of `currency`, both ends included
    high: int | None = None
    in_stock: bool = False
    order: str = ""
    currency: str = "GBP"
    ignored: tuple[str, ...] = field(default=(), compare=False)  # sentences about what we could not read

    @property
    def count(self) -> int:
        prices = (self.low is not None) + (self.high is not None)
        return len(self.kinds) + len(self.families) + len(self.sizes) + prices + self.in_stock


@dataclass(frozen=True)
class Known:
    """Which filters a shop offers."""

    kinds: Mapping[str, str]  # slug and what it is called
    families: tuple[str, ...]
    sizes: tuple[str, ...]


def filters(query: Query, known: Known) -> Filters:
    """Read filters from an address. What we do not know is left out, and said so."""
    sentences: list[str] = []
    few = {
        name: _few(query.getlist(name), offered, say, sentences)
        for name, offered, say in (
            ("kind", frozenset(known.kinds), "kind"),
            ("colour", frozenset(known.families), "colour"),
            ("size", frozenset(known.sizes), "size"),
        )
    }
    low, high = (_price(query.get(name) or "", sentences) for name in ("from", "to"))
    if low is not None and high is not None and low > high:
        low, high = high, low
    order = query.get("order") or ""
    made = Filters(few["kind"], few["colour"], few["size"], low, high, currency=currency(query.get("in") or ""))
    made = replace(made, in_stock=query.get("stock") == "1", order=order if order in ORDERS else "")
    return replace(made, ignored=tuple(dict.fromkeys(sentences)))


def _few(given: list[str], offered: frozenset[str], say: str, sentences: list[str]) -> frozenset[str]:
    wanted = frozenset(one for one in given if one)
    if wanted - offered:
        sentences.append(f"We left out a {say} that this shop does not have.")
    return wanted & offered


def _price(text: str, sentences: list[str]) -> int | None:
    """Return a typed price in minor units; None if there is none, or none that we can read."""
    plain = text.strip().lstrip("£€$").strip()
    if not plain:
        return None
    read = re.fullmatch(r"([0-9]{1,7})(?:[.,]([0-9]{1,2}))?", plain)
    minor = int(read[1]) * 100 + int((read[2] or "0").ljust(2, "0")) if read else DEAREST + 1
    if minor > DEAREST:
        sentences.append("We left out a price that we could not read. Write it as 120 or 89.50.")
        return None
    return minor


# -- baskets ---------------------------------------------------------------------------------------------------------

MOST_OF_ONE, MOST_LINES = 10, 30  # pieces of one size; different things in a basket


def quantity(text: str) -> int | None:
    """Return how many are wanted, 0 to take the thing out; None for what is no such number.

    >>> quantity("2"), quantity("0"), quantity("-1"), quantity("11"), quantity("1e3")
    (2, 0, None, None, None)
    """
    known = [str(number) for number in range(MOST_OF_ONE + 1)]
    return known.index(text.strip()) if text.strip() in known else None


# -- orders: from which state which act leads where. What is not here cannot happen -----------------------------------

MOVES: Final[Mapping[tuple[str, str], str]] = {
    ("open", "authorise"): "authorised",  # the bank said yes, or a voucher pays for all of it
    ("open", "decline"): "declined",
    ("open", "lapse"): "lapsed",
    ("open", "cancel"): "cancelled",
    ("authorised", "pass"): "cleared",
    ("authorised", "doubt"): "review",
    ("authorised", "recheck"): "authorised",
    ("authorised", "decline"): "declined",  # what the bank agreed to ran out meanwhile
    ("authorised", "cancel"): "cancelled",
    ("review", "clear"): "cleared",
    ("review", "refuse"): "refused",
    ("review", "recheck"): "authorised",
    ("review", "cancel"): "cancelled",
    ("cleared", "charge"): "paid",
    ("cleared", "decline"): "declined",
    ("cleared", "recheck"): "authorised",
    ("cleared", "cancel"): "cancelled",
    ("paid", "dispatch"): "dispatched",
    ("paid", "recheck"): "rechecking",
    ("paid", "cancel"): "cancelled",
    ("rechecking", "pass"): "paid",
    ("rechecking", "doubt"): "held",
    ("rechecking", "recheck"): "rechecking",
    ("rechecking", "cancel"): "cancelled",
    ("held", "clear"): "paid",
    ("held", "refuse"): "refused",
    ("held", "recheck"): "rechecking",
    ("held", "cancel"): "cancelled",
    ("dispatched", "deliver"): "delivered",
}
STATES: Final = frozenset(MOVES.values()) | {"open"}
OVER: Final = frozenset({"declined", "lapsed", "cancelled", "refused"})  # the goods are back on the shelf
WITH_A_PERSON: Final = frozenset({"review", "held"})
IN_PROCESS: Final = frozenset(state for state, act in MOVES if act == "recheck")  # an address may still change
SAID: Final = {  # to the shopper
    "open": "Waiting for your payment",
    "authorised": "Your bank has agreed; we are checking the order",
    "review": "One of us is looking at the order",
    "cleared": "Your bank has agreed; we are taking the payment",
    "paid": "Paid, and being packed",
    "rechecking": "The new address is being checked",
    "held": "One of us is looking at the new address",
    "dispatched": "On its way",
    "delivered": "Delivered",
    "declined": "Not paid: your bank said no",
    "lapsed": "Not paid in time",
    "cancelled": "Cancelled",
    "refused": "Refused after a check",
}
RETURNS: Final[Mapping[tuple[str, str], str]] = {
    ("", "ask"): "asked",
    ("asked", "take_back"): "",
    ("asked", "receive"): "received",
    ("received", "refund"): "refunded",
}
RETURN_DAYS: Final = 30  # from the day it came
PAY_WITHIN: Final = timedelta(hours=1)


def after(state: str, act: str, moves: Mapping[tuple[str, str], str] = MOVES) -> str | None:
    """Return the state an act leads to; None where it cannot be done."""
    return moves.get((state, act))


def before(act: str, moves: Mapping[tuple[str, str], str] = MOVES) -> dict[str, str]:
    """Return each state an act can be done in, and where it leads."""
    return {state: then for (state, done), then in moves.items() if done == act}


def shares(back: int, by_card: int, by_voucher: int, gone: tuple[int, int] = (0, 0)) -> tuple[int, int]:
    """Return what goes back to the card and to the voucher, of `back` minor units: the card first, to the penny.

    `gone` is what went back to either before. Raises ValueError for more than was paid and not given back.

    >>> shares(1500, by_card=1000, by_voucher=2000), shares(1500, 1000, 2000, gone=(1000, 500))
    ((1000, 500), (0, 1500))
    """
    card = min(back, by_card - gone[0])
    if back < 0 or back - card > by_voucher - gone[1]:
        raise ValueError(back)
    return card, back - card
