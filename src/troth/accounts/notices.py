"""What a form says about itself: what it asks, what for, and where the policy says so. Written from the policy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.urls import reverse

from troth.doors import policies
from troth.policy import Compiled
from troth.policy.wording import listed


@dataclass(frozen=True)
class Notice:
    """The notice of one form, as templates/shop/notice.html shows it."""

    title: str
    asks: str  # "name, age group and email address"
    may: str
    purposes: tuple[str, ...]
    line: int
    version: str
    machine: str = ""  # no computer decides about an account

    @property
    def way(self) -> str:
        return f"{reverse('front:source', args=[self.version])}#L{self.line}"


def notice(source: str, form: str) -> Notice:
    """Return the notice of a form of the policy in force. Source: R18; GDPR art. 13."""
    return _notice(policies.archive().in_force(policies.today()), source, form)


@lru_cache(maxsize=16)
def _notice(compiled: Compiled, source: str, form: str) -> Notice:
    policy, labels = compiled.policy, compiled.book.labels
    told = policy.sources[source].forms[form]

    def say(names: tuple[str, ...]) -> str:
        return listed([labels[item].say for name in names for item in sorted(compiled.book.items([name]))])

    return Notice(
        told.say, say(told.asks), say(told.may), tuple(policy.purposes[name].say for name in told.purposes),
        compiled.book.file.line(f"sources.{source}.forms.{form}") or 1, policy.about.version.isoformat(),
    )  # fmt: skip
