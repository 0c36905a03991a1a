"""Pages for those who are not signed in: opening an account, a parent's word, signing in, a forgotten password.

Each is mounted by the shop, which hands it `around`: what a page of its stands in.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from troth.doors import policies
from troth.doors.declare import NOTHING_PERSONAL

from . import actions, authenticator, forms, links, parents, passkeys, passwords, sessions, throttle
from .actions import Asked, Opened
from .errors import BadForm, NotSignedIn, ParentFirst
from .pages import Context, Here, SeeOther, mailbox_key, page, steady
from .throttle import Key

NEW_PASSWORD = "Three or four words that do not belong together do well. At least 12 characters."  # noqa: S105 -- a hint

TAKEN_BACK = (
    "Your parent took back their agreement, or has not given it yet. The letter we sent them holds the way to give it."
)


def not_from_here(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without our token: sent by another site, or from a page that grew old."""
    del reason
    say = (
        "It did not come from one of our pages, or the page had grown old. Go back, open it anew and send it once more."
    )
    context = {"title": "Nothing was done", "say": say, "ways": (), "brand": ""}
    return render(request, "front/notice.html", context, status=403)


# -- opening an account ------------------------------------------------------------------------------------------------


@page("account", "parents")
def register(here: Here) -> HttpResponse:
    """Ask for an account: an address and an age group. All else is asked once the mailbox has answered."""
    return _register(here, None)


@page("account", "parents")
def register_child(here: Here, token: str) -> HttpResponse:
    """Go on where a parent has agreed: their word is known, so an address is all that is missing."""
    return _register(here, parents.child_of(token, here.brand, policies.now()))


def _register(here: Here, child: UUID | None) -> HttpResponse:
    context = {"notice": policies.notice("register", "register"), "ages": forms.AGES, "child": child is not None}
    if here.request.method != "POST":
        return here.page("register", context)
    if here.request.POST.get("step") == "parent":
        return _ask_parent(here)
    begun, at = time.monotonic(), policies.now()
    fields = {"email": forms.email} | ({} if child else {"age": forms.age})
    try:
        read = forms.read(here.request.POST, **fields)
    except BadForm as no:
        return here.again("register", no, context)
    asked = Asked(read["email"], int(read.get("age", "0")), child)
    try:
        actions.may_ask(asked, here.brand, at)
        throttle.enter([mailbox_key("mail", read["email"]), throttle.network(here.request)], at)
        actions.ask(asked, here.brand, here.way, at)
    except ParentFirst:
        return _parent_first(here, {"age": read.get("age", "0")})
    steady(begun)
    return SeeOther(here.to("sent"))


def _parent_first(here: Here, typed: Context, no: BadForm | None = None) -> HttpResponse:
    """Ask a child for a parent. Nothing of the child's is kept but how old they are, and that only when they go on."""
    context = {"notice": policies.notice("parent", "parent_agreement"),
               "typed": typed, "problems": no.problems if no else {},
               "adult_from": policies.archive().in_force(policies.today()).policy.about.adult_from}  # fmt: skip
    return here.page("parent_first", context, status=400 if no else 200)


def _ask_parent(here: Here, child: Callable[[], UUID] | None = None) -> HttpResponse:
    """Take in whom a child names as a parent, and ask them."""
    at, post = policies.now(), here.request.POST
    known = {name: post.get(name, "")[:400] for name in ("age", "parent_name", "parent_email")}
    fields = {"parent_name": forms.line("Please say what your parent is called."), "parent_email": forms.email}
    try:
        read = forms.read(post, **fields, **({} if child else {"age": forms.age}))
    except BadForm as no:
        return _parent_first(here, known, no)
    throttle.enter([mailbox_key("mail", read["parent_email"]), throttle.network(here.request)], at)
    them = child() if child else parents.new_child(int(read["age"]), at)
    parents.ask(them, read["parent_name"], read["parent_email"], here.brand, here.way, at)
    return SeeOther(here.to("sent", {"to": "parent"}))


@page(NOTHING_PERSONAL, methods="GET HEAD")
def sent(here: Here) -> HttpResponse:
    """Say that a letter is on its way: the same words whether or not we know the address."""
    return here.page("sent", {"parent": here.request.GET.get("to") == "parent"})


