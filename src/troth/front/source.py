"""The policy file as a page: every line numbered and lightly coloured, on the server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

TOKEN = re.compile(
    r"""
      (?P<note>\#[^\n]*)
    | (?P<text>\"\"\"(?:[^\\]|\\.)*?\"{3,5}|'''.*?'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')
    | (?P<table>(?m:^)[ \t]*\[\[?[^\]\n]*\]\]?)
    | (?P<key>[\w*.-]+(?=[ \t]*=))
    | (?P<value>\b(?:true|false|\d[\w:.+-]*)\b)
    """,
    re.VERBOSE | re.DOTALL,
)


@lru_cache(maxsize=8)
def numbered(text: str) -> tuple[SafeString, ...]:
    """Return the lines of a TOML file as HTML.

    >>> numbered('a = "<b>" # c')
    ('<i class="key">a</i> = <i class="text">&quot;&lt;b&gt;&quot;</i> <i class="note"># c</i>',)
    """
    rows: list[list[SafeString]] = [[]]
    for kind, piece in _pieces(text):
        for number, part in enumerate(piece.split("\n")):
            if number:
                rows.append([])
            if part:
                rows[-1].append(format_html('<i class="{}">{}</i>', kind, part) if kind else format_html("{}", part))
    if not rows[-1]:
        rows.pop()
    return tuple(mark_safe("".join(row)) for row in rows)  # noqa: S308 -- every part was escaped above


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    text, end = text.replace("\r\n", "\n"), 0
    for token in TOKEN.finditer(text):
        yield "", text[end : token.start()]
        yield token.lastgroup or "", token[0]
        end = token.end()
    yield "", text[end:]
