"""Pages on which people say something, find it again and take it back; and those that show what others said.

Each is mounted by the shop, which hands it `around`: what a page of its stands in, and what goods and stories there
are. This room knows neither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import conditional_page, require_http_methods, require_safe

from troth.doors import policies
from troth.doors.declare import NOTHING_PERSONAL, purpose
from troth.doors.errors import Refused
from troth.policy.notice import Notice

from . import actions, links, rules
from .errors import BadWords, NotNow, NotThere, TooMany
from .letters import asked
from .models import Remark
from .rules import KINDS, MEDIA
from .showing import ON_A_PAGE, photo, praised, said

Around = Callable[[HttpRequest, str, str, str], "dict[str, Any] | None"]
View = Callable[..., HttpResponse]
Context = dict[str, Any]
GET_OR_POST = ("GET", "HEAD", "POST")


def _fresh(view: View) -> View:
    """Have a public page asked for anew each time: what was taken back a moment ago is not shown from a store."""

    def served(request: HttpRequest, *arguments: object, **named: object) -> HttpResponse:
        response = view(request, *arguments, **named)
        patch_cache_control(response, no_cache=True)
        return response

    return require_safe(conditional_page(served))


def _unkept(response: HttpResponse) -> HttpResponse:
    """Keep a page that is one person's, and the link it came by, out of every store and every index."""
    patch_cache_control(response, private=True, no_store=True)
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _frame(around: Around, request: HttpRequest, brand: str, kind: str = "", slug: str = "") -> Context:
    found = around(request, brand, kind, slug)
    if found is None:
        raise Http404
    return found


def _link(request: HttpRequest) -> actions.Link:
    return lambda remark: request.build_absolute_uri(links.way(remark))


def _notice(kind: str) -> Notice:
    return policies.notice(KINDS[kind].source, KINDS[kind].form)


# -- what others said --------------------------------------------------------------------------------------------------


@purpose("comments")
@_fresh
def reviews(request: HttpRequest, brand: str, slug: str, around: Around) -> HttpResponse:
    return _listed(request, brand, "review", slug, around)


@purpose("comments")
@_fresh
def comments(request: HttpRequest, brand: str, slug: str, around: Around) -> HttpResponse:
    return _listed(request, brand, "comment", slug, around)


def _listed(request: HttpRequest, brand: str, kind: str, slug: str, around: Around) -> HttpResponse:
    context = _frame(around, request, brand, kind, slug)
    asked_for = request.GET.get("page", "1")
    page = int(asked_for) if asked_for.isascii() and asked_for.isdigit() and 0 < int(asked_for[:6]) < 10_000 else 1
    first = (page - 1) * ON_A_PAGE
    voices = said(brand, context["subject"]["about"], kind, at=policies.now(), first=first)
    more = voices.count > first + ON_A_PAGE
    context |= {"voices": voices, "kind": kind, "page": page, "back": page - 1, "next": page + 1 if more else 0}
    return render(request, "community/listed.html", context | {"write": _write_way(brand, kind, slug)})


def _write_way(brand: str, kind: str, slug: str) -> str:
    return reverse(f"shop:write_{kind}", kwargs={"brand": brand, "slug": slug})


@purpose("praise")
@_fresh
def kind_words(request: HttpRequest, brand: str, around: Around) -> HttpResponse:
    context = _frame(around, request, brand) | {"shown": praised(brand, at=policies.now())}
    return render(request, "community/kind_words.html", context)


@purpose("comments", "praise")
@_fresh
def picture(request: HttpRequest, brand: str, photo_id: UUID, around: Around) -> HttpResponse:
    """Serve a picture that is shown, as what we found it to be: nobody guesses its type (nosniff is set outside)."""
    found = photo(photo_id, brand, at=policies.now())
    if found is None:
        raise Http404
    response = HttpResponse(found[1], content_type=found[0])
    patch_cache_control(response, private=True)
    return response


# -- saying something --------------------------------------------------------------------------------------------------


@purpose("comments")
@require_http_methods(GET_OR_POST)
def write_review(request: HttpRequest, brand: str, slug: str, around: Around) -> HttpResponse:
    return _write(request, brand, "review", slug, around)


@purpose("comments")
@require_http_methods(GET_OR_POST)
def write_comment(request: HttpRequest, brand: str, slug: str, around: Around) -> HttpResponse:
    return _write(request, brand, "comment", slug, around)


@purpose("care", "praise", "proof")
@require_http_methods(GET_OR_POST)
def feedback(request: HttpRequest, brand: str, around: Around) -> HttpResponse:
    return _write(request, brand, "testimonial", "", around)


def _write(request: HttpRequest, brand: str, kind: str, slug: str, around: Around) -> HttpResponse:
    context = _frame(around, request, brand, kind, slug)
    if request.method != "POST":
        return _unkept(_form(request, kind, context, {}))
    typed = {name: request.POST.get(name, "") for name in (*rules.FIELDS[kind], *MEDIA)}
    about = context.get("subject", {}).get("about", "")
    try:
        page = actions.Page(brand, about, _once(request))
        written = _read(request, kind, typed)
        photos = _photos(request)
        actions.write(written, page, link=_link(request), photos=photos, at=policies.now())
    except BadWords as no:
        return _unkept(_form(request, kind, context | {"typed": typed}, no.problems, status=400))
    except TooMany as no:
        return _unkept(_form(request, kind, context | {"typed": typed}, {"email": str(no)}, status=429))
    except Refused:  # somebody this address belongs to said no. Whoever typed it need not learn that
        pass
    return redirect("shop:thanks", brand=brand, kind=kind)


