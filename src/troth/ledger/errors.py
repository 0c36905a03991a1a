"""What the ledger refuses."""

from troth.policy.errors import TrothError


class LedgerUnavailable(TrothError):
    """An entry could not be written. The act it belongs to must not happen."""

    def __init__(self) -> None:
        super().__init__("The ledger cannot be written just now, so nothing was done. Please try again in a moment.")


class NotAName(TrothError, ValueError):
    """An entry would have carried something that is not a name, a count or a digest."""

    def __init__(self) -> None:
        super().__init__(
            "The ledger takes names of items, purposes and lines, counts and digests; this was none of them."
        )


class BadCheckpoint(TrothError, ValueError):
    """A checkpoint or receipt cannot be read, or its signature does not hold."""
