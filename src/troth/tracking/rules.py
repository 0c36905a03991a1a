"""What a browser is asked, how its answers are remembered, and what they come to. Pure: no clock, no database.

Which questions there are, how each rests under which law, and what an answer allows is the policy engine's to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from troth.choices.rules import Said, fold
from troth.policy import Act, Compiled, Standing
from troth.policy.acts import UNKNOWN_AGE
from troth.policy.law import ANYWHERE
from troth.policy.registers import choices_grid, cookie_table
from troth.policy.rows import Slot, Stored
from troth.policy.rules import OBJECTION
from troth.policy.slots import MODES

CHOICES, VISIT, INTEREST = "choices", "visit", "interest"  # purposes.{site,tracking,profile}.cookies
GATHERS: Final = {"tracking": VISIT, "profile": INTEREST}  # purposes that write something down, and their cookie
ON_UNTIL_NO = MODES[OBJECTION]
BANNER = "banner"  # a place of [choices].yes: the panel itself
ON_DEVICE: Final = {"profiling", "tracking", "adverts"}  # kinds of what a browser is asked beside the panel
YES, NO, SIGHTED = "yes", "no", "sighted"  # sighted: a yes given while being told of the signal against it
GIVEN: Final = frozenset({"notice"})  # the panel stands on the page, or did when it was answered


# -- the signal --------------------------------------------------------------------------------------------------------


def signalled(header: str | None) -> bool:
    """Tell whether a request carries Global Privacy Control: exactly `1`, once or several times.

    A server hands several headers of one name over as one, with commas. Source: W3C GPC draft, April 2026.

    >>> signalled("1"), signalled("0, 1"), signalled("1.0"), signalled("true"), signalled(None)
    (True, True, False, False, False)
    """
    return header is not None and any(one.strip(" \t") == "1" for one in header.split(","))


# -- what is asked -----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def asked(compiled: Compiled) -> tuple[str, ...]:
    """Return the choices the panel puts: those whose line says that it may ask them."""
    return tuple(name for name, choice in compiled.policy.choices.items() if BANNER in choice.yes)


@lru_cache(maxsize=64)
def asked_one_by_one(compiled: Compiled) -> tuple[str, ...]:
    """Return the panel's choices, and those that lean on one of them and are about this device as well."""
    found = dict.fromkeys(asked(compiled))
    for made in compiled.policy.purposes.values():
        if set(made.kind) and set(made.kind) <= ON_DEVICE and set(made.choice) & set(asked(compiled)):
            found |= dict.fromkeys(made.choice)
    return tuple(name for name in compiled.policy.choices if name in found)


@lru_cache(maxsize=256)
def resting(compiled: Compiled, brand: str, residence: str, on: date) -> Mapping[str, Slot]:
    """Return how each choice rests for somebody who said nothing: asked first, or on until a no."""
    grid = choices_grid(compiled, brand, residence, on)
    return {slot.choice: slot for slot in grid if slot.choice in asked_one_by_one(compiled) and not slot.channel}


@lru_cache(maxsize=64)
def registry(compiled: Compiled, brand: str, residence: str, on: date) -> tuple[Stored, ...]:
    """Return every cookie, storage key, pixel and script the policy names (R19)."""
    return cookie_table(compiled, brand, residence, on)


def question(compiled: Compiled, choice: str) -> str:
    """Return a question in the words it is put in, and recorded in."""
    return f"May we {compiled.policy.choices[choice].say}?"


# -- what is remembered ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answers:
    """What a browser said, as its own cookie remembers it: a yes and a no alike, for as long."""

    said: tuple[tuple[str, str], ...] = ()  # a choice and its answer
    outgrown: tuple[str, ...] = ()  # yeses that count no more: what they would let us do has come to mean more

    def get(self, choice: str) -> str:
        return dict(self.said).get(choice, "")

    def answered(self, names: Iterable[str]) -> bool:
        return all(self.get(name) for name in names)

    def anew(self, said: Mapping[str, str]) -> Answers:
        return Answers(tuple(sorted({**dict(self.said), **said}.items())))

    def write(self, version: date) -> str:
        """Return the cookie: the version of the policy these count under, and each answer.

        One version for all: a yes that still counts under it was given at it, or nothing has grown from then to now.
        """
        return ":".join([f"v{version:%Y%m%d}", *(f"{name}.{answer}" for name, answer in self.said)])


