"""What is typed into the forms of this room, field by field: a value that can be used, or a sentence that helps."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import Final

from troth.doors.handling import cards_in
from troth.vault.errors import BadIdentifier
from troth.vault.normal import normalise

from . import rules
from .errors import BadForm

# Each form of the policy that pages of this room put, field by field. `checks` sees that none asks for more.
FORMS: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    ("register", "register"): {
        "email": "contact.email", "age": "identity.age_band", "name": "identity.name", "password": "secrets.password",
    },
    ("parent", "parent_agreement"): {
        "parent_name": "parent.parent_name", "parent_email": "parent.parent_email", "answer": "parent.parent_agreement",
    },
    ("request", "rights_request"): {
        "name": "identity.name", "email": "contact.email", "words": "requests.request_details",
    },
    ("request", "complaint"): {"email": "contact.email", "words": "requests.complaint_details"},
    ("account", "my_details"): {
        "email": "contact.email", "name": "identity.name", "birth_date": "identity.birth_date",
        "phone": "contact.phone", "mobile": "contact.mobile",
    },
}  # fmt: skip
# The least age of each group: nobody is treated as older than they may be.
AGES: Final = {"0": "Under 13", "13": "13 to 15", "16": "16 or 17", "18": "18 or older"}
HIDDEN: Final = ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp")
JOINERS: Final = "\u200c\u200d"  # show nothing, and yet belong to words of some languages
CARD: Final = "This looks like a card number. We never take one here."
Reader = Callable[[str], str]


def email(text: str) -> str:
    """Return an address as it was typed. Raises ValueError."""
    if not text.strip():
        raise ValueError("Please give your email address.")
    try:
        normalise("email", text)
    except BadIdentifier as no:
        raise ValueError(str(no)) from None
    return text.strip()


def line(needed: str, most: int = 100) -> Reader:
    """Return a reader of one line of text."""

    def read(text: str) -> str:
        plain = unicodedata.normalize("NFC", text).strip()
        if not plain:
            raise ValueError(needed)
        if len(plain) > most:
            raise ValueError(f"Please keep this to {most} characters.")
        if any(unicodedata.category(c) in HIDDEN and c not in JOINERS for c in plain):
            raise ValueError("Please leave out the signs in it that cannot be seen.")
        if cards_in(plain):
            raise ValueError(CARD)
        return plain

    return read


def text(text: str, most: int, needed: str = "") -> str:
    """Return what somebody wrote in their own words. Raises ValueError; `needed` where nothing is too little."""
    plain = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    if needed and not plain:
        raise ValueError(needed)
    if len(plain) > most:
        raise ValueError(f"Please keep this to {most:,} characters.")
    if any(unicodedata.category(c) in HIDDEN and c not in JOINERS + "\n\t" for c in plain):
        raise ValueError("Please leave out the signs in it that cannot be seen.")
    return plain


def age(text: str) -> str:
    if text not in AGES:
        raise ValueError("Please say which group you belong to: for younger people a parent agrees first.")
    return text


def secret(text: str) -> str:
    """Return a password that is to be compared. Raises ValueError."""
    if not text:
        raise ValueError("Please give your password.")
    if len(text) > rules.LONGEST:
        raise ValueError(f"A password here has at most {rules.LONGEST} characters.")
    return rules.composed(text)


def new_secret(text: str) -> str:
    """Return a password that is to be kept. Raises ValueError."""
    if problem := rules.password_problem(rules.composed(text)):
        raise ValueError(problem)
    return rules.composed(text)


def offered(text: str) -> str:
    """Return the answer to a question nobody has to answer."""
    return text if text in ("yes", "no") else ""


def code(text: str) -> str:
    """Return a code of an authenticator app, or one of those to be kept. Raises ValueError."""
    plain = "".join(c for c in text[:64].upper() if c.isascii() and c.isalnum())
    if len(plain) not in (6, 16):
        raise ValueError("Please type the six digits your app shows, or one of the codes you kept.")
    return plain


def read(typed: Mapping[str, str], **fields: Reader) -> dict[str, str]:
    """Read what was typed. Raises BadForm with a sentence for each field that cannot be used."""
    found, problems = {}, {}
    for name, reader in fields.items():
        try:
            found[name] = reader(typed.get(name, ""))
        except ValueError as no:
            problems[name] = str(no)
    if problems:
        raise BadForm(problems)
    return found
