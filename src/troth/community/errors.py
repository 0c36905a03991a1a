"""What this room refuses, in words for whoever wrote, or minds what was written."""

from __future__ import annotations

from collections.abc import Mapping

from troth.policy.errors import TrothError


class BadWords(TrothError, ValueError):
    """Something typed cannot be taken. `problems`: a sentence for each field it is about; it repeats nothing typed."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__(" ".join(self.problems.values()))


class NotNow(TrothError):
    """What was asked cannot be done with a remark as it is."""


class NotThere(TrothError, LookupError):
    """There is no such remark, or it is not whoever's asks."""

    def __init__(self) -> None:
        super().__init__("There is no such remark. `troth community waiting` lists those there are.")


class TooMany(TrothError):
    """One mailbox has as many remarks waiting for its owner's word as we let wait."""

    def __init__(self) -> None:
        super().__init__(
            "Several things from this address still wait to be confirmed. Please follow the links we sent."
        )
