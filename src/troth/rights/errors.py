"""What this room refuses."""

from troth.policy.errors import TrothError


class NobodyKnown(TrothError, LookupError):
    """There is nothing to see of someone we do not know."""

    def __init__(self) -> None:
        super().__init__("We know no such person. Give an id, or an email address of theirs.")


class NoRequest(TrothError, LookupError):
    """There is no such request, or the link is not one of ours: both look the same."""

    def __init__(self) -> None:
        super().__init__("There is no such request here. Use the newest link in our letters, or ask once more.")


class NotNow(TrothError):
    """A step that cannot be taken from where a request stands."""

    def __init__(self, say: str = "") -> None:
        super().__init__(say or "This cannot be done as the request stands now. Open its page anew.")


class NoWire(TrothError):
    """There is no wire by which this recipient can be told of this: the officer writes to them."""

    def __init__(self) -> None:
        super().__init__("There is no wire to this recipient for this. The officer writes to them.")
