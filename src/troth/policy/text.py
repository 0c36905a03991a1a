"""A TOML file as data, with the line of every key.

The standard library parses the values; it does not say where they stood. `lines_of` reads the same text once
more, only for positions, and only when somebody asks: a file without problems never pays for it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .errors import PolicyError, Problem

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 1 << 20  # a published policy is a few pages; a larger file is a mistake, and parsing it could take minutes
MOST_DEPTH = 32

# A key of thousands of parts keeps every TOML parser busy for minutes; no policy has one.
DEEP_KEY = re.compile(rb"(?:[\w\"'-]{1,80}[ \t]*\.[ \t]*){%d}" % MOST_DEPTH)

SYNTAX = r"""
      (?P<skip>[ \t]+|\#[^\n]*)
    | (?P<line>\r?\n)
    | (?P<string>\"\"\"(?:[^\\]|\\.)*?\"{3,5}|'''.*?'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')
    | (?P<mark>[\[\]{}=,.])
    | (?P<bare>[^\s\[\]{}=,.\#"']+)
"""
KeyPath = tuple[str, ...]


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes. Raises PolicyError when it is missing, unreadable or too large to be a policy."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise PolicyError([Problem(str(path), 0, "", too_large(path.stat().st_size))])
        return path.read_bytes()
    except (OSError, ValueError) as problem:  # ValueError: a path with a NUL in it is no path
        what = f"the file cannot be read: {getattr(problem, 'strerror', None) or 'that is no path'}"
        raise PolicyError([Problem(str(path), 0, "", what)]) from None


def too_large(size: int) -> str:
    return f"the file has {size:,} bytes, more than the {MOST_BYTES:,} a policy may have"


def parse(data: bytes, file: str) -> dict[str, Any]:
    """Return the TOML document. Raises PolicyError with the line for anything that is not TOML 1.0 in UTF-8."""

    def refuse(what: str, line: int = 0, hint: str = "") -> PolicyError:
        return PolicyError([Problem(file, line, "", what, hint)])

    if len(data) > MOST_BYTES:
        raise refuse(too_large(len(data)))
    if data.startswith(b"\xef\xbb\xbf"):
        raise refuse("the file begins with a byte order mark", 1, "Save it as UTF-8 without one.")
    if deep := DEEP_KEY.search(data):
        raise refuse(f"a key has more than {MOST_DEPTH} parts", data.count(b"\n", 0, deep.end()) + 1)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise refuse("the file is not UTF-8 text", line, "Save it as UTF-8 without a byte order mark.") from None
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise refuse("tables are nested too deeply") from None
    except ValueError as problem:  # TOMLDecodeError, and int() on a number of thousands of digits
        said = str(problem)
        at = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", said)
        line = int(at[1]) if at and at[1] else text.count("\n") + 1 if at else 0
        what = said[: at.start()] if at else said
        raise refuse(f"not valid TOML: {what[:200]}", line, clue(what, text, line)) from None


def clue(what: str, text: str, line: int) -> str:
    """Return what probably went wrong, in the words of someone who edits policies rather than parsers."""
    if "overwrite" in what or "twice" in what or "duplicate" in what.lower():
        return "The same name is given a value twice; keep one."
    if "date" in what.lower():
        return "This day is not in the calendar; write dates as 2026-11-01."
    source = dict(enumerate(text.split("\n"), 1)).get(line, "")
    return "Is a closing quote missing?" if source.count('"') % 2 else ""


def lines_of(text: str) -> dict[KeyPath, int]:
    r"""Return the line, from 1, on which each key path of a valid TOML document first stands.

    >>> lines_of("[a]\nb = { c = 1 }")[("a", "b", "c")]
    2
    """
    return _Lines(text).found


class _Lines:
    """One walk over the tokens of a document that is known to be valid."""

    def __init__(self, text: str) -> None:
        self.found: dict[KeyPath, int] = {}
        self.tokens = list(self._tokens(text))
        self.at = 0
        self.arrays: dict[KeyPath, int] = {}
        self._document()

    def _tokens(self, text: str) -> Iterator[tuple[str, str, int]]:
        line = 1
        for token in re.finditer(SYNTAX, text.removeprefix("\ufeff"), re.VERBOSE | re.DOTALL):
            kind = token.lastgroup or ""
            if kind != "skip":
                yield kind, token[0], line
            line += token[0].count("\n")
        yield "end", "", line

    def _peek(self) -> tuple[str, str, int]:
        return self.tokens[min(self.at, len(self.tokens) - 1)]

    def _take(self) -> tuple[str, str, int]:
        token = self._peek()
        self.at += 1
        return token

    def _key(self) -> KeyPath:
        """Take a dotted key: bare or quoted parts joined by dots."""
        parts: list[str] = []
        while self._peek()[0] in ("bare", "string"):
            kind, text, _ = self._take()
            parts.append(text if kind == "bare" else next(iter(tomllib.loads(f"{text} = 0"))))
            if self._peek()[1] != ".":
                break
            self._take()
        return tuple(parts)

    def _note(self, path: KeyPath, line: int) -> None:
        for end in range(1, min(len(path), MOST_DEPTH) + 1):
            self.found.setdefault(path[:end], line)

    def _document(self) -> None:
        table: KeyPath = ()
        while self._peek()[0] != "end":
            kind, text, line = self._peek()
            if kind == "line":
                self._take()
            elif text == "[":
                table = self._header(line)
            else:
                self._pair(table)

    def _header(self, line: int) -> KeyPath:
        """Take a table's header. Below a list of tables it means the latest of them."""
        self._take()
        listed = self._peek()[1] == "["
        if listed:
            self._take()
        table: KeyPath = ()
        *outer, last = self._key()
        for part in outer:
            table = (*table, part)
            table = (*table, str(self.arrays[table])) if table in self.arrays else table
        table = (*table, last)
        if listed:
            self.arrays[table] = self.arrays.get(table, -1) + 1
            table = (*table, str(self.arrays[table]))
        self._note(table, line)
        while self._peek()[1] == "]":
            self._take()
        return table

    def _pair(self, table: KeyPath) -> None:
        line = self._peek()[2]
        path = table + self._key()
        self._note(path, line)
        if self._take()[1] == "=":
            self._value(path)

    def _value(self, path: KeyPath) -> None:
        """Take one value; note the keys of the tables inside it."""
        kind, text, _ = self._take()
        if text == "[" and kind == "mark":
            self._list(path)
        elif text == "{" and kind == "mark":
            while self._peek()[0] != "end" and self._peek()[1] != "}":
                if self._peek()[1] == "," or self._peek()[0] == "line":
                    self._take()
                else:
                    self._pair(path)
            self._take()
        else:
            while self._peek()[0] == "bare" or self._peek()[1] == ".":  # 1.5 and 08:00:00 come in pieces
                self._take()

    def _list(self, path: KeyPath) -> None:
        number = 0
        while self._peek()[0] != "end" and self._peek()[1] != "]":
            if self._peek()[1] == "," or self._peek()[0] == "line":
                self._take()
                continue
            self._note((*path, str(number)), self._peek()[2])
            self._value((*path, str(number)))
            number += 1
        self._take()