def _read(request: HttpRequest, kind: str, typed: Mapping[str, str], *, known: bool = False) -> rules.Written:
    """Read a form with its pictures' problems beside the others. Raises BadWords."""
    most: int = settings.FILE_UPLOAD_MAX_MEMORY_SIZE
    heavy = int(request.META.get("CONTENT_LENGTH") or 0) > most
    problems = (
        {"photos": f"All together this is more than {most >> 20} MB. Please send smaller copies."} if heavy else {}
    )
    try:
        written = rules.read(kind, typed, known=known)
    except BadWords as no:
        raise BadWords(no.problems | problems) from None
    if problems:
        raise BadWords(problems)
    return written


def _once(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("once", ""))
    except ValueError:
        raise BadWords({"words": "This page had grown old. Nothing was sent; please send it once more."}) from None


def _photos(request: HttpRequest) -> list[bytes]:
    return [sent.read() for sent in request.FILES.getlist("photos")[: rules.MOST_PHOTOS + 1] if sent.size]


def _form(
    request: HttpRequest, kind: str, context: Context, problems: Mapping[str, str], status: int = 200
) -> HttpResponse:
    typed = context.get("typed", {})
    shop = context["shop"].brand.say
    more = {
        "kind": kind, "problems": problems, "once": uuid4(), "notice": _notice(kind),
        "stars": [(value, word, typed.get("stars") == value) for value, word in rules.STARS.items()],
        "media": [(m, asked(say, shop), typed.get(m, "")) for m, say in MEDIA.items()] if kind == "testimonial" else [],
        "most_words": rules.LONGEST_WORDS, "most_photos": rules.MOST_PHOTOS, "longest_name": rules.LONGEST_NAME,
        "pictured": "photos" in rules.FIELDS[kind],
    }  # fmt: skip
    return render(request, "community/write.html", {"typed": typed} | context | more, status=status)


@purpose(NOTHING_PERSONAL)
def thanks(request: HttpRequest, brand: str, kind: str, around: Around) -> HttpResponse:
    if kind not in KINDS:
        raise Http404
    return render(request, "community/thanks.html", _frame(around, request, brand) | {"kind": kind})


# -- finding it again --------------------------------------------------------------------------------------------------


@purpose("comments", "care", "praise", "proof")
@require_http_methods(GET_OR_POST)
def remark(request: HttpRequest, brand: str, key: str, around: Around) -> HttpResponse:
    """Show a writer their own words, and let them change them or take them back. The link is all they need."""
    context = _frame(around, request, brand)
    try:
        found = Remark.objects.filter(pk=links.remark_of(key), brand=brand).first()
    except NotThere:
        found = None
    if found is None:
        raise Http404
    if request.method != "POST":
        return _unkept(_own(request, found, context, {}))
    try:
        _act(request, found)
    except BadWords as no:
        return _unkept(_own(request, found, context, no.problems, status=400))
    except NotNow as no:
        return _unkept(_own(request, found, context, {"": str(no)}, status=409))
    return _unkept(redirect("shop:remark", brand=brand, key=key))


def _act(request: HttpRequest, found: Remark) -> None:
    """Do what was asked of a remark. Raises NotNow, BadWords."""
    act, at = request.POST.get("act", ""), policies.now()
    if act == "prove":
        actions.prove(found.pk, at=at)
    elif act == "withdraw":
        actions.withdraw(found.pk, at=at)
    elif act == "unquote" and request.POST.get("medium") in MEDIA:
        actions.unquote(found.pk, request.POST["medium"], at=at)
    elif act == "edit":
        typed = {name: request.POST.get(name, "") for name in rules.FIELDS[found.kind]}
        written = _read(request, found.kind, typed, known=True)
        drop = [UUID(one) for one, _, _ in found.pictures if one in request.POST.getlist("drop")]
        actions.edit(found.pk, written, photos=_photos(request), drop=drop, at=at)
    else:
        raise NotNow("We could not see what you meant to do. Nothing was changed.")


def _own(
    request: HttpRequest, found: Remark, context: Context, problems: Mapping[str, str], status: int = 200
) -> HttpResponse:
    found.refresh_from_db()
    theirs = None
    if found.state != "withdrawn":
        try:
            theirs = actions.theirs(found.pk, at=policies.now())
        except Refused:  # they asked us not to use what we hold: then it can still be taken back
            theirs = None
    typed = {name: request.POST.get(name, "") for name in rules.FIELDS[found.kind]} if status == 400 else {}
    if theirs and not typed:
        typed = {"name": theirs.name, "words": theirs.words, "stars": str(found.stars or "")}
    more = {
        "remark": found, "kind": found.kind, "say": rules.STATES[found.state], "typed": typed, "problems": problems,
        "why": rules.REASONS.get(found.because, ""), "known": True,
        "acts": {act: rules.can(found.state, act) for act in ("prove", "edit", "withdraw")},
        "stars": [(value, word, typed.get("stars") == value) for value, word in rules.STARS.items()],
        "quoted": [(medium, MEDIA[medium]) for medium in theirs.media] if theirs else [],
        "theirs": theirs, "most_words": rules.LONGEST_WORDS, "longest_name": rules.LONGEST_NAME,
        "most_photos": rules.MOST_PHOTOS, "pictured": "photos" in rules.FIELDS[found.kind],
        "notice": _notice(found.kind),
    }  # fmt: skip
    return render(request, "community/remark.html", context | more, status=status)
