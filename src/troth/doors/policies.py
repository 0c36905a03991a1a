"""The one place that reads the policy folder, once in a process; and the one that looks at the calendar."""

from datetime import date, datetime
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.timezone import localdate
from django.utils.timezone import now as calendar_now

from troth.laws import packs
from troth.policy import Compiled
from troth.policy.archive import Archive
from troth.policy.errors import PolicyError, Problem
from troth.policy.notice import Notice
from troth.policy.notice import notice as of_form


def archive() -> Archive:
    """Return every published version. Raises PolicyError, in words its author can act on, if one cannot be used."""
    return _read(folder())


def folder() -> Path:
    """Return the folder of policies: the one the settings name, else the one that came with the package."""
    return _folder(settings.TROTH_POLICIES)


@cache  # every act asks
def _folder(name: str | Path) -> Path:
    named, shipped = Path(name), Path(str(files("troth") / "policies"))
    return shipped if not named.is_dir() and shipped.is_dir() else named


@cache
def _read(where: Path) -> Archive:
    if not where.is_dir():
        hint = "Set TROTH_POLICIES to the folder that holds the policy."
        raise PolicyError([Problem(str(where), 0, "", "there is no such folder", hint)])
    return Archive.read(where, packs())


def today() -> date:
    """Return the day it is where the house stands, or the one TROTH_TODAY says."""
    return settings.TROTH_TODAY or localdate()


def now() -> datetime:
    """Return the moment it is; on the day TROTH_TODAY says, if it says one."""
    moment = calendar_now()
    day = settings.TROTH_TODAY
    return moment.replace(year=day.year, month=day.month, day=day.day) if day else moment


def notice(source: str, form: str, *also: str) -> Notice:
    """Return what a form says of itself by the policy in force; see `troth.policy.notice`."""
    return _noticed(archive().in_force(today()), source, form, also)


_noticed = lru_cache(maxsize=64)(of_form)


def in_force(at: datetime) -> Compiled:
    """Return the version in force at a moment, by the calendar where the house stands. Raises as `archive` does."""
    return archive().in_force(house_day(at))


def house_day(at: datetime) -> date:
    """Return the day of a moment where the house stands."""
    return at.astimezone(house_zone()).date()


def house_zone() -> ZoneInfo:
    """Return the time zone the house keeps its calendar in."""
    return ZoneInfo(settings.TIME_ZONE)
