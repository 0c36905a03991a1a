"""A parent's word for a child, asked by mail and given on a page of its own; taken back there as easily.

The word is a flag of the person, which `decide` looks at: it stops registering, subscribing and ordering by itself,
and there is no second rule. Other rooms ask before they put a form:

    parents.allowed(person, "order", brand, at)            # a Decision; its reason is "no_parent" where one is missing
    parents.ask(child, "Ada Lovelace", "ada@...", brand, way, at)   # then send the child away until a parent answered
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from troth.choices.actions import standings
from troth.doors import policies
from troth.doors.acting import whole
from troth.doors.collect import collect
from troth.doors.errors import Refused
from troth.doors.use import use
from troth.policy import Act, Decision, Standing
from troth.policy.acts import FLAGS
from troth.vault import identity
from troth.vault.models import Person

from . import letters, links, sessions
from .errors import DeadLink
from .models import Agreement

ACTS: Final = {  # what a parent agrees to: its source, its purpose, and what is taken in
    "register": ("register", "account", "contact.email"),
    "subscribe": ("subscribe", "letters", "contact.email"),
    "news": ("sign_up", "news", "contact.email"),
    "order": ("order", "order", "contact.email"),
    "voucher": ("voucher", "order", "contact.email"),
}
MOVES: Final = {  # from which state which answer leads where; the same answer again changes nothing
    ("asked", "agree"): "agreed", ("asked", "refuse"): "refused", ("agreed", "withdraw"): "withdrawn",
    ("refused", "agree"): "agreed", ("withdrawn", "agree"): "agreed",
}  # fmt: skip
WORDS: Final = {
    "agree": "I am a parent of this child, or stand in for one. They may have an account, subscribe and buy.",
    "refuse": "I do not agree.",
    "withdraw": "I take my agreement back.",
}


def first(age: int, brand: str, at: datetime) -> bool:
    """Tell whether a parent agrees before somebody of this age, of whom we know nothing else, joins."""
    compiled = policies.in_force(at)
    act = _act("register", brand)
    decision = compiled.decide(act, Standing(layout=compiled.layout, core=age), at.date())
    return not decision.allowed and decision.because.code == "no_parent"


def allowed(person: UUID, what: str, brand: str, at: datetime) -> Decision:
    """Return whether somebody may register, subscribe or order, as the policy decides it: one of ACTS.

    Nothing is recorded: whoever then collects is decided on again, and that is. Raises Person.DoesNotExist, KeyError.
    """
    compiled = policies.in_force(at)
    standing = standings([Person.objects.get(pk=person)], compiled, at)[person]
    return compiled.decide(_act(what, brand), standing, at.date())


def _act(what: str, brand: str) -> Act:
    source, purpose, item = ACTS[what]
    return Act("collect", purpose, brand, items=frozenset([item]), source=source, actor="person")


def waits(person: UUID, brand: str, at: datetime) -> bool:
    """Tell whether somebody is a child whose parent has not agreed, or not any more."""
    decision = allowed(person, "register", brand, at)
    return not decision.allowed and decision.because.code == "no_parent"


def new_child(age: int, at: datetime) -> UUID:
    """Store somebody of whom we know the age alone."""
    return identity.new(on=policies.house_day(at), age=age).pk


def ask(child: UUID, name: str, email: str, brand: str, way: Callable[..., str], at: datetime) -> Agreement:
    """Ask a parent. Asked again at the same address, the same question stands and is not sent twice. Raises Refused."""
    with whole():
        address = identity.identifier(child, "parent", email)
        known = Agreement.objects.filter(person_id=child, address_id=address.pk, brand=brand).first()
        row: Agreement = known or Agreement(person_id=child, brand=brand, asked_at=at, address_id=address.pk)
        if known is None:
            row.name = name
            with collect("parents", source="parent", brand=brand, person=child, at=at) as c:
                if address._state.adding:
                    c.save(address)
                c.save(row)
        link = way("parent", key=links.parents_key(row.pk))
        letters.write("parent", child, brand, at, address=address.pk, once=row.pk.hex, link=link)
    return row


@dataclass(frozen=True)
class Question:
    """What a parent sees: how they were named, what they said, and which items we hold of the child."""

    row: Agreement
    name: str
    age: int | None


def question(key: str, brand: str, at: datetime) -> Question:
    """Open a parent's question for them. Raises DeadLink, Refused."""
    row = _found(key, brand)
    with use("parents", brand=brand, person=row.person_id, actor="person", at=at) as u:
        name = u.open(row.name)
    return Question(row, name, Person.objects.get(pk=row.person_id).age(at.date()))


def _found(key: str, brand: str) -> Agreement:
    found: Agreement | None = Agreement.objects.filter(pk=links.parents_agreement(key), brand=brand).first()
    if found is None:
        raise DeadLink
    return found


def answer(key: str, said: str, brand: str, way: Callable[..., str], at: datetime) -> str:
    """Take in what a parent says: agree, refuse or withdraw. Returns the way on for the child after a yes, or nothing.

    Nothing can refuse a no. Raises DeadLink; Refused for a yes the policy does not take.
    """
    with whole():
        row = Agreement.objects.select_for_update().get(pk=_found(key, brand).pk)
        then = MOVES.get((row.state, said))
        if then is None:
            return ""
        Agreement.objects.filter(pk=row.pk).update(state=then, said_at=at)
        _flag(row.person_id)
        _prove(row, said, at)
        if then == "withdrawn":
            sessions.end_all(row.person_id, at)
            links.end(row.person_id, at, "join", "open", "reset")
            letters.write("withdrawn", row.person_id, brand, at, address=row.address_id)
        if then != "agreed":
            return ""
        token = links.make("join", row.person_id, brand, at)
        on = way("register_child", token=token)
        letters.write("agreed", row.person_id, brand, at, address=row.address_id, link=on)
        return on


@transaction.atomic
def _flag(person: UUID) -> None:
    """Let `decide` see whether a parent's yes stands: one is enough, whichever parent gave it."""
    them = Person.objects.select_for_update().get(pk=person)
    yes = Agreement.objects.filter(person_id=person, state="agreed").exists()
    them.flags = them.flags | FLAGS["parent"] if yes else them.flags & ~FLAGS["parent"]
    them.save(update_fields=["flags"])


def _prove(row: Agreement, said: str, at: datetime) -> None:
    """Add an answer to the proof: what was said, when, and in which words."""
    row.refresh_from_db()
    try:
        with use("parents", brand=row.brand, person=row.person_id, actor="person", at=at) as u:
            so_far = u.open(row.words) or []
        row.words = [*so_far, {"said": said, "at": at.isoformat(timespec="seconds"), "wording": WORDS[said]}]
        with collect("parents", source="parent", brand=row.brand, person=row.person_id, at=at) as c:
            c.facts["said"] = said
            c.save(row)
    except Refused:
        if said == "agree":
            raise


def child_of(token: str, brand: str, at: datetime) -> UUID:
    """Return whom a parent agreed for, by the link they passed on. Raises DeadLink."""
    person = links.look(token, "join", brand, at).person_id
    if waits(person, brand, at):
        raise DeadLink
    return person
