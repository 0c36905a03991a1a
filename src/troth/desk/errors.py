"""What the desk cannot use."""


class Unusable(Exception):
    """Something was sent that cannot be used. Says what to send instead, never what it was."""


class Unproved(Exception):
    """Whoever asks has not said two things that we hold. Does not say which of the answers was wrong."""

    def __init__(self) -> None:
        super().__init__("That is not enough: two answers must be what we hold. Ask once more, or let them sign in.")
