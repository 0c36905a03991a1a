"""What a door refuses, as a value: the decision with every reason, and what would change it."""

from __future__ import annotations

from troth.ledger.entry import Entry
from troth.policy import Decision, Reason, TrothError


class Refused(TrothError):
    """A door said no. `decision` holds the reasons, the one that decides first; `entry` is its number in the ledger.

    `unwritten`: inside a transaction a refusal ends, its entry is written after it.
    """

    def __init__(self, decision: Decision, entry: int = 0, unwritten: Entry | None = None) -> None:
        self.decision, self.entry, self.unwritten = decision, entry, unwritten
        because = decision.because
        super().__init__(f"Refused ({because.line}): {because.say}")

    @property
    def because(self) -> Reason:
        return self.decision.because


class Undeclared(TrothError):
    """A door was asked for a purpose its page or job does not declare."""

    def __init__(self, purpose: str, declared: frozenset[str]) -> None:
        named = ", ".join(sorted(declared)) or "nothing"
        super().__init__(
            f'This page or job declares {named}, and asked for "{purpose}". Add it: @purpose("{purpose}") above the '
            f'view, or `with job("{purpose}"):` around the job.'
        )


class CardNumber(TrothError, ValueError):
    """A card number was typed where none belongs (R42, PCI DSS 3.3.1)."""

    def __init__(self, item: str) -> None:
        super().__init__(f"{item} seems to hold a card number. We never take those here: please leave it out.")


class NotReady(TrothError, ValueError):
    """A value must be made safe before it is handed to `collect`."""

    def __init__(self, item: str, step: str) -> None:
        super().__init__(f'{item} must be made ready first: the policy says "{step}" for it.')


class NotPublished(TrothError):
    """A row was to be shown that no act of publishing stands behind."""

    def __init__(self, model: str) -> None:
        super().__init__(f"A {model} names no entry of its publication: `publish(...)` it first, and keep the `entry`.")
