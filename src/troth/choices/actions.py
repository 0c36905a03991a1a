"""Saying, and where it leaves a person: events appended, the standing cached beside them, suppression."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from troth.policy import Compiled, Standing
from troth.policy.acts import ADULT, AGE, SETS, UNKNOWN_AGE
from troth.vault import keys
from troth.vault.lookups import among
from troth.vault.models import Person
from troth.vault.storing import TOGETHER

from . import rules
from .errors import UnknownSlot
from .models import Event, Folded, Suppression

ERASED = "erased"
KNOWN = (
    "SELECT p.*, f.bits, (f.layout = %s AND (f.lapses_at IS NULL OR f.lapses_at > %s)) AS good "
    "FROM vault_person p LEFT JOIN choices_folded f ON f.person_id = p.id WHERE "
)
LOCK = "SELECT 1 FROM vault_person p WHERE {where} ORDER BY p.id FOR NO KEY UPDATE"
SUPPRESS = (
    "INSERT INTO choices_suppression (mark, because, at) VALUES {} "
    "ON CONFLICT (mark) DO UPDATE SET because = excluded.because, at = excluded.at"
)


def say(  # noqa: PLR0913 -- an answer is only proof with everything around it
    save: Callable[[Event], Event],
    person: UUID,
    kind: str,
    patterns: Iterable[str],
    *,
    compiled: Compiled,
    at: datetime,
    place: str,
    wording: str,
    actor: str = "person",
    proof: Mapping[str, Any] | None = None,
    sighted: bool = False,
    expires: datetime | None = None,
    days: int | None = None,
) -> list[Event]:
    """Append what someone said, through the open door's `save`, and fold it into their standing beside it.

    A no must be said while `lease.held_off` holds: `troth.doors.collect.choose` sees to it. Raises UnknownSlot.
    """
    said = []
    for pattern in patterns:
        if not compiled.book.meant(pattern):
            raise UnknownSlot(pattern[:60])
        event = Event(
            person_id=person, kind=kind, pattern=pattern, at=at, sighted=sighted, expires=expires, days=days,
            policy=compiled.digest, place=place, actor=actor, event_at=at if kind == "resume" else expires,
        )  # fmt: skip
        event.wording = wording
        if proof is not None:
            event.proof = dict(proof)
        if expires is None:  # else what came before stands again when this has lapsed
            _end(person, kind, pattern, compiled, at)
        said.append(save(event))
    refold(person, compiled, at)
    return said


def agree_all(
    save_all: Callable[[list[Event]], object],
    said: Mapping[UUID, tuple[str, Mapping[str, Any]]],
    pattern: str,
    *,
    compiled: Compiled,
    at: datetime,
    place: str,
    actor: str,
) -> None:
    """Append the yes of many people to one and the same thing, each with their wording and proof, and fold them anew.

    As `say` of each, in a fixed number of queries. Raises UnknownSlot.
    """
    mask = compiled.book.meant(pattern)
    if not mask:
        raise UnknownSlot(pattern[:60])
    earlier = Event.objects.of(said).filter(event_at=None, kind__in=rules.NOS).values_list("pk", "pattern")
    over = [pk for pk, named in earlier if compiled.book.meant(named) == mask]
    Event.objects.filter(pk__in=over).update(event_at=at)
    events = []
    for person, (wording, proof) in said.items():
        event = Event(
            person_id=person, kind="consent", pattern=pattern, at=at, policy=compiled.digest, place=place, actor=actor
        )
        event.wording, event.proof = wording, dict(proof)
        events.append(event)
    save_all(events)
    _refold_all(said, compiled, at)


def _refold_all(people: Collection[UUID], compiled: Compiled, at: datetime) -> None:
    """Write the fold of many people's events. Those who said alike are folded once."""
    folds: dict[tuple[rules.Said, ...], Standing] = {}
    rows = []
    for person, events in events_of(people).items():
        alike = tuple(events)
        folded = folds[alike] = folds.get(alike) or rules.fold(events, compiled, at)
        rows.append(Folded(person_id=person, **_columns(folded, events, compiled, at)))
    changing = ["layout", "bits", "lapses_at"]
    Folded.objects.bulk_create(rows, update_conflicts=True, unique_fields=["person_id"], update_fields=changing)


def _columns(folded: Standing, events: Sequence[rules.Said], compiled: Compiled, at: datetime) -> dict[str, Any]:
    """Return a fold of events as its row holds it."""
    bits = {name: f"{getattr(folded, name):x}" for name in SETS}
    return {"layout": compiled.layout, "bits": bits, "lapses_at": rules.lapses(events, at)}


