"""One process of each partner per test file, and fresh keys per test."""

from dataclasses import replace
from itertools import count
from uuid import uuid4

import pytest

from troth.partners.payments import Ask

from . import companies

numbers = count(1)


@pytest.fixture(scope="module")
def pennyfold(tmp_path_factory):
    with companies.pennyfold(tmp_path_factory.mktemp("pennyfold")) as company:
        yield company


@pytest.fixture(scope="module")
def stripe():
    with companies.stripe() as company:
        yield company


@pytest.fixture(scope="module", params=["pennyfold", "stripe"])
def company(request):
    """Each partner in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def partner(company):
    return company.adapter


@pytest.fixture
def shopper(company):
    return company.shopper


def ask(**changed):
    """What is to be paid, each time for another order."""
    plain = Ask(
        once=f"begin:{uuid4()}", order=f"T-{next(numbers):05}", amount=14850, currency="GBP", back=companies.BACK
    )
    return replace(plain, **changed)
