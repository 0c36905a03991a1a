"""Lengths of time and retention: when personal data must be gone.

Pure calendar arithmetic: no clock, no time zone. The periods themselves stand in `policies/`, never here.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, timedelta

from .plain import Plain

UNITS = ("hour", "day", "working day", "week", "month", "year")
# What can start a retention clock, and how the page says it. An event is a word of the language, not free text:
# code must raise it.
EVENTS = {
    "account": "you close your account",
    "asked": "you ask",
    "call": "the call",
    "case": "the matter is settled",
    "chat": "the chat",
    "choice": "the choice ends",
    "contest": "the contest closes",
    "device": "the app is unlinked",
    "event": "the event",
    "given": "you give it",
    "last_seen": "your last visit or order",
    "order": "the order",
    "paid": "the last payment",
    "removed": "you remove it",
    "seen": "it is seen",
    "sent": "the message is sent",
    "unstated": "a day the policy does not name",
    "used": "it is used up",
}
LENGTH = re.compile(r"([0-9]{1,4}) (hour|day|working day|week|month|year)s?")


class Length(Plain):
    """A span of calendar time, e.g. 13 months."""

    number: int
    unit: str  # one of UNITS

    def __str__(self) -> str:
        return f"{self.number} {self.unit}{'' if self.number == 1 else 's'}"

    @property
    def days(self) -> float:
        """Days, for comparing two lengths; a month counts 30.44."""
        return (
            self.number
            * {"hour": 1 / 24, "day": 1, "working day": 1.4, "week": 7, "month": 30.44, "year": 365.25}[self.unit]
        )

    def after(self, start: date) -> date:
        """Return the day `start` plus this length; a month's missing day becomes its last day.

        >>> Length(1, "month").after(date(2026, 1, 31))
        datetime.date(2026, 2, 28)

        Hours round up to whole days. Working days need a calendar of holidays: see the law packs' clocks.
        Raises OverflowError past the year 9999 and ValueError for working days.
        """
        if self.unit in ("month", "year"):
            months = start.year * 12 + start.month - 1 + self.number * (12 if self.unit == "year" else 1)
            year, month = divmod(months, 12)
            if year > date.max.year:
                raise OverflowError("the period ends after the year 9999")
            try:
                return start.replace(year=year, month=month + 1)
            except ValueError:  # a day that month has not; nor is it December, which has all
                return date(year, month + 2, 1) - timedelta(days=1)
        if self.unit == "working day":
            raise ValueError("working days need a calendar of holidays")
        days = -(-self.number // 24) if self.unit == "hour" else self.number * (7 if self.unit == "week" else 1)
        return start + timedelta(days=days)


class Keep(Plain):
    """How long a category is held: until `length` after `event`, or until the event itself."""

    event: str  # one of EVENTS
    length: Length | None = None

    def __str__(self) -> str:
        if self.event == "removed" and not self.length:
            return "until removed"
        return f"{self.event} + {self.length}" if self.length else self.event

    def say(self) -> str:
        """Return the period as a shopper reads it.

        >>> Keep("order", Length(7, "year")).say()
        '7 years after the order'
        """
        return f"{self.length} after {EVENTS[self.event]}" if self.length else f"until {EVENTS[self.event]}"


def read_length(text: str) -> Length:
    """Return the length written as e.g. "30 days". Raises ValueError with a sentence saying how to write one."""
    found = LENGTH.fullmatch(text.strip())
    if not found:
        raise ValueError('not a length of time; write a number and a unit, as in "30 days" or "13 months"')
    return Length(int(found[1]), found[2])


def read_keep(text: str) -> Keep:
    """Return the retention written as "EVENT + LENGTH", "EVENT" or "until removed".

    >>> read_keep("chat + 13 months")
    Keep(event='chat', length=Length(number=13, unit='month'))

    Raises ValueError with a sentence saying what was meant.
    """
    event, plus, length = (part.strip() for part in text.partition("+"))
    event = "removed" if event == "until removed" else event
    if event not in EVENTS:
        raise ValueError(f"no retention starts at that event; known: {', '.join(EVENTS)}")
    if plus and not length:
        raise ValueError('a length of time is missing after "+"')
    return Keep(event, read_length(length) if length else None)


def gone_by(keep: Keep, start: date, holds: Collection[date] = ()) -> date:
    """Return the first day on which the data must no longer exist.

    `start` is the day of the event that starts the period, in the person's time zone. `holds` are the last days
    of open legal holds: a hold can lengthen a period, never shorten it.

    >>> gone_by(Keep("chat", Length(13, "month")), date(2026, 1, 31))
    datetime.date(2027, 3, 1)

    Raises OverflowError past the year 9999. Source: GDPR art. 5(1)(e).
    """
    end = keep.length.after(start) if keep.length else start
    return max([end, *holds]) + timedelta(days=1)
