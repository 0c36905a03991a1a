"""An act whose names are all known, with what the policy and the law say of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from .acts import Act
from .book import STRICTEST, Book, strictest
from .law import Applied, LawRule
from .nouns import Brand, Purpose, Recipient, Shield, Source
from .plain import Plain


class Question(Plain):
    """An act whose names are all known, with what the book says of them."""

    book: Book
    act: Act
    day: date
    laws: tuple[Applied, ...]
    purpose: Purpose
    brand: Brand
    items: frozenset[str]
    clause: str  # purposes.NAME

    @property
    def kinds(self) -> frozenset[str]:
        return self.book.kinds[self.act.purpose]

    @property
    def recipient(self) -> Recipient | None:
        return self.book.policy.recipients.get(self.act.to)

    @property
    def source(self) -> Source | None:
        return self.book.policy.sources.get(self.act.source)

    @property
    def categories(self) -> list[str]:
        return sorted({item.partition(".")[0] for item in self.items})

    def rules(self) -> Iterator[tuple[str, LawRule]]:
        """Yield every law rule that speaks to this act on this day, with its line."""
        source = self.source
        care = {self.book.policy.data[c].care for c in self.categories}
        role = {self.recipient.role} if self.recipient else set()
        provenance = {source.provenance} if source else set()
        for pack, region in self.laws:
            for rule in pack.rules:
                if (
                    (self.act.verb in rule.verbs if rule.verbs else self.act.verb != "keep")
                    and (not rule.kinds or not self.kinds.isdisjoint(rule.kinds))
                    and self.kinds.isdisjoint(rule.unless)
                    and (not rule.channels or self.act.channel in rule.channels)
                    and (not rule.care or not care.isdisjoint(rule.care))
                    and (not rule.roles or not role.isdisjoint(rule.roles))
                    and (not rule.provenance or not provenance.isdisjoint(rule.provenance))
                    and rule.in_force(self.day, region)
                ):
                    yield f"{pack.name}.{rule.id} ({rule.cite})", rule


def shields_of(recipient: Recipient, country: str) -> tuple[Shield, ...]:
    """Return the safeguards named for a country; one named by its scheme alone has no end, and so does not hold."""
    return tuple(s if isinstance(s, Shield) else Shield(s) for s in recipient.shield.get(country, ()))


def asks_of(q: Question, name: str) -> str | dict[str, str]:
    """Return how a choice is asked for this act's channel; without one, the way the strictest channel is."""
    choice = q.book.policy.choices[name]
    if isinstance(choice.channels, dict) and q.act.channel in choice.channels:
        return choice.channels[q.act.channel]
    if isinstance(choice.channels, dict) and not choice.ask:
        return strictest(q.book.asked(asks, q.laws) for asks in choice.channels.values())
    return choice.ask or STRICTEST
