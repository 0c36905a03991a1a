"""The reference of the language, `docs/language.md`: an opening page by hand, all else from the declarations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from . import nouns
from .errors import a_or_an
from .nouns import Policy
from .period import EVENTS, UNITS
from .plain import REQUIRED
from .shapes import (
    KEEP_TEXT,
    LENGTH_TEXT,
    Either,
    Key,
    Many,
    OneOf,
    Record,
    Ref,
    Shape,
    Table,
    Text,
    Whole,
    keys_of,
)
from .statements import CHECKS

SMALLEST: Final = """\
[policy]
name       = "Privacy at Alder"
version    = 2026-11-01
controller = "Alder Shops Ltd"
officer    = "privacy@alder.example"
laws       = ["uk"]
notice     = "30 days"

[brands]
alder = { say = "Alder", sites = ["alder.example"], care = ["care@alder.example", "+44 20 7946 0000"] }

[data]
contact = { say = "your contact details", items = ["email", "delivery_address"], keep = "account + 30 days" }
orders  = { say = "your orders", items = ["order_lines"], keep = "order + 7 years" }

[sources]
checkout = { say = "place an order", takes = ["contact", "orders"], parent = true }

[recipients]
carrier = { say = "our delivery company", role = "processor", in = ["GB"], contract = { ref = "C-1" } }

[purposes.order]
say   = "deliver what you order"
basis = "contract"
uses  = ["contact", "orders"]
to    = { carrier = ["delivery_address"] }

[purposes.news]
say    = "send you our news"
choice = "news"
uses   = ["email"]

[choices.news]
say      = "send you our news"
channels = { email = "in" }
topics   = ["offers", "events"]
exits    = { email = "the link in every email" }

[rights]
see      = { say = "see what we hold", by = ["account", "form"] }
complain = { say = "complain", by = ["form"] }

[promises]
stop_is_stop = { try = "contact by email for news after refusing", get = "no: choices.news" }
still_served = { try = "contact by email for order after refusing", get = "yes: purposes.order" }
"""

OPENING: Final = f"""\
# The language of a privacy policy

<!-- Written by `troth policy schema --reference > docs/language.md`. Do not edit. -->

A policy is one TOML file. Customers read a page made from it, and the code asks it before it touches personal data:
nothing is allowed because a programmer thought so, only because a line of the file says so.

Eight nouns say everything. **Data** comes from **sources** and serves **purposes** of a **brand**. A purpose rests on a
basis (a contract, the law, our own interest) or on **choices** that people make, and hands data to **recipients**.
People have **rights**. **Promises** are examples that are run: a release that breaks one does not ship. Besides these
there are **statements**, plain sentences with a check behind each.

How a question is answered:

1. Whatever the file does not name is refused: an unknown purpose, item, source, channel, recipient or fact.
2. A wall (`only_to`, `only_for`, `never`) beats every use.
3. Law packs tighten a line and never loosen one; where someone lives decides which of them protect them.
4. What the person said comes next: a stop beats a device's signal, a signal beats a yes given before it, a no beats a
   wider yes. Silence is never a yes where one is needed.
5. Every answer names the line that decided.

A name is a word of `a` to `z`, `0` to `9` and `_`. A day is written without quotes, a length of time as a number and a
unit, retention as an event and a length. A category name stands for all its items; an item is named alone or with its
category: `email`, `contact.email`. A key may be left out unless its default says "required".

This is a whole policy:

```toml
{SMALLEST}```

