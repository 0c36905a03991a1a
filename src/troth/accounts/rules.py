"""What a password must be, how long a session lasts, how long one waits after wrong tries. No clock, no database."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from functools import cache
from typing import Final

# -- passwords: length alone, and none of those everybody tries first (NIST SP 800-63B-4, 3.1.1.2) ---------------------

SHORTEST: Final = 12  # characters
LONGEST: Final = 256


def password_problem(password: str, email: str = "") -> str:
    """Return what is wrong with a new password, or nothing. No rule asks for signs of a certain kind."""
    if len(password) < SHORTEST:
        return f"Please choose at least {SHORTEST} characters. Three or four words that do not belong together do well."
    if len(password) > LONGEST:
        return f"Please keep it to {LONGEST} characters."
    plain = password.casefold()
    if plain in _common() or len(set(plain)) < 4:
        return "This is one of the passwords everybody tries first. Please choose another one."
    if email and plain in (email.casefold(), email.casefold().partition("@")[0]):
        return "Please choose something other than your email address."
    return ""


@cache
def _common() -> frozenset[str]:
    from django.contrib.auth.password_validation import CommonPasswordValidator  # noqa: PLC0415 -- 20,000 words

    return frozenset(CommonPasswordValidator().passwords)


def composed(password: str) -> str:
    """Return a password in one form of Unicode: keyboards differ in how they send the same letter (NIST, ibid.)."""
    return unicodedata.normalize("NFC", password)


# -- sessions ----------------------------------------------------------------------------------------------------------

IDLE: Final = timedelta(days=30)  # since something was last sent in it; reading alone writes nothing, so it counts none
LONGEST_SESSION: Final = timedelta(days=90)  # as long as we keep data of a sign-in: data.sign_ins.keep
HALF: Final = timedelta(minutes=10)  # between the first step and the second
FRESH: Final = timedelta(minutes=30)  # so long after signing in, one may change how one signs in


def ends(begun: datetime, used: datetime) -> datetime:
    """Return when a session ends by itself.

    >>> day = datetime(2026, 11, 1)
    >>> ends(day, day) - day, ends(day, day + timedelta(days=80)) - day
    (datetime.timedelta(days=30), datetime.timedelta(days=90))
    """
    return min(used + IDLE, begun + LONGEST_SESSION)


BROWSERS: Final = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"),
                   ("Chrom", "Chrome"), ("Safari", "Safari"))  # fmt: skip
SYSTEMS: Final = (("iPhone", "an iPhone"), ("iPad", "an iPad"), ("Android", "Android"), ("Windows", "Windows"),
                  ("Mac OS X", "a Mac"), ("CrOS", "a Chromebook"), ("Linux", "Linux"))  # fmt: skip


def kind_of_browser(agent: str) -> str:
    """Return the kind of browser in words, and nothing that tells one from another of its kind.

    >>> kind_of_browser("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/150.0.0.0 Safari/537.36")
    'Chrome on Linux'
    """
    browser = next((say for sign, say in BROWSERS if sign in agent), "A browser")
    system = next((say for sign, say in SYSTEMS if sign in agent), "")
    return f"{browser} on {system}" if system else browser


# -- tries -------------------------------------------------------------------------------------------------------------

LIMITS: Final = {  # tries before one has to wait; then so many seconds, doubled with each further try; and at most
    "account": (5, 4, 15 * 60),
    "network": (30, 2, 15 * 60),  # many people may share one
    "second": (5, 8, 15 * 60),
    "proof": (5, 30, 15 * 60),  # things somebody says at the desk: a postcode can be guessed in time
    "mail": (3, 5 * 60, 30 * 60),  # nobody's mailbox is filled; and there is always a link in it that still works
}
FORGOTTEN: Final = timedelta(hours=24)  # after so long without a try, everything is as before


def wait(kind: str, tries: int) -> int:
    """Return how many seconds must lie between the last of so many tries and the next.

    >>> [wait("account", tries) for tries in (0, 4, 5, 6, 20)]
    [0, 0, 4, 8, 900]
    """
    free, first, most = LIMITS[kind]
    return 0 if tries < free else min(most, first << min(tries - free, 20))


# -- links and codes ---------------------------------------------------------------------------------------------------

GOOD_FOR: Final = {  # how long a link of each kind can be used
    "open": timedelta(hours=24), "reset": timedelta(hours=1), "email": timedelta(hours=24), "join": timedelta(days=14),
}  # fmt: skip
TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")  # 256 bits
STEP: Final = 30  # seconds an authenticator's code is shown (RFC 6238)


def say_wait(seconds: int) -> str:
    """Say a time to wait in words.

    >>> say_wait(1), say_wait(45), say_wait(900)
    ('1 second', '45 seconds', '15 minutes')
    """
    count, unit = (seconds, "second") if seconds < 90 else (-(-seconds // 60), "minute")
    return f"{count} {unit}{'' if count == 1 else 's'}"
