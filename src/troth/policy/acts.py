"""The question and the answer: an act, the standing of the person it concerns, and the decision."""

from __future__ import annotations

from typing import Final, NamedTuple

from .law import ANYWHERE
from .plain import Plain

# Facts about a person that are not answers to a choice. They share one small integer, `Standing.core`, with the age.
RESTRICTED: Final = 1 << 5  # asked us to store their data but not use it (GDPR art. 18)
PARENT: Final = 1 << 6  # a parent agreed
HELD: Final = 1 << 7  # a legal hold suspends deletion
ERASING: Final = 1 << 8  # asked to be erased; only a duty's own acts on what it retains go on
LISTED_PHONE: Final = 1 << 9  # on a national do-not-call list
LISTED_POST: Final = 1 << 10  # on a national mail preference list
FLAGS: Final = {
    "restricted": RESTRICTED, "parent": PARENT, "held": HELD, "erasing": ERASING,
    "listed_phone": LISTED_PHONE, "listed_post": LISTED_POST,
}  # fmt: skip

AGE: Final = 0b11111
ADULT: Final = 21  # and older; no rule looks further
UNKNOWN_AGE: Final = 31  # nobody asked; treated as grown up, as the law does where it says "known"

SETS: Final = ("yes", "no", "stop", "signal", "soft")  # the sets of slots a standing holds
NOTHING: Final[frozenset[str]] = frozenset()


class Act(NamedTuple):
    """One of the six things that can happen to personal data. Names are those of the policy.

    `items` are categories ("contact"), items ("contact.email") or bare item names ("email"). `given` holds the facts
    the caller states, such as "announcement" or "legal basis"; they are recorded with the decision.
    """

    verb: str  # collect, use, contact, disclose, publish or keep
    purpose: str
    brand: str
    items: frozenset[str] = NOTHING
    source: str = ""  # collect: where it comes from
    to: str = ""  # disclose: the recipient
    channel: str = ""  # contact and publish: by which medium
    topic: str = ""  # contact: what it is about
    actor: str = "system"  # the role of whoever acts; "person" is the person themselves
    given: frozenset[str] = NOTHING
    form: str = "plain"  # disclose and use: how identifying the data still is
    where: str = ""  # collect: the brand's site, app, page, event or magazine
    place: str = ""  # disclose: the country, where it is only one of the recipient's
    size: int = 0  # publish and disclose: people behind the smallest figure of a statistic
    hour: int = -1  # contact: the hour, 0 to 23, where the person is


class Standing(Plain):
    """What is known of one person, as far as a decision needs it: five sets of slots, an age, a few flags.

    Each set is an integer with one bit a slot. The numbering belongs to one compiled policy, named by `layout`.
    """

    residence: str = ANYWHERE  # ISO country, "US-CA", several joined by "+", or "*" when unknown
    layout: str = ""  # the slot numbering the bits belong to; made by `Compiled.standing`
    core: int = UNKNOWN_AGE  # age in whole years (5 bits) and FLAGS
    yes: int = 0  # consents in force
    no: int = 0  # refusals and withdrawals in force
    stop: int = 0  # objections and suppressions not lifted by a later explicit yes
    signal: int = 0  # slots a device signal says no to, not lifted by a yes given in sight of it
    soft: int = 0  # slots a sale opened (soft opt-in): refusal offered, none given


class Reason(NamedTuple):
    """Why: a stable code, the line of the policy, the line of the law, and one plain sentence."""

    code: str
    clause: str  # key path in the policy, e.g. "purposes.news"; empty if the law alone speaks
    law: str  # e.g. "uk.pecr-22 (PECR 2003 reg 22)"; empty if the policy alone speaks
    say: str

    @property
    def line(self) -> str:
        """The line that decided: the clause, or `law.` and the rule."""
        return self.clause or f"law.{self.law.partition(' ')[0]}"


class Decision(NamedTuple):
    """The answer to an act: yes or no, every reason in order of precedence, and what follows from a yes."""

    allowed: bool
    reasons: tuple[Reason, ...]  # never empty; the first one decides
    policy: str  # SHA-256 of the policy file, hexadecimal
    duties: tuple[str, ...] = ()  # what must be done along with the act

    @property
    def because(self) -> Reason:
        """The reason that decides."""
        return self.reasons[0]
