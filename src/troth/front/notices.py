"""What we say when there is no page: in the same voice, with a way on."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

Ways = tuple[tuple[str, str], ...]


def _notice(request: HttpRequest, status: int, title: str, say: str, ways: Ways = ()) -> HttpResponse:
    context = {"title": title, "say": say, "ways": ways, "brand": ""}
    return HttpResponse(render_to_string("front/notice.html", context, request), status=status)


def not_here(request: HttpRequest, exception: Exception) -> HttpResponse:
    say = getattr(exception, "say", "There is nothing at this address. It may have moved, or a letter may be missing.")
    return _notice(request, 404, "This page is not here", say, getattr(exception, "ways", ()))


def unusable(request: HttpRequest, exception: Exception) -> HttpResponse:
    say = getattr(exception, "say", "We could not read that address. Nothing was changed.")
    return _notice(request, 400, "We could not read that", say, getattr(exception, "ways", ()))


def not_now(request: HttpRequest) -> HttpResponse:
    """Answer when something broke. It says nothing of what, and leans on nothing that may be broken too."""
    say = "Something on our side gave way. Nothing you did was lost or kept. Please try again in a minute."
    return _notice(request, 500, "Not just now", say)


def not_yet(request: HttpRequest) -> HttpResponse:
    response = _notice(
        request, 503, "Not open yet", "No version of our policy is in force yet, and without one we do nothing."
    )
    response.headers["Retry-After"] = "3600"
    return response
