"""Values with named parts that never change.

They are declared like frozen dataclasses, and type checkers take them for such. `dataclasses` itself writes and
compiles half a dozen methods for each class and imports `inspect`; for the tables of the language that was more than
half of the time it takes to import the engine. Here one set of methods serves them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, dataclass_transform


class _Required:
    """Stands where a part has no default."""

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()


class _Fields:
    """What `dataclasses` looks for on a class, made when it does."""

    def __get__(self, _: object, owner: type[Plain]) -> dict[str, Any]:
        from dataclasses import make_dataclass  # noqa: PLC0415 -- see above

        made: Any = make_dataclass(owner.__name__, owner.parts)
        return dict(made.__dataclass_fields__)


@dataclass_transform(frozen_default=True)
class Plain:
    """A record whose parts are the annotations of its class, in their order; what is assigned to one is its default.

    A default may be anything with a method `fresh`, which then makes the value.

    >>> class Size(Plain):
    ...     wide: int
    ...     high: int = 1
    >>> Size(3)
    Size(wide=3, high=1)

    The functions of `dataclasses` (fields, replace, asdict) work on it.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]] = _Fields()  # type: ignore[assignment]  # a descriptor that gives one
    parts: ClassVar[Mapping[str, Any]] = {}  # the default of each, or REQUIRED
    _made: ClassVar[tuple[tuple[str, Any], ...]] = ()  # those of them that are made anew each time
    _needed: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        own = [name for name, kind in cls.__annotations__.items() if "ClassVar" not in str(kind)]
        declared = {name: cls.__dict__.get(name, REQUIRED) for name in own}
        cls.parts = {**cls.parts, **declared}
        for name in cls.__dict__.keys() & declared.keys():
            delattr(cls, name)  # so that nothing but the value is ever found under the name
        cls._made = tuple((name, one.fresh) for name, one in cls.parts.items() if hasattr(one, "fresh"))
        cls._needed = tuple(name for name, one in cls.parts.items() if getattr(one, "default", one) is REQUIRED)

    def __init__(self, *values: Any, **named: Any) -> None:  # noqa: ANN401 -- each part has a type of its own
        parts, mine = self.parts, self.__dict__
        mine.update(parts)
        for name, fresh in self._made:
            mine[name] = fresh()
        mine.update(zip(parts, values, strict=False))
        mine.update(named)
        if len(mine) != len(parts) or len(values) > len(parts) or any(mine[name] is REQUIRED for name in self._needed):
            raise TypeError(f"{type(self).__name__} is made of {', '.join(parts)}")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} never changes; dataclasses.replace makes another one")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be taken away")

    def __eq__(self, other: object) -> bool:
        return self._values() == other._values() if isinstance(other, self.__class__) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        said = (f"{name}={value!r}" for name, value in zip(self.parts, self._values(), strict=True))
        return f"{type(self).__name__}({', '.join(said)})"

    def _values(self) -> tuple[Any, ...]:
        return tuple(map(self.__dict__.get, self.parts))
