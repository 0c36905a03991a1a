"""The door by which data is held on to, or let go: until when, the sweep of what is over, and legal holds.

    keep.until(row)                      # {"contact": date(2029, 11, 26)}
    for step in keep.sweep(at): ...      # everything whose period has ended is gone after it
    keep.end([card], at)                 # the customer removed it
    keep.hold(person, owner="officer", because="claim 7", review_on=day, at=at)

Erasure on request stands beside it, in `erasing`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from troth.choices import lease
from troth.ledger import actions as ledger
from troth.ledger.entry import Entry
from troth.policy import Compiled
from troth.policy.acts import FLAGS
from troth.policy.period import Keep, gone_by
from troth.vault import covers, keys
from troth.vault.models import HeldRow, Person, PersonRow, person_rows

from . import periods, policies
from .acting import subject
from .models import LegalHold

BATCH = 1000


@dataclass(frozen=True)
class Step:
    """What one batch of a sweep did, or would do."""

    model: str
    category: str
    clause: str
    count: int


def until(row: PersonRow, on: datetime | None = None) -> dict[str, date | None]:
    """Return, by category, the first day a row must be gone; None while its period has not begun."""
    compiled = policies.archive().in_force((on or policies.now()).date())
    return periods.until(row, Person.objects.get(pk=row.person_id), compiled.policy)


def sweep(at: datetime, *, dry_run: bool = False) -> Iterator[Step]:
    """Delete every row whose period is over where its person is. Safe to stop and to run again.

    Nothing goes early; nothing is left after it but what a legal hold keeps. Source: policy [data].keep;
    GDPR art. 5(1)(e).
    """
    compiled = policies.in_force(at)
    for model in person_rows():
        for category, keep, which in _clocks(model, compiled):
            due = _due(model, keep, at).filter(which)
            if dry_run:
                count = sum(len(batch) for batch in _batches(due, keep, at))
                yield Step(model.__name__, category, f"data.{category}.keep", count)
                continue
            for batch in _batches(due, keep, at):
                _let_go(model, batch, category, compiled, at)
                yield Step(model.__name__, category, f"data.{category}.keep", len(batch))
    if not dry_run:
        keys.empty_log("default")  # SQLite's write-ahead log still holds what was deleted


def end(rows: Collection[HeldRow], at: datetime) -> int:
    """Let go at once of rows that have served: removed by the person, unlinked, used up, replaced. Sooner is allowed.

    Where a legal hold stands their clock starts, and the sweep takes them when it is lifted. Returns how many went.
    Raises ValueError for a row that some purpose must keep, even after an erasure ([purposes].retains).
    """
    compiled, gone = policies.in_force(at), 0
    retained = periods.retained(compiled)
    by_kind: dict[tuple[type[HeldRow], str], list[HeldRow]] = {}
    for row in rows:
        items = periods.items_in(row)
        if items & retained:
            raise ValueError(f"{', '.join(sorted(items & retained))} must be kept: [purposes].retains.")
        for category in {item.partition(".")[0] for item in items}:
            by_kind.setdefault((type(row), category), []).append(row)
    held = LegalHold.objects.filter(person_id__among={row.person_id for row in rows}, lifted_at=None)
    with transaction.atomic():
        staying = set(held.values_list("person_id", flat=True))
        for (model, category), some in by_kind.items():
            model._base_manager.filter(pk__among=[row.pk for row in some]).update(event_at=at)
            if going := [row for row in some if row.person_id not in staying]:
                _let_go(model, list(going), category, compiled, at)
                gone += len(going)
        transaction.on_commit(lambda: keys.empty_log("default"))
    return gone


def _clocks(model: type[PersonRow], compiled: Compiled) -> Iterator[tuple[str, Keep, Q]]:
    """Yield each category a model's rows are, its period, and which of the rows are of that category."""
    keeps = periods.keeps(model, compiled.policy)
    picked = [label for label in model.labels().values() if label.by] if issubclass(model, HeldRow) else []
    if not picked:
        yield from [(name, keep, Q()) for name, keep in keeps.items()][:1]  # one period a model: a check sees to it
        return
    label = picked[0]
    assert not isinstance(label.item, str)  # noqa: S101 -- `by` goes with a mapping
    for name, keep in keeps.items():
        values = [value for value, item in label.item.items() if item.partition(".")[0] == name]
        yield name, keep, Q(**{f"{label.by}__in": values})


def _due(model: type[PersonRow], keep: Keep, at: datetime) -> QuerySet[PersonRow]:
    """Return the rows that may be due: those of people somewhere on earth whose day has come. No hold is on them."""
    latest = periods.last_start(keep, at.astimezone(periods.LAST_ZONE).date())
    held = Exists(LegalHold.objects.filter(person_id=OuterRef("person_id"), lifted_at=None))
    rows = model._base_manager.exclude(held)
    if keep.event in periods.OF_THE_PERSON:
        begun = Person.objects.filter(**{f"{periods.OF_THE_PERSON[keep.event]}__lte": latest})
        return rows.filter(person_id__in=begun.values("pk"))
    if not issubclass(model, HeldRow):
        return rows.none()  # a row without a clock of its own goes with the rows it belongs to, or with the person
    begin = F("event_at") if keep.event in periods.LATER else Coalesce("event_at", "seen_at")
    return rows.annotate(begin=begin).filter(begin__lt=periods.end_of(latest, periods.FIRST_ZONE.key))


