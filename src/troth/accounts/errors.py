"""What this room refuses. Messages are for whoever reads the page: they name no person and no value."""

from __future__ import annotations

from collections.abc import Mapping

from troth.policy.errors import TrothError


class BadForm(TrothError, ValueError):
    """What was typed cannot be used: a sentence for each field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__(" ".join(problems.values()))


class TooSoon(TrothError):
    """Too many tries. `wait` in whole seconds until the next one counts."""

    def __init__(self, wait: int) -> None:
        self.wait = wait
        super().__init__("That was tried too often. Please wait a little before the next try.")


class NotSignedIn(TrothError):
    """The two do not belong together, or there is no such account. Which of them is nobody's business."""

    def __init__(self) -> None:
        super().__init__("We know no account with this email address and this password.")


class DeadLink(TrothError):
    """A link that was used, has ended, or never was."""

    def __init__(self) -> None:
        super().__init__("This link has been used already, or its time is over. You can ask for a new one.")


class ParentFirst(TrothError):
    """A parent agrees before this goes on."""

    def __init__(self, under: int) -> None:
        self.under = under
        super().__init__(f"A parent agrees first for people under {under}.")