`troth policy check` reads a file, lists every mistake with its line, runs the promises and says which lines the law
overrules. The next part lists every key; the last one every word of the language.
"""

# One line for each table of the file: what it holds, as its heading goes.
HEADINGS: Final = {
    "policy": "[policy]", "brands": "[brands.NAME]", "data": "[data.NAME]", "sources": "[sources.NAME]",
    "recipients": "[recipients.NAME]", "purposes": "[purposes.NAME]", "choices": "[choices.NAME]",
    "rights": "[rights.NAME]", "statements": "[statements.NAME]", "promises": "[promises.NAME]",
}  # fmt: skip

VERBS: Final = {
    "collect": "take data in from a source",
    "use": "work with it",
    "contact": "write to or ring a person, by a channel",
    "disclose": "hand it to a recipient",
    "publish": "show it to everybody",
    "keep": "go on holding it; decided by periods, holds and erasure, never by a choice",
}
BASES: Final = {
    "contract": "needed for what the person asked for; no choice reaches it (GDPR art. 6(1)(b))",
    "law": "a law asks for it (art. 6(1)(c))",
    "interest": "our own interest, on until the person objects (art. 6(1)(f)); say which in `interest`",
    "vital": "somebody's life is at stake (art. 6(1)(d))",
    "public task": "a task in the public interest (art. 6(1)(e))",
    "use": "using the service counts as a yes, as policies of 2018 said; the engine asks all the same",
    "none": "no use at all: the line says that there is none",
}
KINDS: Final = {
    "marketing": "sells something; implied where a choice has topics",
    "survey": "asks for an opinion",
    "service": "a message about what the person asked for",
    "adverts": "adverts elsewhere; implied where a choice has a signal",
    "sale": "a sale, or sharing that counts as one",
    "profiling": "works out what someone is like",
    "tracking": "follows visits over time",
    "storage": "stores on a device without an exemption; implied by such cookies",
    "pixel": "sees that something was opened",
    "recording": "records a voice",
    "location": "knows where someone is",
    "automated": "a computer decides, or helps to",
    "credit": "checks whether someone can pay",
    "matching": "compares lists with someone else's",
    "children": "is about children",
    "research": "studies for knowledge's sake",
    "claims": "law and disputes; goes on under restriction and erasure",
    "rights": "answers people's requests; goes on under restriction and erasure",
    "necessary": "nothing would run without it",
}
CARES: Final = {
    "sensitive": "health, faith and the like (GDPR art. 9)",
    "location": "where someone is",
    "card": "payment card data",
    "secret": "passwords, documents",
    "free text": "nobody knows what it may hold",
}
HANDLING: Final = {
    "hash": "kept only in a scrambled form that cannot be turned back",
    "strip metadata": "the hidden facts in a file, such as place and time, are taken out",
    "mask cards": "card numbers in free text are blacked out",
    "flag sensitive": "signs of health, faith and the like are marked",
    "coarsen": "made less exact, such as a place to its area",
    "verify": "held against what is known before it counts",
}
ROLES: Final = {
    "processor": "works for us on instructions, under a contract (GDPR art. 28)",
    "controller": "decides for itself",
    "joint": "decides together with us (art. 26)",
    "authority": "has a legal power to ask",
    "public": "anyone",
}
FORMS: Final = {
    "plain": "as it is",
    "hashed": "as codes that hide an address",
    "pseudonymous": "under a code instead of a name",
    "synthetic": "made-up data like it",
    "statistics": "totals that describe no one",
}
PROVENANCES: Final = {
    "provided": "the person told us",
    "observed": "we saw it",
    "inferred": "we worked it out",
    "received": "others told us (GDPR art. 14)",
}
ASKS: Final = {
    "in": "off until yes",
    "out": "on until no",
    "each": "asked for every single item",
    "use": "using the service counts as a yes, as in 2018; the engine asks all the same",
}
RIGHTS: Final = {
    "see": "GDPR art. 15(1)", "copy": "art. 15(3)", "correct": "art. 16", "erase": "art. 17", "restrict": "art. 18",
    "carry": "art. 20", "object": "art. 21", "review": "art. 22: a person looks again",
    "optout": "American laws: no sale, sharing, targeted adverts or profiles",
    "limit": "California: sensitive data only for what was asked", "appeal": "most American states",
    "complain": "GDPR art. 77; in Britain s. 164A DPA 2018",
}  # fmt: skip
WORDS: Final[Mapping[str, tuple[Sequence[str], Mapping[str, str]]]] = {
    "Events that start a retention period": (tuple(EVENTS), EVENTS),
    "Units of time": (UNITS, {}),
    "Verbs": (nouns.VERBS, VERBS),
    "Bases": (nouns.BASES, BASES),
    "Kinds of purpose": (nouns.KINDS, KINDS),
    "Delicate data": (nouns.CARES, CARES),
    "Handling": (nouns.HANDLING, HANDLING),
    "Roles of a recipient": (nouns.ROLES, ROLES),
    "Forms of data": (nouns.FORMS, FORMS),
    "Provenance": (nouns.PROVENANCES, PROVENANCES),
    "Ways to ask": (nouns.ASKS, ASKS),
    "Rights": (nouns.RIGHTS, RIGHTS),
    "Channels": (nouns.CHANNELS, {}),
    "Staff and other actors": (nouns.ACTORS, {}),
    "Sections of the page": (nouns.SECTIONS, {}),
}
SIMPLE: Final[Mapping[Shape, str]] = {
    nouns.TEXT: "text",
    nouns.COUNTRY: 'a country code, as `"GB"`',
    nouns.FLAG: "`true` or `false`",
    nouns.DAY: "a day",
    LENGTH_TEXT: 'a length, as `"30 days"`',
    KEEP_TEXT: 'an event and a length, as `"order + 7 years"`',
}
LISTS: Final = {words: title for title, (words, _) in WORDS.items()}


def markdown() -> str:
    """Return the whole of docs/language.md."""
    blocks = [OPENING, "## Every key\n", *_tables(), "## Every word\n", *_words(), *_checks()]
    return "\n".join(blocks).rstrip() + "\n"


# -- keys -------------------------------------------------------------------------------------------------------------


def _tables() -> Iterator[str]:
    for word, part in keys_of(Policy).items():
        shape = part.shape
        for record, _ in _inside(shape):
            yield from _record(HEADINGS.get(word, f"[{word}]"), record, _doc(part), 3)


def _record(heading: str, record: Record, doc: str, level: int) -> Iterator[str]:
    """Yield the table of a record's keys, then those of the records inside it."""
    said = " ".join((record.of.__doc__ or "").split())
    short = f" A bare list stands for `{record.shorthand}`." if record.shorthand else ""
    yield f"{'#' * level} `{heading}`: {doc}\n\n{said}{short}\n"
    rows = [(f"`{word}`", _doc(part), _may(part.shape), _default(part)) for word, part in _keys(record)]
    yield _table(("Key", "What it says", "What it may be", "Default"), rows)
    for word, part in _keys(record):
        for inner, name in _inside(part.shape):
            yield from _record(f"{heading[:-1]}.{word}{name}]", inner, _doc(part), level + 1)


