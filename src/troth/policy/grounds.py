"""Grounds for a no or a yes: what must be true of a person, and the reason it gives.

A ground is data, so that both engines answer from the same ones: the scalar engine looks at one person, the columnar
twin at everybody. Which comes before which stands in the order of a rule's list and nowhere else.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from .acts import AGE, Reason, Standing

AGED: Final = "age"  # a part of a standing besides "core" and the sets of slots: an age in whole years


class Look(NamedTuple):
    """One thing to look at: some bits of one part of a standing. Of an age: whether it is below `bits`."""

    part: str  # "core", AGED or one of acts.SETS
    bits: int
    every: bool = False  # all of the bits are set, not just any
    wanted: bool = True  # False: this must not be so

    def holds(self, person: Standing) -> bool:
        if self.part == AGED:
            return (person.core & AGE < self.bits) is self.wanted
        found = getattr(person, self.part) & self.bits
        return (found == self.bits if self.every else found != 0) is self.wanted


class Ground(NamedTuple):
    """A reason, and whom it holds for: people of whom all of this is true."""

    reason: Reason
    looks: tuple[Look, ...] = ()

    def holds(self, person: Standing) -> bool:
        return all(look.holds(person) for look in self.looks)
