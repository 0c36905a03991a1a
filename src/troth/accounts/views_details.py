"""My details: name, date of birth and numbers, changed in place by whom they are of. The address book is the shop's."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.http import HttpResponse

from troth.doors import policies
from troth.vault.errors import BadIdentifier
from troth.vault.normal import normalise

from . import details, forms
from .details import Details
from .errors import BadForm
from .pages import Context, Here, SeeOther, me, page

NEEDED = "Please say your name, as it should stand in our letters."


@page("account", "rights", signed=True, fresh=True)
def details_(here: Here) -> HttpResponse:
    """Show what somebody told us of themselves, and change what they change."""
    at, person = policies.now(), me(here)
    if here.request.method != "POST":
        stands, email = details.read(person, here.brand, at)
        return here.page("details", _page(here, email) | {"typed": _as_typed(stands)})
    try:
        wanted = _read(here, person, policies.today())
    except BadForm as no:
        email = details.read(person, here.brand, at)[1]
        return here.again("details", no, _page(here, email) | {"typed": _typed(here)})
    items, entry = details.change(person, wanted, here.brand, here.way("home"), at)
    return SeeOther(here.to("details", {"changed": str(entry)} if items else {"same": "1"}))


def _page(here: Here, email: str) -> Context:
    changed = here.request.GET.get("changed", "")
    return {
        "email": email, "changed": changed if changed.isdecimal() else "", "same": "same" in here.request.GET,
        "notice": policies.notice("account", "my_details"),
    }  # fmt: skip


def _typed(here: Here) -> dict[str, str]:
    return {name: here.request.POST.get(name, "")[:400] for name in ("name", "birth_date", "phone", "mobile")}


def _as_typed(stands: Details) -> dict[str, str]:
    born = f"{stands.birth_date:%d/%m/%Y}" if stands.birth_date else ""
    return {"name": stands.name, "birth_date": born, "phone": stands.phone, "mobile": stands.mobile}


def _read(here: Here, person: UUID, today: date) -> Details:
    """Return what was typed. Raises BadForm with a sentence for each field that cannot be used."""
    problems: dict[str, str] = {}
    read: dict[str, str] = {}
    born: date | None = None
    try:
        read = forms.read(here.request.POST, name=forms.line(NEEDED), phone=_number("phone"), mobile=_number("mobile"))
    except BadForm as no:
        problems |= no.problems
    try:
        born = details.born(here.request.POST.get("birth_date", "")[:40], person, today)
    except BadForm as no:
        problems |= no.problems
    if problems:
        raise BadForm(problems)
    return Details(read["name"], born, read["phone"], read["mobile"])


def _number(kind: str) -> forms.Reader:
    def read(text: str) -> str:
        plain = text.strip()
        if not plain:
            return ""
        if len(plain) > 40:
            raise ValueError("Please keep this to 40 characters.")
        try:
            normalise(kind, plain)
        except BadIdentifier as no:
            raise ValueError(str(no)) from None
        return forms.line("", 40)(plain)

    return read
