"""What a form says about itself: what it asks, what for, and where the policy says so. Written from the policy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.urls import reverse

from troth.doors import policies
from troth.policy import Compiled
from troth.policy.wording import listed

SCREENED = ("order", "voucher")  # what comes of these forms is screened


@dataclass(frozen=True)
class Notice:
    """The notice of one form."""

    title: str
    asks: str  # "name, age group and email address"
    may: str
    purposes: tuple[str, ...]
    machine: str  # how a computer decides about it, and that a person looks again; empty where none does
    way: str  # to the policy's line
    line: int


def notice(source: str, form: str) -> Notice:
    return _notice(policies.archive().in_force(policies.today()), source, form)


@lru_cache(maxsize=32)
def _notice(compiled: Compiled, source: str, form: str) -> Notice:
    policy, labels = compiled.policy, compiled.book.labels
    told = policy.sources[source].forms[form]
    clause = f"sources.{source}.forms.{form}"
    line = compiled.book.file.line(clause)
    page = reverse("front:source", args=[policy.about.version.isoformat()])

    def say(names: tuple[str, ...]) -> str:
        return listed([labels[item].say for name in names for item in sorted(compiled.book.items([name]))])

    return Notice(
        told.say, say(told.asks), say(told.may), tuple(policy.purposes[name].say for name in told.purposes),
        policy.purposes["screen"].logic if source in SCREENED else "",
        f"{page}#L{line}", line or 0,
    )  # fmt: skip