def _end(person: UUID, kind: str, pattern: str, compiled: Compiled, at: datetime) -> None:
    """Let the retention of earlier answers begin that this one ends for good: the fold is the same without them.

    A no ends each yes it covers. A yes ends a no of its own scope only: a narrower one still stands, and a wider one
    stands for the rest. A signal, or its end, takes the place of earlier ones, and so does how often at most.
    """
    meant = compiled.book.meant
    mask = meant(pattern)
    if kind in rules.NOS:
        over = [pk for pk, earlier in _open(person, rules.YES) if meant(earlier) & ~mask == 0]
    elif kind == "consent":
        over = [pk for pk, earlier in _open(person, rules.NOS) if meant(earlier) == mask]
    elif kind == rules.OFTEN:
        over = [pk for pk, earlier in _open(person, [kind]) if earlier == pattern]
    else:
        over = [pk for pk, _ in _open(person, rules.SIGNALS)] if kind in rules.SIGNALS else []
    Event.objects.filter(pk__in=over).update(event_at=at)


def _open(person: UUID, kinds: Iterable[str]) -> Iterable[tuple[UUID, str]]:
    """Return the answers of these kinds that nothing has ended yet, with their patterns."""
    return Event.objects.filter(person_id=person, event_at=None, kind__in=kinds).values_list("pk", "pattern")


def events_of(people: Collection[UUID]) -> dict[UUID, list[rules.Said]]:
    """Return all that each of these people said, in one query."""
    found: dict[UUID, list[rules.Said]] = {person: [] for person in people}
    columns = ("person_id", "kind", "pattern", "at", "sighted", "expires", "policy")
    for person, *rest in Event.objects.of(people).values_list(*columns):
        found[person].append(rules.Said(*rest))
    return found


def at_most(people: Collection[UUID], choice: str, brand: str) -> dict[UUID, int]:
    """Return who asked for less of one choice of a brand than we might send: at most one in so many days."""
    said = Event.objects.of(people).filter(kind=rules.OFTEN, pattern=f"{choice}:{brand}").order_by("at", "id")
    newest = dict(said.values_list("person_id", "days"))
    return {person: days for person, days in newest.items() if days}


def wished(person: UUID, brand: str, *, before: datetime | None = None) -> dict[str, int]:
    """Return, by choice, how often at most somebody asked one brand to write: days for one; 0 as often as it may."""
    said = Event.objects.filter(person_id=person, kind=rules.OFTEN, pattern__endswith=f":{brand}").order_by("at", "id")
    said = said.filter(at__lt=before) if before else said
    return {pattern.partition(":")[0]: days or 0 for pattern, days in said.values_list("pattern", "days")}


def refold(person: UUID, compiled: Compiled, at: datetime) -> Folded:
    """Write the fold of a person's events as it is at a moment."""
    events = events_of([person])[person]
    columns = _columns(rules.fold(events, compiled, at), events, compiled, at)
    return Folded.objects.update_or_create(person_id=person, defaults=columns)[0]


def known(
    people: Collection[UUID], compiled: Compiled, at: datetime, *, lock: bool = False
) -> tuple[dict[UUID, Person], dict[UUID, Standing]]:
    """Return these people and where each stands: from the cache where it is good, else folded anew. One query for all.

    With `lock` nobody else locks them before this transaction ends. That takes PostgreSQL a query more: one that both
    waits and reads would see, beside a row it waited for, answers as they were before the waiting.
    """
    where, ids = among("p.id", people, connection.vendor)
    if lock and connection.features.has_select_for_no_key_update:  # elsewhere a writing transaction locks all there is
        with connection.cursor() as cursor:
            cursor.execute(LOCK.format(where=where), [ids])
    then = connection.ops.adapt_datetimefield_value(at)
    rows: list[Any] = list(Person.objects.raw(KNOWN + where, [compiled.layout, then, ids]))
    stored = {row.pk: json.loads(row.bits) for row in rows if row.bits and row.good}
    stale = [row.pk for row in rows if row.bits and not row.good]
    folds = {pid: {name: int(bits[name], 16) for name in SETS} for pid, bits in stored.items()}
    for pid, events in events_of(stale).items() if stale else ():
        anew = rules.fold(events, compiled, at)
        folds[pid] = {name: getattr(anew, name) for name in SETS}
    return {row.pk: row for row in rows}, _stand(rows, folds, compiled, at)


