"""Demands on a policy as a whole. Law packs make them, statements lean on them, the house makes a few of its own.

Each demand answers with the clauses that fail it; none means that it is met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import NamedTuple

from .engine import Compiled
from .law import LawPack
from .nouns import Policy
from .question import shields_of

PHONES = tuple("+0123456789")
ONLINE = ("choices", "account", "message", "form", "page", "site", "app", "email", "link")


class Case(NamedTuple):
    """One policy held against one demand."""

    compiled: Compiled
    on: date
    pack: LawPack | None = None  # whose demand it is; none for the house's own and for statements
    rights: tuple[str, ...] = ()

    @property
    def policy(self) -> Policy:
        return self.compiled.policy


Clauses = Iterator[str]


def free(case: Case) -> Clauses:
    yield from (f"rights.{name}.fee" for name, right in case.policy.rights.items() if right.fee)


def no_use(case: Case) -> Clauses:
    yield from (f"purposes.{name}.basis" for name, p in case.policy.purposes.items() if p.basis == "use")
    for name, choice in case.policy.choices.items():
        asks = [choice.ask, *(choice.channels.values() if isinstance(choice.channels, dict) else ())]
        if any("use" in (a.values() if isinstance(a, dict) else (a,)) for a in asks):
            yield f"choices.{name}"


def equal_no(case: Case) -> Clauses:
    yield from (f"choices.{name}.no" for name, c in case.policy.choices.items() if not set(c.yes) <= set(c.no))


def electronic(case: Case) -> Clauses:
    rights = case.policy.rights
    ways = {way for name, right in rights.items() if (right.kind or name) == "complain" for way in right.by}
    if not any(word in way for way in ways for word in ONLINE):
        yield "rights.complain" if "complain" in rights else "rights"


def offered(case: Case) -> Clauses:
    known = {right.kind or name for name, right in case.policy.rights.items()}
    if not set(case.rights) <= known:
        yield "rights"


def contracts(case: Case) -> Clauses:
    for name, who in case.policy.recipients.items():
        under = who.contract and (who.contract.until is None or case.on < who.contract.until)
        if who.role == "processor" and not under:
            yield f"recipients.{name}"


def safeguarded(case: Case) -> Clauses:
    packs = [case.pack] if case.pack else case.compiled.book.packs.values()
    for name, who in case.policy.recipients.items():
        grounds = (
            pack.transfers.ground(country, shields_of(who, country), case.on)
            for country in who.countries
            for pack in packs
            if pack.transfers and who.form != "statistics"
        )
        if not all(grounds):
            yield f"recipients.{name}.shield"


def named(case: Case) -> Clauses:
    yield from (f"recipients.{name}" for name, who in case.policy.recipients.items() if not who.say and not who.who)


def retention(case: Case) -> Clauses:
    yield from (f"data.{name}.keep" for name, data in case.policy.data.items() if data.keep.event == "unstated")


def asked_of_every_policy(_: Case) -> Clauses:
    """What the loader or lint refuses a policy without."""
    return iter(())


def two_ways(case: Case) -> Clauses:
    for name, brand in case.policy.brands.items():
        ways = (*brand.care, *brand.lines.values())
        if not (any("@" in way for way in ways) and any(way.startswith(PHONES) for way in ways)):
            yield f"brands.{name}.care"


def representative(case: Case) -> Clauses:
    about = case.policy.about
    entity = about.entities.get(about.controller)
    asking = (pack for pack in case.compiled.book.packs.values() if any(d.check == NAMED_HERE for d in pack.demands))
    for pack in [case.pack] if case.pack else asking:
        home = pack.transfers.home if pack.transfers else ()
        if home and (entity is None or entity.country not in home) and pack.name not in about.representatives:
            yield "policy.representatives"


def signals(case: Case) -> Clauses:
    kinds, choices = case.compiled.book.kinds, case.policy.choices
    for name, purpose in case.policy.purposes.items():
        if {"adverts", "sale"} & kinds[name] and not any(choices[c].signal for c in purpose.choice):
            yield f"purposes.{name}"


def evidence(case: Case) -> Clauses:
    for name, made in case.policy.statements.items():
        if (made.scheme or made.check == "seal in force") and not (
            made.scheme and made.scope and made.evidence and made.until
        ):
            yield f"statements.{name}"


def parents(case: Case) -> Clauses:
    if not any(source.parent for source in case.policy.sources.values()):
        yield "sources"


def open_ended(case: Case) -> Clauses:
    yield from (f"purposes.{n}" for n, p in case.policy.purposes.items() if "*" in p.uses and p.basis != "law")


def online(case: Case) -> Clauses:
    for name, choice in case.policy.choices.items():
        if choice.channels and not any(word in way for way in choice.no for word in ONLINE):
            yield f"choices.{name}.no"


def separate(case: Case) -> Clauses:
    for name, purpose in case.policy.purposes.items():
        if "marketing" in case.compiled.book.kinds[name] and purpose.basis in ("use", "contract", "law"):
            yield f"purposes.{name}.basis"


def ways_out(case: Case) -> Clauses:
    """Every channel of a choice about news has its way out."""
    for name, choice in case.policy.choices.items():
        if choice.topics and set(choice.channels) - set(choice.exits):
            yield f"choices.{name}.exits" if choice.exits else f"choices.{name}"


def big_groups(case: Case) -> Clauses:
    """Statistics say how small a group they may describe."""
    for name, who in case.policy.recipients.items():
        if who.form == "statistics" and not who.at_least:
            yield f"recipients.{name}"


def checked(case: Case) -> Clauses:
    """Every plain statement has a check behind it."""
    yield from (f"statements.{name}" for name, made in case.policy.statements.items() if made.check == ON_TRUST)


NAMED_HERE = "representative is named"
ON_TRUST = "taken on trust"  # the check of a sentence that has none; the house overrules it
DEMANDS: dict[str, Callable[[Case], Clauses]] = {
    "access is free": free,
    "use is not consent": no_use,
    "every yes has an equal no": equal_no,
    "complaints have an electronic form": electronic,
    "rights are offered": offered,
    "processors are under contract": contracts,
    "transfers have a safeguard": safeguarded,
    "recipients are named": named,
    "retention is stated": retention,
    "sources are stated": asked_of_every_policy,
    "two contact methods": two_ways,
    NAMED_HERE: representative,
    "signal is shown": signals,
    "security claims have evidence": evidence,
    "children are asked for a parent": parents,
    "new uses need a new line": open_ended,
    "post can be stopped online": online,
    "marketing is separate": separate,
    "every channel has an exit": ways_out,
    "figures describe groups": big_groups,
    "every statement is checked": checked,
}
# What the house asks of every policy, whatever the law says.
HOUSE = (
    "every yes has an equal no",
    "every channel has an exit",
    "figures describe groups",
    "every statement is checked",
)
