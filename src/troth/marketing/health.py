"""How permissions fare: what was said over time, how old each yes is, which lack proof, which end soon.

From the plain columns of the answers alone: nothing is opened, and nobody is counted by who they are. A narrower no
does not undo a wider yes here, so these are figures to steer by; whether somebody may be written to, only a door says.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db.models import BooleanField, Count, Exists, F, Func, OuterRef, QuerySet, Value
from django.db.models.functions import Concat, Replace, TruncMonth

from troth.choices.models import Event
from troth.choices.rules import YES
from troth.policy import Compiled

SAID_NO: Final = ("refusal", "withdrawal", "objection")
MONTHS: Final = 13  # a year, and the month it is
AGES: Final = ((91, "less than 3 months"), (183, "3 to 6 months"), (365, "6 to 12 months"), (730, "1 to 2 years"))
OLDER: Final = "more than 2 years"
SOON: Final = (30, 60, 90)  # days


class Growth(NamedTuple):
    """Answers of one brand and channel, added up to the end of each month, oldest first."""

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
    yes = _standing(at)
    return Health(
        months, _growth(compiled, months, at), _ages(yes, at), yes.count(), _gaps(yes, digests), _ending(yes, at)
    )


def _months(today: date) -> list[date]:
    last = today.year * 12 + today.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(last - MONTHS + 1, last + 1)]


def _growth(compiled: Compiled, months: list[date], at: datetime) -> list[Growth]:
    rows = (
        Event.objects.filter(kind__in=(*YES, *SAID_NO), at__lte=at)
        .order_by().annotate(month=TruncMonth("at")).values_list("kind", "pattern", "month").annotate(n=Count("pk"))
    )  # fmt: skip
    told: dict[tuple[str, str, bool], Counter[date]] = defaultdict(Counter)
    for kind, pattern, month, n in rows:
        choice, brand, channel = (*pattern.split(":"), "", "")[:3]
        made = compiled.policy.choices.get(choice)
        if choice == "*" or (made and made.channels):  # about messages, and not about cookies or profiles
            told[brand.strip("*"), channel.strip("*"), kind in YES][month.date()] += n
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


def _ages(yes: QuerySet[Event], at: datetime) -> list[tuple[str, int]]:
    counts, younger = [], 0
    for days, say in AGES:
        up_to = yes.filter(at__gt=at - timedelta(days=days)).count()
        counts.append((say, up_to - younger))
        younger = up_to
    return [*counts, (OLDER, yes.count() - younger)]


def _gaps(yes: QuerySet[Event], digests: frozenset[str]) -> list[tuple[str, int]]:
    """Return what a yes lacks that we would have to show (GDPR art. 7(1))."""
    found: list[tuple[str, Any]] = [
        ("no record of where it was said", yes.filter(place="")),
        ("words of a policy we no longer have", yes.exclude(policy__in=digests)),
        ("nothing sealed with it: neither words nor proof", yes.filter(sealed=b"")),
    ]
    return [(say, rows.count()) for say, rows in found]


def _ending(yes: QuerySet[Event], at: datetime) -> list[tuple[int, int]]:
    return [(days, yes.filter(expires__lte=at + timedelta(days=days)).count()) for days in SOON]


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
