"""What this room refuses."""

from troth.policy.errors import TrothError


class NobodyKnown(TrothError, LookupError):
    """There is nothing to see of someone we do not know."""

    def __init__(self) -> None:
        super().__init__("We know no such person. Give an id, or an email address of theirs.")
