"""Reading policy files and law packs: all mistakes at once, each with its line and what was meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .errors import PolicyError, Problem, a_or_an, did_you_mean, quoted
from .law import LawPack
from .nouns import VERBS, Policy
from .plain import Plain
from .shapes import BAD, MOST_TOLD, Reader, Record, keys_of
from .text import parse, read_bytes

if TYPE_CHECKING:
    from pathlib import Path

CALLED = {"data": "category or item"}
KINDS = {"recipient": "recipients", "purpose": "purposes", "choice": "choices"}


class PolicyFile(Plain):
    """A policy together with the file it was read from."""

    policy: Policy
    file: str
    digest: str  # SHA-256 of the bytes, hexadecimal
    reader: Reader

    def line(self, clause: str) -> int:
        """Return the line on which a clause such as "purposes.news.uses" stands, or 0."""
        return self.reader.line(tuple(clause.split(".")))

    def states(self, clause: str) -> bool:
        """Tell whether the file itself has this key, and does not leave it to its default."""
        return self.reader.stands(tuple(clause.split(".")))

    def has(self, clause: str) -> bool:
        """Tell whether a clause stands in the file, or is what its nearest line leaves to the default."""
        table, name, *_ = (*clause.split("."), "")
        at = getattr(self.policy, "about" if table == "policy" else table, None)
        return at is not None and (
            not name or (name in at if isinstance(at, dict) else bool(keys_of(type(at)).get(name)))
        )

    def problem(self, clause: str, what: str, hint: str = "") -> Problem:
        return Problem(self.file, self.line(clause), clause, what, hint)


def sha256(data: bytes) -> str:
    import hashlib  # noqa: PLC0415 -- a tenth of the time it takes to import this package

    return hashlib.sha256(data).hexdigest()


def load(path: Path) -> PolicyFile:
    """Read a policy file. Raises PolicyError with every problem that keeps it from being read."""
    return loads(read_bytes(path), path.name)


def loads(data: bytes, file: str = "policy.toml") -> PolicyFile:
    """Read a policy from its bytes. Raises PolicyError with every problem that keeps it from being read."""
    raw = parse(data, file)
    reader = Reader(file, data.decode("utf-8"))
    policy = Record(Policy).read(raw, (), reader)
    _resolve(reader, raw)
    if policy is BAD or reader.found:
        raise PolicyError(reader.problems())
    return PolicyFile(policy, file, sha256(data), reader)


def load_pack(data: bytes, file: str) -> LawPack:
    """Read a law pack from its bytes. Raises PolicyError with every problem."""
    reader = Reader(file, data.decode("utf-8", "replace"))
    pack = Record(LawPack).read(parse(data, file), (), reader)
    if isinstance(pack, LawPack):
        _check_rules(pack, reader)
    if not isinstance(pack, LawPack) or reader.found:
        raise PolicyError(reader.problems())
    return pack


def _check_rules(pack: LawPack, reader: Reader) -> None:
    seen: set[str] = set()
    for number, rule in enumerate(pack.rules):
        path = ("rule", str(number))
        effects = [rule.need, rule.ban, rule.under, rule.parent, rule.evidence, rule.hours, rule.listed, rule.signal]
        if sum(map(bool, effects)) != 1:
            reader.problem(path, f"{quoted(rule.id)} should have exactly one effect")
        if rule.hours and (len(rule.hours) != 2 or rule.hours[0] >= rule.hours[1]):
            reader.problem(path, f"{quoted(rule.id)} should give its hours as [from, to]")
        if rule.id in seen:
            reader.problem(path, f"{quoted(rule.id)} is used twice")
        seen.add(rule.id)


def _resolve(reader: Reader, raw: Mapping[str, Any]) -> None:
    """Report every name that nothing in the file defines."""
    known = _known(raw)
    unknown = [ref for ref in reader.refs if ref[1] not in known[ref[0]]]
    for kind, name, path in unknown[:MOST_TOLD]:
        what = f"{quoted(name)} is not {a_or_an(CALLED.get(kind, kind))} of this policy"
        reader.problem(path, what, did_you_mean(name, known[kind]))


def _known(raw: Mapping[str, Any]) -> dict[str, set[str]]:
    """Return the names each kind of reference may use, taken from the raw file so that one mistake is told once."""
    known = {kind: set(_table(raw.get(table))) for kind, table in KINDS.items()}
    known["entity"] = set(_table(_table(raw.get("policy")).get("entities")))
    known["verb or purpose"] = known["purpose"] | set(VERBS)
    known["data"] = set(_table(raw.get("data")))
    for category, body in _table(raw.get("data")).items():
        items = _table(body).get("items")
        names = [i for i in items if isinstance(i, str)] if isinstance(items, list | dict) else []
        known["data"] |= {n for i in names for n in (i, f"{category}.{i}")}
    return known


def _table(raw: Any) -> Mapping[str, Any]:  # noqa: ANN401 -- whatever stands in the file
    return raw if isinstance(raw, dict) else {}
