"""What the demonstration needs beside its pages: the payment partner's own process, and the house's chores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

START = 20  # seconds the partner may take to say where it listens


class NoPartner(Exception):
    """The partner's process did not come up."""


@contextmanager
def payment_partner(folder: Path, told: str) -> Iterator[str]:
    """Start the payment partner that ships with us and name it in the environment; yields its address.

    `told`: where it sends its notices. It stops with the block. Raises NoPartner.
    """
    command = ["troth.partners.sandbox", "--folder", str(folder), "--tell", told]
    with _process("TROTH_PAYMENTS", command, folder, "The payment partner's process") as address:
        yield address


@contextmanager
def texts_company(folder: Path, told: str) -> Iterator[str]:
    """Start the company that carries texts to no telephone, and name it in the environment; yields its address.

    `told`: where it tells of answers. It stops with the block. Raises NoPartner.
    """
    command = ["troth.partners.sms_sandbox", "--tell", told]
    with _process("TROTH_TEXTS", command, folder, "The process that carries texts") as address:
        yield address


@contextmanager
def _process(setting: str, command: Sequence[str], folder: Path, who: str) -> Iterator[str]:
    keys = folder / "keys.json"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    process = subprocess.Popen(  # noqa: S603 -- our own programs
        [sys.executable, "-m", *command, "--port", "0", "--secret-file", str(keys)], stdout=subprocess.PIPE, text=True
    )
    try:
        address = _first_line(process).rpartition(" ")[2].strip()
        if not address.startswith("http"):
            raise NoPartner(f"{who} did not start; what it said stands above.")
        known = json.loads(keys.read_text(encoding="utf-8"))
        os.environ |= {setting: address, f"{setting}_KEY": known["api"], f"{setting}_NOTICES": known["notices"]}
        yield address
    finally:
        process.terminate()
        process.wait(timeout=START)
        if process.stdout:
            process.stdout.close()


def _first_line(process: subprocess.Popen[str]) -> str:
    """Return the first line a process says; nothing if it ends or says nothing in time."""
    watch = threading.Timer(START, process.kill)
    watch.start()
    try:
        return process.stdout.readline() if process.stdout else ""
    finally:
        watch.cancel()


@contextmanager
def chores(todo: Sequence[Callable[[], object]], every: float = 5.0) -> Iterator[None]:
    """Do some things again and again in the background until the block ends: what a timer does in a real house."""
    stop = threading.Event()

    def work() -> None:
        from django.db import connections  # noqa: PLC0415 -- Django is loaded by now

        while not stop.wait(every):
            for one in todo:
                try:
                    one()
                except Exception as problem:  # noqa: BLE001 -- the next round tries again; the page must not stop
                    sys.stderr.write(f"A chore did not get done ({type(problem).__name__}); it is tried again.\n")
        connections.close_all()

    thread = threading.Thread(target=work, name="chores", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=30)
