"""A form never asks for more than the policy's form does: `manage.py check` and the tests fail on a wider one (R18)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core import checks

from troth.doors import policies
from troth.policy import Compiled

from .forms import FORMS


@checks.register("troth")
def forms_stay_within_the_policy(app_configs: Iterable[Any] | None = None, **_: object) -> list[checks.CheckMessage]:
    """Return a message for every form that is wider than the policy in force."""
    del app_configs
    return problems(policies.archive().in_force(policies.today()))


def problems(compiled: Compiled) -> list[checks.CheckMessage]:
    found: list[checks.CheckMessage] = []
    for (source, name), fields in FORMS.items():
        told = compiled.policy.sources[source].forms[name]
        wide = frozenset(fields.values()) - compiled.book.items((*told.asks, *told.may))
        if wide:
            clause = f"[sources.{source}.forms.{name}]"
            found.append(
                checks.Error(
                    f"The form asks for {', '.join(sorted(wide))}, and {clause} does not.",
                    hint=f'Add it to "asks" or "may" of {clause} in {compiled.book.file.file}, or ask less.',
                    id="troth.E007",
                )
            )
    return found
