"""People, what points to them, and the base of every row that holds something of theirs."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import Any, ClassVar, Self
from uuid import UUID, uuid4

from django.db import connection, models
from django.db.models import signals
from django.utils.functional import cached_property
from django.utils.timezone import now

from troth.ledger.cursors import asking

from . import chance, covers
from .errors import OutsideDoor
from .held import HeldField, Label, SealedField, held
from .lookups import Ids
from .safe import Key, Root, Tombstone
from .storing import WholeRows, columns_of, past_constructor, store_all, told_of_rows


@dataclass(frozen=True)
class Plain:
    """A column that is about a person and yet stands outside the seal: why, and which item of the policy it is."""

    why: str
    item: str = ""  # shown with access answers under this item; empty: says nothing about the person by itself


def new_id() -> UUID:
    """Return a random id that sorts by time of making (UUID version 7, RFC 9562), so that new rows lie together."""
    stamp, drawn = time.time_ns() // 1_000_000, int.from_bytes(chance.some())
    return UUID(int=(stamp << 80) | (7 << 76) | (drawn >> 116 << 64) | (2 << 62) | (drawn & (1 << 62) - 1))


# -- people ------------------------------------------------------------------------------------------------------------


@cache
def _table(model: type[models.Model]) -> bytes:
    return model._meta.db_table.encode()


class Read(models.Model):
    """A row that is read by the thousand: whole rows go past Django's constructor."""

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any], **more: Any) -> Self:  # noqa: ANN401 -- Django's signature
        if len(values) != len(columns_of(cls)) or more or told_of_rows():
            return super().from_db(db, field_names, values, **more)
        return past_constructor(cls, db, [[value] for value in values])[0]


class PersonRow(Read):
    """A row that belongs to one person. `plain` says why each column outside the seal may stand there."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person_id = models.UUIDField(db_index=True)

    plain: ClassVar[Mapping[str, Plain]] = {}

    class Meta:
        abstract = True


class HeldQuerySet(models.QuerySet[Any]):
    """Reads as any queryset does; writes only what a door allows."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 -- Django's signature
        super().__init__(*arguments, **options)
        self._iterable_class = WholeRows

    def of(self, people: Collection[UUID]) -> Self:
        return self.filter(person_id__among=people)

    def update(self, **changes: Any) -> int:  # noqa: ANN401 -- Django's signature
        guarded = {"id", "person_id", "sealed", "version"} & changes.keys()
        cover = covers.current()
        if guarded and not (cover and cover.verb == "keep"):
            raise OutsideDoor(self.model.__name__, ", ".join(sorted(guarded)), "keep")
        return super().update(**changes)


def _unheard(model: type[models.Model]) -> bool:
    """Tell whether writing a row is one insert and nobody listens for it."""
    heard = signals.pre_save.has_listeners(model) or signals.post_save.has_listeners(model)
    return not (heard or model._meta.parents)


@lru_cache(maxsize=4096)
def items_by(model: type[HeldRow], picked: tuple[str, ...], names: tuple[str, ...] | None = None) -> frozenset[str]:
    """Return the items of a model's held fields, or of some, where its `pickers` say `picked`."""
    said = dict(zip(model.pickers(), picked, strict=True))
    labels = [label for name, label in model.labels().items() if names is None or name in names]
    return frozenset(label.item if isinstance(label.item, str) else label.item[said[label.by]] for label in labels)


