"""What this room refuses."""

from troth.policy.errors import TrothError


class Unlinked(TrothError):
    """No app is linked with the key that was shown."""

    def __init__(self) -> None:
        super().__init__("No app is linked with this key. Ask for the service first: it answers with a key.")


class BadValue(TrothError):
    """A field cannot be what was sent. Says which, never what."""
