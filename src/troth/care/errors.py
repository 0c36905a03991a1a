"""What this room refuses."""

from troth.policy.errors import TrothError


class NobodyOfUs(TrothError):
    """Somebody who is not of our staff, or not in this role, today."""

    def __init__(self) -> None:
        super().__init__("This desk is for our staff. Sign in with an account that was given a place here.")


class NoCase(TrothError, LookupError):
    """There is no such case, or it is a colleague's: both look the same."""

    def __init__(self) -> None:
        super().__init__("There is no such case of yours. Find the customer again and say why you need to look.")


class NoReason(TrothError):
    """A case needs a reason that a customer may read."""

    def __init__(self) -> None:
        super().__init__("Say in a few words why you need to look: the customer can read it. No card numbers, please.")
