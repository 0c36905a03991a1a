"""What changed between two versions, in terms of what people gave and may ask: not lines of text, but their meaning.

*Wider* means that we may do more, or people less; *narrower* the reverse. A wider change is material: people are told
before it takes effect (GDPR art. 13(3)), and where the purpose rests on a yes, they are asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from .book import Book
from .engine import Compiled
from .nouns import FORMS, Cookie, Item, Shield
from .period import Keep, Length
from .shapes import keys_of
from .wording import listed, say_day

WIDER, NARROWER, OTHER = "wider", "narrower", "other"
LOOSER = ("each", "in", "out", "use")  # ways to ask, each looser than the one before
Move = tuple[str, str]  # what changed, and its direction
Compare = Callable[[Any, Any, Book, Book], Iterator[Move]]

# Everything people can point at: the rest of a policy says how to run it.
TABLES = ("brands", "data", "sources", "recipients", "purposes", "choices", "rights", "statements", "promises")
NAMES = {
    "brands": "brand", "data": "data", "sources": "source", "recipients": "recipient", "purposes": "purpose",
    "choices": "choice", "rights": "right", "statements": "statement", "promises": "promise", "policy": "policy",
}  # fmt: skip
# A new or lost line of these tables widens or narrows what we may do.
ADDED = {
    "data": WIDER, "sources": WIDER, "recipients": WIDER, "purposes": WIDER, "choices": NARROWER, "rights": NARROWER,
    "brands": OTHER, "statements": OTHER, "promises": OTHER,
}  # fmt: skip
OPPOSITE = {WIDER: NARROWER, NARROWER: WIDER, OTHER: OTHER}


class Change(NamedTuple):
    """One change between two versions."""

    kind: str  # one of NAMES' values
    clause: str  # in the newer version, or in the older one if it is gone
    say: str
    direction: str  # wider, narrower or other
    material: bool  # people are told before it takes effect
    tell: str  # who is told; empty if nobody need be
    ask: tuple[str, ...]  # choices whose earlier yes does not cover it: those who gave one are asked again


def diff(old: Compiled, new: Compiled) -> tuple[Change, ...]:
    """Return every change from `old` to `new`, material ones first, each table in the order of the file."""
    found = [*_about(old.book, new.book)]
    for table in TABLES:
        found += _table(table, old.book, new.book)
    return tuple(sorted(found, key=lambda change: not change.material))


def _table(table: str, old: Book, new: Book) -> Iterator[Change]:
    before, after = getattr(old.policy, table), getattr(new.policy, table)
    for name in dict.fromkeys((*before, *after)):
        clause, label = f"{table}.{name}", _label(table, name, after.get(name) or before.get(name))
        if name not in before or name not in after:
            gone = name not in after
            direction = OPPOSITE[ADDED[table]] if gone else ADDED[table]
            yield _change(
                table,
                name,
                clause,
                f"{label} {'is no longer here' if gone else 'is new'}",
                direction,
                old if gone else new,
            )
            continue
        for say, direction, key in _record(table, before[name], after[name], old, new):
            yield _change(
                table,
                name,
                f"{clause}.{key}" if new.file.states(f"{clause}.{key}") else clause,
                f"{label}: {say}",
                direction,
                new,
            )


def _label(table: str, name: str, part: Any) -> str:
    said = getattr(part, "say", "") or name.replace("_", " ")
    return {
        "purposes": f'The purpose "{said}"', "rights": f'The right to "{said}"', "choices": f'The choice "{said}"',
        "recipients": f"The recipient {said}", "sources": f'Collecting "{said}"', "brands": f"The brand {said}",
        "statements": f"The statement {name.replace('_', ' ')}", "promises": f"The promise {name.replace('_', ' ')}",
    }.get(table, said.capitalize())  # fmt: skip


def _change(table: str, name: str, clause: str, say: str, direction: str, book: Book) -> Change:
    material = direction == WIDER
    asks: tuple[str, ...] = ()
    if material and table == "purposes":
        asks = book.policy.purposes[name].choice
    elif material and table == "choices" and name in book.policy.choices:
        asks = (name,)
    elif material and table == "data":
        asks = tuple(dict.fromkeys(c for p in book.policy.purposes.values() if name in p.uses for c in p.choice))
    tell = ("everyone asked again" if asks and table != "data" else "everyone we can reach") if material else ""
    return Change(NAMES[table], clause, f"{say}.", direction, material, tell, asks)


def _record(table: str, before: Any, after: Any, old: Book, new: Book) -> Iterator[tuple[str, str, str]]:
    """Yield what changed in one record: sentence, direction, key."""
    for key, part in keys_of(type(before)).items():
        was, now = getattr(before, part.name), getattr(after, part.name)
        compare = COMPARE.get((table, part.name), COMPARE.get(("*", part.name), _reworded))
        if was != now:
            for say, direction in compare(was, now, old, new):
                yield say, direction, key


def _about(old: Book, new: Book) -> Iterator[Change]:
    before, after = old.policy.about, new.policy.about
    keys = keys_of(type(after))
    for key, part in keys.items():
        was, now = getattr(before, part.name), getattr(after, part.name)
        if was == now or key in ("version", "replaces"):
            continue
        direction = OTHER
        if key == "controller":
            direction, say = WIDER, "another company is responsible"
        elif key == "adult_from":
            direction = WIDER if now < was else NARROWER
            say = f"a parent agrees for people under {now}, not {was}"
        elif key == "notice":
            direction = WIDER if _days(now) < _days(was) else NARROWER
            say = f"notice of a change is {now or 'not promised'}, not {was or 'none'}"
        else:
            say = f"{key.replace('_', ' ')} is different"
        yield Change(
            "policy",
            f"policy.{key}",
            f"{say[:1].upper()}{say[1:]}.",
            direction,
            direction == WIDER,
            "everyone we can reach" if direction == WIDER else "",
            (),
        )


# -- comparisons, by what a key means -------------------------------------------------------------------------------


def _reworded(*_: object) -> Iterator[Move]:
    yield "other words or details", OTHER


def _items(was: Any, now: Any, old: Book, new: Book) -> Iterator[Move]:
    """More items: wider."""
    lost, won = _sets(_full(was, old), _full(now, new))
    if won:
        yield f"now also {_named(won, new)}", WIDER
    if lost:
        yield f"no longer {_named(lost, old)}", NARROWER
    if not won and not lost:
        yield from _reworded()


def _full(value: Any, book: Book) -> frozenset[str]:
    if isinstance(value, Mapping) and all(isinstance(v, Item) for v in value.values()):
        return frozenset(value)
    names = [n for v in value.values() for n in v] if isinstance(value, Mapping) else value
    return frozenset().union(*(book.items([n]) if _known(n, book) else {n} for n in names))


def _known(name: str, book: Book) -> bool:
    try:
        return bool(book.items([name]))
    except KeyError:
        return False


def _own_items(was: Any, now: Any, _: Book, __: Book) -> Iterator[Move]:
    """The items of a category: more of them is wider."""
    lost, won = _sets(frozenset(was), frozenset(now))
    if won:
        yield f"now also {listed(sorted(w.replace('_', ' ') for w in won))}", WIDER
    if lost:
        yield f"no longer {listed(sorted(w.replace('_', ' ') for w in lost))}", NARROWER
    if not won and not lost:
        yield from _reworded()


def _named(items: Iterable[str], book: Book) -> str:
    return listed(sorted(book.labels[i].say if i in book.labels else i.replace("_", " ") for i in items))


def _sets(was: Iterable[str], now: Iterable[str]) -> tuple[set[str], set[str]]:
    before, after = set(was), set(now)
    return before - after, after - before


def _more(wider: str, word: str = "") -> Compare:
    """Compare lists of names: an added one moves in direction `wider`."""

    def compare(was: Any, now: Any, _: Book, __: Book) -> Iterator[Move]:
        lost, won = _sets(was, now)
        for names, verb, direction in ((won, "now also", wider), (lost, "no longer", OPPOSITE[wider])):
            if names:
                yield f"{word}{verb} {listed(sorted(n.replace('_', ' ') for n in names))}", direction
        if not won and not lost:
            yield from _reworded()

    return compare


def _wall(was: Any, now: Any, _: Book, __: Book) -> Iterator[Move]:
    """A wall names the only ones let through: none named is no wall at all."""
    if not was or not now:
        yield ("a wall stands now" if now else "a wall is gone"), (NARROWER if now else WIDER)
        return
    lost, won = _sets(was, now)
    if won:
        yield f"the wall lets {listed(sorted(won))} through", WIDER
    if lost:
        yield f"the wall stops {listed(sorted(lost))}", NARROWER


def _keep(was: Keep, now: Keep, _: Book, __: Book) -> Iterator[Move]:
    say = f"kept {now.say()}, not {was.say()}"
    if was.event != now.event:
        yield say, WIDER  # another event cannot be shown to be sooner
    else:
        yield say, WIDER if _days(now.length) > _days(was.length) else NARROWER


def _days(length: Length | None) -> float:
    return length.days if length else 0


def _life(was: Length | None, now: Length | None, _: Book, __: Book) -> Iterator[Move]:
    yield (
        f"lasts {now or 'until the end'}, not {was or 'until the end'}",
        WIDER if _days(now) > _days(was) else NARROWER,
    )


def _cookies(was: Mapping[str, Cookie], now: Mapping[str, Cookie], _: Book, __: Book) -> Iterator[Move]:
    lost, won = _sets(was, now)
    if won:
        yield f"now stores {listed(sorted(won))}", WIDER
    if lost:
        yield f"no longer stores {listed(sorted(lost))}", NARROWER
    for name in sorted(was.keys() & now.keys()):
        if _days(was[name].keep) < _days(now[name].keep):
            yield f"{name} lasts {now[name].keep}, not {was[name].keep or 'until the browser closes'}", WIDER
        elif was[name] != now[name]:
            yield f"{name} is described anew", OTHER


def _recipients(was: Any, now: Any, old: Book, new: Book) -> Iterator[Move]:
    """Who receives: more of them is wider, and so is more data for one of them."""
    names = {n: book.policy.recipients[n].say or n for book in (old, new) for n in book.policy.recipients}
    lost, won = _sets(was, now)
    if won:
        yield f"now also to {listed([names[name] for name in sorted(won)])}", WIDER
    if lost:
        yield f"no longer to {listed([names[name] for name in sorted(lost)])}", NARROWER
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        for name in sorted(was.keys() & now.keys()):
            yield from ((f"{names[name]}: {s}", d) for s, d in _items(was[name], now[name], old, new) if d != OTHER)
    elif isinstance(was, Mapping):
        yield "recipients may have all it uses", WIDER
    elif isinstance(now, Mapping):
        yield "recipients may have only what is named", NARROWER


def _footing(was: Any, now: Any, _: Book, __: Book) -> Iterator[Move]:
    """A basis where there was a choice takes a say away; a choice where there was a basis gives one."""
    yield f"rests on {_basis(now)}, not {_basis(was)}", (NARROWER if now == "none" else WIDER) if now else NARROWER


def _basis(value: Any) -> str:
    return value if isinstance(value, str) and value else "your yes"


def _choices(was: Any, now: Any, _: Book, __: Book) -> Iterator[Move]:
    lost, won = _sets(was, now)
    if won:
        yield f"now also asks for {listed(sorted(won))}", NARROWER
    if lost:
        yield f"no longer asks for {listed(sorted(lost))}", WIDER


def _ask(was: Any, now: Any, _: Book, __: Book) -> Iterator[Move]:
    """Off until yes, made on until no, is wider; whichever law it is for."""
    laws = {*(was if isinstance(was, dict) else ()), *(now if isinstance(now, dict) else ())} or {"default"}
    for law in sorted(laws):
        before, after = _asked(was, law), _asked(now, law)
        if before != after:
            where = "" if law == "default" else f" under {law}"
            wider = LOOSER.index(after) > LOOSER.index(before)
            yield f'asked "{after}", not "{before}"{where}', WIDER if wider else NARROWER


def _asked(asks: Any, law: str) -> str:
    found = asks.get(law, asks.get("default", "in")) if isinstance(asks, dict) else asks
    return found or "in"


def _channels(was: Any, now: Any, old: Book, new: Book) -> Iterator[Move]:
    yield from (move for move in _more(WIDER, "by ")(was, now, old, new) if move[1] != OTHER)
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        for channel in sorted(was.keys() & now.keys()):
            yield from (
                (f"{channel} is {say}", direction) for say, direction in _ask(was[channel], now[channel], old, new)
            )


def _number(wider_when: str, say: str) -> Compare:
    def compare(was: Any, now: Any, _: Book, __: Book) -> Iterator[Move]:
        more = _fee(now) > _fee(was)
        yield say.format(now=now, was=was), WIDER if more == (wider_when == "more") else NARROWER

    return compare


def _fee(value: Any) -> float:
    return value if isinstance(value, int) else 1.0  # a fee in words costs something


def _flag(wider: bool, say: str) -> Compare:  # noqa: FBT001 -- the direction of a yes
    def compare(_: Any, now: Any, __: Book, ___: Book) -> Iterator[Move]:
        yield f"{say if now else f'no longer {say}'}", WIDER if bool(now) == wider else NARROWER

    return compare


def _form(was: str, now: str, _: Book, __: Book) -> Iterator[Move]:
    yield f"{now} data, not {was}", WIDER if FORMS.index(now) < FORMS.index(was) else NARROWER


def _until(was: date, now: date, _: Book, __: Book) -> Iterator[Move]:
    yield f"{_say_limit(now)}, not {_say_limit(was)}", OTHER


def _say_limit(day: date) -> str:
    return "without limit" if day in (date.min, date.max) else say_day(day)


def _shields(was: Mapping[str, str | Shield], now: Mapping[str, str | Shield], _: Book, __: Book) -> Iterator[Move]:
    lost, won = _sets(was, now)
    if lost:
        yield f"no safeguard named for {listed(sorted(lost))}", WIDER
    if won or not lost:
        yield "safeguards renewed", OTHER


def _controller(*_: object) -> Iterator[Move]:
    """Someone else decides: nobody can be taken to have agreed to that."""
    yield "someone else decides about it now", WIDER


def _sender(_: str, now: str, __: Book, ___: Book) -> Iterator[Move]:
    yield ("any company of the group may send", WIDER) if now == "group" else ("only the brand chosen sends", NARROWER)


COMPARE: dict[tuple[str, str], Compare] = {
    ("data", "items"): _own_items, ("data", "keep"): _keep, ("data", "only_to"): _wall, ("data", "only_for"): _wall,
    ("data", "never"): _more(NARROWER, "never for: "), ("data", "handle"): _more(NARROWER),
    ("sources", "takes"): _items, ("sources", "parent"): _flag(wider=False, say="a parent agrees first"),
    ("sources", "proof"): _flag(wider=False, say="shows permission"), ("sources", "needs"): _more(NARROWER, "needs: "),
    ("recipients", "countries"): _more(WIDER, "works "), ("recipients", "form"): _form,
    ("recipients", "only_for"): _wall,
    ("recipients", "at_least"): _number("less", "describes at least {now} people, not {was}"),
    ("recipients", "needs"): _more(NARROWER, "needs: "), ("recipients", "shield"): _shields,
    ("recipients", "keeps_record"): _flag(wider=True, say="may keep a record"),
    ("purposes", "uses"): _items, ("purposes", "shows"): _items, ("purposes", "recipients"): _recipients,
    ("purposes", "basis"): _footing, ("purposes", "choice"): _choices, ("purposes", "retains"): _items,
    ("purposes", "form"): _form, ("purposes", "human"): _flag(wider=False, say="a person reviews a refusal"),
    ("purposes", "not_under"): _number("less", "never for people under {now}, not {was}"),
    ("purposes", "cookies"): _cookies, ("purposes", "channels"): _more(WIDER, "by "),
    ("choices", "ask"): _ask, ("choices", "channels"): _channels, ("choices", "topics"): _more(OTHER, "topics: "),
    ("choices", "sender"): _sender, ("choices", "signal"): _flag(wider=False, say="a device signal is a no"),
    ("choices", "soft"): _more(WIDER, "after a sale "), ("choices", "no"): _more(NARROWER, "say no: "),
    ("choices", "keep"): _life,
    ("rights", "fee"): _number("more", "costs {now}, not {was}"), ("rights", "by"): _more(NARROWER, "by "),
    ("brands", "controller"): _controller, ("recipients", "role"): _controller,
    ("*", "end"): _until, ("*", "begin"): _until,
}  # fmt: skip