def unsaid(people: Iterable[Person], compiled: Compiled, at: datetime) -> dict[UUID, Standing]:
    """Return where people stand who never said anything."""
    return _stand(people, {}, compiled, at)


def _stand(
    people: Iterable[Person], folds: Mapping[UUID, Mapping[str, int]], compiled: Compiled, at: datetime
) -> dict[UUID, Standing]:
    """Return where people stand by what they are and the folds of what they said."""
    nothing = dict.fromkeys(SETS, 0)
    return {
        row.pk: Standing(row.residence, compiled.layout, core(row, at), **folds.get(row.pk, nothing)) for row in people
    }


def standings(people: Iterable[Person], compiled: Compiled, at: datetime) -> dict[UUID, Standing]:
    """Return where each of these people stands."""
    return known([person.pk for person in people], compiled, at)[1]


def _good(row: Folded, compiled: Compiled, at: datetime) -> bool:
    return row.layout == compiled.layout and (row.lapses_at is None or at < row.lapses_at)


def core(person: Person, at: datetime) -> int:
    """Return the age and the flags of a person as a standing carries them."""
    age = person.age(at.date())
    return (UNKNOWN_AGE if age is None else min(age, ADULT)) | person.flags & ~AGE


def verify(compiled: Compiled, at: datetime) -> Iterator[UUID]:
    """Yield everyone whose stored standing is not what a replay of their events gives."""
    for row in Folded.objects.filter(layout=compiled.layout).iterator():
        folded = rules.fold(events_of([row.person_id])[row.person_id], compiled, at)
        if _good(row, compiled, at) and any(int(row.bits[name], 16) != getattr(folded, name) for name in SETS):
            yield row.person_id
    known = Folded.objects.values("person_id")
    yield from Event.objects.exclude(person_id__in=known).values_list("person_id", flat=True).distinct()


# -- suppression -------------------------------------------------------------------------------------------------------


def stop_mark(kind: str, normal: str) -> bytes:
    """Return the mark of a normalised address or number on the stop list. Keyed, and no key of a person's."""
    return keys.house_hash(keys.STOPS, f"{kind}:{normal}".encode())


def suppress(kind: str, normal: str, *, because: str, at: datetime) -> None:
    """Put an address on the stop list; it stays there when everything else about the person is gone."""
    Suppression.objects.get_or_create(mark=stop_mark(kind, normal), defaults={"because": because, "at": at})


def suppress_all(addresses: Iterable[tuple[str, str]], *, because: str, at: datetime) -> None:
    """Put many addresses on the stop list; one that is there already stays as it is, unless its person was erased."""
    then = connection.ops.adapt_datetimefield_value(at)
    marks = list(dict.fromkeys(stop_mark(kind, normal) for kind, normal in addresses))  # each once in a statement
    with transaction.atomic(), connection.cursor() as cursor:
        for start in range(0, len(marks), TOGETHER):
            some = marks[start : start + TOGETHER]
            values = ", ".join(["(%s, %s, %s)"] * len(some))
            cursor.execute(SUPPRESS.format(values), [part for mark in some for part in (mark, because, then)])


def suppressed(kind: str, normal: str, person: UUID | None = None) -> bool:
    """Tell whether an address is on the stop list, and `person`, whose it is, has not said an explicit yes since."""
    found = Suppression.objects.filter(mark=stop_mark(kind, normal)).first()
    if found is None or person is None:
        return found is not None
    return not Event.objects.filter(person_id=person, kind="consent", at__gt=found.at).exists()


def suppressed_among(addresses: Mapping[UUID, tuple[str, str]]) -> set[UUID]:
    """Return those of many people whose address is on the stop list, as `suppressed` tells it of one. Two queries."""
    marks = {person: stop_mark(kind, normal) for person, (kind, normal) in addresses.items()}
    listed = Suppression.objects.filter(mark__among=set(marks.values())).values_list("mark", "at")
    since = {bytes(mark): at for mark, at in listed}
    found = {person: since[mark] for person, mark in marks.items() if mark in since}
    said = Event.objects.of(found).filter(kind="consent").values_list("person_id", "at") if found else ()
    return found.keys() - {person for person, at in said if at > found[person]}


def forgotten(marks: Iterable[bytes]) -> set[bytes]:
    """Return which of these stop marks belong to people who were erased: no file brings them back."""
    found = Suppression.objects.filter(mark__among=marks, because=ERASED).values_list("mark", flat=True)
    return {bytes(mark) for mark in found}
