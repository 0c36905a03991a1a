"""Held values: what a model's personal fields are until a door opens them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import UUID

from django.db import models

from . import covers, seal
from .errors import NotPlain, OutsideDoor, Tampered

if TYPE_CHECKING:
    from .models import HeldRow

    Binary = models.BinaryField[bytes, bytes]
else:
    Binary = models.BinaryField


def _refuses(how: str) -> Any:  # noqa: ANN401 -- stands in for any special method
    def refuse(self: Held, *_: object, **__: object) -> NoReturn:
        raise NotPlain(self.item, how)

    return refuse


class Held:
    """One value of one row, closed. It can be handed to a door, and nothing else."""

    __slots__ = ("item", "name", "row")

    def __init__(self, row: HeldRow, name: str, item: str) -> None:
        self.row, self.name, self.item = row, name, item

    def __repr__(self) -> str:
        return f"<held {self.item}>"

    __str__ = __format__ = __bytes__ = _refuses("turned into text")
    __mod__ = __rmod__ = __add__ = __radd__ = __mul__ = __rmul__ = _refuses("put into text")
    __bool__ = _refuses("tested")
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuses("compared")
    __hash__ = _refuses("hashed")
    __iter__ = __len__ = __contains__ = __getitem__ = __reversed__ = _refuses("looked into")
    __int__ = __float__ = __index__ = __complex__ = __round__ = _refuses("used as a number")
    __copy__ = __deepcopy__ = _refuses("copied")
    __reduce__ = __reduce_ex__ = __getstate__ = _refuses("pickled")
    __call__ = _refuses("called")
    __html__ = _refuses("shown on a page")


class _Given:
    """A value on its way into a row: put there by the program, not sealed yet. Shown and carried nowhere either."""

    __slots__ = ("item", "value")

    def __init__(self, item: str, value: object) -> None:
        self.item, self.value = item, value

    def __repr__(self) -> str:
        return f"<given {self.item}>"

    __str__ = __format__ = _refuses("turned into text")
    __copy__ = __deepcopy__ = _refuses("copied")
    __reduce__ = __reduce_ex__ = __getstate__ = _refuses("pickled")


@dataclass(frozen=True)
class Label:
    """What a held field is: its item of the policy (by a plain column's value where it differs), and its kind."""

    item: str | Mapping[str, str]
    kind: str = "text"
    by: str = ""  # the plain column that picks the item

    def of(self, row: HeldRow) -> str:
        return self.item if isinstance(self.item, str) else self.item[getattr(row, self.by)]

    @property
    def items(self) -> frozenset[str]:
        return frozenset([self.item] if isinstance(self.item, str) else self.item.values())


class HeldField(property):
    """A held field of a model. A property, so that Django's constructor takes it by name, as it does columns."""

    def __init__(self, label: Label) -> None:
        super().__init__()
        self.label, self.name = label, ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, row: Any, owner: type | None = None) -> Any:  # noqa: ANN401 -- a descriptor's signature
        return self if row is None else Held(row, self.name, self.label.of(row))

    def __set__(self, row: Any, value: Any) -> None:  # noqa: ANN401 -- a descriptor's signature
        if isinstance(value, Held):
            raise NotPlain(value.item, "moved to another row")
        if value is not None and not isinstance(value, seal.TYPES[self.label.kind]):
            raise TypeError(f"{type(row).__name__}.{self.name} takes {self.label.kind}, not {type(value).__name__}.")
        row.given[self.name] = _Given("", value)


def held(item: str | Mapping[str, str], kind: str = "text", *, by: str = "") -> Any:  # noqa: ANN401 -- as Django's own fields
    """Declare a field whose values are sealed. Kinds: text, date, decimal, json, bytes.

    In a HeldRow: `recipient = held("identity.name")`. `by` names a plain column that picks the item:
    `held({"email": "contact.email", ...}, by="kind")`.
    """
    if kind not in seal.TYPES:
        raise ValueError(f"no kind of value is called {kind!r}; known: {', '.join(seal.TYPES)}")
    return HeldField(Label(item, kind, by))


class SealedField(Binary):
    """The one column all held values of a row are sealed into, at the moment the row is written."""

    def pre_save(self, model_instance: models.Model, add: bool) -> bytes:  # noqa: FBT001 -- Django's signature
        row: HeldRow = model_instance  # type: ignore[assignment]
        if row.given or (add and not row.sealed):
            _write(row, add=add)
        return bytes(row.sealed)


def _write(row: HeldRow, *, add: bool) -> None:
    labels, items = row.labels(), row.brings()
    cover = covers.current()
    if cover is None or not cover.allows("collect", row.person_id, items):
        raise OutsideDoor(type(row).__name__, ", ".join(sorted(items)) or "nothing", "collect")
    key, packed = cover.key(row.person_id), {}
    if not add:
        row.lock_and_refresh()
        packed = unpacked(row, key)
    for name, given in row.given.items():
        if given.value is None:
            packed.pop(name, None)
        else:
            pack = seal.PACK.get(labels[name].kind)
            packed[name] = pack(given.value) if pack else given.value
    row.version += 1
    row.sealed = seal.seal(key, packed, row.identity())
    cover.touched |= items
    row.given.clear()


def unpacked(row: HeldRow, key: seal.PersonKey) -> dict[str, Any]:
    """Return a row's packed values. Raises Tampered."""
    if not row.sealed:
        return {}
    try:
        return seal.unseal(key, bytes(row.sealed), row.identity())
    except ValueError:
        raise Tampered(type(row).__name__) from None


def reveal(row: HeldRow, key: seal.PersonKey) -> dict[str, Any]:
    """Return every held value of a row, plain and typed. Raises Tampered. For the doors alone."""
    return reveal_all([row], key)[0]


def reveal_all(rows: Sequence[HeldRow], key: seal.PersonKey) -> list[dict[str, Any]]:
    """Return what `reveal` does, of each row of one model and one person: what they have in common is asked once."""
    if not rows:
        return []
    model, found = type(rows[0]), []
    names, typed = model.labels().keys(), _typed(model)
    for row in rows:
        opened = unpacked(row, key)
        if opened.keys() != names:  # values that were left out, or a field the model had when this was sealed
            opened = {name: opened.get(name) for name in names}
        for name, unpack in typed:
            if opened[name] is not None:
                opened[name] = unpack(opened[name])
        found.append(opened)
    return found


@cache
def _typed(model: type[HeldRow]) -> list[tuple[str, Callable[[Any], Any]]]:
    """Return what makes a packed value one of its kind, by field, where packing changed it."""
    kinds = {name: label.kind for name, label in model.labels().items()}
    return [(name, seal.UNPACK[kind]) for name, kind in kinds.items() if kind in seal.UNPACK]


def reseal(row: HeldRow, key: seal.PersonKey, person: UUID, new_key: seal.PersonKey) -> dict[str, Any]:
    """Return the columns that make a row `person`'s, sealed anew under their key. Raises Tampered. For doors alone."""
    packed = unpacked(row, key)
    row.person_id, row.version = person, row.version + 1
    return {"sealed": seal.seal(new_key, packed, row.identity()), "version": row.version}
