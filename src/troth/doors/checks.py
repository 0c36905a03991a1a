"""The closed world against the policy in force: items it does not know, rows whose items end at different times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.core import checks

from troth.policy import Compiled
from troth.policy.notice import wider
from troth.vault.models import HeldRow, PersonRow, person_rows

from . import periods, policies


@checks.register("troth")
def known_to_the_policy(app_configs: Iterable[Any] | None = None, **_: object) -> list[checks.CheckMessage]:
    """Return a message for everything stored that the policy in force has no line for."""
    del app_configs
    compiled = policies.archive().in_force(policies.today())
    return [message for model in person_rows() for message in problems(model, compiled)]


def problems(model: type[PersonRow], compiled: Compiled) -> Iterator[checks.CheckMessage]:
    """Yield what the policy does not know of one model."""
    file = compiled.book.file.file
    for item in sorted(periods.items_of(model) - compiled.book.labels.keys()):
        category, _, name = item.partition(".")
        yield checks.Error(
            f"{model._meta.label} holds {item}, and the policy has no such item.",
            hint=f'Add to {file}, [data.{category}]: `items.{name} = {{ say = "…" }}`.', obj=model, id="troth.E005",
        )  # fmt: skip
    if issubclass(model, HeldRow) and not any(label.by for label in model.labels().values()):
        keeps = set(periods.keeps(model, compiled.policy).values())
        if len(keeps) > 1:
            yield checks.Error(
                f"{model._meta.label} ends at different times: {', '.join(map(str, keeps))}.",
                hint="Split it: one row is one promise of when it is gone.", obj=model, id="troth.E006",
            )  # fmt: skip


def form_problems(say: str, source: str, form: str, items: Iterable[str], compiled: Compiled) -> list[checks.Error]:
    """Return what a form of ours asks that its form in the policy does not: nothing, or one message (R18)."""
    wide = wider(compiled, source, form, frozenset(items))
    if not wide:
        return []
    clause = f"[sources.{source}.forms.{form}]"
    message = f"{say} asks for {', '.join(sorted(wide))}, and {clause} does not."
    hint = f'Add it to "asks" or "may" of {clause} in {compiled.book.file.file}, or ask less.'
    return [checks.Error(message, hint=hint, id="troth.E007")]