def _batches(due: QuerySet[PersonRow], keep: Keep, at: datetime) -> Iterator[list[PersonRow]]:
    """Yield rows that are really due, each by the calendar where its person is."""
    last: UUID | None = None
    while batch := list((due.filter(pk__gt=last) if last else due).order_by("pk")[:BATCH]):
        people = Person.objects.in_bulk({row.person_id for row in batch})
        over = [row for row in batch if row.person_id in people and _over(keep, row, people[row.person_id], at)]
        last = batch[-1].pk
        if over:
            yield over


def _over(keep: Keep, row: PersonRow, person: Person, at: datetime) -> bool:
    begun = periods.start(keep, row, person)
    return begun is not None and gone_by(keep, begun) <= periods.today(person, at)


def _let_go(model: type[PersonRow], rows: list[PersonRow], category: str, compiled: Compiled, at: datetime) -> None:
    people = frozenset(row.person_id for row in rows)
    cover = covers.Cover("keep", frozenset(), at, people=people)
    cover.fetch(set(people))
    with transaction.atomic(), covers.opened(cover):
        entry = Entry(
            at=at, verb="keep", purpose="", items=tuple(sorted(periods.items_of(model))), actor="system",
            allowed=False, code="over", clause=f"data.{category}.keep", policy=compiled.digest,
            facts={"model": model.__name__, "rows": len(rows), "then": compiled.policy.data[category].then},
        )  # fmt: skip
        ledger.record_list(entry, [subject(cover, person) for person in sorted(people)])
        delete_rows(model._base_manager.filter(pk__in=[row.pk for row in rows]))


def delete_rows(rows: QuerySet[models.Model]) -> int:
    """Delete rows and what hangs on them, a statement a table however many rows there are."""
    gone = 0
    for relation in rows.model._meta.related_objects:
        if relation.on_delete is models.CASCADE:
            held = relation.related_model._base_manager.filter(**{f"{relation.field.name}__in": rows.values("pk")})
            gone += delete_rows(held)
        elif relation.on_delete is models.SET_NULL:
            relation.related_model._base_manager.filter(**{f"{relation.field.name}__in": rows.values("pk")}).update(
                **{relation.field.name: None}
            )
    return gone + (rows._raw_delete(rows.db) or 0)  # None where Django sees there can be none


def hold(person: UUID, *, owner: str, because: str, review_on: date, at: datetime) -> LegalHold:
    """Suspend deletion of everything of a person's for a dispute or a duty. It allows no use. Source: R40.

    Held for the same already, it is the hold that stands. It waits for an erasure that has begun, and then finds nobody
    to hold. Raises StillSending, Person.DoesNotExist.
    """
    with lease.held_off([person]), transaction.atomic():
        Person.objects.select_for_update().get(pk=person)
        standing = LegalHold.objects.filter(person_id=person, because=because, lifted_at=None).first()
        if standing:
            return standing
        found = LegalHold.objects.create(person_id=person, owner=owner, because=because, review_on=review_on, since=at)
        _noted(found, "begun", at)
    return found


def hold_on(found: LegalHold, review_on: date, at: datetime) -> bool:
    """Say that a hold is still needed, and when to look at it again. False if it was lifted."""
    return _changed(found, "again", at, review_on=review_on)


def lift(found: LegalHold, at: datetime) -> bool:
    """Let deletion go on, unless another hold stands. False if it was lifted already."""
    return _changed(found, "over", at, lifted_at=at)


def _changed(found: LegalHold, what: str, at: datetime, **columns: date) -> bool:
    with transaction.atomic():
        changed = LegalHold.objects.filter(pk=found.pk, lifted_at=None).update(**columns)
        if changed:
            _noted(found, what, at)
    return bool(changed)


def _noted(found: LegalHold, what: str, at: datetime) -> None:
    """Have the person's row say whether a hold stands, and the ledger what happened to it."""
    row = Person.objects.select_for_update().get(pk=found.person_id)  # first: two may be let go at once
    holds = LegalHold.objects.filter(person_id=found.person_id, lifted_at=None).exists()
    row.flags = row.flags | FLAGS["held"] if holds else row.flags & ~FLAGS["held"]
    row.save(update_fields=["flags"])
    compiled = policies.in_force(at)
    about = subject(covers.Cover("keep", frozenset(), at), found.person_id)
    ledger.record(
        Entry(
            at=at, verb="keep", purpose="claims", actor=found.owner, code="held", clause="purposes.claims",
            policy=compiled.digest, subject=about, facts={"hold": what},
        )
    )  # fmt: skip
