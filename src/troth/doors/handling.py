"""What is done to a value as it comes in, before it is sealed: the policy's `handle`, and cards kept out everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

from troth.policy.nouns import Policy
from troth.vault.models import HeldRow

from .errors import CardNumber, NotReady
from .handling_pictures import stripped

DIGITS = re.compile(r"(?<![\d.])\d(?:[ \-\u00a0]?\d){12,18}(?![\d.])")
SHORTEST = 13  # digits of a card number
# Our own random ids, which stand in links: some of them happen to hold so many digits in a row.
IDS = re.compile(r"\b[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\b")
# Words that often come with a fact of GDPR art. 9. A hit is a flag for a careful reader, never a conclusion.
DELICATE = re.compile(
    r"\b(allerg\w*|pregnan\w*|maternity|cancer|diabet\w*|disab\w*|surgery|illness|depress\w*|doctor|hospital|chemo\w*|"
    r"mastectom\w*|church|mosque|synagogue|muslim|jewish|christian|hindu|hijab|religio\w*|kosher|halal|"
    r"gay|lesbian|transgender|trade union)\b",
    re.IGNORECASE,
)


def luhn(digits: str) -> bool:
    """Tell whether digits pass the check of ISO/IEC 7812.

    >>> luhn("4111111111111111"), luhn("4111111111111112")
    (True, False)
    """
    total = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def cards_in(text: str) -> list[re.Match[str]]:
    """Return where a text holds what is shaped like a card number: 13 to 19 digits that pass Luhn's check.

    >>> [len(cards_in(text)) for text in ("4111111111111111", "a4111111111111111", "ab4111111111111111cdefabcdefabcd")]
    [1, 1, 0]
    """
    shaped = list(DIGITS.finditer(text)) if len(text) >= SHORTEST else []
    ids = [found.span() for found in IDS.finditer(text)] if shaped else []
    return [
        found
        for found in shaped
        if luhn(re.sub(r"\D", "", found[0]))
        and not any(begin <= found.start() and found.end() <= end for begin, end in ids)
    ]


def masked(text: str) -> str:
    """Return a text with every card number cut down to its last four digits.

    >>> masked("my card is 4111 1111 1111 1111, thanks")
    'my card is •••• 1111, thanks'
    """
    for found in reversed(cards_in(text)):
        text = f"{text[: found.start()]}•••• {re.sub(r'[^0-9]', '', found[0])[-4:]}{text[found.end() :]}"
    return text


def _mask(_: str, value: Any) -> tuple[Any, dict[str, int]]:
    made = _each_text(value, masked)
    return made, {"cards masked": 1} if made != value else {}


def _flag(_: str, value: Any) -> tuple[Any, dict[str, int]]:
    return value, {"may be sensitive": 1} if any(DELICATE.search(text) for text in _texts(value)) else {}


def _hashed(item: str, value: Any) -> tuple[Any, dict[str, int]]:
    """A secret arrives hashed (memory-hard, R14), a passkey as the public part it is."""
    if isinstance(value, bytes | dict) or str(value).startswith(("argon2", "hmac:")):
        return value, {}
    raise NotReady(item, "hash")


def _coarse(_: str, value: Any) -> tuple[Any, dict[str, int]]:
    """Two decimals of a degree are about 1.1 km: wider than the 1,850 ft at which California calls a place precise."""
    if isinstance(value, dict):
        return {name: round(part, 2) if isinstance(part, float) else part for name, part in value.items()}, {}
    return value, {}


def _stripped(_: str, value: Any) -> tuple[Any, dict[str, int]]:
    """A picture without anything a camera or program wrote beside it. Raises BadPicture."""
    if not isinstance(value, bytes):
        return value, {}
    made = stripped(value).content
    return made, {"metadata taken out": 1} if made != value else {}


def _as_it_is(_: str, value: Any) -> tuple[Any, dict[str, int]]:
    return value, {}


STEPS: dict[str, Callable[[str, Any], tuple[Any, dict[str, int]]]] = {
    "mask cards": _mask,
    "flag sensitive": _flag,
    "hash": _hashed,
    "coarsen": _coarse,
    "strip metadata": _stripped,
    "verify": _as_it_is,  # a person looks at it; see the purpose that uses it
}


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _each_text(part, change) for name, part in value.items()}
    if isinstance(value, list):
        return [_each_text(part, change) for part in value]
    return value


def _texts(value: Any) -> Iterable[str]:
    """Return every text within a value."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, dict | list):
        return chain.from_iterable(map(_texts, value.values() if isinstance(value, dict) else value))
    return ()


def made_ready(row: HeldRow, policy: Policy) -> dict[str, str | int]:
    """Make the given values of a row ready as the policy says. Returns facts for the ledger, never values.

    Raises CardNumber where a number stands in a field that is not free text, NotReady where a step must come first.
    """
    facts: dict[str, str | int] = {}
    labels = row.labels()
    for name, given in row.given.items():
        item = labels[name].of(row)
        for step in policy.data[item.partition(".")[0]].handle:
            given.value, noted = STEPS[step](item, given.value)
            facts.update(noted)
        for text in _texts(given.value):
            if cards_in(text):
                raise CardNumber(item)
    return facts