ONE = re.compile(r"([a-z][a-z_]{0,39})\.(yes|no|sighted)")
VERSION = re.compile(r"v(20\d{2})(\d{2})(\d{2})")
LONGEST = 1000


def read_answers(cookie: str, compiled: Compiled, on: date) -> Answers:
    """Return what a cookie remembers of questions we still put; nothing if it is not as we wrote it.

    A yes covers what its choice meant under the version it was given at, and no more, as any person's does; a no is
    never outgrown (R87). Nothing is granted by it alone: whoever writes one themselves has answered, no more.
    """
    if not cookie or len(cookie) > LONGEST:
        return Answers()
    head, *rest = cookie.split(":")
    since, rest = (_version(head, compiled, on), rest) if VERSION.fullmatch(head) else (None, [head, *rest])
    found = [ONE.fullmatch(one) for one in rest]
    if not all(found):
        return Answers()
    known = {one[1]: one[2] for one in found if one and one[1] in asked_one_by_one(compiled)}
    gone = compiled.outgrown(COOKIE, since or _oldest(compiled, on))
    over = {name for name, answer in known.items() if answer != NO and gone & compiled.book.meant(name)}
    kept = {name: answer for name, answer in known.items() if name not in over}
    return Answers(tuple(sorted(kept.items())), tuple(sorted(over)))


COOKIE: Final = "cookie"  # it names its version by the day, and no digest


def _version(text: str, compiled: Compiled, on: date) -> date:
    """Return the day of the version in a cookie; the oldest it could be for one that we cannot have written."""
    try:
        day = date(*(int(part) for part in VERSION.fullmatch(text).groups()))  # type: ignore[union-attr]
    except ValueError:
        return _oldest(compiled, on)
    return day if day <= compiled.policy.about.version else _oldest(compiled, on)


def _oldest(compiled: Compiled, on: date) -> date:
    """Return the first day on which a cookie that is still there could have been written.

    Before its version stood in it, a cookie lived as long as now: an older one is gone from every browser.
    """
    keep = compiled.policy.purposes["site"].cookies[CHOICES].keep
    day = on - life(compiled, "site", CHOICES, on) - timedelta(days=7)  # months differ by a few days
    while keep and keep.after(day) < on:
        day += timedelta(days=1)
    return day


def life(compiled: Compiled, purpose: str, cookie: str, on: date) -> timedelta:
    """Return how long a cookie of the policy lives that is set on a day. Raises KeyError for one it does not name."""
    keep = compiled.policy.purposes[purpose].cookies[cookie].keep
    return keep.after(on) - on if keep else timedelta(0)


def until(compiled: Compiled, choice: str, at: datetime) -> datetime | None:
    """Return when a yes lapses that is given now ([choices].keep). A no never lapses by itself."""
    keep = compiled.policy.choices[choice].keep
    return at + (keep.after(at.date()) - at.date()) if keep else None


# -- what it comes to --------------------------------------------------------------------------------------------------

FIRST = datetime(2000, 1, 1, tzinfo=UTC)  # answers count by their order alone: said, then the signal, then in its sight


def standing(
    compiled: Compiled, brand: str, answers: Answers, *,
    signal: bool, residence: str = ANYWHERE, core: int = UNKNOWN_AGE,
) -> Standing:  # fmt: skip
    """Return where a browser stands, by the same fold as everybody."""
    told = {YES: ("consent", 0), NO: ("refusal", 0), SIGHTED: ("consent", 2)}
    said = []
    for name, answer in answers.said:
        kind, turn = told[answer]
        said.append(Said(kind, f"{name}:{brand}", FIRST + timedelta(turn), sighted=answer == SIGHTED))
    if signal:
        said.append(Said("signal", "*", FIRST + timedelta(1)))
    return fold(said, compiled, FIRST + timedelta(9), residence, core)


