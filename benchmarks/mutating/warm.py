"""Breaking a function of a package imported already: a pytest that has read every test, forked once a mutant."""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from inspect import CO_OPTIMIZED
from multiprocessing.connection import Connection
from types import CodeType, FunctionType
from typing import Any

import pytest

from .changes import SOURCE, Mutant
from .running import CACHE, NONE_FOUND, OPTIONS, PASSED

Key = tuple[str, str, int]  # file, qualified name, first line
CANNOT = 72  # the exit code of a child in which no function could be exchanged


@cache
def unbroken(module: str) -> CodeType:
    path = SOURCE / f"{module}.py"
    return compile(path.read_bytes(), str(path), "exec", dont_inherit=True)


def in_functions(mutant: Mutant) -> dict[Key, CodeType]:
    """Return the functions a mutant changes, or nothing where it changes what runs on import."""
    before, after = unbroken(mutant.module), mutant.code()
    old, new = list(_functions(before)), list(_functions(after))
    if _outside(before) != _outside(after) or len(old) != len(new):
        return {}
    keys = Counter(map(_key, old))
    changed = {_key(one): one for was, one in zip(old, new, strict=True) if was != one}
    return changed if all(keys[key] == 1 for key in changed) else {}


def _key(code: CodeType) -> Key:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def _functions(code: CodeType) -> Iterator[CodeType]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            if one.co_flags & CO_OPTIMIZED:
                yield one
            yield from _functions(one)


def _outside(code: CodeType) -> tuple[object, ...]:
    """Return the code of a module and its class bodies, without that of functions."""
    rest = [
        (type(one), one)
        if not isinstance(one, CodeType)
        else _key(one)
        if one.co_flags & CO_OPTIMIZED
        else _outside(one)
        for one in code.co_consts
    ]
    return code.co_code, code.co_names, *rest


class Warm:
    """A pytest plugin that reads every test and then, instead of running them, hands them over."""

    def __init__(self, work: Callable[[Warm], None]) -> None:
        self.work = work
        self.items: dict[str, pytest.Item] = {}
        self.live: dict[Key, list[FunctionType]] = {}
        self.caches = list[Any]()
        self.out: Connection | None = None

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.items = {item.nodeid: item for item in session.items}
        for one in gc.get_objects():
            if isinstance(one, FunctionType) and one.__code__.co_filename.startswith(str(SOURCE)):
                self.live.setdefault(_key(one.__code__), []).append(one)
        self.caches = [one for one in gc.get_objects() if isinstance(one, CACHE)]
        self.caches = [one for one in self.caches if str(one.__module__).startswith(("troth", "tests"))]
        gc.freeze()
        self.work(self)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self.out:
            self.out.send(report.nodeid)
            os._exit(1)  # at once: there is nothing to tidy up in a fork

    def exchange(self, functions: dict[Key, CodeType]) -> None:
        """Put broken code into the functions that are there, and forget what unbroken code has made."""
        if not functions:
            os._exit(CANNOT)
        for key, code in functions.items():
            for one in self.live.get(key, ()):
                try:
                    one.__code__ = code
                except ValueError:  # another number of free variables
                    os._exit(CANNOT)
        for made in self.caches:
            made.cache_clear()

    def run(self, names: list[str], out: Connection) -> None:
        """Run tests until one fails, which ends the process."""
        self.out = out
        items = [self.items[name] for name in names]
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        os._exit(0)


def read_all(paths: list[str], work: Callable[[Warm], None]) -> None:
    """Have pytest read the tests, and do `work` in it."""
    code = pytest.main([*OPTIONS, "-s", *paths], plugins=[Warm(work)])
    if code not in (PASSED, NONE_FOUND):
        raise SystemExit(f"the tests could not be read all together: pytest ended with {code}")
