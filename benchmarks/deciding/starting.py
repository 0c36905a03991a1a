"""What it costs before the first decision: importing the package, and compiling a policy under all law packs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date
from importlib.resources import files

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


def import_ms() -> float:
    """Return milliseconds `import troth.policy` adds to the start of the interpreter."""
    bare, ours = alternated(9, _run("pass"), _run("import troth.policy"))
    return (ours - bare) * 1e3


def _run(code: str) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, "-c", code], check=True)