def acts(compiled: Compiled, purpose: str, brand: str) -> tuple[Act, ...]:
    """Return what a purpose does with a browser: it uses its data, and takes in what using our pages brings."""
    book, made = compiled.book, compiled.policy.purposes[purpose]
    items = book.let_through(book.items(made.uses), purpose)
    brings = items & book.items(compiled.policy.sources["browse"].takes)
    form = made.form
    used = Act("use", purpose, brand, items=items, form=form)
    taken = Act("collect", purpose, brand, items=brings, source="browse", actor="person", given=GIVEN)
    return (used, taken) if brings else (used,)


def allows(compiled: Compiled, purpose: str, brand: str, where: Standing, on: date) -> bool:
    """Tell whether somebody who stands so lets a purpose happen."""
    return all(compiled.decide(act, where, on).allowed for act in acts(compiled, purpose, brand))


def closed(compiled: Compiled, choice: str, brand: str, residence: str, core: int, on: date) -> str:
    """Return why a choice is nobody's to make who is of this age and lives there; nothing where it is theirs."""
    every = Answers(tuple((name, YES) for name in asked_one_by_one(compiled)))
    where = standing(compiled, brand, every, signal=False, residence=residence, core=core)
    for name, made in compiled.policy.purposes.items():
        if choice in made.choice and set(made.choice) <= dict(every.said).keys():
            for act in acts(compiled, name, brand):
                if not (decision := compiled.decide(act, where, on)).allowed:
                    return decision.because.say
    return ""


@lru_cache(maxsize=4096)
def device_allows(
    compiled: Compiled, purpose: str, brand: str, answers: Answers, signal: bool, residence: str, on: date,  # noqa: FBT001
) -> bool:  # fmt: skip
    """Tell whether a browser's answers let a purpose happen: worked out once for all that answered alike."""
    where = standing(compiled, brand, answers, signal=signal, residence=residence)
    return allows(compiled, purpose, brand, where, on)


# -- other companies' scripts (Google Consent Mode v2) -----------------------------------------------------------------

# Each word of that protocol, and the purpose of ours it stands for. What is not granted here stays denied.
CONSENT_MODE: Final = {
    "ad_storage": "adverts", "ad_user_data": "adverts", "ad_personalization": "adverts",
    "analytics_storage": "tracking", "functionality_storage": "appearance", "personalization_storage": "profile",
}  # fmt: skip


# -- what a page view says ---------------------------------------------------------------------------------------------

NUMBER = re.compile(r"[a-z]{40}")
ADVERT = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
LONGEST_WAY, LONGEST_SEARCH, MOST_RECENT = 200, 100, 12


def came_from(referrer: str, host: str) -> str:
    """Return the page somebody came from, without what stands behind the question mark; nothing for our own.

    >>> (
    ...     came_from("https://blog.example/coats?who=ada#top", "tarn.example"),
    ...     came_from("https://tarn.example/", "tarn.example"),
    ... )
    ('blog.example/coats', '')
    """
    try:
        parts = urlsplit(referrer)
        name = parts.hostname or ""
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not name or parts.netloc == host:
        return ""
    return f"{name}{parts.path if parts.path != '/' else ''}"[:LONGEST_WAY]


@dataclass(frozen=True)
class Interest:
    """What the `interest` cookie holds: the device's number, where it has one, and the pieces seen, newest first."""

    number: str = ""
    seen: tuple[str, ...] = ()

    def after(self, slug: str) -> Interest:
        return Interest(self.number, (slug, *(one for one in self.seen if one != slug))[:MOST_RECENT])

    def write(self) -> str:
        return ".".join((self.number or "-", *self.seen))


def read_interest(cookie: str) -> Interest:
    """Return what the cookie holds; nothing if it is not as we wrote it."""
    number, *seen = cookie.split(".") if len(cookie) <= LONGEST + 100 else ("",)
    if not (number == "-" or NUMBER.fullmatch(number)) or len(seen) > MOST_RECENT or not all(map(SLUG.fullmatch, seen)):
        return Interest()
    return Interest(number.removeprefix("-"), tuple(seen))
