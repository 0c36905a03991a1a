"""The checks behind a policy's plain statements.

Some are answered from the policy itself: every demand of `demands`, and a few more here. The others are facts about
the running site: the tests that keep one true are named beside it, or it is looked at again and again and stands on the
page only while it holds, or nothing keeps it, and `troth policy check` says so.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from .demands import DEMANDS, ON_TRUST, Case
from .engine import Compiled
from .nouns import Statement, in_force

Answer = Callable[[Compiled, Statement, date], bool]


class Check(NamedTuple):
    """One kind of check: answered from the policy, or by the site."""

    answer: Answer | None = None  # None: a fact about the running site, which the policy alone cannot show
    kept_by: str = ""  # the tests that keep it true; empty: nothing built yet
    watched: bool = False  # looked at on the running site: the sentence stands only while that is well
    section: str = "safeguards"  # where such a statement stands, unless it says otherwise

    @property
    def kept(self) -> bool:
        """Whether anything keeps such a statement true."""
        return bool(self.answer or self.kept_by or self.watched)


def _abroad(compiled: Compiled, _: Statement, __: date) -> bool:
    return all(who.countries for who in compiled.policy.recipients.values())


def _networks(compiled: Compiled, _: Statement, on: date) -> bool:
    places = [p for brand in compiled.policy.brands.values() for p in brand.properties.values() if in_force(p, on)]
    return all(place.network and place.policy for place in places if place.kind == "social")


def _notice(compiled: Compiled, _: Statement, __: date) -> bool:
    notice = compiled.policy.about.notice
    return notice is not None and notice.days >= 30


def _answered(compiled: Compiled, _: Statement, on: date) -> bool:
    live = [brand for brand in compiled.policy.brands.values() if in_force(brand, on)]
    return all(brand.care for brand in live)  # the officer's address no policy can be without


def _seal(_: Compiled, made: Statement, on: date) -> bool:
    return bool(made.scheme and made.scope and made.evidence) and made.until is not None and on < made.until


def _right(kind: str) -> Answer:
    def offered(compiled: Compiled, _: Statement, __: date) -> bool:
        return any((right.kind or name) == kind for name, right in compiled.policy.rights.items())

    return offered


def _demand(phrase: str) -> Answer:
    def met(compiled: Compiled, _: Statement, on: date) -> bool:
        return not any(DEMANDS[phrase](Case(compiled, on)))

    return met


FROM_THE_POLICY: dict[str, Check] = {
    "recipients abroad listed": Check(_abroad, section="places"),
    "both links shown": Check(_networks, section="links"),
    "notice 30 days ahead": Check(_notice, section="changes"),
    "contacts answered": Check(_answered, section="contact"),
    "seal in force": Check(_seal),
    "complaints heard": Check(_right("complain"), section="access"),
    "human review offered": Check(_right("review"), section="access"),
}
FROM_THE_SITE: dict[str, Check] = {
    "tls >= 1.2": Check(watched=True),  # `troth site check`
    "links carry no identity": Check(kept_by="tests/front", section="links"),
    "page works for everyone": Check(kept_by="tests/front", section="contact"),
    "versions are archived": Check(kept_by="tests/policy, tests/front", section="changes"),
    "unknown is refused": Check(kept_by="tests/policy", section="use"),
    "nothing before a choice": Check(kept_by="tests/tracking", section="cookies"),
    "opt-outs need no sign-in": Check(kept_by="tests/accounts/test_choices_page.py", section="marketing"),
    "every message explains itself": Check(kept_by="tests/marketing/test_one_click.py", section="marketing"),
    "service messages do not promote": Check(kept_by="tests/marketing/test_template_check.py", section="marketing"),
    "the sender belongs to the group": Check(kept_by="tests/marketing/test_audience.py", section="marketing"),
    "message links carry no identity": Check(kept_by="tests/marketing/test_template_check.py", section="cookies"),
    "permissions name one controller": Check(section="share"),
    "unproven sources are not contacted": Check(kept_by="tests/site/test_importing.py", section="collect"),
    "free text is scanned on entry": Check(kept_by="tests/doors/test_handling.py", section="collect"),
    "photo metadata is stripped": Check(kept_by="tests/community/test_pictures.py", section="collect"),
    "calls are announced before recording": Check(section="collect"),
    "forms stay within the policy": Check(kept_by="tests/shop/test_buying.py", section="collect"),
    "followers are not imported": Check(section="links"),
    "test data is synthetic": Check(section="use"),
    "every disclosure is recorded": Check(kept_by="tests/doors", section="share"),
    "authority requests are counted": Check(section="share"),
    "staff access needs a case": Check(kept_by="tests/desk"),
    "access is recorded": Check(kept_by="tests/doors, tests/desk"),
    "stored encrypted": Check(kept_by="tests/vault"),
    "the ledger verifies": Check(kept_by="tests/ledger"),
    "breach clocks run": Check(),
    "no card numbers held": Check(kept_by="tests/shop"),
    "guest checkout works": Check(kept_by="tests/shop", section="collect"),
    "erasure is certified": Check(kept_by="tests/rights", section="access"),
    "sale needs a yes": Check(kept_by="tests/policy", section="share"),
    "chat opens with a notice": Check(section="collect"),
}
CHECKS: dict[str, Check] = {
    **{phrase: Check(_demand(phrase)) for phrase in DEMANDS},
    **FROM_THE_POLICY,
    **FROM_THE_SITE,
    ON_TRUST: Check(),
}
