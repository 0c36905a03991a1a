"""A form of ours that asks for more than the policy's form fails here, with the line that would mend it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core import checks

from troth.doors import policies
from troth.doors.checks import form_problems
from troth.policy import Compiled

from .rules import FIELDS, KINDS


@checks.register("troth")
def forms_stay_within_the_policy(app_configs: Iterable[Any] | None = None, **_: object) -> list[checks.CheckMessage]:
    """Return a message for every form that is wider than the policy in force."""
    del app_configs
    return problems(policies.archive().in_force(policies.today()))


def problems(compiled: Compiled) -> list[checks.CheckMessage]:
    return [
        problem
        for name, kind in KINDS.items()
        for problem in form_problems(f"The form for a {name}", kind.source, kind.form, FIELDS[name].values(), compiled)
    ]
