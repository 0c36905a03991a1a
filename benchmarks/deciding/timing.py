"""Clocks. Every figure is a median: this may be a shared machine."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter_ns


@contextmanager
def no_collector() -> Iterator[None]:
    """Keep the garbage collector from stopping in one side's turn for what the other side left."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def took(work: Callable[[], object]) -> float:
    """Return how many seconds one call took."""
    start = perf_counter_ns()
    work()
    return (perf_counter_ns() - start) / 1e9


def alternated(rounds: int, *works: Callable[[], object], inner: tuple[int, ...] = ()) -> list[float]:
    """Return the median seconds of each piece of work, run in turns. `inner` says how often each runs in a turn."""
    times: list[list[float]] = [[] for _ in works]
    with no_collector():
        for work in works:
            work()  # warm
        for _ in range(rounds):
            for number, work in enumerate(works):
                times[number] += [took(work) for _ in range(inner[number] if inner else 1)]
    return [median(one) for one in times]
