"""Deciding: a compiled policy answers any act for any person on any day, from plain tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from .acts import ADULT, AGE, FLAGS, SETS, UNKNOWN_AGE, Act, Decision, Reason, Standing
from .book import Book
from .law import ANYWHERE, LawPack
from .load import PolicyFile, sha256
from .rules import DENIED, Rule, build

MOST_RULES = 1 << 17  # a day's distinct acts are a few thousand; a flood of made-up ones must not eat the memory
MOST_ANSWERS = 1 << 12
# What a rule looks at, as bits: asked, slots, signals and core; and what it answered, by these bits of a standing.
Hot = tuple[int, int, int, int, dict[tuple[int, int, int, int, int, int], Decision]]


class Compiled:
    """One policy version under the law packs it names. Pure: the same question always has the same answer."""

    def __init__(self, file: PolicyFile, packs: Mapping[str, LawPack]) -> None:
        self.book = Book(file, packs)
        self.policy, self.digest, self.layout = file.policy, file.digest, self.book.layout
        self._since: tuple[tuple[date, int], ...] = ()
        self._versions: Mapping[str, date] = {}
        self._hot: dict[tuple[Act, str, date], Hot] = {}
        self._built: dict[tuple[Act, str, int], Rule] = {}

    def ask_again(self, since: Iterable[tuple[date, int]], versions: Mapping[str, date]) -> None:
        """Take in which slots are asked again, and since which day; `versions`: the days of the versions by digest.

        What the slots mean is part of the layout's name: what was folded before is then folded anew. Source: R87.
        """
        self._since, self._versions = tuple(since), versions
        if self._since:
            meaning = repr((self.book.layout, [(day.isoformat(), mask) for day, mask in self._since]))
            self.layout = sha256(meaning.encode())[:16]

    def outgrown(self, digest: str, said_on: date) -> int:
        """Return the slots an earlier yes does not reach, because what they let us do has grown since.

        `digest` is of the version whose words were shown; where nobody knows it any more, the day counts. Without one
        the words were this version's own.
        """
        if not digest:
            return 0
        told, gone = self._versions.get(digest, said_on), 0
        for day, mask in self._since:
            gone |= mask if told < day else 0
        return gone

    def decide(self, act: Act, standing: Standing, at: date) -> Decision:
        """Return yes or no with reasons. Total: it never raises, and what it does not understand it refuses.

        `at` is the day, where the person is. One look-up finds the rule, a second one the answer.
        """
        try:
            asked, slots, signals, core_mask, answers = self._hot[act, standing.residence, at]
            if standing.layout == self.layout and act.__class__ is Act:  # a tuple may equal an act
                return answers[
                    standing.core & core_mask, standing.yes & asked, standing.no & slots,
                    standing.stop & slots, standing.signal & signals, standing.soft & asked,
                ]  # fmt: skip
        except (KeyError, TypeError, AttributeError):
            pass  # the first time this is asked, or not a question at all
        return self._decide(act, standing, at)

    def rule(self, act: Act, residence: str, at: date) -> Rule:
        """Return the compiled rule both engines answer from. Raises TypeError for what is not an act."""
        key = (act, residence, self.book.epoch(at))
        rule = self._built.get(key)
        if rule is None:
            if len(self._built) >= MOST_RULES:
                self._built.clear()
            rule = self._built[key] = build(self.book, act, residence, at)
        return rule

    def _decide(self, act: Act, standing: Standing, at: date) -> Decision:
        day = at.date() if isinstance(at, datetime) else at
        # The types say it cannot be anything else; callers who do not check theirs still get an answer.
        if not all(isinstance(one, kind) for one, kind in ((act, Act), (standing, Standing), (day, date))):
            return self._refuse("unknown", "unknown.act", "This is not an act, a standing and a day.")
        if standing.layout != self.layout and any(getattr(standing, name) for name in SETS):
            say = "This standing was folded for another version of the policy."
            return self._refuse("stale", "policy.version", say)
        try:
            return self._answer(act, standing, day)
        except (TypeError, AttributeError):  # a list where a frozenset belongs, a number where a name does
            return self._refuse("unknown", "unknown.act", "The parts of this act or standing are not of their kinds.")

    def _answer(self, act: Act, standing: Standing, day: date) -> Decision:
        rule = self.rule(act, standing.residence, day)
        asked, slots = rule.asked, rule.slots
        key = (
            standing.core & rule.core_mask, standing.yes & asked, standing.no & slots,
            standing.stop & slots, standing.signal & rule.signals, standing.soft & asked,
        )  # fmt: skip
        decision = rule.answer(standing)
        if len(rule.answers) >= MOST_ANSWERS:
            rule.answers.clear()
        if len(self._hot) >= MOST_RULES:
            self._hot.clear()
        rule.answers[key] = decision
        self._hot[act, standing.residence, day] = asked, slots, rule.signals, rule.core_mask, rule.answers
        return decision

    def _refuse(self, code: str, clause: str, say: str) -> Decision:
        return Decision(DENIED, (Reason(code, clause, "", say),), self.digest)

    def standing(  # noqa: PLR0913 -- one argument for each thing a person may have said
        self,
        residence: str = ANYWHERE,
        *,
        yes: Iterable[str] = (),
        no: Iterable[str] = (),
        stop: Iterable[str] = (),
        signal: bool = False,
        soft: Iterable[str] = (),
        age: int | None = None,
        flags: Iterable[str] = (),
    ) -> Standing:
        """Return the standing of someone who said just this, slots by name ("news", "news:*:sms:offers").

        A refusal beats a yes in the same slot. Raises KeyError for a slot or flag the policy does not know.
        """
        core = UNKNOWN_AGE if age is None else max(0, min(age, ADULT))
        for flag in flags:
            core |= FLAGS[flag]
        bits = [0, 0, 0, 0]
        for number, names in enumerate((yes, no, stop, soft)):
            for name in names:
                bits[number] |= self.book.mask(name)
        return self.fold(residence, core, bits[0], bits[1], bits[2], self.book.signalled if signal else 0, bits[3])

    def fold(self, residence: str, core: int, yes: int, no: int, stop: int, signal: int, soft: int) -> Standing:
        """Return a standing whose whole-choice slots agree with their cells.

        A choice as a whole is a yes when any of its cells is one that nothing takes away, and a no when all are.
        """
        for whole, cells in self.book.groups:
            gone = no | stop
            live, opened = yes & cells & ~gone, soft & cells & ~gone
            yes, soft = (yes | whole if live else yes & ~whole), (soft | whole if opened else soft & ~whole)
            no = no | whole if no & cells and cells & gone == cells else no & ~whole
            stop = stop | whole if stop & cells == cells else stop & ~whole
            quiet = (live | opened or cells) & ~signal  # what the person would have, were it not for the signal
            signal = signal | whole if signal & cells and not quiet else signal & ~whole
        return Standing(residence, self.layout, core & (AGE | sum(FLAGS.values())), yes, no, stop, signal, soft)
