"""What this room refuses."""

from troth.policy.errors import TrothError


class NotAnswered(TrothError, ValueError):
    """A form came without an answer to every question it puts. Silence is no answer (R10)."""

    def __init__(self, left: str = "") -> None:
        self.left = left
        super().__init__("Please answer each question with yes or no. Until then nothing is changed.")


class NotOurTag(TrothError, ValueError):
    """A template wants another company's script that no line of the policy stands behind."""

    def __init__(self, purpose: str, to: str) -> None:
        super().__init__(
            f'The policy lets nothing of {to!r} run for {purpose!r}. Name it under "by" of a script or pixel: '
            f"[purposes.{purpose}.cookies.NAME]"
        )
