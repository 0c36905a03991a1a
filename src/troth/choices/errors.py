"""What the choices room refuses."""

from troth.policy.errors import TrothError


class AppendOnly(TrothError):
    """Somebody tried to change an answer that was given."""

    def __init__(self) -> None:
        super().__init__("What a person said is never edited. Append what they say now: `choices.actions.say(...)`.")


class UnknownSlot(TrothError, ValueError):
    """An answer to a question the policy does not put."""

    def __init__(self, pattern: str) -> None:
        super().__init__(f'The policy puts no question "{pattern}". `troth policy tables choices` lists those it puts.')


class StillSending(TrothError):
    """A hand-over to this person did not end in time; the answer was not recorded."""

    def __init__(self) -> None:
        super().__init__("A message is being handed over at this very moment. Please say that once more in a minute.")