def _keys(record: Record) -> list[tuple[str, Key]]:
    return list(keys_of(record.of).items())


def _doc(part: Key) -> str:
    return part.doc


def _inside(shape: Shape) -> Iterator[tuple[Record, str]]:
    """Yield the records a value may hold, and what their names stand for, if they have any."""
    if isinstance(shape, Record):
        yield shape, ""
    elif isinstance(shape, Table):
        name = ".COUNTRY" if shape.names == nouns.COUNTRY else ".NAME"
        yield from ((record, name) for record, _ in _inside(shape.of))
    elif isinstance(shape, Many):
        yield from _inside(shape.of)
    elif isinstance(shape, Either):
        yield from (*_inside(shape.usual), *_inside(shape.other))


def _may(shape: Shape) -> str:
    """Return what a value may be, in words."""
    if isinstance(shape, Many):
        return f"a list: {_may(shape.of)}; or one alone" if shape.alone else f"a list: {_may(shape.of)}"
    if isinstance(shape, Table):
        names = f"by {_may(shape.names)}" if shape.names else "by name"
        return f"a table {names}: {_may(shape.of)}"
    if isinstance(shape, Either):
        return f"{_may(shape.usual)}; or {_may(shape.other)}"
    if isinstance(shape, Record):
        return "a table, see below"
    return _plain(shape)


def _plain(shape: Shape) -> str:
    if isinstance(shape, OneOf):
        title = LISTS.get(shape.words)
        return f"a word of [{title.lower()}](#{_anchor(title)})" if title else _listed(shape.words)
    if isinstance(shape, Ref):
        also = "".join(f" or `{word}`" for word in shape.also)
        kind = "category or item" if shape.kind == "data" else shape.kind
        return f"the name of {a_or_an(kind)}{also}"
    if isinstance(shape, Whole):
        return f"a whole number from {shape.least} to {shape.most:,}"
    if isinstance(shape, Text) and shape not in SIMPLE:
        return f"text of at most {shape.most} characters"
    return SIMPLE[shape]


def _default(part: Key) -> str:
    if part.default is REQUIRED:
        return "**required**"
    value, either = part.default, isinstance(part.shape, Either)
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if value in ({}, None, "", ()) or (value == 0 and not either):
        return "none"
    if isinstance(value, date):
        return {date.min: "always was", date.max: "never ends"}.get(value, str(value))
    return _listed(value) if isinstance(value, tuple) else f"`{value}`"


# -- words ------------------------------------------------------------------------------------------------------------


def _words() -> Iterator[str]:
    for title, (words, meanings) in WORDS.items():
        yield f"### {title}\n"
        if meanings:
            yield _table(("Word", "What it means"), [(f"`{word}`", meanings.get(word, "")) for word in words])
        else:
            yield f"{_listed(words)}.\n"


WATCHED = "the running hosts, by `troth site check`: the sentence stands only while they bear it out"


def _checks() -> Iterator[str]:
    yield "### Checks behind statements\n"
    rows = [
        (f"`{phrase}`", "the policy" if made.answer else WATCHED if made.watched else "the running site")
        for phrase, made in CHECKS.items()
    ]
    yield _table(("Check", "What answers it"), rows)


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)
