"""What happens to an account: asked for, opened, signed in to, its password and its address changed.

Pages declare the purposes; `way` makes the whole address of a page of ours: `way("reset", token=...)`. Nothing here
tells whoever asks whether we know an address: only its mailbox learns that.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from troth.doors import policies
from troth.doors.acting import whole
from troth.doors.collect import choose, collect
from troth.doors.errors import Refused
from troth.doors.use import use
from troth.vault import identity
from troth.vault.identity import Taken
from troth.vault.marks import mark_of
from troth.vault.models import Identifier, Person, Profile

from . import letters, links, parents, passwords, sessions
from .errors import DeadLink, NotSignedIn, ParentFirst
from .models import Account, Link

Way = Callable[..., str]
VERIFIED, REPLACED, EMPTIED = "verified", "replaced", "emptied"
OLD_ADDRESS: Final = timedelta(days=7)  # so long the address an account had before can still be put back
NEWS: Final = "Would you like news of {shop} by email? Yes or no makes no difference to your account."


def mailbox(email: str) -> Identifier | None:
    """Return the identifier a mailbox is, whoever's it may be."""
    return Identifier.objects.filter(kind="email", mark=mark_of("email", email)).first()


def account_of(person: UUID) -> Account | None:
    return Account.objects.filter(person_id=person).first()


# -- opening an account: asked for on a page, opened from the mailbox --------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """Who asks to have an account: an address, an age, and where a parent agreed before, whom they agreed for."""

    email: str
    age: int  # whole years, the least of the group they named
    child: UUID | None = None


def ask(asked: Asked, brand: str, way: Way, at: datetime) -> None:
    """Write to a mailbox whose owner, we hope, asks for an account. Whoever it is gets one by the link in it.

    Of somebody we know as a guest nothing is touched until their mailbox has answered. Raises ParentFirst.
    """
    may_ask(asked, brand, at)
    try:
        found = _theirs_or_new(asked, brand, at)
    except (IntegrityError, Taken):  # the same mailbox came at the same moment: look again
        found = _theirs_or_new(asked, brand, at)
    except Refused as no:
        raise _parent_or(no) from None
    if account_of(found.person_id):
        letters.write("known", found.person_id, brand, at, address=found.pk, link=way("sign_in"))
    else:
        token = links.make("open", found.person_id, brand, at, found.pk)
        letters.write("open", found.person_id, brand, at, address=found.pk, link=way("open_account", token=token))


def may_ask(asked: Asked, brand: str, at: datetime) -> None:
    """Raise ParentFirst for somebody too young to ask, whoever they are: before we look at their address."""
    if asked.child is None and parents.first(asked.age, brand, at):
        raise ParentFirst(policies.archive().in_force(policies.today()).policy.about.adult_from)


def _theirs_or_new(asked: Asked, brand: str, at: datetime) -> Identifier:
    """Return the identifier of a mailbox: as somebody's we know, or of somebody new. Raises Refused."""
    with whole():
        found = mailbox(asked.email)
        if found and _only_claimed(found):
            let_go(found, brand, at)
            found = None
        if found:
            return found
        day = policies.house_day(at)
        them = asked.child or identity.new(on=day, age=asked.age).pk
        made = identity.identifier(them, "email", asked.email)
        # Anybody can type an address: it does not count as a visit of its owner's.
        with collect("account", source="register", brand=brand, person=them, actor="system", at=at) as c:
            c.save(made)
        return made


def _only_claimed(found: Identifier) -> bool:
    """Tell whether a mailbox stands at an account it never proved it belongs to, or belonged to once."""
    return found.evidence == REPLACED or (found.verified_at is None and account_of(found.person_id) is not None)


def let_go(found: Identifier, brand: str, at: datetime) -> None:
    """Empty an identifier: from now on its mailbox can be anybody's."""
    found.value, found.mark, found.verified_at, found.evidence = None, os.urandom(32), None, EMPTIED
    with collect("account", source="account", brand=brand, person=found.person_id, at=at) as c:
        c.save(found)


def _parent_or(no: Refused) -> Exception:
    limit = policies.archive().in_force(policies.today()).policy.about.adult_from
    return ParentFirst(limit) if no.because.code == "no_parent" else no


