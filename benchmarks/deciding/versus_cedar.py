"""Troth and Cedar on equal policies: whether they agree, and what a decision costs each.

Cedar gets its policies, entities and the context's JSON prepared; what is timed is one call that answers one request.
Its calls are `is_authorized` with pre-parsed handles, and `is_authorized_batch` for all requests at once, divided by
their number; the faster of the two counts. Ours gets the person's standing and the act prepared, and is timed warm
(every rule and answer has been asked for before) and cold (a rule is built for every act).
"""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import cedarpy
from deciding.cedar import Request, Translator, entity
from deciding.policies import random_policy
from deciding.questions import questions, standing_of
from deciding.timing import alternated, no_collector, took

from troth.policy import Act, Compiled, Standing, loads

DAY = date(2026, 11, 22)
Timed = dict[str, float]


@dataclass
class Pair:
    """One random policy with questions about it, on both sides."""

    rules: int
    seed: int
    number: int

    def __post_init__(self) -> None:
        self.file = loads(random_policy(self.rules, self.seed))
        self.asked = questions(self.file.policy, self.number, self.seed)
        self.compiled = Compiled(self.file, {})
        self.ours = [(act, standing_of(person, self.compiled)) for act, person in self.asked]
        translator = Translator(self.file.policy)
        self.cedar_policies = translator.policies()
        self.requests: list[Request] = [translator.request(act, DAY, str(n)) for n, (act, _) in enumerate(self.asked)]

    @cached_property
    def entities(self) -> cedarpy.Entities:
        people = [entity(person, str(n)) for n, (_, person) in enumerate(self.asked)]
        return cedarpy.Entities.from_json_str(json.dumps(people))

    @cached_property
    def policies(self) -> cedarpy.PolicySet:
        return cedarpy.PolicySet.from_str("\n".join(self.cedar_policies))

    def one_by_one(self) -> list[bool]:
        """Ask Cedar each question by itself."""
        policies, people = self.policies, self.entities
        return [cedarpy.is_authorized(request, policies, people).allowed for request in self.requests]

    def batch(self) -> list[bool]:
        """Ask Cedar all questions in one call."""
        results = cedarpy.is_authorized_batch(self.requests, self.policies, self.entities)
        return [result.allowed for result in results]

    def answers(self) -> Iterator[tuple[Act, bool, cedarpy.AuthzResult]]:
        """Yield each act with our answer and Cedar's."""
        theirs = cedarpy.is_authorized_batch(self.requests, self.policies, self.entities)
        for (act, standing), result in zip(self.ours, theirs, strict=True):
            yield act, self.compiled.decide(act, standing, DAY).allowed, result


@dataclass
class Agreement:
    """How often two engines agreed on one policy or on several."""

    requests: int = 0
    allowed: int = 0
    differ: int = 0
    noticed: int = 0  # policies where a forgotten line changed an answer, of those where one was left out
    cedar_policies: int = 0
    example: str = ""

    def __add__(self, other: Agreement) -> Agreement:
        return Agreement(
            self.requests + other.requests, self.allowed + other.allowed, self.differ + other.differ,
            self.noticed + other.noticed, self.cedar_policies + other.cedar_policies, self.example or other.example,
        )  # fmt: skip


def agree(task: tuple[int, int, int]) -> Agreement:
    """Ask both engines everything about one random policy. A Cedar error counts as disagreement."""
    pair = Pair(*task)
    found = Agreement(cedar_policies=len(pair.cedar_policies))
    for act, allowed, result in pair.answers():
        differ = allowed != result.allowed or bool(result.diagnostics.errors)
        example = f"{task} {act}: ours {allowed}, Cedar {result.decision.value} {result.diagnostics.errors}"
        found += Agreement(1, allowed, differ, example=example if differ else "")
    if pair.rules <= 64:  # is a mistake seen at all? Leave out every seventh line of Cedar's
        pair.policies = cedarpy.PolicySet.from_str("\n".join(p for n, p in enumerate(pair.cedar_policies) if n % 7))
        found.noticed = int(any(allowed != result.allowed for _, allowed, result in pair.answers()))
    return found


def compare(sizes: tuple[int, ...], policies: int, number: int) -> Iterator[tuple[int, Agreement]]:
    """Yield for each size how well the two agree on that many policies."""
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1), initializer=gc.disable) as pool:
        for size in sizes:
            tasks = [(size, seed, number) for seed in range(policies)]
            yield size, sum(pool.map(agree, tasks), Agreement())


def time_both(rules: int, seeds: range, rounds: int, number: int) -> Timed:
    """Return microseconds a decision on policies of one size: ours warm and cold, Cedar one by one and in a batch."""
    found: list[Timed] = []
    for seed in seeds:
        pair = Pair(rules, seed, number)
        ours = Asking(pair.compiled, pair.ours)
        times = alternated(rounds, ours, pair.one_by_one, pair.batch, inner=(15, 1, 1))
        names = ("ours_us", "cedar_us", "cedar_batch_us")
        found.append({name: seconds / number * 1e6 for name, seconds in zip(names, times, strict=True)})
        found[-1]["cold_us"] = cold(pair.compiled, pair.ours)
    return {name: sorted(one[name] for one in found)[len(found) // 2] for name in found[0]}


class Asking:
    """All questions of a list, asked once each whenever it is called."""

    def __init__(self, compiled: Compiled, asked: list[tuple[Act, Standing]], day: date = DAY) -> None:
        self.decide, self.asked, self.day = compiled.decide, asked, day

    def __call__(self) -> None:
        decide, day = self.decide, self.day
        for act, standing in self.asked:
            decide(act, standing, day)


def cold(compiled: Compiled, asked: list[tuple[Act, Standing]], day: date = DAY) -> float:
    """Return microseconds for the first decision on each act: nothing known but the policy's own tables."""
    times = []
    for _ in range(5):
        fresh = Compiled(compiled.book.file, compiled.book.packs)
        fresh.decide(*asked[0], day)  # the policy's own tables are made by the first decision of all
        with no_collector():
            times.append(took(Asking(fresh, asked, day)))
    return sorted(times)[2] / len(asked) * 1e6


def fresh_words(compiled: Compiled, asked: list[tuple[Act, Standing]], day: date = DAY) -> float:
    """Return microseconds for a decision whose act and day are made anew, as a caller does who keeps neither."""

    def ask() -> None:
        for act, standing in asked:
            compiled.decide(Act(*act), standing, date(day.year, day.month, day.day))

    return alternated(21, ask)[0] / len(asked) * 1e6
