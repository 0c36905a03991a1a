"""The link that opens one request for whoever has it: from our letters, without an account."""

from __future__ import annotations

from uuid import UUID

from troth.vault import signed

from .models import Request

SALT = "troth.rights.request"


def key(request: UUID) -> str:
    """Return what a link names a request by. It stays good when the person is forgotten: the certificate lies there."""
    return signed.key(SALT, request, "~")


def read(text: str) -> Request | None:
    """Return the request a key is of; None for a key that we did not make."""
    pk = signed.read(SALT, text, "~")
    return Request.objects.filter(pk=pk).first() if pk else None


def way(found: Request) -> str:
    """Return the whole address of a request's page."""
    return f"{found.home}rights/request/{key(found.pk)}/"