@page("account", "sign_in", "parents", "proof")
def open_account(here: Here, token: str) -> HttpResponse:
    """Open an account from its mailbox: a name, and a password. What was asked for before is known."""
    at = policies.now()
    person = links.look(token, "open", here.brand, at).person_id
    asks_age = actions.needs_age(person)
    context = {
        "notice": policies.notice("register", "register"),
        "ages": forms.AGES if asks_age else {}, "password_hint": NEW_PASSWORD,
        "question": actions.NEWS.format(shop=here.shop.brand.say),
    }  # fmt: skip
    if here.request.method != "POST":
        return here.page("open", context)
    if here.request.POST.get("step") == "parent":
        return _ask_parent(here, lambda: person)
    fields = {
        "name": forms.line("Please say what we may call you."), "password": forms.new_secret, "news": forms.offered,
    }  # fmt: skip
    try:
        read = forms.read(here.request.POST, **fields, **({"age": forms.age} if asks_age else {}))
    except BadForm as no:
        return here.again("open", no, context)
    opened = Opened(read["name"], read["password"], int(read["age"]) if asks_age else None, read["news"])
    try:
        actions.open_account(token, opened, here.brand, at)
    except ParentFirst:
        return _parent_first(here, {"age": read.get("age", "0")})
    return _enter(here, person, SeeOther(here.to("account", {"new": "1"})))


def _enter(here: Here, person: UUID, response: HttpResponse, *, half: bool = False) -> HttpResponse:
    """Begin a session under a number of our own, and let the browser keep it."""
    sessions.give(response, sessions.begin(here.request, person, here.brand, policies.now(), half=half))
    return response


# -- a parent's word ---------------------------------------------------------------------------------------------------


@page("parents", "account", "sign_in")
def parent(here: Here, key: str) -> HttpResponse:
    """Show a parent what is asked, and let them agree, refuse, and take a yes back."""
    at, on = policies.now(), ""
    if here.request.method == "POST":
        try:
            read = forms.read(here.request.POST, answer=_answer)
        except BadForm as no:
            return here.again("parent", no, _asked_of(here, key, ""))
        on = parents.answer(key, read["answer"], here.brand, here.way, at)
        if not on:
            return SeeOther(here.to("parent", key=key))
    return here.page("parent", _asked_of(here, key, on))


def _answer(text: str) -> str:
    if text not in parents.WORDS:
        raise ValueError("Please use one of the buttons.")
    return text


def _asked_of(here: Here, key: str, on: str) -> Context:
    asked = parents.question(key, here.brand, policies.now())
    age = next(
        (say for least, say in reversed(forms.AGES.items()) if asked.age is not None and asked.age >= int(least)), ""
    )
    return {
        "asked": asked, "age": age, "on": on, "words": parents.WORDS,
        "notice": policies.notice("parent", "parent_agreement"),
        "adult_from": policies.archive().in_force(policies.today()).policy.about.adult_from,
    }  # fmt: skip


# -- signing in --------------------------------------------------------------------------------------------------------


@page("sign_in", script=True)
def sign_in(here: Here) -> HttpResponse:
    """Sign in with address and password; a passkey has a form of its own beside it."""
    if here.request.method != "POST":
        if sessions.person_of(here.request) and here.request.GET.get("again") != "1":
            return SeeOther(here.onward)
        return here.page("sign_in", _ways_in(here))
    begun, at = time.monotonic(), policies.now()
    try:
        read = forms.read(here.request.POST, email=forms.email, password=forms.secret)
    except BadForm as no:
        return here.again("sign_in", no, _ways_in(here))
    keys = [_owners_key(here, "account", read["email"]), throttle.network(here.request)]
    throttle.enter(keys, at)
    try:
        person = actions.check(read["email"], read["password"], here.brand, at)
    except NotSignedIn as no:
        steady(begun)
        return here.again("sign_in", BadForm({"": str(no)}), _ways_in(here), status=403)
    throttle.forgive(keys, at)
    return _let_in(here, person)


def _owners_key(here: Here, kind: str, email: str) -> Key:
    """Return what tries for an address are counted by: apart for a browser its owner has used before."""
    token, owner = here.request.COOKIES.get(sessions.COOKIE, ""), actions.owner_of(email)
    known = owner is not None and sessions.known_browser(token, owner)
    return mailbox_key(kind, email, f" {sessions.mark(token).hex()}" if known else "")


