"""What we write to whoever said something: only about that, and always with the way back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .rules import KINDS, REASONS

SUBJECTS: Final = {
    "asked": "Is this yours? One click, and we read your {what}",
    "heard": "Thank you for your {what}",
    "shown": "Your {what} is on our pages",
    "refused": "About your {what}",
}
TEXTS: Final = {
    "asked": (
        "Somebody, you we hope, wrote a {what} at {shop} and gave this address.\n\n"
        "If it was you, say so here, and one of us will read it:\n{link}\n\n"
        "If it was not you, take it away on the same page, or do nothing: in fourteen days it is gone."
    ),
    "heard": "Thank you. We read it, and nobody else does.\n\nTo change it or to take it back:\n{link}",
    "shown": "Thank you. Others can read it now.\n\nTo change it or to take it back, whenever you like:\n{link}",
    "refused": (
        "We did not show your {what}, because {why}.\n\n"
        "You can change it, and we read it again:\n{link}\n\nIf you do nothing, it is gone in thirty days."
    ),
}


def letter(which: str, kind: str, shop: str, link: str, because: str = "") -> Mapping[str, str]:
    """Return a letter's subject and text. Neither repeats what was written: letters lie about in mailboxes."""
    said = {"what": KINDS[kind].say, "shop": shop, "link": link, "why": REASONS.get(because, "")}
    return {"subject": SUBJECTS[which].format(**said), "text": TEXTS[which].format(**said)}


def asked(medium: str, shop: str) -> str:
    """Return the words in which somebody is asked whether we may quote them."""
    return f"May {shop} quote these words {medium}, under the name you chose, to show what people think of us?"
