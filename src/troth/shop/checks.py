"""A form never asks for more than the policy's form does: `manage.py check` and the tests fail on a wider one (R18)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.core import checks

from troth.doors import policies
from troth.policy import Compiled

from .forms import FORMS, CheckoutForm, PolicyForm, VoucherForm


@checks.register("troth")
def forms_fit(app_configs: Iterable[Any] | None = None, **_: object) -> list[checks.CheckMessage]:
    """Return a message for every field the policy does not know of."""
    del app_configs
    compiled = policies.archive().in_force(policies.today())
    return [message for form in FORMS for message in problems(form, compiled)]


def problems(form: type[PolicyForm], compiled: Compiled) -> Iterator[checks.CheckMessage]:
    """Yield what one form asks beyond its form in the policy."""
    told = compiled.policy.sources[form.source].forms[form.form]
    may = compiled.book.items((*told.asks, *told.may))
    for name in fields_of(form):
        stem = name if name in form.items else name.partition("_")[0]
        if name in form.technical or name in form.offers or name in form.beside:
            continue
        if stem not in form.items or not compiled.book.items([form.items[stem]]) <= may:
            yield _wider(form, name, "asks for something the policy's form does not")
    for name, (source, item) in form.beside.items():
        if not compiled.book.items([item]) <= compiled.book.items(compiled.policy.sources[source].takes):
            yield _wider(form, name, f"asks for what the source {source} may not bring")
    for name, offered in form.offers.items():
        if offered not in told.offers:
            yield _wider(form, name, "puts a choice that is not offered there")


def fields_of(form: type[PolicyForm]) -> list[str]:
    """Return the names of all fields a form can have."""
    more: dict[str, Any] = {"currency": "GBP"} if form in (CheckoutForm, VoucherForm) else {}
    return sorted({*form.base_fields, *form(**more).fields})


def _wider(form: type[PolicyForm], name: str, what: str) -> checks.Error:
    clause = f"[sources.{form.source}.forms.{form.form}]"
    return checks.Error(
        f"{form.__name__}.{name} {what}.", hint=f"Ask less, or name it in {clause} of the policy.", id="troth.E007"
    )
