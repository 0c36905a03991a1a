"""What a value in a policy file may be: one small set of shapes that reads, complains and describes.

Each shape turns raw TOML into a typed value, reporting every mistake to a Reader instead of stopping at the first,
and describes itself as JSON Schema, so that an editor and the loader can never disagree.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import date, datetime
from functools import cached_property
from typing import Any, Protocol

from .errors import Problem, did_you_mean, quoted
from .period import LENGTH, read_keep, read_length
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


@dataclass(eq=False, repr=False)
class Text:
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


@dataclass(eq=False, repr=False)
class Flag:
    """True or false."""

    def read(self, raw: Any, path: Path, reader: Reader) -> bool | _Bad:
        return raw if isinstance(raw, bool) else reader.problem(path, f"should be true or false, not {kind_of(raw)}")

    def schema(self) -> Schema:
        return {"type": "boolean"}


@dataclass(eq=False, repr=False)
class Whole:
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


@dataclass(eq=False, repr=False)
class Day:
    """A calendar day, written without quotes."""

    def read(self, raw: Any, path: Path, reader: Reader) -> date | _Bad:
        if isinstance(raw, date) and not isinstance(raw, datetime):
            return raw
        return reader.problem(path, f"should be a day such as 2026-11-01, without quotes, not {kind_of(raw)}")

    def schema(self) -> Schema:
        return {"type": "string", "format": "date"}


@dataclass(eq=False, repr=False)
class OneOf:
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


@dataclass(eq=False, repr=False)
class Ref:
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


@dataclass(eq=False, repr=False)
class Parsed:
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


@dataclass(eq=False, repr=False)
class Many:
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


@dataclass(eq=False, repr=False)
class Table:
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


@dataclass(eq=False, repr=False)
class Either:
    """One of two shapes, told apart by the TOML type of the value."""

    usual: Shape
    other: Shape
    when: type = dict  # the type that means the other one

    def read(self, raw: Any, path: Path, reader: Reader) -> Any:
        return (self.other if isinstance(raw, self.when) else self.usual).read(raw, path, reader)

    def schema(self) -> Schema:
        return {"anyOf": [self.usual.schema(), self.other.schema()]}


@dataclass(eq=False, repr=False)
class Record:
    """A table whose keys are the fields of a dataclass, declared with `key`."""

    of: type
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
                value = part.metadata["shape"].read(raw[word], (*path, word), reader)
                bad |= value is BAD
                values[part.name] = value
            elif part.default is MISSING and part.default_factory is MISSING:
                reader.problem(path, f'"{word}" is missing', f"It says: {part.metadata['doc']}.")
                bad = True
        return BAD if bad else self.of(**values)

    def schema(self) -> Schema:
        keys = keys_of(self.of)
        table: Schema = {
            "type": "object",
            "description": (self.of.__doc__ or "").strip().splitlines()[0],
            "properties": {
                w: p.metadata["shape"].schema() | {"description": p.metadata["doc"]} for w, p in keys.items()
            },
            "required": [w for w, p in keys.items() if p.default is MISSING and p.default_factory is MISSING],
            "additionalProperties": False,
        }
        if self.shorthand:
            return {"anyOf": [keys[self.shorthand].metadata["shape"].schema(), table]}
        return table


def key(shape: Shape, doc: str, default: Any = MISSING, *, called: str = "") -> Any:
    """Declare one key of a record: what it may be, what it says, and its default if it may be left out."""
    metadata: Mapping[str, Any] = {"shape": shape, "doc": doc, "called": called}
    if isinstance(default, dict):
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)


_KEYS: dict[type, dict[str, Field[Any]]] = {}


def keys_of(record: type) -> dict[str, Field[Any]]:
    """Return a record's fields by the word the file uses for them."""
    if record not in _KEYS:
        parts = [part for part in fields(record) if "shape" in part.metadata]
        _KEYS[record] = {part.metadata["called"] or part.name: part for part in parts}
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
