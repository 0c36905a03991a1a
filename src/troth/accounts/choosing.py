"""How somebody's choices stand, as a page shows them: derived from the policy, one row for each thing asked.

Pure: what was said, the policy and the moment come in; questions with their words and answers come out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from troth.choices.rules import NOS, OFTEN, PAUSING, Said, fold, in_order, paused
from troth.doors import limits
from troth.policy import Compiled, Standing
from troth.policy.law import Applied
from troth.policy.nouns import Choice
from troth.policy.sections_yours import CHANNEL_NAMES
from troth.policy.wording import say_day

ASKED_ELSEWHERE: Final = frozenset({"recording", "needs", "praise"})  # one by one, at the call, the table or the words
PARTS: Final = (
    ("write", "What we write to you"),
    ("others", "Adverts, and what others learn"),
    ("fit", "How our shops fit you"),
)
SWITCHES: Final = ("personalise",)  # uses that rest on our interest and show on a page: each has its switch here (R27)
HOW_OFTEN: Final[Mapping[int, str]] = {7: "One a week", 30: "One a month", 90: "One in three months"}
UNTIL_NO: Final = "We do until you say no."


def place_of(about: str) -> str:
    """Return where on the page something is asked.

    >>> place_of("news:tarn:email:one-offs"), place_of("*"), place_of("often:news:tarn")
    ('c-news-tarn-email-one-offs', 'c-all', 'c-often-news-tarn')
    """
    return f"c-{about.replace(':', '-').replace('*', 'all')}"


@dataclass(frozen=True)
class Row:
    """One thing to say yes or no to: the slots it is about, its words, and how it stands: yes, no, or open."""

    pattern: str
    say: str  # the whole question: what is kept with the answer
    label: str
    stands: str
    told: str  # how it stands, in words
    may_yes: bool  # whether the policy takes a yes at this place
    paused: bool = False
    objects: bool = False  # the use rests on our interest, so that a no to it is an objection
    signalled: bool = False  # a device says no for them; a yes given in sight of that counts
    topics: tuple[Row, ...] = field(default=())

    @property
    def place(self) -> str:
        return place_of(self.pattern)


@dataclass(frozen=True)
class Question:
    """One choice of the policy: a row for each channel, and how often at most."""

    name: str
    say: str
    rows: tuple[Row, ...]
    most: str = ""  # what the policy promises, in its own words
    often: tuple[tuple[int, str, bool], ...] = ()  # days, words, whether this is what they chose; 0: as the policy says


@dataclass(frozen=True)
class Choices:
    """All of it, at one brand."""

    parts: tuple[tuple[str, str, tuple[Question, ...]], ...]
    until: datetime | None  # the end of the pause

    @property
    def rows(self) -> Iterator[Row]:
        for _, _, questions in self.parts:
            for question in questions:
                for row in question.rows:
                    yield from (row, *row.topics)


def pausing(compiled: Compiled) -> list[str]:
    """Return what a pause is about: every choice by which we write, of every brand."""
    return [name for name, choice in compiled.policy.choices.items() if choice.channels and name not in ASKED_ELSEWHERE]


def choices(
    events: Sequence[Said], often: Mapping[str, int], compiled: Compiled, *,
    brand: str, residence: str, places: Iterable[str], at: datetime,
) -> Choices:  # fmt: skip
    """Return how everything stands at one brand, leaving a pause aside: after it, all is as the rows say.

    `places`: where the person is, as [choices].yes names it. `often`: by choice, at most one in so many days.
    """
    standing = fold([one for one in events if one.kind not in PAUSING], compiled, at)
    resting = fold(events, compiled, at).stop & ~standing.stop
    laws = compiled.book.protecting(residence)
    reading = _Reading(compiled, brand, laws, standing, resting, in_order(events), frozenset(places))
    found: dict[str, list[Question]] = {name: [] for name, _ in PARTS}
    for name, choice in compiled.policy.choices.items():
        if name not in ASKED_ELSEWHERE and (rows := tuple(reading.rows(name, choice))):
            part = "write" if choice.channels else "others" if choice.signal else "fit"
            say = f"May we {choice.say}?"
            found[part].append(Question(name, say, rows, choice.most, _often(choice, often.get(name, 0))))
    for name in SWITCHES:
        if name in compiled.policy.purposes and (switch := reading.switch(name)):
            found["fit"].append(Question(name, switch.say, (switch,)))
    return Choices(tuple((name, title, tuple(found[name])) for name, title in PARTS if found[name]), paused(events, at))


def _often(choice: Choice, chosen: int) -> tuple[tuple[int, str, bool], ...]:
    """Return how often one may ask us to write at most: only what is less than we promise anyhow."""
    if not choice.channels:
        return ()
    limit = limits.read(choice.most) if choice.most else None
    less = [(days, say) for days, say in HOW_OFTEN.items() if not limit or days * limit.count > limit.days]
    first = [(0, "As above" if limit else "No limit")]
    return tuple((days, say, days == chosen) for days, say in first + less) if less else ()


@dataclass(frozen=True)
class _Reading:
    compiled: Compiled
    brand: str
    laws: tuple[Applied, ...]
    standing: Standing
    resting: int
    events: Sequence[Said]
    places: frozenset[str]

    def rows(self, name: str, choice: Choice) -> Iterator[Row]:
        for channel in choice.channels or ("",):
            pattern = f"{name}:{self.brand}:{channel}" if channel else f"{name}:{self.brand}"
            mask = self.compiled.book.meant(pattern)
            if mask:
                by = f", by {CHANNEL_NAMES[channel]}" if channel else ""
                label = f"By {CHANNEL_NAMES[channel]}" if channel else ""
                yield self._row(choice, channel, pattern, f"May we {choice.say}{by}?", label)

    def _row(self, choice: Choice, channel: str, pattern: str, say: str, label: str, *, whole: bool = True) -> Row:
        mask = self.compiled.book.meant(pattern)
        stands, signalled = self._stands(mask), bool(mask & self.standing.signal)
        topics = choice.topics if whole and channel else ()
        parts = [
            self._row(choice, channel, f"{pattern}:{topic}", f"{say} About {topic}?", topic.capitalize(), whole=False)
            for topic in topics if self.compiled.book.meant(f"{pattern}:{topic}")
        ]  # fmt: skip
        return Row(
            pattern, say, label, stands, self._told(mask, stands, self._else(choice, channel)),
            bool(self.places & set(choice.yes)), bool(mask & self.resting), signalled=signalled, topics=tuple(parts),
        )  # fmt: skip

    def switch(self, name: str) -> Row | None:
        """Return the row of a use that rests on our interest: a yes to it takes an objection back."""
        pattern, say = f"{name}:{self.brand}", f"May we {self.compiled.policy.purposes[name].say}?"
        mask = self.compiled.book.meant(pattern)
        stands = self._stands(mask)
        told = self._told(mask, stands, UNTIL_NO)
        return Row(pattern, say, "", stands, told, may_yes=True, objects=True) if mask else None

    def _stands(self, mask: int) -> str:
        """Return how all of some slots stand: yes, no, or, where they differ or nothing was said, open."""
        standing = self.standing
        noes = standing.no | standing.stop | standing.signal
        return "no" if mask & noes == mask else "yes" if mask & standing.yes & ~noes == mask else ""

    def _told(self, mask: int, stands: str, otherwise: str) -> str:
        said = {"yes": ("consent",), "no": tuple(NOS)}.get(stands, ())
        newest = next((one for one in reversed(self.events) if one.kind in said and self._covers(one, mask)), None)
        if stands:
            if newest is None and mask & self.standing.signal:
                return "Your browser said no for you."
            return f"You said {stands}{f' on {say_day(newest.at.date())}' if newest else ''}."
        if mask & (self.standing.yes | self.standing.no | self.standing.stop):
            return "Yes to some of it."
        if mask & self.standing.soft:
            return "You bought from us, so we write about similar things until you say no."
        return otherwise

    def _else(self, choice: Choice, channel: str) -> str:
        ask = choice.channels.get(channel, choice.ask) if isinstance(choice.channels, dict) else choice.ask
        out = self.compiled.book.asked(ask, self.laws) == "out"
        return UNTIL_NO if out else "We do not unless you say yes."

    def _covers(self, said: Said, mask: int) -> bool:
        return said.kind != OFTEN and self.compiled.book.meant(said.pattern) & mask == mask


def pieces(compiled: Compiled, mask: int) -> Iterator[str]:
    """Return the fewest patterns that mean just these slots: whole channels where all of one is meant, else topics."""
    for name, choice in compiled.policy.choices.items():
        for brand in compiled.policy.brands:
            for channel in choice.channels or ("",):
                whole = f"{name}:{brand}:{channel}" if channel else f"{name}:{brand}"
                bits = compiled.book.meant(whole)
                if bits and bits & mask == bits:
                    yield whole
                elif channel:
                    parts = ((f"{whole}:{topic}", compiled.book.meant(f"{whole}:{topic}")) for topic in choice.topics)
                    yield from (part for part, bit in parts if bit and bit & mask == bit)
