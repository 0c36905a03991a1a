"""Colouring the policy: every character stays, none is taken for HTML."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.front.source import numbered


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_no_character_is_lost_or_taken_for_a_tag(text):
    shown = "\n".join(re.sub(r'</?i(?: class="\w+")?>', "", row) for row in numbered(text))
    assert unescape(shown) == text.replace("\r\n", "\n").removesuffix("\n") or "&" in text


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        ("[data.card]", ["table"]),
        ("keep = 'x' # why", ["key", "text", "note"]),
        ("version = 2026-11-01", ["key", "value"]),
        ('say = "a # b"', ["key", "text"]),
        ("human = true", ["key", "value"]),
    ],
)
def test_parts_of_a_line_are_told_apart(line, kinds):
    assert re.findall(r'class="(\w+)"', numbered(line)[0]) == kinds
