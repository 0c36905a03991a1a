"""A form of ours that asks for more than the policy's form fails here, with the line that would mend it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core import checks

from troth.doors import policies
from troth.policy import Compiled
from troth.policy.notice import wider

from .rules import FIELDS, KINDS


@checks.register("troth")
def forms_stay_within_the_policy(app_configs: Iterable[Any] | None = None, **_: object) -> list[checks.CheckMessage]:
    """Return a message for every form that is wider than the policy in force."""
    del app_configs
    return problems(policies.archive().in_force(policies.today()))


def problems(compiled: Compiled) -> list[checks.CheckMessage]:
    found: list[checks.CheckMessage] = []
    for name, kind in KINDS.items():
        if wide := wider(compiled, kind.source, kind.form, frozenset(FIELDS[name].values())):
            clause = f"[sources.{kind.source}.forms.{kind.form}]"
            found.append(
                checks.Error(
                    f"The form for a {name} asks for {', '.join(sorted(wide))}, and {clause} does not.",
                    hint=f'Add it to "asks" or "may" of {clause} in {compiled.book.file.file}, or ask less.',
                    id="troth.E007",
                )
            )
    return found
