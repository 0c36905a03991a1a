"""The link that opens one request for whoever has it: from our letters, without an account."""

from __future__ import annotations

from uuid import UUID

from troth.vault import signed

from .models import Request

SALT, AGENT = "troth.rights.request", "troth.rights.agent"


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


def agents_way(found: Request) -> str:
    """Return the address of the page on which an agent fetches a copy, and sees nothing else of the request."""
    return f"{found.home}rights/agent/{signed.key(AGENT, found.pk, '~')}/"


def read_agents(text: str) -> Request | None:
    """Return the request an agent's key is of; None for a key that we did not make for one."""
    pk = signed.read(AGENT, text, "~")
    return Request.objects.filter(pk=pk).first() if pk else None
