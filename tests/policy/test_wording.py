"""How days, lists and sentences are written."""

from datetime import date

import pytest

from troth.policy.wording import listed, say_day, sentence


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "nothing"),
        (["email"], "email"),
        (["home_address"], "home address"),
        (["email", "name"], "email and name"),
        (["a", "b", "c"], "a, b and c"),
    ],
)
def test_words_are_listed_as_people_list_them(words, said):
    assert listed(words) == said
    assert listed(words, "or") == said.replace(" and ", " or ")


@pytest.mark.parametrize(
    ("text", "said"),
    [("we ask", "We ask."), ("we ask.", "We ask."), ("do we?", "Do we?"), ("no!", "No!"), (" iOS is kept ", "IOS is kept."), ("", ".")],
)  # fmt: skip
def test_a_sentence_begins_with_a_capital_and_ends_once(text, said):
    assert sentence(text) == ("" if not text else said)


def test_every_month_has_its_short_name():
    assert [say_day(date(2026, month, 1)) for month in range(1, 13)] == [
        f"1 {name} 2026"
        for name in ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    ]
