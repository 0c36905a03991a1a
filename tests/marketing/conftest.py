"""Audiences that begin from nothing in every test: databases are emptied between them in ways no house ever is."""

import pytest

from troth.marketing import following


@pytest.fixture(autouse=True)
def _nothing_remembered():
    following.forget()
    yield
    following.forget()
