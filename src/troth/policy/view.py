"""Whose page is being written: one brand, one region, one day, and what the engine says to people there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from .acts import NOTHING, Act
from .asking import facts
from .book import controller_of, items_of
from .engine import Compiled
from .law import Applied
from .nouns import Policy, Purpose, in_force
from .rules import CONSENT, NO_BRAKE, OBJECTION, SOFT
from .wording import listed

FORBIDDEN = CONSENT + 1
SAYS = {
    NO_BRAKE: "as you asked us to",
    OBJECTION: "unless you say no",
    SOFT: "if you said yes, or bought from us and did not say no",
    CONSENT: "only if you say yes",
    FORBIDDEN: "we do not: the law here forbids it",
}

NEEDED = {"contract": "Needed for what you asked for", "law": "The law asks for it"}


@dataclass(frozen=True)
class Atlas:
    """What the page needs to know of countries: their names, and what their authorities may ask for."""

    name: Callable[[str], str] = str
    access: Callable[[str], str] = lambda _: ""


@dataclass(frozen=True)
class View:
    """Someone in `region` reads the policy of `brand` on a day."""

    compiled: Compiled
    brand: str
    region: str  # a law pack's code
    on: date
    atlas: Atlas = Atlas()
    seen: frozenset[str] = frozenset()  # the watched checks that hold on the running site

    @property
    def policy(self) -> Policy:
        return self.compiled.policy

    @property
    def controller(self) -> str:
        return controller_of(self.policy, self.brand)

    @property
    def laws(self) -> tuple[Applied, ...]:
        return self.compiled.book.protecting(self.region)

    @property
    def purposes(self) -> dict[str, Purpose]:
        """The purposes in force that use anything, in the order of the file."""
        found = self.policy.purposes.items()
        return {name: p for name, p in found if p.uses and p.basis != "none" and in_force(p, self.on)}

    def level(self, verb: str, purpose: str, channel: str = "", topic: str = "") -> int:
        """Return how much of a yes an act needs of people here: NO_BRAKE, OBJECTION, SOFT, CONSENT or FORBIDDEN.

        All facts a caller could state are taken as stated; what is refused even so is forbidden here.
        """
        book, given = self.compiled.book, frozenset(facts(self.compiled))
        items = book.let_through(book.items(self.policy.purposes[purpose].uses), purpose) if verb == "use" else NOTHING
        act = Act(verb, purpose, self.brand, items, channel=channel, topic=topic, given=given)
        rule = self.compiled.rule(act._replace(form="statistics", size=10_000, hour=12), self.region, self.on)
        return FORBIDDEN if rule.refusal else rule.level

    def say(self, purpose: str) -> str:
        """Return what a person here can say about a purpose, in a few words."""
        found = self.policy.purposes[purpose]
        if any(self.policy.choices[c].ask == "each" for c in found.choice):
            return "We ask each time"
        level = self.level("use", purpose)
        if level == NO_BRAKE:
            return NEEDED.get(found.basis, "Needed")
        if level == OBJECTION:
            return "On unless you say no" if found.choice else "You can object"
        return "Not done here" if level == FORBIDDEN else "Only if you say yes"

    def named(self, kind: str, name: str) -> str:
        """Return how customers read the name of anything in the policy."""
        return getattr(self.policy, kind)[name].say or name.replace("_", " ")

    def recipients(self, names: Iterable[str]) -> str:
        return listed([self.named("recipients", name) for name in names])

    def labels(self, names: Iterable[str]) -> list[str]:
        """Return the categories behind data names, as customers read them; a part of a category by its items."""
        book, said = self.compiled.book, []
        wanted = book.items(names)
        for category, data in self.policy.data.items():
            every = [f"{category}.{item}" for item, _ in items_of(data.items)]
            some = [full for full in every if full in wanted]
            whole = some and len(some) == len(every)
            said += [self.named("data", category)] if whole else [book.labels[full].say for full in some]
        return said

    def line(self, clause: str, otherwise: str) -> str:
        """Return the clause where the file states it, else the line that leaves it to the default."""
        return clause if self.compiled.book.file.states(clause) else otherwise