class HeldRow(PersonRow):
    """A row with held fields: provenance, and one sealed column for all of them."""

    source = models.SlugField(editable=False, db_index=False)  # as in the policy: where it came from
    seen_at = models.DateTimeField(default=now)  # when it came
    event_at = models.DateTimeField(null=True)  # when the event its retention starts from happened, where not then
    sealed = SealedField(default=b"", editable=False)
    version = models.PositiveIntegerField(default=0, editable=False)  # after `sealed`: sealing counts it up

    objects = HeldQuerySet.as_manager()

    class Meta:
        abstract = True

    @cached_property
    def given(self) -> dict[str, Any]:
        """Values set and not sealed yet."""
        return {}

    @classmethod
    def labels(cls) -> dict[str, Label]:
        """Return the held fields by name, the only list of them there is."""
        found = cls.__dict__.get("_labels")
        if found is None:
            made = {
                n: f.label for base in reversed(cls.__mro__) for n, f in vars(base).items() if isinstance(f, HeldField)
            }
            cls._labels = found = made  # type: ignore[attr-defined]
        return found

    @classmethod
    @cache  # a model's fields are what they are
    def items(cls) -> frozenset[str]:
        """Return the items of the policy that rows of this model may hold."""
        return frozenset().union(*(label.items for label in cls.labels().values()))

    @classmethod
    @cache
    def pickers(cls) -> tuple[str, ...]:
        """Return the plain columns that pick the item of some held field."""
        return tuple(sorted({label.by for label in cls.labels().values() if label.by}))

    def brings(self) -> frozenset[str]:
        """Return the items of the values set and not sealed yet."""
        return items_by(type(self), tuple([getattr(self, by) for by in self.pickers()]), tuple(self.given))

    def identity(self) -> bytes:
        """Return what a sealed column is bound to: the table, the row, its person, its version."""
        return b"%b|%b|%b|%d" % (_table(type(self)), self.id.bytes, self.person_id.bytes, self.version)

    def lock_and_refresh(self) -> None:
        """Read the sealed column as it is now, holding the row until the transaction ends."""
        rows = type(self)._base_manager.select_for_update().filter(pk=self.pk)
        self.sealed, self.version = rows.values_list("sealed", "version").get()

    def save(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 -- Django's signature
        fields = options.get("update_fields")
        if fields is not None and self.given:
            options["update_fields"] = {*fields, "sealed", "version"}
        cover = covers.current()
        if self._state.adding and not self.source and cover:
            self.source, self.seen_at = cover.source, cover.at
        if self._state.adding and not (arguments or options) and _unheard(type(self)):
            store_all([self])  # Django composes the statement anew for each row, a third of the time of writing one
        else:
            super().save(*arguments, **options)


def _only_by_keep(sender: type[models.Model], instance: HeldRow, **_: object) -> None:
    cover = covers.current()
    if cover is None or not cover.allows("keep", instance.person_id, frozenset()):
        raise OutsideDoor(sender.__name__, "deleting", "keep")


def _watch(sender: type[models.Model], **_: object) -> None:
    if issubclass(sender, HeldRow) and not sender._meta.abstract:
        signals.pre_delete.connect(_only_by_keep, sender=sender)


signals.class_prepared.connect(_watch)


class Person(Read):
    """Someone: a random id, and the few facts decisions are made from. Who they are, their identifiers say."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    residence = models.CharField(max_length=24, default="*")  # ISO country, "US-CA", several with "+", "*" unknown
    zone = models.CharField(max_length=40, default="Europe/London")  # IANA; where their days begin and end
    known_age = models.PositiveSmallIntegerField(null=True)  # whole years, on `known_on`
    known_on = models.DateField(null=True)
    last_seen = models.DateField()  # their last visit or order, in their zone
    closed_on = models.DateField(null=True)  # the day their account was closed
    flags = models.PositiveSmallIntegerField(default=0)  # bits of troth.policy.acts.FLAGS
    merged_into = models.UUIDField(null=True)

    plain: ClassVar = {
        "residence": Plain("decides which law protects; nothing may be filtered by opening it", "contact.home_address"),
        "zone": Plain("retention ends on a day where they are", "contact.home_address"),
        "known_age": Plain("decides what may be done at all", "identity.age_band"),
        "known_on": Plain("the day of the age", "identity.age_band"),
        "last_seen": Plain("starts the retention of most of what is held", "visits.visit_times"),
        "closed_on": Plain("starts the retention of account data"),
        "flags": Plain("restriction, holds and the like decide before anything is opened", "consents.choice_answers"),
        "merged_into": Plain("a random id"),
    }

    class Meta:
        indexes = [
            models.Index(fields=["merged_into"], name="vault_merged", condition=models.Q(merged_into__isnull=False))
        ]

    def age(self, on: date) -> int | None:
        """Return the age known for a day, in whole years; never more than they are."""
        if self.known_age is None or self.known_on is None:
            return None
        passed = on.year - self.known_on.year - ((on.month, on.day) < (self.known_on.month, self.known_on.day))
        return max(0, self.known_age + passed)


KINDS = {  # which item of the policy each kind of identifier is
    "email": "contact.email",
    "phone": "contact.phone",
    "mobile": "contact.mobile",
    "device": "visits.cookie_id",
    "app": "device.mobile_link_id",
    "customer": "identity.customer_number",
    "handle": "social.social_handle",
    "postal": "contact.home_address",
    "parent": "parent.parent_email",  # where a child's parent is asked
    "name": "identity.name",  # found by, never proved by: many people share one
}


SOLE = ("email", "customer", "app", "device", "handle")  # point to one person; a telephone or a house may be shared


class Identifier(HeldRow):
    """Something a person is known by. Found by its mark: a keyed hash of the normalised value, kind and brand apart."""

    kind = models.CharField(max_length=8, choices=[(kind, kind) for kind in KINDS])
    mark = models.BinaryField(max_length=32)
    evidence = models.CharField(max_length=24, default="stated")  # stated, verified, imported, observed
    verified_at = models.DateTimeField(null=True)

    value = held(KINDS, by="kind")  # as given: mail goes to the stored address, never to a typed one

    plain: ClassVar = {
        "kind": Plain("the same few words for everybody"),
        "mark": Plain("a keyed hash: recognises a value that is shown to it, and no other way"),
        "evidence": Plain("the same few words for everybody"),
        "verified_at": Plain("when the mailbox or number was proved", "requests.request_checks"),
    }

    class Meta:
        indexes = [models.Index(fields=["event_at"], name="vault_ended", condition=models.Q(event_at__isnull=False))]
        constraints = [  # marks are looked up by it too; where a kind is not SOLE its second part is none: no clash
            models.UniqueConstraint(
                "mark", models.Case(models.When(kind__in=SOLE, then=1)), name="one_mailbox_one_person"
            )
        ]


class Profile(HeldRow):
    """What is held of a person whichever service they use. One row, or after a join one for each half."""

    name = held("identity.name")
    birth_date = held("identity.birth_date", "date")
    home_address = held("contact.home_address", "json")
    delivery_address = held("contact.delivery_address", "json")
    billing_address = held("contact.billing_address", "json")


class Join(models.Model):
    """Two records found to be one person: recorded, explained, and undone by moving the same rows back."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kept = models.UUIDField(db_index=True)
    folded = models.UUIDField(db_index=True)
    because = models.CharField(max_length=40)
    at = models.DateTimeField()
    moved = models.JSONField(default=dict)  # model label to the ids of the rows that were moved
    undone_at = models.DateTimeField(null=True)

    nobodys: ClassVar = "two random ids and the ids of rows"


KEPT_APART = (Key, Root, Tombstone)  # Django looks for models here; they live in `safe`


def person_rows() -> list[type[PersonRow]]:
    """Return every installed model whose rows belong to a person. All that is derived walks this list."""
    from django.apps import apps  # noqa: PLC0415 -- not before the models are there

    return [model for model in apps.get_models() if issubclass(model, PersonRow)]


def holding(ids: Ids) -> list[type[PersonRow]]:
    """Return the models that hold anything of these people. One query: of some forty tables most hold nothing."""
    postgresql, kinds = connection.vendor == "postgresql", person_rows()
    them = "SELECT %s::uuid[]" if postgresql else "SELECT value FROM json_each(%s)"
    # By the index, never the table once through: PostgreSQL hopes to meet one soon there while it has counted nothing,
    # unless the first in order is wanted; SQLite takes tables in the order of a CROSS JOIN.
    theirs = (
        "{} rows WHERE person_id = ANY((SELECT id FROM them)::uuid[]) ORDER BY person_id" if postgresql
        else "them CROSS JOIN {} rows ON rows.person_id = them.id"
    )  # fmt: skip
    each = (
        f"SELECT * FROM (SELECT {place} FROM {theirs.format(model._meta.db_table)} LIMIT 1) one"  # noqa: S608 -- names of our own
        for place, model in enumerate(kinds)
    )
    with asking(connection) as cursor:
        cursor.execute(
            f"WITH them(id) AS MATERIALIZED ({them}) {' UNION ALL '.join(each)}",
            [ids.array if postgresql else ids.json],
        )
        return [kinds[place] for (place,) in sorted(cursor.fetchall())]


def held_models() -> list[type[HeldRow]]:
    return [model for model in person_rows() if issubclass(model, HeldRow)]
