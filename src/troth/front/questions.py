"""Questions people ask, answered by the clauses themselves.

What the policy answers in so many words; what one may ask of us, and by when; how one says no; how long things are
kept. The answers are versioned with the policy, for they are the policy.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from troth.policy.engine import Compiled
from troth.policy.nouns import SECTIONS
from troth.policy.page import TITLES
from troth.policy.sections_yours import asked
from troth.policy.view import View
from troth.policy.wording import listed, sentence

from .reading import Line, Marker


class Asked(NamedTuple):
    """One question and its answer."""

    anchor: str
    question: str
    answer: tuple[Line, ...]


class Group(NamedTuple):
    """Questions of one kind."""

    anchor: str
    title: str
    asked: tuple[Asked, ...]


def answered(view: View, mark: Marker) -> tuple[Group, ...]:
    """Return every question with its answer, as it stands for whoever reads. Source: R88."""
    compiled = view.compiled
    groups = [
        *_in_words(view, mark),
        Group("rights", "What you can ask of us", tuple(_rights(compiled, view.region, mark))),
        Group("no", "How to say no", tuple(_exits(compiled, mark))),
        Group("kept", "How long we keep what", tuple(_kept(compiled, mark))),
    ]
    return tuple(group for group in groups if group.asked)


def _in_words(view: View, mark: Marker) -> Iterator[Group]:
    ordered = sorted(
        asked(view), key=lambda pair: SECTIONS.index(pair[1].section) if pair[1].section else len(SECTIONS)
    )
    for section, some in groupby(ordered, key=lambda pair: pair[1].section):
        answers = tuple(
            Asked(name.removeprefix("question_"), one.question, (Line(sentence(one.say), mark(f"statements.{name}")),))
            for name, one in some
        )
        yield Group(f"about-{section or 'more'}", TITLES.get(section, "More"), answers)


def _rights(compiled: Compiled, region: str, mark: Marker) -> Iterator[Asked]:
    clocks = compiled.book.packs[region].clocks
    for name, right in compiled.policy.rights.items():
        clause = f"rights.{name}"
        said = [(f"By {listed(right.by, 'or')}", f"{clause}.by")]
        if clock := clocks.get(right.clock):
            said.append((f"We answer within {clock.length}", f"law.{region}.clocks.{right.clock}"))
        said.append((f"It costs {right.fee}" if right.fee else "It is free", clause))
        said += [(f"To know that it is you: {right.verify}", f"{clause}.verify")] if right.verify else []
        said += [(f"Except {right.exceptions}", f"{clause}.except")] if right.exceptions else []
        yield Asked(
            f"right-{name}", sentence(right.say or name)[:-1], tuple(Line(sentence(w), mark(c)) for w, c in said)
        )


def _exits(compiled: Compiled, mark: Marker) -> Iterator[Asked]:
    for name, choice in compiled.policy.choices.items():
        clause = f"choices.{name}"
        ways = [(way, f"{clause}.exits") for way in dict.fromkeys(choice.exits.values())]
        ways = ways or ([(f"Say no here: {listed(choice.no, 'or')}", f"{clause}.no")] if choice.no else [])
        if ways:
            question = f"May we {choice.say}?"
            yield Asked(f"no-{name}", question, tuple(Line(sentence(way), mark(where)) for way, where in ways))


def _kept(compiled: Compiled, mark: Marker) -> Iterator[Asked]:
    for name, data in compiled.policy.data.items():
        lines = [Line(sentence(data.keep.say()), mark(f"data.{name}.keep"))]
        lines += [Line(sentence(data.because), mark(f"data.{name}.because"))] if data.because else []
        yield Asked(f"kept-{name}", sentence(data.say or name)[:-1], tuple(lines))
