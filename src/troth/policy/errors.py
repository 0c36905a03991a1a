"""What is wrong with a policy, said so that its author can mend it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from .plain import Plain

# Letters of other alphabets that look like ours. A name built with one is refused, and the name that
# was probably meant is offered: the look-alike set is Unicode TR39's, cut to lower-case Latin.
LOOK_ALIKE = str.maketrans("асеһіјӏорԛѕԝхуѵαοριυνκτ", "acehijlopqswxyvaopiuvkt")


class TrothError(Exception):
    """The root of every refusal and complaint this package raises."""


class Problem(Plain):
    """One mistake in one file: where it is, what it is, and what was probably meant."""

    file: str
    line: int  # from 1; 0 when the file as a whole is meant
    path: str  # the key path, e.g. "purposes.news.uses"; empty for the whole file
    what: str
    hint: str = ""

    def __lt__(self, other: Problem) -> bool:
        return self._values() < other._values()

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        path = f" {self.path}:" if self.path else ""
        hint = f" {self.hint}" if self.hint else ""
        return f"{where}:{path} {self.what}.{hint}"


class PolicyError(TrothError):
    """A file cannot be used as a policy or law pack. Holds every problem found, not just the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint naming the known word nearest to `word`, or the known words when they are few.

    >>> did_you_mean("puposes", ["purposes", "promises"])
    'Did you mean "purposes"?'
    """
    names = sorted(set(known))
    strange = [c for c in word[:80] if ord(c) > 127]
    named = " and ".join(f"U+{ord(c):04X} {unicodedata.name(c, 'unnamed').lower()}" for c in strange[:2])
    # A look-alike is reported as such even where the right name is not known: it is never an accident to let pass.
    note = f"It contains {named}. " if strange else ""
    plain = unicodedata.normalize("NFKD", word[:80]).casefold().translate(LOOK_ALIKE)
    from difflib import get_close_matches  # noqa: PLC0415 -- only where there is a mistake to explain

    near = get_close_matches(plain, names, n=1, cutoff=0.6)
    if near:
        return f'{note}Did you mean "{near[0]}"?'
    if names and len(names) <= 12:
        return f"{note}Known: {', '.join(names)}."
    return note.strip()


def quoted(value: object, most: int = 60) -> str:
    """Return a value of the policy file as one printable, bounded line: no control character survives."""
    text = value if isinstance(value, str) else repr(value)
    plain = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[: most + 1])
    return f'"{plain[:most]}…"' if len(plain) > most else f'"{plain}"'


def a_or_an(noun: str) -> str:
    """Return a noun with its article.

    >>> a_or_an("entity"), a_or_an("recipient")
    ('an entity', 'a recipient')
    """
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