@dataclass(frozen=True)
class Opened:
    """What an account is opened with."""

    name: str
    password: str
    age: int | None = None  # where we did not know it
    news: str = ""  # yes, no, or nothing said


def needs_age(person: UUID) -> bool:
    return not Person.objects.filter(pk=person, known_age__isnull=False).exists()


def open_account(token: str, opened: Opened, brand: str, at: datetime) -> UUID:
    """Open the account a link was sent for: who has the link has the mailbox. Raises DeadLink, ParentFirst, Refused."""
    hashed = passwords.hashed(opened.password)
    with whole():
        found = links.look(token, "open", brand, at)
        links.spend(found, at)
        if account_of(found.person_id):
            raise DeadLink
        day = policies.house_day(at)
        if opened.age is not None and needs_age(found.person_id):
            Person.objects.filter(pk=found.person_id, known_age__isnull=True).update(known_age=opened.age, known_on=day)
        try:
            _take_in(found, opened.name, hashed, at)
        except Refused as no:
            raise _parent_or(no) from no
    links.end(found.person_id, at, "open")
    _say_news(found.person_id, opened.news, brand)
    return found.person_id


def _take_in(found: Link, name: str, hashed: str, at: datetime) -> None:
    person, brand = found.person_id, found.brand
    theirs = Identifier.objects.filter(pk=_address(found), person_id=person)
    if not theirs.exclude(evidence__in=(REPLACED, EMPTIED)).exists():
        raise DeadLink
    profile = Profile.objects.filter(person_id=person).first() or Profile(person_id=person)
    profile.name = name
    account = Account(person_id=person, brand=brand, opened_at=at, changed_at=at)
    account.password = hashed
    with collect("account", source="register", brand=brand, person=person, actor="person", at=at) as c:
        c.save(profile)
        prove(found, at)
        Person.objects.filter(pk=person).update(closed_on=None)
    with collect("sign_in", source="register", brand=brand, person=person, actor="person", at=at) as c:
        c.save(account)


def _address(found: Link) -> UUID:
    """Return the identifier a link was sent to. Raises DeadLink."""
    if found.address_id is None:
        raise DeadLink
    return found.address_id


def prove(found: Link, at: datetime) -> None:
    """Note that a mailbox answered: from now on it is evidence of who somebody is."""
    theirs = Identifier.objects.filter(pk=_address(found), person_id=found.person_id)
    theirs.update(evidence=VERIFIED, verified_at=at, event_at=None)


def _say_news(person: UUID, answer: str, brand: str) -> None:
    """Take in the answer to the question beside the form; silence is none (R10)."""
    if answer:
        shop = policies.archive().in_force(policies.today()).policy.brands[brand].say
        choose(
            "consent" if answer == "yes" else "refusal", f"news:{brand}:email", person=person, brand=brand,
            place="register", wording=NEWS.format(shop=shop),
        )  # fmt: skip


# -- signing in --------------------------------------------------------------------------------------------------------


def owner_of(email: str) -> UUID | None:
    """Return whose account an address signs in to: one its mailbox has proved."""
    found = mailbox(email)
    return found.person_id if found and found.verified_at and account_of(found.person_id) else None


def check(email: str, password: str, brand: str, at: datetime) -> UUID:
    """Return who signs in. Raises NotSignedIn; a wrong address costs what a wrong password costs."""
    person = owner_of(email)
    stored = _stored(person, brand, at) if person else None
    if not passwords.right(stored, password) or person is None or stored is None:
        raise NotSignedIn
    if passwords.grown_old(stored):
        _keep_password(person, passwords.hashed(password), brand, at, chosen=False)
    return person


def _stored(person: UUID, brand: str, at: datetime) -> str | None:
    account = Account.objects.get(person_id=person)
    try:
        with use("sign_in", brand=brand, person=person, actor="person", at=at) as u:
            found: str | None = u.open(account.password)
    except Refused:  # they asked us to use nothing of theirs for the time being
        return None
    return found


def right_password(person: UUID, password: str, brand: str, at: datetime) -> bool:
    return passwords.right(_stored(person, brand, at) if account_of(person) else None, password)


