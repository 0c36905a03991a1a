"""What may be written, what may happen to it, and what a moderator can say. Pure: no database, no clock."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from .errors import BadWords, NotNow


class Kind(NamedTuple):
    """One kind of remark, in the policy's own words."""

    say: str
    source: str  # where it comes from
    form: str  # the form of that source
    item: str  # what the words are
    taken_for: str  # the purpose it is taken in for
    shown_for: str  # the purpose it is shown for
    minded_by: str  # the role that decides
    minding: str  # the fact that role must state
    starred: bool = False


KINDS: Final = {
    "review": Kind(
        "review", "comment", "review", "shared.reviews", "comments", "comments", "care", "moderation", starred=True
    ),
    "comment": Kind("comment", "comment", "comment", "shared.comments", "comments", "comments", "care", "moderation"),
    "testimonial": Kind(
        "feedback", "feedback", "testimonial", "shared.testimonials", "care", "praise", "marketer", "campaign"
    ),
}
# What each form of ours asks for, field by field. `checks` sees that the policy's form asks for no less.
FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    "review": {
        "name": "shared.username", "email": "contact.email", "stars": "shared.reviews", "words": "shared.reviews",
        "photos": "pictures.photos",
    },
    "comment": {"name": "shared.username", "email": "contact.email", "words": "shared.comments"},
    "testimonial": {"name": "shared.username", "email": "contact.email", "words": "shared.testimonials"},
}  # fmt: skip
MEDIA: Final = {"online": "on our sites", "print": "in print"}

# -- moderation --------------------------------------------------------------------------------------------------------

STATES: Final = {
    "unproven": "waits for its writer to follow the link we sent",
    "waiting": "waits for one of us to read it",
    "shown": "is on our pages",
    "refused": "was not shown",
    "heard": "was read by us; it is for nobody else",
    "withdrawn": "was taken back",
}
# State and act to the state that follows. An act that leads to where a remark already is does nothing a second time.
MOVES: Final = {
    ("unproven", "prove"): "waiting",
    ("unproven", "edit"): "waiting",  # who edits came by the link
    ("unproven", "withdraw"): "withdrawn",
    ("waiting", "prove"): "waiting",
    ("waiting", "edit"): "waiting",
    ("waiting", "show"): "shown",
    ("waiting", "refuse"): "refused",
    ("waiting", "withdraw"): "withdrawn",
    ("shown", "prove"): "shown",
    ("shown", "edit"): "waiting",  # nobody's words change in public unread
    ("shown", "show"): "shown",
    ("shown", "refuse"): "refused",
    ("shown", "withdraw"): "withdrawn",
    ("refused", "prove"): "refused",
    ("refused", "edit"): "waiting",
    ("refused", "refuse"): "refused",
    ("refused", "withdraw"): "withdrawn",
    ("heard", "edit"): "heard",
    ("heard", "withdraw"): "withdrawn",
    ("withdrawn", "withdraw"): "withdrawn",
}
REASONS: Final = {
    "off_topic": "it is not about what it stands under",
    "others": "it names other people, or tells things about them",
    "rude": "it is unkind to somebody",
    "advert": "it advertises something",
    "untrue": "we could not find that it happened",
    "picture": "of a picture in it",
    "private": "it tells more about you than we would want to show the world",
}
DAYS_TO_PROVE: Final = 14  # then an unproven remark is let go
DAYS_AFTER_NO: Final = 30  # so long a refused one can still be changed
MOST_UNPROVEN: Final = 5  # of one mailbox: a form must not become a way to fill it


def after(state: str, act: str) -> str:
    """Return the state that follows an act. Raises NotNow where it does not fit."""
    try:
        return MOVES[state, act]
    except KeyError:
        raise NotNow(f"This {STATES.get(state, 'is not known')}, so there is nothing to {act}.") from None


def can(state: str, act: str) -> bool:
    return (state, act) in MOVES


# -- what is typed -----------------------------------------------------------------------------------------------------

LONGEST_NAME: Final = 40
LONGEST_WORDS: Final = 4_000
MOST_PHOTOS: Final = 2
STARS: Final = {"1": "Poor", "2": "Fair", "3": "Good", "4": "Very good", "5": "Excellent"}
LETTERS: Final = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"  # hold emoji and some scripts together
ADDRESS: Final = re.compile(r"\S@\S+\.\S")


@dataclass(frozen=True)
class Written:
    """What somebody wrote, fit to be taken in."""

    kind: str
    name: str
    email: str
    words: str
    stars: int | None = None
    media: frozenset[str] = frozenset()  # where they said we may quote it


def read(kind: str, typed: Mapping[str, str], *, known: bool = False) -> Written:
    """Read what was typed into a form. `known`: we have their address already. Raises BadWords.

    >>> read("comment", {"name": "Ada", "email": "ada@post.example", "words": "Fine."}).words
    'Fine.'
    """
    name, email, words = (tidy(typed.get(field, "")) for field in ("name", "email", "words"))
    media = frozenset(medium for medium in MEDIA if kind == "testimonial" and typed.get(medium) == "yes")
    needed = kind != "testimonial" or bool(media)
    problems = {
        "name": _name(name, needed=needed),
        "email": "" if known else _email(email, quoted=bool(media), needed=needed),
        "words": _words(words),
        "stars": "" if not KINDS[kind].starred or typed.get("stars") in STARS else "Say how many stars, from 1 to 5.",
    }
    if email and email.casefold() in f"{name}\n{words}".casefold():
        problems["words"] = "Your email address stands in what others would read. Please leave it out."
    if found := {field: say for field, say in problems.items() if say}:
        raise BadWords(found)
    return Written(kind, name, email, words, int(typed["stars"]) if KINDS[kind].starred else None, media)


def tidy(text: str) -> str:
    """Return a text composed, with one kind of line end and none around it."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _name(name: str, *, needed: bool) -> str:
    if not name:
        return "Choose a name to show: yours, or any other." if needed else ""
    if len(name) > LONGEST_NAME:
        return f"A name has up to {LONGEST_NAME} letters."
    if "@" in name:
        return "This looks like an address. Choose a name that the world may see."
    return "" if "\n" not in name and not hidden(name) else "This name holds characters that cannot be seen."


def _email(email: str, *, quoted: bool, needed: bool) -> str:
    if email:
        return "" if ADDRESS.search(email) else "This cannot be an email address. Write it as name@domain."
    if quoted:
        return "To quote you we need your email address: we send you the link with which you can take it back."
    return "We need your email address, to send you the link. Nobody else sees it." if needed else ""


def _words(words: str) -> str:
    if not words:
        return "There are no words here yet."
    if len(words) > LONGEST_WORDS:
        return f"Up to {LONGEST_WORDS:,} characters, please. These are {len(words):,}."
    return "These words hold characters that cannot be seen. Please type them anew." if hidden(words) else ""


def hidden(text: str) -> bool:
    """Tell whether a text holds what shows nothing, or turns what stands beside it around."""
    return any(c not in LETTERS and c not in "\n\t" and unicodedata.category(c) in HIDDEN for c in text)


HIDDEN: Final = {"Cc", "Cf", "Cs", "Co", "Cn"}
