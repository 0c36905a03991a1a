"""The law packs that ship with Troth: dated TOML beside this file, one a jurisdiction. Data, not code."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from troth.policy.law import LawPack
from troth.policy.load import load_pack

NAMES: Final = ("uk", "eu", "us", "us-ca", "us-states")


@cache
def packs() -> MappingProxyType[str, LawPack]:
    """Return every pack by its code. Raises PolicyError if one of them is not a law pack."""
    read = (load_pack((files(__name__) / f"{name}.toml").read_bytes(), f"{name}.toml") for name in NAMES)
    return MappingProxyType({pack.name: pack for pack in read})


@cache
def holidays(calendar: str) -> frozenset[date]:
    """Return the days a calendar ("uk-england") keeps free, weekends apart. Raises KeyError."""
    read = tomllib.loads((files(__name__) / "holidays.toml").read_text(encoding="utf-8"))
    return frozenset(read[calendar]["days"])


@cache
def exemptions() -> dict[str, dict[str, str]]:
    """Return the grounds on which a law lets us withhold something or refuse: by code, {"say", "cite", "for"}."""
    return tomllib.loads((files(__name__) / "exemptions.toml").read_text(encoding="utf-8"))


@cache
def _countries() -> dict[str, Any]:
    return tomllib.loads((files(__name__) / "countries.toml").read_text(encoding="utf-8"))


def country(code: str) -> str:
    """Return the short English name of an ISO 3166-1 country or a US state ("US-CA"); the code itself if unknown."""
    names: dict[str, str] = _countries()["states" if code.startswith("US-") else "names"]
    return names.get(code.removeprefix("US-"), code)


def access(code: str) -> str:
    """Return what a country's authorities may demand, as one sentence with its source, or "" where nothing is noted."""
    noted = _countries()["access"].get(code)
    return f"{noted['say']} ({noted['cite']})" if noted else ""
