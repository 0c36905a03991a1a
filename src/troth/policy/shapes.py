"""What a value in a policy file may be: one small set of shapes that reads, complains and describes.

Each shape turns raw TOML into a typed value, reporting every mistake to a Reader instead of stopping at the first,
and describes itself as JSON Schema, so that an editor and the loader can never disagree.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from functools import cached_property
from typing import Any, Protocol

from .errors import Problem, did_you_mean, quoted
from .period import LENGTH, read_keep, read_length
from .plain import REQUIRED, Plain
from .text import MOST_DEPTH, lines_of

MOST_LISTED = 1_000  # in one list; more is a mistake, and comparing them all would take minutes
MOST_TOLD = 100  # mistakes of one sort in one place: whoever has more is helped by the first hundred
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
Path = tuple[str, ...]
Schema = dict[str, Any]


class _Bad:
    """Stands where a value could not be read; its problem has been reported."""

    def __repr__(self) -> str:
        return "BAD"


BAD = _Bad()


class Reader:
    """Collects the problems and the names of one file while its shapes read it."""

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        self.found: list[tuple[Path, str, str]] = []
        self.refs: list[tuple[str, str, Path]] = []  # (kind, name, where it stands)

    def problem(self, path: Path, what: str, hint: str = "") -> _Bad:
        self.found.append((path, what, hint))
        return BAD

    def line(self, path: Path) -> int:
        """Return the line of a key path, or of its nearest parent that stands in the file."""
        while path and path not in self._known_lines:
            path = path[:-1]
        return self._known_lines.get(path, 0)

    def stands(self, path: Path) -> bool:
        return path in self._known_lines

    @cached_property
    def _known_lines(self) -> dict[Path, int]:
        try:
            return lines_of(self.text)
        except RecursionError:  # deeper than anything we read: its mistakes are told without lines
            return {}

    def problems(self) -> list[Problem]:
        return [Problem(self.file, self.line(path), shown(path), what, hint) for path, what, hint in self.found]


def shown(path: Path) -> str:
    """Return a key path as one would write it: purposes.news.uses[2]."""
    parts = [f"[{p}]" if p.isdecimal() else f".{p}" if NAME.fullmatch(p) else f".{quoted(p)}" for p in path]
    return "".join(parts).removeprefix(".")


class Shape(Protocol):
    """What a value may be."""

    def read(self, raw: Any, path: Path, reader: Reader) -> Any: ...

    def schema(self) -> Schema: ...


class _Shape(Plain):
    """Two shapes are the same only if they are one."""

    __eq__, __hash__ = object.__eq__, object.__hash__


class Text(_Shape):
    """Words. Control and direction-changing characters are refused: they can make a line read as another."""

    most: int = 600

    def read(self, raw: Any, path: Path, reader: Reader) -> str | _Bad:
        if not isinstance(raw, str):
            return reader.problem(path, f"should be text in quotes, not {kind_of(raw)}")
        if not raw.strip():
            return reader.problem(path, "is empty")
        if len(raw) > self.most:
            return reader.problem(path, f"has {len(raw):,} characters, more than {self.most}")
        if not raw.isprintable():
            odd = next(c for c in raw if not c.isprintable())
            called = unicodedata.name(odd, "a control character").lower()
            return reader.problem(path, f"contains U+{ord(odd):04X}, {called}, which nobody can see")
        return raw

    def schema(self) -> Schema:
        return {"type": "string", "minLength": 1, "maxLength": self.most}


class Flag(_Shape):
    """True or false."""

    def read(self, raw: Any, path: Path, reader: Reader) -> bool | _Bad:
        return raw if isinstance(raw, bool) else reader.problem(path, f"should be true or false, not {kind_of(raw)}")

    def schema(self) -> Schema:
        return {"type": "boolean"}


class Whole(_Shape):
    """A whole number within bounds."""

    least: int = 0
    most: int = 1_000_000

    def read(self, raw: Any, path: Path, reader: Reader) -> int | _Bad:
        if isinstance(raw, bool) or not isinstance(raw, int):
            return reader.problem(path, f"should be a whole number, not {kind_of(raw)}")
        if not self.least <= raw <= self.most:
            return reader.problem(path, f"should lie between {self.least} and {self.most:,}")
        return raw

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


class Day(_Shape):
    """A calendar day, written without quotes."""

    def read(self, raw: Any, path: Path, reader: Reader) -> date | _Bad:
        if isinstance(raw, date) and not isinstance(raw, datetime):
            return raw
        return reader.problem(path, f"should be a day such as 2026-11-01, without quotes, not {kind_of(raw)}")

    def schema(self) -> Schema:
        return {"type": "string", "format": "date"}


class OneOf(_Shape):
    """One word out of a fixed list."""

    words: tuple[str, ...]

    def read(self, raw: Any, path: Path, reader: Reader) -> str | _Bad:
        if not isinstance(raw, str):
            return reader.problem(path, f"should be one of {', '.join(self.words)}, not {kind_of(raw)}")
        if raw not in self.words:
            return reader.problem(path, f"{quoted(raw)} is not a word used here", did_you_mean(raw, self.words))
        return raw

    def schema(self) -> Schema:
        return {"enum": list(self.words)}


class Ref(_Shape):
    """The name of something defined elsewhere in the file; looked up once everything is read."""

    kind: str  # e.g. "data", "purpose"
    also: tuple[str, ...] = ()  # words that are allowed besides, such as "*"

    def read(self, raw: Any, path: Path, reader: Reader) -> str | _Bad:
        if not isinstance(raw, str):
            return reader.problem(path, f"should be the name of a {self.kind}, not {kind_of(raw)}")
        if raw not in self.also:
            reader.refs.append((self.kind, raw, path))
        return raw

    def schema(self) -> Schema:
        return {"type": "string", "description": f"name of a {self.kind}"}


class Parsed(_Shape):
    """Text with a small grammar of its own."""

    parse: Callable[[str], Any]
    pattern: str

    def read(self, raw: Any, path: Path, reader: Reader) -> Any:
        if not isinstance(raw, str):
            return reader.problem(path, f"should be text in quotes, not {kind_of(raw)}")
        try:
            return self.parse(raw)
        except ValueError as problem:
            return reader.problem(
                path, f"{quoted(raw)} is {problem}" if str(problem).startswith("not ") else f"{quoted(raw)}: {problem}"
            )

    def schema(self) -> Schema:
        return {"type": "string", "pattern": self.pattern}


class Many(_Shape):
    """A list, or a single value standing for a list of one."""

    of: Shape
    alone: bool = False  # a bare value is also accepted

    def read(self, raw: Any, path: Path, reader: Reader) -> tuple[Any, ...] | _Bad:
        if not isinstance(raw, list):
            if self.alone:
                return (self.of.read(raw, path, reader),)
            return reader.problem(path, f"should be a list in [ ], not {kind_of(raw)}")
        if len(raw) > MOST_LISTED:
            return reader.problem(path, f"lists {len(raw):,} things, more than {MOST_LISTED:,}")
        seen: list[Any] = []
        for number, one in enumerate(raw):
            at = (*path, str(number))
            value = self.of.read(one, at, reader)
            if value is not BAD and value in seen:
                reader.problem(at, f"{quoted(one)} is listed twice")
            seen.append(value)
        return tuple(v for v in seen if v is not BAD)

    def schema(self) -> Schema:
        many: Schema = {"type": "array", "items": self.of.schema(), "uniqueItems": True}
        return {"anyOf": [self.of.schema(), many]} if self.alone else many


class Table(_Shape):
    """Names, each with a value of one shape."""

    of: Shape
    names: Shape | None = None  # what a name may be; a plain lower-case word unless said

    def read(self, raw: Any, path: Path, reader: Reader) -> dict[str, Any] | _Bad:
        if not isinstance(raw, dict):
            return reader.problem(path, f"should be a table in {{ }}, not {kind_of(raw)}")
        if len(path) > MOST_DEPTH:
            return reader.problem(path, "is nested too deeply")
        values = {}
        for name, one in raw.items():
            if self.names:
                good = self.names.read(name, (*path, name), reader) is not BAD
            elif not (good := bool(NAME.fullmatch(name))):
                what = f"{quoted(name)} is not a plain name: use a to z, 0 to 9 and _, starting with a letter"
                reader.problem((*path, name), what, did_you_mean(name, ()))
            value = self.of.read(one, (*path, name), reader)
            if good and value is not BAD:
                values[name] = value
        return values

    def schema(self) -> Schema:
        names = self.names.schema() if self.names else {"pattern": f"^{NAME.pattern}$"}
        return {"type": "object", "additionalProperties": self.of.schema(), "propertyNames": names}


class Either(_Shape):
    """One of two shapes, told apart by the TOML type of the value."""

    usual: Shape
    other: Shape
    when: type = dict  # the type that means the other one

    def read(self, raw: Any, path: Path, reader: Reader) -> Any:
        return (self.other if isinstance(raw, self.when) else self.usual).read(raw, path, reader)

    def schema(self) -> Schema:
        return {"anyOf": [self.usual.schema(), self.other.schema()]}


class Record(_Shape):
    """A table whose keys are the parts of a record, declared with `key`."""

    of: type[Plain]
    shorthand: str = ""  # the field a bare list stands for

    def read(self, raw: Any, path: Path, reader: Reader) -> Any:
        if self.shorthand and isinstance(raw, list):
            raw = {self.shorthand: raw}
        if not isinstance(raw, dict):
            return reader.problem(path, f"should be a table in {{ }}, not {kind_of(raw)}")
        keys = keys_of(self.of)
        for word in sorted(raw.keys() - keys.keys())[:MOST_TOLD]:
            reader.problem((*path, word), f"{quoted(word)} is not a key used here", did_you_mean(word, keys))
        values, bad = {}, False
        for word, part in keys.items():
            if word in raw:
                value = part.shape.read(raw[word], (*path, word), reader)
                bad |= value is BAD
                values[part.name] = value
            elif part.default is REQUIRED:
                reader.problem(path, f'"{word}" is missing', f"It says: {part.doc}.")
                bad = True
        return BAD if bad else self.of(**values)

    def schema(self) -> Schema:
        keys = keys_of(self.of)
        table: Schema = {
            "type": "object",
            "description": (self.of.__doc__ or "").strip().splitlines()[0],
            "properties": {w: p.shape.schema() | {"description": p.doc} for w, p in keys.items()},
            "required": [w for w, p in keys.items() if p.default is REQUIRED],
            "additionalProperties": False,
        }
        if self.shorthand:
            return {"anyOf": [keys[self.shorthand].shape.schema(), table]}
        return table


class Key:
    """One key of a record: what it may be, what it says, its default, and its word in the file."""

    def __init__(self, shape: Shape, doc: str, default: Any, called: str) -> None:
        self.shape, self.doc, self.default, self.called = shape, doc, default, called

    def __set_name__(self, _: type, name: str) -> None:
        self.name, self.called = name, self.called or name

    def fresh(self) -> Any:
        """Return the default for one more record."""
        return {} if isinstance(self.default, dict) else self.default


def key(shape: Shape, doc: str, default: Any = REQUIRED, *, called: str = "") -> Any:
    """Declare one key of a record: what it may be, what it says, and its default if it may be left out."""
    return Key(shape, doc, default, called)


_KEYS: dict[type[Plain], dict[str, Key]] = {}


def keys_of(record: type[Plain]) -> dict[str, Key]:
    """Return a record's keys by the word the file uses for them."""
    if record not in _KEYS:
        _KEYS[record] = {part.called: part for part in record.parts.values() if isinstance(part, Key)}
    return _KEYS[record]


def kind_of(raw: object) -> str:
    """Return what a raw value is, in words."""
    if isinstance(raw, bool):
        return "true or false"
    names = {
        str: "text",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "a table",
        datetime: "a date and time",
        date: "a date",
    }
    return names.get(type(raw), "a time")


LENGTH_TEXT = Parsed(read_length, f"^{LENGTH.pattern}$")
KEEP_TEXT = Parsed(read_keep, r"^[a-z_ ]+( ?\+ ?\d+ [a-z ]+)?$")
