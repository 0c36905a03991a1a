"""What we hold of somebody, laid out for them to read: by category, each item with its values, its story and its way.

Pure: everything is in the packet an access request would get (`rights.seeing`), so nothing is on one and not the other.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from troth.doors import policies
from troth.policy.sections_yours import CHANNEL_NAMES
from troth.policy.wording import listed, say_day
from troth.rights import packet
from troth.rights.packet import came, written
from troth.rights.seeing import Holding, Packet, named
from troth.rights.telling import STAFF, day_of

from .correcting import ways_to
from .views_receipts import DID

FIRST: Final = 8  # the newest values of one item, shown at once; a link shows the rest
LATEST: Final = 40  # acts shown; the copy has them all
FEW: Final = 3  # recipients' and lookers' last times told of one item
NEVER: Final = datetime.min.replace(tzinfo=UTC)
Row = tuple[Holding, dict[str, Any]]  # a row, and what it holds of one item
STEPS: Final = 48  # bars of a line of the timeline


class Value(NamedTuple):
    """One value as people read it, and its story: where from, when, until when."""

    text: str
    about: str  # escaped


@dataclass
class Item:
    """All we hold of one item."""

    name: str
    say: str
    count: int
    values: list[Value]  # those that are shown, newest first
    keep: str  # how long, as the policy says it, where no day stands yet
    given: str  # who received it
    looked: str  # who of us looked, and why
    ways: list[tuple[str, str]]  # pages to change it on, and what the link says
    why: str  # why some or all of it cannot be changed by its person

    @property
    def more(self) -> int:
        return self.count - len(self.values)


@dataclass
class Category:
    """One category, its items, and when they go: bars of a line from today to the day the last of all is gone."""

    name: str
    say: str
    items: list[Item]
    count: int
    days: list[date]
    bars: str = ""  # as a path draws them, from a line 11 below the top

    @property
    def span(self) -> str:
        if not self.days:
            return self.items[0].keep
        first, last = say_day(min(self.days)), say_day(max(self.days))
        return first if first == last else f"{first} to {last}"


def laid_out(found: Packet, whole: str = "") -> dict[str, Any]:
    """Return what the page of a packet shows: of the item `whole` every value, of others the newest few."""
    told = _Told(found, whole)
    by_item: dict[str, list[Row]] = {}
    for row in found.held:
        if row.model not in packet.COPIES:
            for item, values in row.values.items():
                by_item.setdefault(item, []).append((row, values))
    categories = [_category(name, items, told) for name, items in _by_category(by_item)]
    far = max((day for one in categories for day in one.days), default=found.at.date())
    for one in categories:
        one.bars = _bars(one.days, found.at.date(), far)
    shown = packet.shown(_without_values(found), LATEST)
    return {
        "categories": categories, "lists": shown["lists"], "at": shown["at"], "latest": LATEST,
        "more": len(found.acts) > LATEST, "steps": STEPS, "far": say_day(far), **_summary(categories, found, told),
    }  # fmt: skip


def _without_values(found: Packet) -> Packet:
    return Packet(found.person, found.at, found.compiled, [], found.acts)


class _Told:
    """What the log says of each item, gathered once; and words that come again and again."""

    def __init__(self, found: Packet, whole: str) -> None:
        self.compiled, self.whole = found.compiled, whole
        self.versions = {
            one.digest: f"version of {say_day(one.policy.about.version)}" for one in policies.archive().versions
        }
        self.given: dict[str, dict[str, str]] = {}
        self.looked: dict[str, dict[tuple[str, str], None]] = {}
        cases = [row for row in found.held if row.model == "Case"]
        for _, entry in found.disclosures:  # oldest first: the newest day stays
            known = packet.ruling(entry).policy.recipients.get(entry.get("to", ""))
            to = known.say if known and known.say else entry.get("to", "").replace("_", " ")
            for item in entry.get("items", ()):
                self.given.setdefault(item, {})[to] = day_of(entry)
        for _, entry in reversed(found.looks):
            if entry["allowed"] and entry["verb"] == "use":
                who = (f"{STAFF[entry['actor']]}, {day_of(entry)}", _because(entry, cases, packet.ruling(entry)))
                for item in entry.get("items", ()):
                    self.looked.setdefault(item, {})[who] = None
        self._abouts: dict[tuple[str, date | None, date | None], str] = {}

    def about(self, source: str, seen_at: datetime | None, gone: date | None) -> str:
        seen = seen_at.date() if seen_at else None
        key = (source, seen, gone)
        if key not in self._abouts:
            came_by = came(source, self.compiled) + (f", {_day(seen)}" if seen else "") if source else ""
            text = "; ".join(filter(None, [came_by, f"gone by {_day(gone)}" if gone else ""]))
            self._abouts[key] = html.escape(text[:1].upper() + text[1:])
        return self._abouts[key]

    def given_to(self, item: str) -> str:
        pairs = sorted(self.given.get(item, {}).items())
        return listed([f"{to} (last on {day})" for to, day in pairs]) if pairs else ""

    def looked_at(self, item: str) -> str:
        looks = list(self.looked.get(item, ()))
        some = [f"{who}{f': {why}' if why else ''}" for who, why in looks[:FEW]]
        return "; ".join(some + ([f"and {len(looks) - FEW} times before"] if len(looks) > FEW else []))


def _said(item: str, name: str, value: Any, told: _Told) -> str:  # noqa: ANN401 -- as the field declares
    """Return one field in words: a version of the policy by its day, a decision by its sentence."""
    if name == "policy":
        return told.versions.get(value, str(value))
    if item == "messages.message_log" and name == "verdict" and len(value) == 4:  # see doors.contact
        allowed, (_, clause, _, say), _, _ = value
        return f"{'allowed' if allowed else 'refused'}: {say} ({clause})"
    return written(item, value)


def _answer(values: dict[str, Any], told: _Told) -> str:
    """Return an answer to a choice in words: what was said, to what, who wrote it down, until when."""
    name, *where = str(values.get("pattern", "")).split(":")
    policy = told.compiled.policy
    about = "everything" if name == "*" else policy.choices[name].say if name in policy.choices else name
    brands = {slug: brand.say or slug for slug, brand in policy.brands.items()}
    narrow = ", ".join(brands.get(part, CHANNEL_NAMES.get(part, part)) for part in where if part != "*")
    text = f"{DID.get(values.get('kind', ''), values.get('kind', ''))}: {about}{f' ({narrow})' if narrow else ''}"
    more = [f"until {_day(values['expires'].date())}"] if values.get("expires") else []
    more += [f"one in {values['days']} days"] if values.get("days") else []
    more += ["in sight of your browser's no"] if values.get("sighted") else []
    more += [f"written down by {STAFF.get(who, who)}"] if (who := values.get("actor", "person")) != "person" else []
    return "; ".join([text, *more])


_named = lru_cache(maxsize=1024)(named)


@lru_cache(maxsize=4096)
def _day(day: date) -> str:
    return say_day(day)


def _because(entry: dict[str, Any], cases: Iterable[Holding], ruling: Any) -> str:  # noqa: ANN401 -- a compiled policy
    """Return why one of us looked: as they wrote it in their case, else what the look was for."""
    at = datetime.fromisoformat(entry["at"])
    for row in cases:
        looks = row.values.get("staff_views.staff_looks", {})
        closed = looks.get("closed_at")
        same = looks.get("brand") == entry.get("brand") and row.seen_at and row.seen_at <= at
        if same and (closed is None or at <= closed):
            return f"“{looks.get('look', {}).get('why', '')}”"
    known = ruling.policy.purposes.get(entry.get("purpose", ""))
    return f"to {known.say}" if known else ""


def _value(row: Holding, item: str, values: dict[str, Any], told: _Told) -> Value:
    if item == "consents.choice_answers" and row.model == "Event":
        text = _answer(values, told)
    else:
        parts = ((_named(item, name), _said(item, name, value, told)) for name, value in values.items())
        text = "; ".join([f"{short}: {said}" if short else said for short, said in parts if said])
    return Value(text, told.about(row.source, row.seen_at, row.gone_by.get(item.partition(".")[0])))


def _by_category(by_item: dict[str, list[Row]]) -> Iterator[tuple[str, dict[str, list[Row]]]]:
    names = dict.fromkeys(item.partition(".")[0] for item in sorted(by_item))
    for name in names:
        yield name, {item: by_item[item] for item in sorted(by_item) if item.partition(".")[0] == name}


def _category(name: str, items: dict[str, list[Row]], told: _Told) -> Category:
    data = told.compiled.policy.data[name]
    made = [_item(item, rows, data.keep.say(), told) for item, rows in items.items()]
    days = [day for rows in items.values() for row, _ in rows if (day := row.gone_by.get(name))]
    return Category(name, data.say or name.replace("_", " "), made, sum(map(len, items.values())), days)


def _item(item: str, rows: list[Row], keep: str, told: _Told) -> Item:
    rows.sort(key=lambda one: (one[0].seen_at or NEVER, one[0].row), reverse=True)
    category = item.partition(".")[0]
    dated = all(row.gone_by.get(category) for row, _ in rows)
    ways, why = ways_to(item, {row.model for row, _ in rows})
    say = told.compiled.book.labels[item].say
    values = [_value(row, item, values, told) for row, values in (rows if item == told.whole else rows[:FIRST])]
    given, looked = told.given_to(item), told.looked_at(item)
    return Item(item, say, len(rows), values, "" if dated else keep, given, looked, ways, why)


def _bars(days: Collection[date], today: date, far: date) -> str:
    """Return the bars of one category as a path draws them: at which step from today to the last day, how high."""
    width = max(1, (far - today).days)
    steps = Counter[int]()
    for day, count in Counter(days).items():
        steps[min(STEPS - 1, max(0, (day - today).days * STEPS // width))] += count
    most = max(steps.values(), default=1)
    return "".join([f"M{step}.5 11V{11 - max(2, count * 10 // most)}" for step, count in sorted(steps.items())])


def _summary(categories: list[Category], found: Packet, told: _Told) -> dict[str, Any]:
    """Return the few figures at the top."""
    sources = dict.fromkeys(row.source for row in found.held if row.source)
    oldest = min((row.seen_at for row in found.held if row.seen_at), default=None)
    coming = [(min(one.days), one) for one in categories if one.days]
    day, which = min(coming, key=lambda one: one[0]) if coming else (None, None)
    return {
        "count": sum(one.count for one in categories), "sources": len(sources),
        "came": listed([came(name, told.compiled) for name in list(sources)[:4]]) if sources else "",
        "oldest": say_day(oldest.date()) if oldest else "", "next_day": say_day(day) if day else "",
        "next_say": which.say if which else "",
    }  # fmt: skip
