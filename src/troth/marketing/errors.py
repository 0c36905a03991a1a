"""What the marketing room refuses."""

from troth.policy.errors import TrothError


class NoSuchFact(TrothError, ValueError):
    """A segment asks for something nobody keeps a column of, or in a way that column does not answer."""

    def __init__(self, say: str) -> None:
        super().__init__(say)


class NotNow(TrothError):
    """A campaign is in no state that allows this step."""

    def __init__(self, what: str, say: str) -> None:
        super().__init__(f'"{what}" is not possible now: {say[:1].lower()}{say[1:]}. Open the campaign anew.')


class BadTemplate(TrothError, ValueError):
    """The words of a campaign lack something, or hold what they must not: a sentence for each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__(" ".join(problems))


class NotFit(TrothError):
    """Something stands in the way of a campaign: a sentence for each thing."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__(" ".join(problems))


class SecondEyes(TrothError):
    """Somebody else has to agree first."""

    def __init__(self, size: int, most: int) -> None:
        super().__init__(
            f"This list has {size:,} people. Above {most:,} somebody else of us looks at it first, and agrees."
        )


class Forged(TrothError):
    """A link or a notice that we did not make, or that our partner did not sign."""

    def __init__(self) -> None:
        super().__init__("This link is not one of ours, or it was cut short. Open it from the message once more.")


class BadFile(TrothError, ValueError):
    """A file that cannot be read as what it should be. Says why, without what stands in it."""


class CannotPrint(TrothError, ValueError):
    """A letter holds characters that the printed font has not."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The font of our letters has no sign for some characters of {what}: write them in others.")
