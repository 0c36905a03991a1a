"""Asking in plain words: "contact by email for news, brand outlet, person refused news".

The same small grammar serves `troth policy ask`, the promises of a policy and its tests. What a question leaves open
(brand, topic, channel, residence) is asked for every possibility, so a promise that names no brand speaks for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from typing import NamedTuple

from .acts import Act, Decision, Standing
from .book import places_of
from .engine import Compiled
from .errors import TrothError, a_or_an, did_you_mean, quoted
from .law import ANYWHERE
from .nouns import ACTORS, CHANNELS, FORMS, VERBS
from .refusals import PERMISSION

KEYWORDS = ("by", "about", "for", "from", "to", "as", "with", "in", "form", "after")
ASIDES = ("brand", "at", "person", "signal", "size", "hour", "on")


class Unclear(TrothError):
    """A question could not be understood. Says which word, and what could stand there."""


@dataclass
class Asked:
    """A question as it was understood; empty means "any"."""

    verb: str = ""
    items: list[str] = field(default_factory=list)
    parts: dict[str, str] = field(
        default_factory=dict
    )  # purpose, source, to, channel, topic, actor, form, place, brand
    given: list[str] = field(default_factory=list)
    said: dict[str, list[str]] = field(default_factory=lambda: {"yes": [], "no": [], "stop": [], "soft": []})
    flags: list[str] = field(default_factory=list)
    residence: str = ""
    age: int | None = None
    signal: bool = False
    numbers: dict[str, int] = field(default_factory=dict)  # size, hour
    on: date | None = None

    @property
    def act(self) -> Act:
        """The act as far as it was said; a call is asked about at noon unless an hour is named."""
        parts, numbers = self.parts, self.numbers
        return Act(
            self.verb,
            parts["purpose"],
            parts.get("brand", ""),
            frozenset(self.items),
            source=parts.get("source", ""),
            to=parts.get("to", ""),
            channel=parts.get("channel", ""),
            topic=parts.get("topic", ""),
            actor=parts.get("actor", "system"),
            given=frozenset(self.given),
            form=parts.get("form", "plain"),
            where=parts.get("where", ""),
            place=parts.get("place", ""),
            size=numbers.get("size", 0),
            hour=numbers.get("hour", 12),
        )


class Answer(NamedTuple):
    """One possibility of a question and what was decided."""

    act: Act
    standing: Standing
    decision: Decision


def ask(compiled: Compiled, question: str, on: date) -> list[Answer]:
    """Answer a question for every possibility it leaves open. Raises Unclear if it cannot be understood.

    Someone whose residence is not said is protected by the strictest law.
    """
    asked = Parser(compiled, question).asked
    return list(_answers(compiled, asked, asked.on or on, [asked.residence or ANYWHERE]))


def ask_everywhere(compiled: Compiled, question: str, on: date) -> list[Answer]:
    """Answer a question as `ask` does, but for people under every law the policy names, known or unknown."""
    asked = Parser(compiled, question).asked
    homes = (
        [asked.residence] if asked.residence else [*(p.head.covers[0] for p in compiled.book.packs.values()), ANYWHERE]
    )
    return list(_answers(compiled, asked, asked.on or on, homes))


def _answers(compiled: Compiled, asked: Asked, on: date, homes: Iterable[str]) -> Iterator[Answer]:
    policy, parts = compiled.policy, asked.parts
    purpose = policy.purposes[parts["purpose"]]
    brands = [parts["brand"]] if "brand" in parts else [n for n, b in policy.brands.items() if b.begin <= on < b.end]
    choices = [policy.choices[name] for name in purpose.choice]
    channels = list(dict.fromkeys(c for choice in choices for c in choice.channels))
    topics = list(dict.fromkeys(t for choice in choices for t in choice.topics)) or [""]
    to = policy.recipients.get(parts.get("to", ""))
    leaves = asked.verb in ("contact", "publish") or (to is not None and to.role != "processor")
    if "channel" in parts or not leaves or not channels:
        by = "email" if asked.verb == "contact" else ""
        channels = [parts.get("channel") or next(iter(purpose.channels if by else ()), by)]
    if "topic" in parts or not leaves:
        topics = [parts.get("topic", "")]
    for home in homes:
        standing = compiled.standing(home, **asked.said, signal=asked.signal, age=asked.age, flags=asked.flags)
        for brand, channel, topic in product(brands, channels, topics):
            act = asked.act._replace(brand=brand, channel=channel, topic=topic)
            yield Answer(act, standing, compiled.decide(act, standing, on))


class Parser:
    """Reads one question, word by word, from left to right."""

    def __init__(self, compiled: Compiled, question: str) -> None:
        self.compiled, self.asked = compiled, Asked()
        if not question.isprintable() or len(question) > 1000:
            raise Unclear("A question is one line of at most 1,000 characters.")
        head, *asides = [part.split() for part in question.split(",")]
        self._act(head)
        for words in asides:
            self._aside(words)
        if "purpose" not in self.asked.parts:
            raise Unclear(
                'A question names its purpose: add "for" and one of: ' + ", ".join(compiled.policy.purposes) + "."
            )

    def _one(self, words: list[str], what: str, known: Iterable[str]) -> str:
        """Take the next word, which must be one of those known; underscores may be written as spaces."""
        names = set(known)
        for length in range(min(5, len(words)), 0, -1):
            for joined in ("_".join(words[:length]), " ".join(words[:length]), "-".join(words[:length])):
                if joined in names:
                    del words[:length]
                    return joined
        word = words[0] if words else ""
        raise Unclear(f"{quoted(word)} is not {a_or_an(what)}. {did_you_mean(word, names)}".strip())

    def _act(self, words: list[str]) -> None:
        policy, book, asked = self.compiled.policy, self.compiled.book, self.asked
        asked.verb = self._one(words, "verb", VERBS)
        items = {*policy.data, *book.labels, *(full.partition(".")[2] for full in book.labels)}
        while words and words[0] not in KEYWORDS:
            asked.items.append(self._one(words, "data item", items))
            if words[:1] == ["and"]:
                del words[0]
        names: dict[str, tuple[str, Iterable[str]]] = {
            "by": ("channel", CHANNELS),
            "about": ("topic", {t for c in policy.choices.values() for t in c.topics}),
            "for": ("purpose", policy.purposes),
            "from": ("source", policy.sources),
            "to": ("to", policy.recipients),
            "as": ("actor", ACTORS),
            "form": ("form", FORMS),
            "in": ("place", {c for r in policy.recipients.values() for c in r.countries}),
        }
        while words:
            word = words.pop(0)
            if word == "after":
                self._after(words)
            elif word == "with":
                self._facts(words)
            elif word in names:
                part, known = names[word]
                asked.parts[part] = self._one(words, "recipient" if part == "to" else part, known)
            else:
                raise Unclear(f"{quoted(word)} cannot stand here. {did_you_mean(word, KEYWORDS)}".strip())

    def _facts(self, words: list[str]) -> None:
        known = facts(self.compiled)
        self.asked.given.append(self._one(words, "fact this policy asks for", known))
        while words[:1] == ["and"]:
            del words[0]
            self.asked.given.append(self._one(words, "fact this policy asks for", known))

    def _after(self, words: list[str]) -> None:
        ways = {"refusing": "no", "agreeing": "yes", "objecting": "stop", "buying": "soft"}
        self.asked.said[ways[self._one(words, "way to answer", ways)]].append(self._slot(words) if words else "*")

    def _slot(self, words: list[str]) -> str:
        """Take what was answered: a choice or purpose, "everything", or a slot such as news:skerry:sms."""
        if words[0] == "everything":
            del words[0]
            return "*"
        if ":" in words[0]:
            slot = words.pop(0)
            try:
                self.compiled.book.mask(slot)
            except KeyError:
                raise Unclear(
                    f"{quoted(slot)} is no slot of this policy. {did_you_mean(slot, self.compiled.book.slots)}"
                ) from None
            return slot
        known = {name.partition(":")[0] for name in self.compiled.book.slots}
        return self._one(words, "choice", known)

    def _aside(self, words: list[str]) -> None:
        kind = self._one(words, "part of a question", ASIDES)
        if kind == "brand":
            self.asked.parts["brand"] = self._one(words, "brand", self.compiled.policy.brands)
        elif kind == "at":
            every = [place for brand in self.compiled.policy.brands.values() for place in places_of(brand)]
            self.asked.parts["where"] = self._one(words, "place of a brand", every)
        elif kind == "signal":
            self._one(words, "signal", ["gpc"])
            self.asked.signal = True
        elif kind == "on":
            self.asked.on = _day(words)
        elif kind == "person":
            self._person(words)
        else:
            self.asked.numbers[kind] = _number(words, most=23 if kind == "hour" else 999_999)
        if words:
            raise Unclear(f"{quoted(' '.join(words))} is more than this part of a question takes. Is a comma missing?")

    def _person(self, words: list[str]) -> None:
        said, flags = self.asked.said, ("restricted", "erasing", "held")
        while words:
            word = words.pop(0)
            if word in ("refused", "agreed", "objected", "stopped", "bought"):
                if words[:1] in (["to"], ["for"]):
                    del words[0]
                answer = {"refused": "no", "agreed": "yes", "bought": "soft"}.get(word, "stop")
                said[answer].append(self._slot(words) if words else "*")
            elif word == "aged":
                self.asked.age = _number(words)
            elif word == "in":
                self.asked.residence = _residence(words)
            elif word in flags:
                self.asked.flags.append(word)
            elif word == "parent" and words[:1] == ["agreed"]:
                del words[0]
                self.asked.flags.append("parent")
            elif word == "listed":
                self.asked.flags.append("listed_" + self._one(words, "preference list", ["phone", "post"]))
            elif word not in ("and", "who", "is"):
                known = ("refused", "agreed", "objected", "bought", "aged", "in", "parent agreed", "listed", *flags)
                raise Unclear(f"{quoted(word)} says nothing about a person. {did_you_mean(word, known)}".strip())


def facts(compiled: Compiled) -> set[str]:
    """Return every fact the policy or its law packs may ask for."""
    policy = compiled.policy
    asked = [source.needs for source in policy.sources.values()]
    asked += [recipient.needs for recipient in policy.recipients.values()]
    for purpose in policy.purposes.values():
        asked += purpose.needs.values() if isinstance(purpose.needs, dict) else [purpose.needs]
        asked += purpose.roles.values() if isinstance(purpose.roles, dict) else []
    by_law = (rule.evidence for pack in compiled.book.packs.values() for rule in pack.rules if rule.evidence)
    return {PERMISSION, *(fact for facts in asked for fact in facts), *by_law}


def _number(words: list[str], most: int = 999_999) -> int:
    word = words.pop(0) if words else ""
    if not word.isascii() or not word.isdecimal() or len(word) > 6 or int(word) > most:
        raise Unclear(f"{quoted(word)} should be a whole number, at most {most:,}.")
    return int(word)


def _day(words: list[str]) -> date:
    word = words.pop(0) if words else ""
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise Unclear(f"{quoted(word)} should be a day such as 2026-11-01.") from None


def _residence(words: list[str]) -> str:
    word = words.pop(0) if words else ""
    parts = word.split("+")
    if not all(
        p == ANYWHERE or (p.isascii() and p.isupper() and (len(p) == 2 or (len(p) == 5 and p.startswith("US-"))))
        for p in parts
    ):
        raise Unclear(f"{quoted(word)} should be a country such as GB, a US state such as US-CA, or *.")
    return word
