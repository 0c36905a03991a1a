"""News of similar things after a sale (soft opt-in): told at the checkout with its no beside it, kept when sold.

Buying is no answer, so the page says what follows from it, and the shopper says no there with one mark. Whoever says
neither yes nor no, and lives where the law and the policy let a sale open news by email, gets a "soft" event once the
order has left the house and cannot be called off any more: in the words shown, for things like the ones bought, from
the brand that sold them. It never lifts a no, and each message carries a way out.

Source: PECR reg 22(3); ePrivacy Directive art. 13(2); policy [choices.news].soft; docs/decisions/0025.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from troth.choices.actions import known, refold, say
from troth.doors import policies
from troth.doors.collect import collect
from troth.policy import Act, Compiled
from troth.policy.rules import SOFT

if TYPE_CHECKING:
    from .models import Order

CHOICE, CHANNEL = "news", "email"
TOPICS: Final = ("products", "features", "improvements", "offers", "upgrades")  # of goods: no contest is similar
WORDS: Final = {  # by version, none ever changed: an order under way still names the one its page showed
    "2026-11": (
        "May we email you about things like these?",
        (
            "If you buy and choose neither, {brand} may email you news and offers of its own similar things, until you "
            "say no. You can say no here, or in any of those emails. It makes no difference to your order."
        ),
    ),
}
NEWEST: Final = "2026-11"


def words(version: str, brand: str) -> tuple[str, str]:
    """Return the question and what stands below it, as a page shows them. `brand`: what the brand is called."""
    question, hint = WORDS[version]
    return question, hint.format(brand=brand)


def opens(compiled: Compiled, brand: str, residence: str, day: date) -> bool:
    """Tell whether a sale opens news by email where somebody lives: neither the law nor the policy asks for a yes."""
    return any(compiled.rule(act, residence, day).level == SOFT for act in _acts(compiled, brand))


def told(version: str, brand: str, residence: str, day: date) -> str:
    """Return the version of the words a page showed, where buying means anything under them; else nothing."""
    compiled = policies.archive().in_force(day)
    return version if version in WORDS and opens(compiled, brand, residence, day) else ""


def to_show(brand: str, residence: str, person: UUID | None, at: datetime) -> str:
    """Return the version of the words a checkout shows; nothing where it asks for a yes, or a no stands already."""
    compiled = policies.archive().in_force(policies.today())
    if not opens(compiled, brand, residence, policies.today()):
        return ""
    standing = known([person], compiled, at)[1].get(person) if person else None
    said = standing.yes | standing.no | standing.stop | standing.signal if standing else 0
    return NEWEST if any(_open(compiled, brand, said)) else ""


def sold(order: Order, at: datetime) -> None:
    """Write down what a sale opens, in the transaction that makes it final. For a page or job that declares "proof".

    What they said no to meanwhile stays closed. The event names the version of the policy whose words were shown.
    """
    if not order.told:
        return
    placed = policies.house_day(order.seen_at)
    shown, brand = policies.archive().in_force(placed), order.brand
    with collect("proof", source="choice", brand=brand, person=order.person_id, at=at) as c:
        standing = known([order.person_id], c.compiled, at)[1][order.person_id]
        said = standing.yes | standing.no | standing.stop | standing.signal | standing.soft
        patterns = [pattern for pattern in _open(c.compiled, brand, said) if shown.book.meant(pattern)]
        if patterns and opens(c.compiled, brand, standing.residence, at.date()):
            say(
                c.save, order.person_id, "soft", patterns, compiled=shown, at=at, place="checkout", actor="system",
                wording=" ".join(words(order.told, shown.policy.brands[brand].say or brand)),
                proof={"order": order.number, "words": order.told, "shown": order.seen_at.isoformat()},
            )  # fmt: skip
            if shown.digest != c.compiled.digest:
                refold(order.person_id, c.compiled, at)


def _acts(compiled: Compiled, brand: str) -> Iterable[Act]:
    choice = compiled.policy.choices.get(CHOICE)
    if choice and CHANNEL in choice.soft:
        for topic in TOPICS:
            if topic in choice.topics:
                yield Act("contact", CHOICE, brand, channel=CHANNEL, topic=topic, hour=12)


def _open(compiled: Compiled, brand: str, said: int) -> Iterable[str]:
    """Yield what a sale may open: nothing about which `said` holds an answer."""
    for act in _acts(compiled, brand):
        pattern = f"{CHOICE}:{brand}:{CHANNEL}:{act.topic}"
        if not compiled.book.meant(pattern) & said:
            yield pattern
