"""What the shop refuses, said so that whoever minds it can mend it."""

from troth.policy.errors import TrothError


class BadCatalogue(TrothError):
    """A catalogue file cannot be used. Names the style and what is wrong with it."""


class Unfit(TrothError):
    """What was asked cannot be done as things stand. The message is for the shopper."""


class SoldOut(Unfit):
    """Somebody was quicker."""

    def __init__(self, what: str, left: int) -> None:
        some = f"There are only {left} left" if left else "It has just sold out"
        super().__init__(f"{what}: {some}. Please change your basket; nothing was ordered.")


class Changed(Unfit):
    """What the page said is no longer so."""


class NotNow(Unfit):
    """An order, or a part of it, is in no state for this."""
