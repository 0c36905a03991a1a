"""How permissions fare: what was said over time, how old each yes is, which lack proof, which end soon.

From the plain columns of the answers alone: nothing is opened, and nobody is counted by who they are. A narrower no
does not undo a wider yes here, so these are figures to steer by; whether somebody may be written to, only a door says.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain, pairwise
from typing import Any, Final, NamedTuple

from django.db.models import BooleanField, CharField, Count, Exists, F, Func, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat, Replace, Substr

from troth.choices.models import Event
from troth.choices.rules import YES
from troth.policy import Compiled

SAID_NO: Final = ("refusal", "withdrawal", "objection")
MONTHS: Final = 13  # a year, and the month it is
AGES: Final = ((91, "less than 3 months"), (183, "3 to 6 months"), (365, "6 to 12 months"), (730, "1 to 2 years"))
OLDER: Final = "more than 2 years"
SOON: Final = (30, 60, 90)  # days
MONTH: Final = Substr(Cast("at", CharField()), 1, 7)  # as it is stored, in UTC: SQLite has Python work out any other


class Growth(NamedTuple):
    """Answers of one brand and channel, added up to the end of each month (by UTC), oldest first."""

    brand: str
    channel: str
    yes: list[int]
    no: list[int]


@dataclass(frozen=True)
class Health:
    """Counts of answers. Show none of them under twenty."""

    months: list[date]
    growth: list[Growth]
    ages: list[tuple[str, int]]
    standing: int  # yeses not withdrawn and not over
    gaps: list[tuple[str, int]]
    ending: list[tuple[int, int]]  # within so many days: so many


def health(compiled: Compiled, digests: frozenset[str], at: datetime) -> Health:
    """Look at every answer. `digests`: the policy's versions, whose words we can show."""
    months = _months(at.date())
    standing, ages, gaps, ending = _counted(at, _younger(at), _lacking(digests), _over_within(at))
    return Health(months, _growth(compiled, months, at), _apart(ages, standing), standing, gaps, ending)


def _months(today: date) -> list[date]:
    last = today.year * 12 + today.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(last - MONTHS + 1, last + 1)]


def _growth(compiled: Compiled, months: list[date], at: datetime) -> list[Growth]:
    rows = (
        Event.objects.filter(kind__in=(*YES, *SAID_NO), at__lte=at)
        .order_by().annotate(month=MONTH).values_list("kind", "pattern", "month").annotate(n=Count("pk"))
    )  # fmt: skip
    told: dict[tuple[str, str, bool], Counter[date]] = defaultdict(Counter)
    for kind, pattern, month, n in rows:
        choice, brand, channel = (*pattern.split(":"), "", "")[:3]
        made = compiled.policy.choices.get(choice)
        if choice == "*" or (made and made.channels):  # about messages, and not about cookies or profiles
            told[brand.strip("*"), channel.strip("*"), kind in YES][date.fromisoformat(f"{month}-01")] += n
    pairs = sorted({key[:2] for key in told})
    return [Growth(*pair, *(_added_up(told[*pair, said], months) for said in (True, False))) for pair in pairs]


def _added_up(by_month: Counter[date], months: list[date]) -> list[int]:
    total = sum(n for month, n in by_month.items() if month < months[0])
    sums = []
    for month in months:
        total += by_month[month]
        sums.append(total)
    return sums


class _Like(Func):
    """SQL's LIKE, with a pattern that stands in a column."""

    template, arg_joiner, arity, output_field = "(%(expressions)s)", " LIKE ", 2, BooleanField()


def _standing(at: datetime) -> QuerySet[Event]:
    """Return each yes that is in force: the last of its person and pattern, not over, and not undone by a no."""
    theirs = Event.objects.filter(person_id=OuterRef("person_id"), at__gte=OuterRef("at"), at__lte=at)
    wider = Concat(Replace(F("pattern"), Value("*"), Value("%")), Value("%"))
    undone = theirs.filter(kind__in=SAID_NO).filter(_Like(OuterRef("pattern"), wider))
    again = theirs.filter(kind__in=YES, pattern=OuterRef("pattern"), at__gt=OuterRef("at"))
    yes = Event.objects.filter(kind__in=YES, at__lte=at).exclude(expires__lte=at).order_by()
    return yes.filter(~Exists(undone), ~Exists(again))


def _counted(at: datetime, *lists: list[tuple[Any, Q]]) -> tuple[Any, ...]:
    """Return how many yeses are in force, and of each list how many of them are so, in one reading of all answers."""
    conditions = {f"n{n}": condition for n, (_, condition) in enumerate(chain(*lists))}
    asked = {name: Count("pk", filter=condition) for name, condition in conditions.items()}
    found = _standing(at).aggregate(standing=Count("pk"), **asked)
    counts = iter(found[name] for name in conditions)
    return found["standing"], *([(say, next(counts)) for say, _ in some] for some in lists)


def _younger(at: datetime) -> list[tuple[str, Q]]:
    return [(say, Q(at__gt=at - timedelta(days=days))) for days, say in AGES]


def _apart(younger: list[tuple[str, int]], standing: int) -> list[tuple[str, int]]:
    """Return how many there are of each age, of how many are younger than each."""
    pairs = pairwise([("", 0), *younger, (OLDER, standing)])
    return [(say, count - before) for (_, before), (say, count) in pairs]


def _lacking(digests: frozenset[str]) -> list[tuple[str, Q]]:
    """Return what a yes may lack that we would have to show (GDPR art. 7(1))."""
    return [
        ("no record of where it was said", Q(place="")),
        ("words of a policy we no longer have", ~Q(policy__in=digests)),
        ("nothing sealed with it: neither words nor proof", Q(sealed=b"")),
    ]


def _over_within(at: datetime) -> list[tuple[int, Q]]:
    return [(days, Q(expires__lte=at + timedelta(days=days))) for days in SOON]


# -- which words were in force when ------------------------------------------------------------------------------------


class Wording(NamedTuple):
    """One question as it was put, from a day until a day, and how many answers it got."""

    since: date
    until: date | None
    say: str
    answers: int


def wordings(versions: tuple[Compiled, ...]) -> dict[str, list[Wording]]:
    """Return the words of each choice's question, the newest first; versions that changed nothing are one."""
    rows = Event.objects.order_by().values_list("policy", "pattern").annotate(n=Count("pk"))
    answers: Counter[tuple[str, str]] = Counter()
    for digest, pattern, n in rows:
        answers[digest, pattern.partition(":")[0]] += n
    told: dict[str, list[Wording]] = {}
    for version, following in zip(versions, (*versions[1:], None), strict=True):
        since, until = version.policy.about.version, following.policy.about.version if following else None
        for name, choice in version.policy.choices.items():
            one, known = Wording(since, until, choice.say, answers[version.digest, name]), told.setdefault(name, [])
            if known and known[-1].say == one.say and known[-1].until == since:
                known[-1] = known[-1]._replace(until=until, answers=known[-1].answers + one.answers)
            else:
                known.append(one)
    return {name: list(reversed(known)) for name, known in told.items()}