@transaction.atomic
def _keep_password(person: UUID, hashed: str, brand: str, at: datetime, *, chosen: bool) -> None:
    account = Account.objects.select_for_update().get(person_id=person)
    account.password = hashed
    if chosen:
        account.changed_at = at
    with collect("sign_in", source="account", brand=brand, person=person, actor="person", at=at) as c:
        c.save(account)


# -- a new password ----------------------------------------------------------------------------------------------------


def forgot(email: str, brand: str, way: Way, at: datetime) -> None:
    """Write to a mailbox that somebody forgot a password: a link if it has an account, or could have one."""
    found = mailbox(email)
    if found is None or _only_claimed(found):
        return
    if account_of(found.person_id):
        token = links.make("reset", found.person_id, brand, at, found.pk)
        letters.write("reset", found.person_id, brand, at, address=found.pk, link=way("reset", token=token))
    else:
        token = links.make("open", found.person_id, brand, at, found.pk)
        letters.write("open", found.person_id, brand, at, address=found.pk, link=way("open_account", token=token))


def reset(token: str, hashed: str, brand: str, way: Way, at: datetime) -> UUID:
    """Change the password a link was sent for, once, and sign out every browser. Raises DeadLink, Refused."""
    with whole():
        found = links.look(token, "reset", brand, at)
        links.spend(found, at)
        change_password(found.person_id, hashed, brand, way, at)
    return found.person_id


@transaction.atomic
def change_password(person: UUID, hashed: str, brand: str, way: Way, at: datetime, *, but: UUID | None = None) -> None:
    """Change a password; every browser but `but` is signed out, links to change it again end, and the owner is told."""
    _keep_password(person, hashed, brand, at, chosen=True)
    sessions.end_all(person, at, but=but)
    links.end(person, at, "reset", "open")
    letters.write("password", person, brand, at, link=way("forgotten"))


# -- another address ---------------------------------------------------------------------------------------------------


def ask_email(person: UUID, email: str, brand: str, way: Way, at: datetime) -> None:
    """Write to a new address, which counts once its mailbox has answered. If it is somebody's, only they learn it.

    Raises Refused.
    """
    with whole():
        found = mailbox(email)
        if found and found.person_id != person and _only_claimed(found):
            let_go(found, brand, at)
            found = None
        if found and found.person_id != person:
            letters.write("taken", found.person_id, brand, at, address=found.pk, link=way("sign_in"))
            return
        if found is None:
            found = identity.identifier(person, "email", email)
            with collect("account", source="account", brand=brand, person=person, actor="person", at=at) as c:
                c.save(found)
        links.end(person, at, "email")
        token = links.make("email", person, brand, at, found.pk)
        letters.write("new_email", person, brand, at, address=found.pk, link=way("confirm_email", token=token))


def email_link(person: UUID, token: str, brand: str, at: datetime) -> Link:
    """Return the link to a new address, if it is this person's. Raises DeadLink."""
    found = links.look(token, "email", brand, at)
    there = Identifier.objects.filter(pk=_address(found), person_id=person).exclude(evidence=EMPTIED).exists()
    if found.person_id != person or not there:
        raise DeadLink
    return found


def confirm_email(person: UUID, token: str, brand: str, at: datetime, *, but: UUID | None = None) -> None:
    """Let a new address take the place of the old one, which is told. Only for who is signed in. Raises DeadLink."""
    with whole():
        found = email_link(person, token, brand, at)
        theirs = Identifier.objects.filter(person_id=person, kind="email")
        links.spend(found, at)
        old = list(theirs.exclude(pk=_address(found)).filter(verified_at__isnull=False))
        for one in old:
            letters.write("old_email", person, brand, at, address=one.pk)
        theirs.filter(pk__in=[one.pk for one in old]).update(evidence=REPLACED, verified_at=None, event_at=at)
        prove(found, at)
        sessions.end_all(person, at, but=but)
        links.end(person, at, "reset", "open", "email")


def let_old_addresses_go(at: datetime) -> int:
    """Empty the addresses that were replaced a week ago: until then the change can be undone by hand."""
    old = list(Identifier.objects.filter(kind="email", evidence=REPLACED, event_at__lt=at - OLD_ADDRESS))
    for row in old:
        account = account_of(row.person_id)
        let_go(row, account.brand if account else next(iter(policies.archive().in_force(at.date()).policy.brands)), at)
    return len(old)