def _let_in(here: Here, person: UUID, *, both: bool = False) -> HttpResponse:
    """Let somebody in who showed who they are; `both` steps at once, by a passkey."""
    if parents.waits(person, here.brand, policies.now()):
        return here.page("say", {"title": "A parent agrees first", "words": TAKEN_BACK}, status=403)
    if authenticator.on(person) and not both:
        return _enter(here, person, SeeOther(here.to("second_step", {"next": here.onward})), half=True)
    return _enter(here, person, SeeOther(here.onward))


def _ways_in(here: Here) -> Context:
    where = passkeys.site(here.request)
    options, carried = passkeys.to_use(where) if where.fit else ("", "")
    asked = here.request.POST.get("next") or here.request.GET.get("next") or ""
    return {"options": options, "carried": carried, "next": here.onward if asked else "",
            "again": here.request.GET.get("again") == "1"}  # fmt: skip


@page("sign_in", script=True, methods="POST")
def sign_in_by_passkey(here: Here) -> HttpResponse:
    """Sign in with a passkey. No count of wrong passwords stands in its way."""
    at, post = policies.now(), here.request.POST
    network = throttle.network(here.request)
    try:
        throttle.enter([network], at)
        person = passkeys.check(
            post.get("answer", ""), post.get("carried", ""), passkeys.site(here.request), here.brand, at
        )
    except BadForm as no:
        return here.again("sign_in", no, _ways_in(here))
    except NotSignedIn:
        say = "We know no account with this passkey. It may have been removed."
        return here.again("sign_in", BadForm({"": say}), _ways_in(here), status=403)
    throttle.forgive([network], at)
    return _let_in(here, person, both=True)


@page("sign_in")
def second_step(here: Here) -> HttpResponse:
    """Ask for the code of an authenticator app, or one of those kept for the day it is lost."""
    row, at = sessions.row_of(here.request), policies.now()
    if row is None or not row.half:
        return SeeOther(here.onward if row else here.to("sign_in"))
    context = {"next": here.onward}
    if here.request.method != "POST":
        return here.page("second", context)
    try:
        code = forms.read(here.request.POST, code=forms.code)["code"]
    except BadForm as no:
        return here.again("second", no, context)
    key = Key("second", row.person_id.hex)
    throttle.enter([key], at)
    if not authenticator.check(row.person_id, code, here.brand, at):
        return here.again("second", BadForm({"code": authenticator.WRONG}), context, status=403)
    throttle.forgive([key], at)
    return _enter(here, row.person_id, SeeOther(here.onward))


@page("sign_in", methods="POST")
def sign_out(here: Here) -> HttpResponse:
    sessions.end(here.request.COOKIES.get(sessions.COOKIE, ""), policies.now())
    response = SeeOther(here.to("home"))
    sessions.take(response)
    return response


# -- a forgotten password ----------------------------------------------------------------------------------------------


@page("sign_in", "account")
def forgotten(here: Here) -> HttpResponse:
    """Send a link to choose a new password with; the same page whether or not we know the address."""
    if here.request.method != "POST":
        return here.page("forgotten")
    begun, at = time.monotonic(), policies.now()
    try:
        read = forms.read(here.request.POST, email=forms.email)
    except BadForm as no:
        return here.again("forgotten", no)
    throttle.enter([_owners_key(here, "mail", read["email"]), throttle.network(here.request)], at)
    actions.forgot(read["email"], here.brand, here.way, at)
    steady(begun)
    return SeeOther(here.to("sent"))


@page("sign_in", "account")
def reset(here: Here, token: str) -> HttpResponse:
    """Choose a new password by a link from the mailbox. Then one signs in with it, second step and all."""
    at = policies.now()
    links.look(token, "reset", here.brand, at)
    if here.request.method != "POST":
        return here.page("reset", {"password_hint": NEW_PASSWORD})
    try:
        read = forms.read(here.request.POST, password=forms.new_secret)
    except BadForm as no:
        return here.again("reset", no, {"password_hint": NEW_PASSWORD})
    actions.reset(token, passwords.hashed(read["password"]), here.brand, here.way, at)
    return SeeOther(here.to("sign_in", {"changed": "1"}))
