"""A form never asks for more than the policy's form does: `manage.py check` and the tests fail on a wider one (R18)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core import checks

from troth.doors import policies
from troth.doors.checks import form_problems
from troth.policy import Compiled

from .forms import FORMS


@checks.register("troth")
def forms_stay_within_the_policy(app_configs: Iterable[Any] | None = None, **_: object) -> list[checks.CheckMessage]:
    """Return a message for every form that is wider than the policy in force."""
    del app_configs
    return problems(policies.archive().in_force(policies.today()))


def problems(compiled: Compiled) -> list[checks.CheckMessage]:
    return [
        problem
        for (source, name), fields in FORMS.items()
        for problem in form_problems("The form", source, name, fields.values(), compiled)
    ]
