"""Browsers before three shops whose clock we hold: a stranger's, and that of somebody with an account."""

import pytest
from tests.accounts.conftest import (  # noqa: F401 -- fixtures
    ADA,
    BOB,
    NOON,
    Visitor,
    _quick,
    ada,
    clock,
    mail,
    opened,
    visitor,
)

from troth.shop.actions import load_catalogue
from troth.vault.models import Identifier

PIECE = "/tarn/shop/nell-olive/"


class Browser(Visitor):
    """A browser that can answer the panel, and look at pages."""

    def answer(self, how, place="banner", came_from=PIECE, **more):
        headers = {"Referer": f"http://testserver{came_from}"} | more.pop("headers", {})
        return self.client.post(f"/{self.brand}/cookies/", {"answer": how, "place": place} | more, headers=headers)

    def one_by_one(self, headers=None, **answers):
        return self.answer("each", place="page", headers=headers or {}, **answers)

    def look(self, page=PIECE, **headers):
        return self.client.get(page, headers=headers)

    @property
    def kept(self):
        """The cookies it holds now, with their values."""
        return {name: one.value for name, one in self.client.cookies.items() if one.value}

    @property
    def person(self):
        """Whose its number is."""
        return Identifier.objects.get(kind="device").person_id


@pytest.fixture
def stranger(transactional_db):
    load_catalogue()
    return Browser()
