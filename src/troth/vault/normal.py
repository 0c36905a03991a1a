"""One mailbox, one person: what an identifier is compared by. The stored value stays as it was given.

The same rule at sign-up, opt-out, import, search and request, and applying it twice changes nothing (DESIGN §10.13).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import email_validator
import phonenumbers

from .errors import BadIdentifier

LONGEST: Final = 320  # RFC 5321: 64 for the local part, 255 for the domain, and the @
# What nearly every address is, short enough for each limit of RFC 5321: small letters are all its normal form needs.
# The library, which takes a hundred times as long, is asked about all others, and a test holds the two equal.
USUAL: Final = re.compile(r"[A-Za-z0-9_+]+(?:[.-][A-Za-z0-9_+]+)*@(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\.)+[A-Za-z]{2,24}")
SHORT: Final = 63
NO_MAIL: Final = frozenset(email_validator.SPECIAL_USE_DOMAIN_NAMES)
# Characters that show nothing, or turn what stands beside them around: in an address they can only mislead.
HIDDEN: Final = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def normalise(kind: str, value: str, region: str = "GB") -> str:
    """Return what an identifier of a kind is compared by. `region`: whose number a phone is that names no country.

    Raises BadIdentifier, without repeating the value, for anything that cannot be one.
    """
    plain_ascii = value.isascii() and value.isprintable()
    if len(value) > LONGEST or not (plain_ascii or all(unicodedata.category(c) not in HIDDEN for c in value)):
        raise BadIdentifier(f"This cannot be {_article(kind)}: it is too long or holds characters that cannot be seen.")
    if kind in ("email", "parent"):
        return _email(value.strip())
    if kind in ("phone", "mobile"):
        return _phone(value.strip(), region)
    plain = " ".join(unicodedata.normalize("NFKC", value).split()).casefold()
    # Folding can bring forth what composing changes again: once more, and it stays.
    plain = unicodedata.normalize("NFKC", plain.removeprefix("@") if kind == "handle" else plain).casefold().strip()
    if not plain:
        raise BadIdentifier(f"This cannot be {_article(kind)}: it is empty.")
    return plain


def _email(value: str) -> str:
    """Return an address with its domain in ASCII (IDNA 2008) and its letters small.

    By RFC 5321 the local part's letters may differ; no mailbox that matters does, and a no must find its mailbox.
    """
    if len(value) <= SHORT and USUAL.fullmatch(value) and value.rpartition(".")[2].lower() not in NO_MAIL:
        return value.lower()
    try:
        found = email_validator.validate_email(
            value, check_deliverability=False, allow_quoted_local=True, test_environment=True, strict=True
        )
    except (email_validator.EmailNotValidError, ValueError, IndexError, UnicodeError):
        raise BadIdentifier("This cannot be an email address. Write it as name@domain.") from None
    local = unicodedata.normalize("NFC", unicodedata.normalize("NFC", found.local_part).casefold())
    return f"{local}@{(found.ascii_domain or found.domain).lower()}"


def _phone(value: str, region: str) -> str:
    """Return a number in E.164 form, e.g. +442079460101."""
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise BadIdentifier("This cannot be a phone number. Write it with its country: +44 20 7946 0101.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _article(kind: str) -> str:
    names = {
        "email": "an email address",
        "parent": "an email address",
        "phone": "a phone number",
        "mobile": "a mobile number",
        "postal": "an address",
    }
    return names.get(kind, f"a {kind} identifier")
