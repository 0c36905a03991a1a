"""Complaints say what was meant, and no strange character survives in them."""

import pytest

from troth.policy.errors import PolicyError, Problem, did_you_mean, quoted

MANY = [f"name{letter}" for letter in "abcdefghijklm"]


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("newz", ["news", "order"], 'Did you mean "news"?'),
        ("pigeon", ["news", "order"], "Known: news, order."),
        ("pigeon", [], ""),
        ("xyz", MANY[:12], f"Known: {', '.join(MANY[:12])}."),
        ("xyz", MANY, ""),
        ("n\u0435ws", ["news"], 'It contains U+0435 cyrillic small letter ie. Did you mean "news"?'),
        ("\u0435\u043e\u0456", [], "It contains U+0435 cyrillic small letter ie and U+043E cyrillic small letter o."),
        ("\x7fnews", ["news"], 'Did you mean "news"?'),
        ("\x80news", ["news"], 'It contains U+0080 unnamed. Did you mean "news"?'),
        ("x" * 79 + "\u0435" + "\u043e", [], "It contains U+0435 cyrillic small letter ie."),
        ("NEWS", ["news"], 'Did you mean "news"?'),
    ],
)
def test_a_hint_names_what_was_probably_meant(word, known, hint):
    assert did_you_mean(word, known) == hint


def test_only_the_beginning_of_a_long_word_is_compared():
    assert did_you_mean("a" * 80 + "b" * 400, ["a" * 80]) == f'Did you mean "{"a" * 80}"?'


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("news", '"news"'),
        (7, '"7"'),
        ("a\nb", '"a\N{REPLACEMENT CHARACTER}b"'),
        ("x" * 60, f'"{"x" * 60}"'),
        ("x" * 61, f'"{"x" * 60}…"'),
        ("x" * 600, f'"{"x" * 60}…"'),
    ],
)
def test_a_value_is_quoted_in_one_printable_line_of_bounded_length(value, said):
    assert quoted(value) == said


def test_a_problem_says_where_it_is_as_far_as_that_is_known():
    assert str(Problem("a.toml", 3, "x.y", "is odd", "Mend it.")) == "a.toml:3: x.y: is odd. Mend it."
    assert str(Problem("a.toml", 0, "", "is odd")) == "a.toml: is odd."


def test_an_error_holds_every_problem_once_in_order():
    one, other = Problem("a", 2, "", "x"), Problem("a", 1, "", "y")
    error = PolicyError([one, other, one])
    assert error.problems == (other, one)
    assert str(error) == "a:1: y.\na:2: x."
