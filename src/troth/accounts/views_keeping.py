"""Pages for those who are signed in: their account, and how they sign in to it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse

from troth.doors import policies
from troth.doors.use import use
from troth.vault.models import Identifier, Profile

from . import actions, authenticator, forms, letters, passkeys, passwords, sessions, throttle
from .errors import BadForm
from .pages import Context, Here, SeeOther, mailbox_key, me, page
from .throttle import Key
from .views import NEW_PASSWORD, _enter


@page("account", signed=True)
def account(here: Here) -> HttpResponse:
    """Greet somebody, and show the ways to all that is theirs."""
    name, email = _who(here)
    return here.page("account", {"name": name, "email": email, "new": here.request.GET.get("new") == "1"})


def _who(here: Here) -> tuple[str, str]:
    person = me(here)
    profile = Profile.objects.filter(person_id=person).order_by("-seen_at").first()
    address = Identifier.objects.filter(person_id=person, kind="email", verified_at__isnull=False).first()
    with use("account", brand=here.brand, person=person, actor="person") as u:
        name = (u.open(profile.name) if profile else None) or ""
        return name, u.open(address.value) if address else ""


@page("sign_in", "account", signed=True)
def password(here: Here) -> HttpResponse:
    """Change the password; whoever knows the old one may, and nobody else."""
    context = {"password_hint": NEW_PASSWORD, "done": here.request.GET.get("done") == "1"}
    if here.request.method != "POST":
        return here.page("password", context)
    at, person = policies.now(), me(here)
    try:
        read = forms.read(here.request.POST, old=forms.secret, password=forms.new_secret)
        key = Key("second", f"password {person.hex}")
        throttle.enter([key], at)
        if not actions.right_password(person, read["old"], here.brand, at):
            raise BadForm({"old": "This is not your password."})  # noqa: TRY301 -- said like the others
    except BadForm as no:
        return here.again("password", no, context)
    throttle.forgive([key], at)
    actions.change_password(person, passwords.hashed(read["password"]), here.brand, here.way, at)
    return _enter(here, person, SeeOther(here.to("password", {"done": "1"})))


@page("account", signed=True, fresh=True)
def email(here: Here) -> HttpResponse:
    """Ask for another address, which counts once its mailbox has answered."""
    context = {"email": _who(here)[1], "asked": here.request.GET.get("asked") == "1"}
    if here.request.method != "POST":
        return here.page("email", context)
    at = policies.now()
    try:
        read = forms.read(here.request.POST, email=forms.email)
    except BadForm as no:
        return here.again("email", no, context)
    throttle.enter([mailbox_key("mail", read["email"]), throttle.network(here.request)], at)
    actions.ask_email(me(here), read["email"], here.brand, here.way, at)
    return SeeOther(here.to("email", {"asked": "1"}))


@page("account", signed=True)
def confirm_email(here: Here, token: str) -> HttpResponse:
    """Let the new address take the old one's place: from its mailbox, by who is signed in."""
    at, person = policies.now(), me(here)
    actions.email_link(person, token, here.brand, at)
    if here.request.method != "POST":
        return here.page("confirm_email")
    row = sessions.row_of(here.request)
    actions.confirm_email(person, token, here.brand, at, but=row.pk if row else None)
    return SeeOther(here.to("account"))


@page("sign_in", signed=True)
def sessions_(here: Here) -> HttpResponse:
    """List the browsers that are signed in, and sign out one of them, or all others."""
    at, person, row = policies.now(), me(here), sessions.row_of(here.request)
    post = here.request.POST
    if here.request.method != "POST":
        return here.page("sessions", {"sessions": sessions.mine(person, here.brand, at), "this": row and row.pk})
    if post.get("end") == "others":
        sessions.end_all(person, at, but=row.pk if row else None)
    elif not sessions.end_one(person, _id(post.get("end", "")), at):
        return _not_there(here)
    return SeeOther(here.to("sessions"))


def _id(text: str) -> UUID:
    """Return the id a button sent; one that nothing has where it is none."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def _not_there(here: Here) -> HttpResponse:
    """Answer that there is no such thing: not yours and not there look the same."""
    words = "There is no such thing here, or no longer. Nothing was changed."
    return here.page("say", {"title": "Not here", "words": words}, status=404)


@page("sign_in", "account", signed=True, fresh=True, script=True)
def passkeys_(here: Here) -> HttpResponse:
    """List passkeys; add one, call it something else, remove it."""
    if here.request.method != "POST":
        return here.page("passkeys", _passkeys(here))
    try:
        done = _keep(here, here.request.POST.get("do", ""))
    except BadForm as no:
        return here.again("passkeys", no, _passkeys(here))
    if not done:
        return _not_there(here)
    if here.request.POST.get("do") != "rename":
        letters.write("second", me(here), here.brand, policies.now(), link=here.way("forgotten"))
    return SeeOther(here.to("passkeys"))


def _keep(here: Here, what: str) -> bool:
    """Add, rename or remove a passkey. False if it is none of theirs. Raises BadForm."""
    post, at, person, brand = here.request.POST, policies.now(), me(here), here.brand
    name = ""
    if what in ("add", "rename"):
        name = forms.read(post, label=forms.line("Please give it a name you will know it by.", 60))["label"]
    if what == "add":
        where = passkeys.site(here.request)
        passkeys.add(person, post.get("answer", ""), post.get("carried", ""), name, where, brand, at)
        return True
    if what == "rename":
        return passkeys.rename(person, _id(post.get("passkey", "")), name, brand, at)
    return what == "remove" and passkeys.remove(person, _id(post.get("passkey", "")), brand, at)


def _passkeys(here: Here) -> Context:
    at, person, where = policies.now(), me(here), passkeys.site(here.request)
    options, carried = "", ""
    if where.fit:
        options, carried = passkeys.to_make(person, _who(here)[1], where, here.shop.brand.say, here.brand, at)
    found = [(row, told["name"], row.site == where.id) for row, told in passkeys.mine(person, here.brand, at)]
    return {"passkeys": found, "options": options, "carried": carried}


@page("sign_in", "account", signed=True, fresh=True)
def authenticator_(here: Here) -> HttpResponse:
    """Set an authenticator app up as the second step, or switch it off."""
    person, at, post = me(here), policies.now(), here.request.POST
    if here.request.method != "POST":
        return here.page("authenticator", _to_set_up(here))
    if post.get("do") == "off":
        if authenticator.switch_off(person, here.brand, at):
            letters.write("second", person, here.brand, at, link=here.way("forgotten"))
        return SeeOther(here.to("authenticator"))
    try:
        code = forms.read(post, code=forms.code)["code"]
        throttle.enter([Key("second", f"set up {person.hex}")], at)
        codes = authenticator.set_up(person, post.get("carried", ""), code, here.brand, at)
    except BadForm as no:
        return here.again("authenticator", no, _to_set_up(here, post.get("carried", "")))
    letters.write("second", person, here.brand, at, link=here.way("forgotten"))
    return here.page("codes", {"codes": codes})


def _to_set_up(here: Here, carried: str = "") -> Context:
    person = me(here)
    if authenticator.on(person):
        return {"on": True}
    try:
        secret = authenticator.carried_secret(person, carried)
    except BadForm:
        secret, carried = authenticator.to_set_up(person)
    shown = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    drawn = authenticator.picture(secret, here.shop.brand.say, _who(here)[1])
    return {"on": False, "secret": shown, "carried": carried, "picture": drawn}
