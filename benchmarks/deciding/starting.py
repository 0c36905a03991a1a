"""What it costs before the first decision: importing the package, and compiling a policy under all law packs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from importlib.resources import files
from shutil import copytree, ignore_patterns
from tempfile import TemporaryDirectory

from deciding.timing import alternated

from troth.laws import NAMES
from troth.policy import Act, Compiled, loads
from troth.policy.load import load_pack


def compile_ms(data: bytes, act: Act, day: date) -> float:
    """Return milliseconds from the bytes of a policy and all packs to the first decision."""
    packs = {name: (files("troth.laws") / f"{name}.toml").read_bytes() for name in NAMES}

    def start() -> None:
        read = {pack.name: pack for pack in (load_pack(text, name) for name, text in packs.items())}
        compiled = Compiled(loads(data), read)
        compiled.decide(act, compiled.standing("GB"), day)

    return alternated(15, start)[0] * 1e3


def import_ms() -> tuple[float, float]:
    """Return milliseconds `import troth.policy` adds to the start of the interpreter.

    With the bytecode Python keeps from the first time, and without: when all of it is compiled from its source.
    """
    with _copied() as kept, _copied() as source:
        works = (_run("pass", kept), _run("import troth.policy", kept), _run("import troth.policy", source, keep=False))
        bare, ours, compiled = alternated(9, *works)
    return (ours - bare) * 1e3, (compiled - bare) * 1e3


@contextmanager
def _copied() -> Iterator[str]:
    """Give a folder to import the package from, without bytecode."""
    with TemporaryDirectory() as folder:
        copytree(str(files("troth")), f"{folder}/troth", ignore=ignore_patterns("__pycache__"))
        yield folder


def _run(code: str, folder: str, *, keep: bool = True) -> Callable[[], object]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {"PYTHONPATH": folder} | ({} if keep else {"PYTHONDONTWRITEBYTECODE": "1"})
    return lambda: subprocess.run([sys.executable, "-c", code], check=True, env=environment)
